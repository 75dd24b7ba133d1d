from concurrent.futures import ThreadPoolExecutor

from callrouter.adapters.storage.calls import append_event, ensure_and_lock_call
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sweeps import (
    CallKey,
    claim_calls_to_sweep,
    find_stale_cdrs,
    hasten_sweeps,
)
from callrouter.domain.calls.derivation import derive
from tests.domain.builders import ANI, CALL_SID, DID, arrived, at, decided, ended


def call(database: Database, call_sid: str, arrived_s: float, sweep_s: float) -> None:
    with database.write() as connection:
        ensure_and_lock_call(connection, "acme", call_sid, at(arrived_s), DID, ANI, at(sweep_s))


def claim(database: Database, now_s: float, retry_s: float = 1_000.0, limit: int = 10) -> list[str]:
    with database.write() as connection:
        claimed = claim_calls_to_sweep(connection, at(now_s), at(retry_s), limit)
    return [each.call_sid for each in claimed]


def close(database: Database, events: int) -> None:
    known = (arrived(), decided(1, 0.0), ended(60.0))
    with database.write() as connection:
        ensure_and_lock_call(connection, "acme", CALL_SID, at(0), DID, ANI, at(180))
        save_cdr(connection, "acme", derive(known), events, at(100))


def test_calls_are_due_when_their_time_has_come_and_again_at_the_retry(
    database: Database,
) -> None:
    call(database, "CA1", 1, 100)
    call(database, "CA2", 2, 200)
    assert claim(database, 99) == []
    with database.write() as connection:
        claimed = claim_calls_to_sweep(connection, at(100), at(300), 10)
    assert claimed == (CallKey("acme", "CA1", at(1)),)
    assert claim(database, 250, 400) == ["CA2"]
    assert claim(database, 300, 400) == ["CA1"]


def test_those_longest_due_come_first_up_to_the_limit(database: Database) -> None:
    for n in (3, 1, 2):
        call(database, f"CA{n}", n, 100 + n)
    assert claim(database, 200, limit=2) == ["CA1", "CA2"]
    assert claim(database, 200, limit=2) == ["CA3"]
    assert claim(database, 200, limit=2) == []


def test_closed_calls_are_not_swept(database: Database) -> None:
    call(database, CALL_SID, 0, 100)
    close(database, 3)
    assert claim(database, 9_999) == []


def test_no_two_claimers_get_the_same_call(database: Database) -> None:
    for n in range(60):
        call(database, f"CA{n:02}", n, 100)
    with ThreadPoolExecutor(6) as threads:
        claims = list(threads.map(lambda _: claim(database, 200, limit=4), range(24)))
    every = [call_sid for one in claims for call_sid in one]
    assert len(every) == len(set(every))
    assert len(every) + len(claim(database, 200, limit=100)) == 60
    assert max(len(one) for one in claims) <= 4


def test_a_cdr_is_stale_when_its_call_has_events_that_it_was_not_derived_from(
    database: Database,
) -> None:
    for event in (arrived(), decided(1, 0.0), ended(60.0)):
        append_event(database, "acme", event, None)
    close(database, 2)
    with database.read() as connection:
        assert find_stale_cdrs(connection, at(100), 10) == (CallKey("acme", CALL_SID, at(0)),)
        assert find_stale_cdrs(connection, at(101), 10) == ()
    close(database, 3)
    with database.read() as connection:
        assert find_stale_cdrs(connection, at(0), 10) == ()


def test_an_open_call_has_no_stale_cdr(database: Database) -> None:
    call(database, CALL_SID, 0, 100)
    append_event(database, "acme", arrived(), None)
    with database.read() as connection:
        assert find_stale_cdrs(connection, at(0), 10) == ()


def test_a_hastened_sweep_makes_all_open_calls_due_at_once(database: Database) -> None:
    call(database, CALL_SID, 0, 100)
    close(database, 3)
    for n in (1, 2):
        call(database, f"CA{n}", n, 100 * n)
    with database.write() as connection:
        hasten_sweeps(connection, at(120))
    assert claim(database, 119) == ["CA1"]
    assert claim(database, 120) == ["CA2"]
