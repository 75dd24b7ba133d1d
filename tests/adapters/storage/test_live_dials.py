"""Who rings or talks right now, as far as the events of open calls tell."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

import pytest

from callrouter.adapters.storage.calls import append_in, ensure_and_lock_call
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.live_dials import count_live_dials
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.routing.decision import Closing
from tests.adapters.storage.test_cdrs import CDR
from tests.domain.builders import ANI, DID, T0, arrived, at, closed, decided, dial, dial_ended, leg

GROUP = decided(1, 0, "acme-east", also=(dial("bolt"), dial("dash")))


def put(
    database: Database,
    *events: CallEvent,
    call_sid: str = "CA1",
    seller_id: str = "acme",
    has_cdr: bool = False,
) -> None:
    with database.write() as connection:
        ensure_and_lock_call(connection, seller_id, call_sid, T0, DID, ANI, at(900))
        for event in events:
            append_in(connection, seller_id, replace(event, call_sid=call_sid), None)
        if has_cdr:
            save_cdr(connection, seller_id, replace(CDR, call_sid=call_sid), 1, T0)


def count(database: Database) -> Mapping[str, int]:
    with database.read() as connection:
        return dict(count_live_dials(connection, "acme"))


@pytest.mark.parametrize(
    ("events", "live"),
    [
        pytest.param((arrived(), decided(1, 0, "bolt")), {"bolt": 1}, id="ringing"),
        pytest.param(
            (decided(1, 0, "bolt"), leg(1, 5, LegStatus.IN_PROGRESS)), {"bolt": 1}, id="talking"
        ),
        pytest.param(
            (decided(1, 0, "bolt"), leg(1, 5, LegStatus.COMPLETED)), {}, id="its leg has ended"
        ),
        pytest.param(
            (decided(1, 0, "bolt"), dial_ended(1, 5, LegStatus.BUSY), decided(2, 5, "dash")),
            {"dash": 1},
            id="the next is ringing",
        ),
        pytest.param(
            (decided(1, 0, "bolt"), dial_ended(1, 5, None), closed(2, 5, Closing.MESSAGE)),
            {},
            id="nobody is left",
        ),
        pytest.param(
            (decided(1, 0, "bolt"), replace(decided(1, 0, "dash"), rival=True)),
            {"bolt": 1},
            id="what another machine decided",
        ),
        pytest.param((GROUP,), {"acme-east": 1, "bolt": 1, "dash": 1}, id="a ring group"),
        pytest.param(
            (
                GROUP,
                leg(1, 5, LegStatus.IN_PROGRESS, sid="CA1", destination="bolt"),
                leg(1, 5, LegStatus.CANCELED, sid="CA2", destination="acme-east"),
                leg(1, 5, LegStatus.NO_ANSWER, sid="CA3", destination="dash"),
            ),
            {"bolt": 1},
            id="one of a ring group talks",
        ),
    ],
)
def test_a_destination_is_busy_from_its_dial_to_the_end_of_its_attempt(
    database: Database, events: tuple[CallEvent, ...], live: dict[str, int]
) -> None:
    put(database, *events)

    assert count(database) == live


def test_calls_are_added_up_and_those_that_have_ended_or_are_another_seller_s_are_not(
    database: Database,
) -> None:
    ringing = decided(1, 0, "bolt")
    put(database, ringing)
    put(database, ringing, call_sid="CA2")
    put(database, ringing, call_sid="CA3", has_cdr=True)
    put(database, ringing, call_sid="CA4", seller_id="other")

    assert count(database) == {"bolt": 2}


def test_what_it_costs_on_sqlite_does_not_grow_with_the_calls_that_are_over(
    sqlite_url: str,
) -> None:
    database = open_database(sqlite_url)
    put(database, decided(1, 0, "bolt"))
    few = count_steps(database)
    for number in range(300):
        put(database, decided(1, 0, "bolt"), call_sid=f"CB{number}", has_cdr=True)

    assert count_steps(database) < few + 100
    database.dispose()


def count_steps(database: Database) -> int:
    """How many steps of its virtual machine SQLite needs."""
    steps: list[None] = []
    with database.read() as connection:
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(lambda: steps.append(None), 1)
        assert count_live_dials(connection, "acme") == {"bolt": 1}
        raw.set_progress_handler(None, 0)
    return len(steps)
