"""Transactions that fail at their very end, whether or not they were committed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.stops import read_stops
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.web.app import create_app
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.stop_traffic import stop_traffic
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, T0, TABLE, activate
from tests.twilio_side import TwilioSide, caller_fields

ACME, BOLT = "+12125550171", "+14155550174"


class FailingAtCommit(Database):
    """A database that does all that it is asked, and loses it with each COMMIT."""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
            raise StorageUnavailableError("it failed at COMMIT")


class SilentAfterCommit(Database):
    """A database that keeps all that it is told, and never says so; may it be read afterwards?"""

    is_readable = False

    def read(self) -> AbstractContextManager[Connection]:
        if not self.is_readable:
            raise StorageUnavailableError("no answer to anything")
        return super().read()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
        raise StorageUnavailableError("no answer to COMMIT")

    def quick_write(self) -> AbstractContextManager[Connection]:
        return super().single() if self.is_postgresql else super().write()


@pytest.fixture
def failing(board: Switchboard, database_url: str) -> Iterator[Switchboard]:
    """The same process while its database fails at every COMMIT."""
    database = open_database(database_url)
    yield replace(board, database=FailingAtCommit(database._connections, is_hurried=True))
    database.dispose()


@pytest.fixture
def silent(board: Switchboard, database_url: str) -> Iterator[Switchboard]:
    """The same process while its database says nothing after a COMMIT."""
    database = open_database(database_url)
    yield replace(board, database=SilentAfterCommit(database._connections, is_hurried=True))
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


def test_room_that_was_reserved_for_an_answer_that_was_never_given_is_free_after_the_call(
    board: Switchboard, silent: Switchboard
) -> None:
    activate(board.database, TABLE.replace("priority = 1", "priority = 1\nconcurrency = 1"))
    board.known_good.refresh()
    assert BOLT in arrive(silent, 1)
    assert held(board) == 1
    drain_spool(board)

    end = caller_fields("no-answer", call_sid=f"CA{1:032x}", CallDuration="0")
    busy = {"DialCallStatus": "busy", "DialBridged": "false"}
    twilio = TwilioSide(create_app(board).test_client())
    twilio.post("/twilio/attempts/1?d=bolt-main&tried=bolt-main", end | busy)
    twilio.post("/twilio/status", end)

    assert held(board) == 0
    assert ACME in arrive(board, 2)


def test_an_answer_that_was_recorded_unheard_is_given_when_it_can_be_read(
    board: Switchboard, silent: Switchboard
) -> None:
    activate(board.database, TABLE.replace("priority = 1", "priority = 1\nconcurrency = 1"))
    board.known_good.refresh()
    silent.database.is_readable = True  # type: ignore[attr-defined]

    assert ACME in arrive(silent, 1)
    assert board.spool.is_empty()
    assert ACME in arrive(board, 1)
    assert held(board) == 1


def held(board: Switchboard) -> int:
    """Calls that are in progress at acme, as far as its counter knows."""
    key = "concurrent/ever/destination:acme-east"
    with board.database.read() as connection:
        return read_usage(connection, SELLER.seller_id, [key])[key].held
