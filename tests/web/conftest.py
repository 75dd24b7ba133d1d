from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from structlog.testing import capture_logs

from callrouter.adapters.storage.engine import Database
from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import OTHER_DID, OTHER_SELLER, TABLE, FakeClock, make_board, open_seller
from tests.twilio_side import TwilioSide

OTHER_TABLE = TABLE.replace("+18005550100", OTHER_DID).replace("Nobody is", "No one of B's is")


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    """Rendering a traceback for people takes longer than most tests."""
    with capture_logs():
        yield


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def board(database: Database, tmp_path: Path, clock: FakeClock) -> Iterator[Switchboard]:
    """A process with two sellers and their live tables."""
    open_seller(database)
    open_seller(database, OTHER_SELLER, tables=(OTHER_TABLE,))
    with make_board(database, tmp_path, clock) as made:
        made.known_good.refresh()
        yield made


@pytest.fixture
def app(board: Switchboard) -> Flask:
    return create_app(board)


@pytest.fixture
def twilio(app: Flask) -> TwilioSide:
    """Twilio calling the first seller's numbers."""
    return TwilioSide(app.test_client())


@pytest.fixture
def other_twilio(app: Flask) -> TwilioSide:
    """Twilio calling the other seller's numbers."""
    return TwilioSide(app.test_client(), OTHER_SELLER)
