"""The words in which people are told what a counter holds."""

from datetime import UTC, datetime, timedelta

import pytest

from callrouter.domain.clocks.periods import Period
from callrouter.domain.limits.cap_words import name_limit, say_limit, say_usage
from callrouter.domain.limits.caps import (
    Cap,
    Counter,
    Measure,
    Subject,
    SubjectKind,
    Usage,
    compile_cap,
)
from callrouter.domain.limits.caps import watch_subject as watch

EAST = Subject(SubjectKind.DESTINATION, "acme-east")
ACME = Subject(SubjectKind.BUYER, "acme")
NOON = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
JUST_NOW = NOON - timedelta(seconds=12.4)


def counter(
    measure: Measure, limit: int, period: Period, subject: Subject = EAST, zone: str = ""
) -> Counter:
    cap = Cap(measure, limit, period)
    return compile_cap(cap, subject, "flood-repair", zone or "America/Chicago", currency="USD")


@pytest.mark.parametrize(
    ("counted", "usage", "amount", "said"),
    [
        pytest.param(
            counter(Measure.CONNECTED, 50, Period.DAY),
            Usage(47, 3),
            1,
            "cap 50/50 connected today (3 of them in progress), resets 00:00 America/Chicago",
            id="a full day, partly in progress",
        ),
        pytest.param(
            counter(Measure.PAYABLE, 7, Period.HOUR, ACME),
            Usage(7),
            1,
            "cap 7/7 payable this hour for buyer acme, resets 13:00 America/Chicago",
            id="an hour of a buyer",
        ),
        pytest.param(
            counter(Measure.ATTEMPTS, 9, Period.WEEK),
            Usage(9),
            1,
            "cap 9/9 attempts this week, resets Mon 00:00 America/Chicago",
            id="a week",
        ),
        pytest.param(
            counter(Measure.ATTEMPTS, 9, Period.MONTH),
            Usage(9),
            1,
            "cap 9/9 attempts this month, resets Dec 1 00:00 America/Chicago",
            id="a month",
        ),
        pytest.param(
            counter(Measure.ATTEMPTS, 9, Period.EVER),
            Usage(9),
            1,
            "cap 9/9 attempts ever",
            id="ever",
        ),
        pytest.param(
            counter(Measure.REVENUE, 500_000_000, Period.WEEK),
            Usage(455_000_000, 45_000_000),
            45_000_000,
            "500.00 of 500.00 USD this week (45.00 of it in progress),"
            " resets Mon 00:00 America/Chicago",
            id="money",
        ),
        pytest.param(
            counter(Measure.REVENUE, 500_000_000, Period.EVER, ACME),
            Usage(495_000_000),
            12_500_000,
            "495.00 of 500.00 USD ever for buyer acme, the call would add 12.50",
            id="money that a call doesn't fit in",
        ),
        pytest.param(
            watch(EAST, limit=5), Usage(0, 5), 1, "5 of 5 calls at once", id="calls at once"
        ),
        pytest.param(
            watch(ACME, limit=1), Usage(0, 1), 1, "1 of 1 call at once for buyer acme", id="one"
        ),
        pytest.param(
            watch(EAST, limit=3), Usage(0, 1), 1, "1 of 3 calls at once", id="one of three"
        ),
        pytest.param(watch(EAST), Usage(0, 1), 1, "1 call at once", id="one, and no limit"),
        pytest.param(watch(EAST), Usage(0, 3), 1, "3 calls at once", id="no limit"),
        pytest.param(
            watch(EAST, spacing_s=30),
            Usage(0, 1, JUST_NOW),
            1,
            "12 s since the last call, spacing 30 s",
            id="too soon",
        ),
        pytest.param(
            watch(ACME, spacing_s=30),
            Usage(0, 0, NOON + timedelta(seconds=1)),
            1,
            "0 s since the last call for buyer acme, spacing 30 s",
            id="too soon, by a clock that is ahead",
        ),
        pytest.param(
            watch(EAST, spacing_s=30, limit=5),
            Usage(0, 5, JUST_NOW),
            1,
            "5 of 5 calls at once",
            id="too soon and full",
        ),
        pytest.param(
            watch(EAST, spacing_s=10, limit=5),
            Usage(0, 2, JUST_NOW),
            1,
            "2 of 5 calls at once",
            id="long enough ago",
        ),
    ],
)
def test_a_counter_is_told_in_words(counted: Counter, usage: Usage, amount: int, said: str) -> None:
    assert say_usage(counted, usage, NOON, amount) == said


def test_a_day_that_begins_without_a_midnight_is_told_so() -> None:
    beirut = counter(Measure.CONNECTED, 5, Period.DAY, zone="Asia/Beirut")
    at = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)

    assert say_usage(beirut, Usage(5), at) == "cap 5/5 connected today, resets 01:00 Asia/Beirut"


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (counter(Measure.CONNECTED, 50, Period.DAY), "50 connected a day"),
        (counter(Measure.PAYABLE, 7, Period.EVER, ACME), "7 payable ever for buyer acme"),
        (counter(Measure.REVENUE, 500_000_000, Period.WEEK), "500.00 USD a week"),
        (watch(EAST, limit=5), "5 calls at once"),
        (watch(ACME, limit=1), "1 call at once for buyer acme"),
        (watch(EAST, spacing_s=30), "calls at once"),
    ],
)
def test_a_limit_is_told_without_what_is_counted(counted: Counter, said: str) -> None:
    assert say_limit(counted) == said


def test_the_limit_that_holds_a_dial_back_is_the_count_s_or_the_spacing() -> None:
    both = watch(ACME, spacing_s=30, limit=5)

    assert name_limit(both, Usage(0, 5, JUST_NOW)) == "5 calls at once for buyer acme"
    assert name_limit(both, Usage(0, 4, JUST_NOW)) == "spacing 30 s for buyer acme"


@pytest.mark.parametrize(
    ("limit", "usage", "said", "named"),
    [
        (
            5_000_000_000,
            Usage(4_875_000_000, 75_000_000),
            "4950.00 of 5000.00 USD credit used for buyer acme (75.00 held by calls in progress)",
            "5000.00 USD of credit for buyer acme",
        ),
        (
            0,
            Usage(-40_000_000, 0),
            "balance 40.00 USD for buyer acme",
            "money paid in advance for buyer acme",
        ),
    ],
    ids=["credit", "paid in advance"],
)
def test_an_account_is_said_as_credit_or_as_what_is_left_of_what_was_paid(
    limit: int, usage: Usage, said: str, named: str
) -> None:
    account = Counter(Cap(Measure.CREDIT, limit, across_campaigns=True), ACME, currency="USD")

    assert say_usage(account, usage, NOON) == said
    assert say_limit(account) == named
