from dataclasses import replace

import pytest

from callrouter.adapters.storage.attempt_outcomes import read_recent_outcomes, record_outcome
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.destination_outcomes import CountedOutcome, DestinationOutcome
from tests.adapters.storage.builders import ACME, BOLT, add_sellers
from tests.domain.builders import at

BUSY = DestinationOutcome(
    call_sid="CA1",
    attempt=1,
    destination_id="acme-east",
    buyer_id="acme",
    campaign_id="roofing",
    dialed_at=at(0),
    ended_at=at(9),
    outcome=CountedOutcome.BUSY,
)


@pytest.fixture
def sellers(database: Database) -> Database:
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)
    return database


def record(database: Database, outcome: DestinationOutcome, seller_id: str = "acme") -> bool:
    with database.write() as connection:
        return record_outcome(connection, seller_id, outcome)


def recent(
    database: Database, seller_id: str = "acme", *, since: float = 0, most: int = 10
) -> tuple[DestinationOutcome, ...]:
    with database.read() as connection:
        return read_recent_outcomes(connection, seller_id, "acme-east", at(since), most)


def test_an_outcome_is_kept_once_and_read_back_as_it_was(sellers: Database) -> None:
    assert record(sellers, BUSY)
    assert not record(sellers, BUSY)

    assert recent(sellers) == (BUSY,)


def test_what_is_told_later_of_an_attempt_replaces_it(sellers: Database) -> None:
    later = replace(
        BUSY, outcome=CountedOutcome.HUNG_UP, connected_ms=61_000, revenue_micros=25_000_000
    )
    record(sellers, BUSY)

    assert record(sellers, later)
    assert not record(sellers, replace(later, ended_at=at(10)))

    assert recent(sellers) == (later,)


def test_the_newest_come_first_within_the_time_and_up_to_the_number_that_is_asked_for(
    sellers: Database,
) -> None:
    outcomes = [replace(BUSY, call_sid=f"CA{i}", ended_at=at(i)) for i in range(5)]
    for outcome in outcomes:
        record(sellers, outcome)

    assert recent(sellers, since=1, most=3) == (outcomes[4], outcomes[3], outcomes[2])
    assert recent(sellers, since=4) == (outcomes[4],)


def test_attempts_and_ring_groups_have_an_outcome_for_each_destination(sellers: Database) -> None:
    record(sellers, BUSY)
    assert record(sellers, replace(BUSY, attempt=2))
    assert record(sellers, replace(BUSY, destination_id="acme-west"))

    assert [each.attempt for each in recent(sellers)] in ([1, 2], [2, 1])


def test_a_seller_sees_nothing_of_anothers(sellers: Database) -> None:
    record(sellers, BUSY)

    assert recent(sellers, "bolt") == ()
    assert record(sellers, BUSY, "bolt")
