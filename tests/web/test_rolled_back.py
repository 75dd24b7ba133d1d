"""Transactions that come to nothing: what was only thought in them routes no later call."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.stops import read_stops
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.stops import Stop, StopCause, StopKind
from callrouter.web.app import create_app
from callrouter.workflows.stop_traffic import stop_traffic
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, T0
from tests.twilio_side import TwilioSide, caller_fields

ACME, BOLT = "+12125550171", "+14155550174"


class FailingAtCommit(Database):
    """A database that does all that it is asked, and loses it with each COMMIT."""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
            raise StorageUnavailableError("it failed at COMMIT")


@pytest.fixture
def failing(board: Switchboard, database_url: str) -> Iterator[Switchboard]:
    """The same process while its database fails at every COMMIT."""
    database = open_database(database_url)
    yield replace(board, database=FailingAtCommit(database._connections, is_hurried=True))
    database.dispose()


def arrive(board: Switchboard, number: int) -> str:
    twilio = TwilioSide(create_app(board).test_client())
    return twilio.post("/twilio/voice", caller_fields(call_sid=f"CA{number:032x}")).text


def fail(board: Switchboard, number: int) -> str:
    """The call's first attempt failed; what its caller is told then."""
    ended = {"DialCallStatus": "failed", "DialBridged": "false"}
    target = "/twilio/attempts/1?d=acme-east&tried=acme-east"
    twilio = TwilioSide(create_app(board).test_client())
    return twilio.post(target, caller_fields(call_sid=f"CA{number:032x}") | ended).text


def test_a_breaker_that_opened_in_a_transaction_that_failed_hides_no_later_stop(
    board: Switchboard, failing: Switchboard
) -> None:
    for number in range(1, 6):
        assert ACME in arrive(board, number)
    for number in range(1, 5):
        assert BOLT in fail(board, number)
    assert BOLT in fail(failing, 5)
    with board.database.read() as connection:
        assert read_stops(connection, SELLER.seller_id) == ()
    paused = Stop(
        kind=StopKind.DESTINATION, subject_id="bolt-main", cause=StopCause.PAUSED, since=T0
    )
    stop_traffic(board.database, SELLER.seller_id, paused)

    assert ACME in arrive(board, 6)
    assert "Nobody is left." in fail(board, 6)
