from datetime import datetime, timedelta

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.rating import NOTHING_PAID, PaidCall, PaidPast
from callrouter.workflows.read_paid_past import read_paid_past
from tests.domain.billing.builders import ACME, AT, USD, talk_of, terms_of

DAY = timedelta(days=1)
TERMS = terms_of(duplicate_window_s=30 * 86_400, most_per_day=5)


def pay(database: Database, call_sid: str, began_at: datetime, **changes: str) -> None:
    posting = Posting(
        party=ACME,
        kind=EntryKind.CHARGE,
        amount_micros=75 * USD,
        currency="USD",
        reference=f"call:{call_sid}",
        booked_at=began_at,
        reason="as agreed",
        author="test",
        call_sid=call_sid,
        call_started_at=began_at,
        campaign_id=changes.get("campaign_id", "flood-repair"),
        ani=changes.get("ani", "+14155550123"),
        destination_id=changes.get("destination_id", ""),
    )
    with database.write() as connection:
        post(connection, "seller-a", [posting], AT)


def test_the_callers_last_paid_call_and_the_paid_calls_of_the_day_are_looked_up(
    database: Database,
) -> None:
    pay(database, "CA-old", AT - 31 * DAY)
    pay(database, "CA-before", AT - 12 * DAY)
    pay(database, "CA-today", AT - timedelta(hours=1), ani="+14155550199")
    pay(database, "CA-solar", AT - DAY, campaign_id="solar-quotes")
    pay(database, "CA1", AT)  # the call itself
    pay(database, "CA-later", AT + timedelta(hours=1), ani="+14155550198")
    pay(database, "CA-after", AT + 31 * DAY)

    with database.read() as connection:
        past = read_paid_past(connection, "seller-a", talk_of(), TERMS, "America/New_York")
        unasked = read_paid_past(connection, "seller-a", talk_of(), terms_of(), "UTC")
        foreign = read_paid_past(connection, "seller-b", talk_of(), TERMS, "UTC")

    assert past == PaidPast(PaidCall("CA-before", AT - 12 * DAY), paid_that_day=2)
    assert unasked == foreign == NOTHING_PAID


def test_of_two_calls_at_once_the_second_that_is_rated_sees_the_first(database: Database) -> None:
    pay(database, "CA-beside", AT + timedelta(seconds=40))

    with database.read() as connection:
        past = read_paid_past(connection, "seller-a", talk_of(), TERMS, "UTC")

    assert past.last_paid == PaidCall("CA-beside", AT + timedelta(seconds=40))


def test_only_calls_that_terms_are_for_count_for_the_most_a_day(database: Database) -> None:
    pay(database, "CA2", AT, campaign_id="solar-quotes")
    pay(database, "CA3", AT, destination_id="acme-south")
    pay(database, "CA4", AT, destination_id="acme-east")

    def count(campaign_id: str = "", destination_id: str = "") -> int:
        terms = terms_of(campaign_id=campaign_id, destination_id=destination_id, most_per_day=5)
        with database.read() as connection:
            return read_paid_past(connection, "seller-a", talk_of(), terms, "UTC").paid_that_day

    assert (count(), count("flood-repair"), count("", "acme-east")) == (3, 2, 1)
    assert (count("solar-quotes", "acme-east"), count("flood-repair", "acme-south")) == (0, 1)
