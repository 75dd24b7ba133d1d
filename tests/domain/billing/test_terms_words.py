from dataclasses import replace
from datetime import UTC, date, datetime

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
    TheirTime,
    TieOutTerms,
)
from callrouter.domain.billing.terms_words import describe_agreement, say_dates, say_price
from callrouter.domain.clocks.hours import Hours, Span, Window
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


OFFICE = Hours(
    (
        *(Window(day, *times) for day in range(5) for times in ((480, 720), (780, 1020))),
        Window(6, 540, 1440),
    ),
    zone="America/New_York",
)
HOLIDAY = date(2026, 12, 24)
SPAN = Span(datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC))


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (Hours(zone="UTC"), "Mon-Sun 00:00-24:00 (UTC)"),
        (
            Hours(zone="UTC", holidays=("US", "US-TX"), closed_on=(HOLIDAY,), closures=(SPAN,)),
            "Mon-Sun 00:00-24:00 (UTC), not on holidays of US, US-TX, not on 2026-12-24, but for "
            "its closures",
        ),
        (Hours((), "UTC", openings=(SPAN,)), "at no hour of the week (UTC), and in its openings"),
    ],
)
def test_hours_are_said_with_their_exceptions(hours: Hours, said: str) -> None:
    lines = list(describe_agreement(agreement_of(terms_of(hours=hours))))

    assert lines[-1] == f"    only calls that begin {said}"


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
        hours=OFFICE,
        duplicate_window_s=86_400,
        most_per_day=5,
    )

    assert list(describe_agreement(replace(agreement_of(terms), name="Acme"))) == [
        "buyer acme: Acme (version 3, America/New_York)",
        "  a statement each month, due in 30 days; no limit",
        "  flood-repair, from 2026-10-01",
        "    connected, to the millisecond, >= 120 s: 75.00 USD",
        "    only calls that begin Mon-Fri 08:00-12:00 and 13:00-17:00, Sun 09:00-24:00 "
        "(America/New_York)",
        "    a caller is paid for once in 1 day",
        "    5 calls a day at most",
    ]


@pytest.mark.parametrize(
    ("tie_out", "said"),
    [
        (TieOutTerms(tolerance_ms=2000), "  their own records: 2 s off is rounding"),
        (
            TieOutTerms(dispute_days=14, zone="America/Chicago", their_time=TheirTime.TALK),
            "  their own records: 1 s off is rounding, raised within 14 days, stamped in "
            "America/Chicago, their talk time counts",
        ),
    ],
)
def test_how_their_records_are_held_against_ours_is_said(tie_out: TieOutTerms, said: str) -> None:
    agreement = replace(agreement_of(terms_of()), tie_out=tie_out)

    assert list(describe_agreement(agreement))[2] == said
