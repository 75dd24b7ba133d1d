from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import FakeClock, make_board, open_seller
from tests.twilio_side import TwilioSide


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def board(database: Database, tmp_path: Path, clock: FakeClock) -> Iterator[Switchboard]:
    """A process with one seller and its live tables."""
    open_seller(database)
    with make_board(database, tmp_path, clock) as made:
        made.known_good.refresh()
        yield made


@pytest.fixture
def twilio(board: Switchboard) -> TwilioSide:
    """Twilio calling the seller's numbers."""
    return TwilioSide(create_app(board).test_client())
