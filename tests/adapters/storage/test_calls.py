from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.storage.calls import (
    CallRow,
    append_event,
    append_in,
    describe_call,
    ensure_and_lock_call,
    read_call,
    read_decided,
    read_event_rows,
    read_events,
    record_arrival,
)
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tables import call_events
from callrouter.adapters.storage.types import make_storable
from callrouter.domain.calls.derivation import derive
from callrouter.domain.calls.events import CallArrived, CallEvent, LegStatus, RouteDecided
from tests.adapters.storage.builders import any_texts, events, storable_texts, unhurried
from tests.domain.builders import ANI, CALL_SID, DID, T0, arrived, at, decided, ended

SWEEP_AT = at(180)
ARRIVAL = arrived()
DECISION = decided(1, 0.0)
END = ended(60.0)
NEW_CALL = CallRow(
    seller_id="acme",
    call_sid=CALL_SID,
    arrived_at=T0,
    did=DID,
    ani=ANI,
    campaign_id="roofing",
    publisher="radio",
    closed_at=None,
    cdr_revision=0,
    derived_events=0,
    next_sweep_at=SWEEP_AT,
)
_fresh = count()


def record(database: Database, seller_id: str = "acme", decision: RouteDecided = DECISION) -> bool:
    with database.quick_write() as connection:
        return record_arrival(connection, seller_id, ARRIVAL, decision, "CallSid=CA", SWEEP_AT)


def events_of(database: Database, seller_id: str = "acme") -> tuple[CallEvent, ...]:
    with database.read() as connection:
        return read_events(connection, seller_id, CALL_SID)


def close(database: Database) -> None:
    with database.write() as connection:
        known = read_events(connection, "acme", CALL_SID)
        save_cdr(connection, "acme", derive(known), len(known), at(61))


def test_a_new_call_is_kept_with_its_arrival_and_its_decision(database: Database) -> None:
    assert record(database) is True
    with database.read() as connection:
        assert read_call(connection, "acme", CALL_SID) == NEW_CALL
        rows = read_event_rows(connection, "acme", CALL_SID)
    assert [(row.event, row.raw) for row in rows] == [(ARRIVAL, "CallSid=CA"), (DECISION, None)]


def test_the_same_arrival_again_changes_nothing(database: Database) -> None:
    record(database)
    assert record(database, decision=decided(1, 5.0, "bolt")) is False
    assert events_of(database) == (ARRIVAL, DECISION)


