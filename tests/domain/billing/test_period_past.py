"""What a period's calls that are rated again know of those before them."""

import pytest

from callrouter.domain.billing.call_entries import Rated, sort_entries
from callrouter.domain.billing.call_rating import Agreed
from callrouter.domain.billing.period_past import PeriodPast
from callrouter.domain.billing.rating import PastQuestion
from tests.domain.billing.builders import ACME, charge_of, talk_of, terms_of


@pytest.mark.parametrize(
    ("campaign_id", "destination_id", "paid"),
    [
        ("", "", 3),
        ("flood-repair", "", 2),
        ("", "acme-east", 2),
        ("flood-repair", "acme-east", 1),
        ("solar-quotes", "acme-south", 0),
    ],
)
def test_the_calls_of_a_day_are_counted_that_the_terms_are_for(
    campaign_id: str, destination_id: str, paid: int
) -> None:
    past = PeriodPast()
    agreed = {ACME: Agreed(terms_of(), "UTC", 1)}
    for campaign, destination, micros in (
        ("flood-repair", "acme-east", 5),
        ("flood-repair", "acme-south", 5),
        ("solar-quotes", "acme-east", 5),
        ("flood-repair", "acme-east", 0),  # not paid for
    ):
        talk = talk_of(campaign_id=campaign, destination_id=destination)
        past.note([Rated(talk, charge_of(micros), is_listed=True)], agreed, sort_entries(()))

    question = PastQuestion(day_campaign_id=campaign_id, day_destination_id=destination_id)
    assert past.count_day(talk_of(), question, "UTC") == paid
