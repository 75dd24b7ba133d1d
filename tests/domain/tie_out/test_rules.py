"""What a buyer has agreed to, as the rules of a tie-out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callrouter.domain.billing.terms import Clock, TheirTime, TieOutTerms
from callrouter.domain.tie_out.rules import TieOutRules, make_rules
from tests.domain.billing.builders import agreement_of, terms_of

SINCE, UNTIL = (datetime(2026, month, 1, 4, tzinfo=UTC) for month in (10, 11))


def test_the_agreement_says_what_is_tolerated_and_by_whose_days_it_goes() -> None:
    own = TieOutTerms(
        tolerance_ms=2000, dispute_days=14, zone="America/Chicago", their_time=TheirTime.TALK
    )
    agreement = replace(agreement_of(terms_of(), terms_of(currency="EUR")), tie_out=own)

    rules = make_rules(agreement, SINCE, UNTIL, "USD")

    assert rules == TieOutRules(
        since=SINCE,
        until=UNTIL,
        currency="USD",
        terms=(terms_of(),),
        tolerance_ms=2000,
        dispute_days=14,
        zone="America/New_York",
        their_zone="America/Chicago",
        their_time=TheirTime.TALK,
    )
    assert (rules.since_ms, rules.until_ms) == (1_790_827_200_000, 1_793_505_600_000)


def test_without_an_agreement_there_are_no_terms() -> None:
    assert make_rules(None, SINCE, UNTIL, "USD") == TieOutRules(
        since=SINCE, until=UNTIL, currency="USD"
    )


@pytest.mark.parametrize(
    ("clocks", "compared"),
    [
        ((Clock.ANSWERED, Clock.ANSWERED), Clock.ANSWERED),
        ((Clock.ANSWERED, Clock.CONNECTED), Clock.CONNECTED),
        ((Clock.TOTAL,), Clock.CONNECTED),
    ],
)
def test_answered_time_is_compared_where_all_terms_count_it(
    clocks: tuple[Clock, ...], compared: Clock
) -> None:
    agreement = agreement_of(*(terms_of(clock=clock) for clock in clocks))

    assert make_rules(agreement, SINCE, UNTIL, "USD").clock is compared
