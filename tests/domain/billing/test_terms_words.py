from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callrouter.domain.billing.terms import (
    Agreement,
    Band,
    Clock,
    Credit,
    Cycle,
    Operator,
    PerMinute,
    Rounding,
    Share,
    Terms,
)
from callrouter.domain.billing.terms_words import describe_agreement, say_dates, say_price
from callrouter.domain.hours import Hours
from tests.domain.billing.builders import RADIO, USD, agreement_of, terms_of


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (terms_of(), "connected, to the millisecond, >= 120 s: 75.00 USD"),
        (
            terms_of(
                clock=Clock.TOTAL,
                operator=Operator.MORE_THAN,
                rounding=Rounding.FLOOR,
                bands=(Band(60, USD), Band(120, 2 * USD)),
            ),
            "total, rounded down to seconds, > 60 s: 1.00 USD, > 120 s: 2.00 USD",
        ),
        (
            terms_of(per_minute=PerMinute(USD, 30, 6), rounding=Rounding.CEILING),
            "connected, rounded up to seconds: 1.00 USD a minute by 30/6",
        ),
        (
            terms_of(per_minute=PerMinute(USD, 60, 60, 10), rounding=Rounding.NEAREST),
            "connected >= 10 s, rounded to seconds: 1.00 USD a minute by 60/60",
        ),
        (terms_of(per_attempt_micros=USD), "each attempt: 1.00 USD"),
        (terms_of(share=Share(400_000)), "40 % of what buyers pay"),
    ],
)
def test_a_price_is_said_with_its_clock_and_threshold(terms: Terms, said: str) -> None:
    assert say_price(terms) == said


def test_dates_are_those_on_the_partys_clocks() -> None:
    terms = terms_of(ends_at=datetime(2026, 12, 1, 17, 30, tzinfo=UTC))

    assert say_dates(terms, "America/New_York") == (
        "from 2026-10-01 until 2026-12-01 12:30:00-0500"
    )


BASE = agreement_of(terms_of())


@pytest.mark.parametrize(
    ("agreement", "said"),
    [
        (BASE, "  a statement each month, due in 30 days; no limit"),
        (
            replace(BASE, cycle=Cycle.WEEK, net_days=1, credit=Credit(0, "EUR")),
            "  a statement each week, due in 1 day; paid in advance in EUR",
        ),
        (
            replace(BASE, cycle=Cycle.HALF_MONTH, credit=Credit(5 * USD, "USD")),
            "  a statement each half month, due in 30 days; 5.00 USD of credit",
        ),
        (
            replace(BASE, cycle=Cycle.CUSTOM, party=RADIO),
            "  a statement when one is closed by hand, due in 30 days",
        ),
    ],
)
def test_statements_and_credit_are_said(agreement: Agreement, said: str) -> None:
    assert list(describe_agreement(agreement))[1] == said


def test_everything_that_was_agreed_is_said() -> None:
    terms = terms_of(
        campaign_id="flood-repair",
        hours=Hours(zone="America/New_York"),
        duplicate_window_s=86_400,
        most_per_day=5,
    )

    assert list(describe_agreement(replace(agreement_of(terms), name="Acme"))) == [
        "buyer acme: Acme (version 3, America/New_York)",
        "  a statement each month, due in 30 days; no limit",
        "  flood-repair, from 2026-10-01",
        "    connected, to the millisecond, >= 120 s: 75.00 USD",
        "    only calls that begin in its hours (America/New_York)",
        "    a caller is paid for once in 1 day",
        "    5 calls a day at most",
    ]
