"""What was paid for before: by caller, by day, without what was taken back."""

from dataclasses import replace
from datetime import datetime

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.adapters.storage.paid_calls import count_paid, last_paid
from callrouter.domain.billing.ledger import Posting, reverse
from callrouter.domain.billing.party import Party
from tests.adapters.storage.test_ledger import ACME, RADIO, charge
from tests.domain.builders import ANI, at


def call(sid: str, second: float, micros: int = 45_000_000, **changes: object) -> Posting:
    return replace(charge(sid, micros), call_started_at=at(second), **changes)  # type: ignore[arg-type]


def write(database: Database, *postings: Posting) -> None:
    with database.write() as connection:
        post(connection, "acme-media", postings, at(900))


def last(
    database: Database, since: float, until: float, *, party: Party = ACME, ani: str = ANI
) -> tuple[str, datetime] | None:
    with database.read() as connection:
        return last_paid(
            connection,
            "acme-media",
            party,
            ani=ani,
            campaign_id="flood-repair",
            since=at(since),
            until=at(until),
            but_not="CA0",
        )


def count(database: Database, since: float, until: float, *, party: Party = ACME) -> int:
    with database.read() as connection:
        return count_paid(
            connection, "acme-media", party, since=at(since), until=at(until), but_not="CA0"
        )


def test_the_newest_paid_call_of_the_caller_is_found_within_the_time_asked(
    database: Database,
) -> None:
    write(database, call("CA1", 10), call("CA2", 20), call("CA3", 30), call("CA0", 25))
    assert last(database, 0, 100) == ("CA3", at(30))
    assert last(database, 0, 30) == ("CA2", at(20))
    assert last(database, 10, 20) == ("CA1", at(10))
    assert last(database, 11, 20) is None


def test_only_calls_of_this_caller_party_and_campaign_that_were_paid_count(
    database: Database,
) -> None:
    write(
        database,
        call("CA1", 10, 0),
        call("CA2", 20, ani="+14155550199"),
        call("CA3", 30, campaign_id="roofing"),
    )
    assert last(database, 0, 100) is None
    assert last(database, 0, 100, party=RADIO) is None
    assert last(database, 0, 100, ani="+14155550199") == ("CA2", at(20))
    assert (count(database, 0, 100), count(database, 0, 30)) == (2, 1)
    assert count(database, 0, 100, party=RADIO) == 0


def test_a_call_that_was_taken_back_is_not_paid(database: Database) -> None:
    with database.write() as connection:
        [entry] = post(connection, "acme-media", [call("CA1", 10)], at(900))
    assert (last(database, 0, 100), count(database, 0, 100)) == (("CA1", at(10)), 1)
    write(database, reverse(entry, at(950), "dispute 4", "ann"))
    assert (last(database, 0, 100), count(database, 0, 100)) == (None, 0)