def test_of_many_arrivals_of_one_call_at_once_exactly_one_is_new(database: Database) -> None:
    rivals = [decided(1, float(n), "bolt") for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        new = list(threads.map(lambda rival: record(database, decision=rival), rivals))
    assert sorted(new) == [False] * 7 + [True]
    [kept] = [event for event in events_of(database) if isinstance(event, RouteDecided)]
    assert kept == rivals[new.index(True)]


def test_an_arrival_of_a_call_that_is_known_otherwise_writes_nothing(database: Database) -> None:
    with database.write() as connection:
        ensure_and_lock_call(connection, "acme", CALL_SID, at(9), "", "", SWEEP_AT)
    assert record(database) is False
    assert events_of(database) == ()


def test_a_call_that_was_known_before_it_arrived_can_be_described(database: Database) -> None:
    with database.write() as connection:
        ensure_and_lock_call(connection, "acme", CALL_SID, at(9), "", "", SWEEP_AT)
        describe_call(
            connection,
            "acme",
            CALL_SID,
            arrived_at=T0,
            did=DID,
            ani=ANI,
            campaign_id="roofing",
            publisher="radio",
        )
    with database.read() as connection:
        assert read_call(connection, "acme", CALL_SID) == NEW_CALL


def test_nothing_of_one_seller_s_call_is_another_s(database: Database) -> None:
    record(database)
    assert record(database, "bolt") is True
    append_event(database, "bolt", END, None)
    with database.read() as connection:
        assert read_call(connection, "cosy", CALL_SID) is None
        assert read_events(connection, "cosy", CALL_SID) == ()
        assert read_decided(connection, "cosy", CALL_SID, 1) is None
    assert events_of(database) == (ARRIVAL, DECISION)


def test_appending_tells_how_the_call_stands(database: Database) -> None:
    unknown = append_event(database, "acme", END, None)
    assert (unknown.is_new, unknown.call_known, unknown.call_closed) == (True, False, False)
    record(database)
    open_ = append_event(database, "acme", ended(60.0, LegStatus.BUSY), "x")
    assert (open_.is_new, open_.call_known, open_.call_closed) == (True, True, False)
    close(database)
    late = append_event(database, "acme", ended(60.0, LegStatus.FAILED), "x")
    assert (late.is_new, late.call_known, late.call_closed) == (True, True, True)
    again = append_event(database, "acme", ended(60.0, LegStatus.FAILED), "x")
    assert (again.is_new, again.call_known, again.call_closed) == (False, True, True)


@unhurried
@given(some=st.lists(events(), max_size=6), data=st.data())
def test_events_are_kept_once_in_any_order_and_however_often_they_come(
    database: Database, some: list[CallEvent], data: st.DataObject
) -> None:
    call_sid = f"CA{next(_fresh):032d}"
    mine = [replace(event, call_sid=call_sid) for event in some]
    comes = data.draw(st.lists(st.sampled_from(mine), max_size=12)) if mine else []
    first: dict[str, CallEvent] = {}
    for event in [*comes, *mine]:
        is_new = append_event(database, "acme", event, None).is_new
        assert is_new == (make_storable(event.key) not in first)
        first.setdefault(make_storable(event.key), event)
    with database.read() as connection:
        kept = read_events(connection, "acme", call_sid)
    assert sorted(kept, key=lambda e: make_storable(e.key)) == [first[key] for key in sorted(first)]
    assert [e.received_at for e in kept] == sorted(e.received_at for e in first.values())


@unhurried
@given(event=events(any_texts), raw=st.none() | any_texts, seller=storable_texts)
def test_whatever_a_stranger_sends_is_kept(
    database: Database, event: CallEvent, raw: str | None, seller: str
) -> None:
    call_sid = f"CA{next(_fresh):032d}"
    append_event(database, seller, replace(event, call_sid=call_sid), raw)
    with database.read() as connection:
        [row] = read_event_rows(connection, seller, call_sid)
    assert row.event.kind == event.kind
    assert row.raw == (None if raw is None else make_storable(raw))


def test_an_event_appended_within_a_transaction_is_kept_with_it_or_not_at_all(
    database: Database,
) -> None:
    def append_and_fail() -> None:
        with database.write() as connection:
            assert append_in(connection, "acme", ARRIVAL, None) is True
            assert append_in(connection, "acme", ARRIVAL, None) is False
            raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        append_and_fail()
    assert events_of(database) == ()


def test_a_call_is_made_of_what_is_told_only_when_it_is_unknown(database: Database) -> None:
    record(database)
    with database.write() as connection:
        row = ensure_and_lock_call(connection, "acme", CALL_SID, at(9), "x", "y", at(999))
        other = ensure_and_lock_call(
            connection, "acme", "CAb", at(9), "x", "y", at(999), campaign_id="c", publisher="p"
        )
    assert row == NEW_CALL
    assert (other.did, other.ani, other.arrived_at) == ("x", "y", at(9))
    assert (other.campaign_id, other.publisher, other.next_sweep_at) == ("c", "p", at(999))


def test_a_locked_call_is_had_by_one_at_a_time(database: Database) -> None:
    inside, most = 0, 0

    def hold(_: int) -> None:
        nonlocal inside, most
        with database.write() as connection:
            ensure_and_lock_call(connection, "acme", CALL_SID, T0, "", "", SWEEP_AT)
            inside += 1
            most = max(most, inside)
            connection.execute(sa.select(sa.func.count()).select_from(call_events))
            inside -= 1

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(hold, range(30)))
    assert most == 1


def test_a_decision_is_found_by_its_attempt_or_as_the_newest(database: Database) -> None:
    record(database)
    later = [decided(attempt, 10.0 * attempt) for attempt in range(2, 12)]
    for event in later:
        append_event(database, "acme", event, None)
    with database.read() as connection:
        assert read_decided(connection, "acme", CALL_SID, 1) == DECISION
        assert read_decided(connection, "acme", CALL_SID, 9) == later[7]
        assert read_decided(connection, "acme", CALL_SID, None) == later[-1]
        assert read_decided(connection, "acme", CALL_SID, 12) is None
        assert read_decided(connection, "acme", "CAother", None) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(sa.update(call_events).values(body="{}"), id="UPDATE"),
        pytest.param(sa.delete(call_events), id="DELETE"),
    ],
)
def test_events_can_be_neither_changed_nor_removed(
    database: Database, change: sa.Update | sa.Delete
) -> None:
    record(database)
    with (
        pytest.raises(sa.exc.DBAPIError, match="call_events is append-only"),
        database.write() as connection,
    ):
        connection.execute(change)
    assert events_of(database) == (ARRIVAL, DECISION)


def test_events_come_in_the_order_of_their_arrival(database: Database) -> None:
    shuffled: Sequence[CallEvent] = (END, DECISION, replace(ARRIVAL, received_at=at(-1)))
    for event in shuffled:
        append_event(database, "acme", event, None)
    assert events_of(database) == tuple(reversed(shuffled))


def test_instants_of_events_are_kept_to_the_microsecond(database: Database) -> None:
    exact = CallArrived(
        call_sid=CALL_SID, received_at=T0 + timedelta(microseconds=123_456), did=DID, ani=ANI
    )
    append_event(database, "acme", exact, None)
    assert events_of(database) == (exact,)
