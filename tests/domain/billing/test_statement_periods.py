"""Which days a statement covers, on the clocks of the party's zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.statement_periods import (
    StatementPeriod,
    find_due_day,
    find_last_day,
    find_period,
    plan_period,
)
from callrouter.domain.billing.terms import Cycle
from callrouter.domain.clocks.periods import find_wall_time

CHICAGO, HAVANA, BEIRUT = "America/Chicago", "America/Havana", "Asia/Beirut"
ZONES = (CHICAGO, HAVANA, BEIRUT, "Asia/Kathmandu", "Pacific/Kiritimati", "America/Nuuk", "UTC")
RULED = [cycle for cycle in Cycle if cycle is not Cycle.CUSTOM]
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 16 * 366 * 86_400).map(lambda s: SINCE + timedelta(seconds=s))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cycle", "at", "first", "last", "starts_at", "ends_at"),
    [
        pytest.param(
            *(Cycle.WEEK, "2026-11-30T05:59:59", "2026-11-23", "2026-11-29"),
            *("2026-11-23T06:00", "2026-11-30T06:00"),
            id="Sunday's last second is still of the week",
        ),
        pytest.param(
            *(Cycle.WEEK, "2026-11-01T12:00", "2026-10-26", "2026-11-01"),
            *("2026-10-26T05:00", "2026-11-02T06:00"),
            id="the week whose Sunday has 25 hours",
        ),
        pytest.param(
            *(Cycle.WEEK, "2026-03-08T12:00", "2026-03-02", "2026-03-08"),
            *("2026-03-02T06:00", "2026-03-09T05:00"),
            id="the week whose Sunday has 23 hours",
        ),
        pytest.param(
            *(Cycle.HALF_MONTH, "2026-11-16T05:59", "2026-11-01", "2026-11-15"),
            *("2026-11-01T05:00", "2026-11-16T06:00"),
            id="the first half, at its end",
        ),
        pytest.param(
            *(Cycle.HALF_MONTH, "2028-02-16T06:00", "2028-02-16", "2028-02-29"),
            *("2028-02-16T06:00", "2028-03-01T06:00"),
            id="the second half of a leap year's February",
        ),
        pytest.param(
            *(Cycle.MONTH, "2027-01-01T05:59", "2026-12-01", "2026-12-31"),
            *("2026-12-01T06:00", "2027-01-01T06:00"),
            id="December, when it is January in Greenwich",
        ),
    ],
)
def test_the_period_of_an_instant(
    cycle: Cycle, at: str, first: str, last: str, starts_at: str, ends_at: str
) -> None:
    period = find_period(cycle, CHICAGO, utc(at))

    assert period == StatementPeriod(CHICAGO, date.fromisoformat(first), date.fromisoformat(last))
    assert (period.starts_at, period.ends_at) == (utc(starts_at), utc(ends_at))
    assert str(period) == f"{first} to {last} (America/Chicago)"


def test_a_custom_cycle_has_no_period_of_its_own() -> None:
    assert find_period(Cycle.CUSTOM, CHICAGO, utc("2026-11-26")) is None


@pytest.mark.parametrize(
    ("cycle", "last", "planned"),
    [
        pytest.param(Cycle.WEEK, None, ("2026-11-16", "2026-11-22"), id="the cycle's"),
        pytest.param(Cycle.WEEK, "2026-11-18", ("2026-11-16", "2026-11-18"), id="ended early"),
        pytest.param(Cycle.WEEK, "2026-12-06", ("2026-11-16", "2026-12-06"), id="ended late"),
        pytest.param(Cycle.CUSTOM, "2026-11-30", ("2026-11-17", "2026-11-30"), id="custom"),
        pytest.param(Cycle.CUSTOM, None, None, id="custom, without an end"),
        pytest.param(Cycle.CUSTOM, "2026-11-10", ("2026-11-10", "2026-11-10"), id="before it"),
    ],
)
def test_the_next_statement_covers(
    cycle: Cycle, last: str | None, planned: tuple[str, str] | None
) -> None:
    last_day = date.fromisoformat(last) if last else None

    period = plan_period(cycle, CHICAGO, utc("2026-11-17T15:00"), last_day)

    days = period and (period.first_day.isoformat(), period.last_day.isoformat())
    assert days == planned


@given(st.sampled_from(RULED), st.sampled_from(ZONES), INSTANTS)
def test_periods_follow_each_other_without_gap_or_overlap(
    cycle: Cycle, zone: str, at: datetime
) -> None:
    period = find_period(cycle, zone, at)
    assert period is not None
    assert period.starts_at <= at < period.ends_at

    following = find_period(cycle, zone, period.ends_at)
    assert following is not None
    assert following.starts_at == period.ends_at
    assert following.first_day == period.last_day + timedelta(days=1)
    assert find_last_day(period.ends_at, zone) == period.last_day


@given(st.sampled_from(RULED), st.sampled_from(ZONES), INSTANTS, st.timedeltas())
def test_whatever_lies_in_a_period_has_that_period(
    cycle: Cycle, zone: str, at: datetime, later: timedelta
) -> None:
    period = find_period(cycle, zone, at)
    assert period is not None
    within = period.starts_at + later % (period.ends_at - period.starts_at)

    assert find_period(cycle, zone, within) == period
    assert period.first_day <= find_wall_time(zone, within).date() <= period.last_day


def test_a_period_is_over_at_its_end_or_some_grace_later() -> None:
    period = StatementPeriod(CHICAGO, date(2026, 11, 16), date(2026, 11, 22))
    six_hours = timedelta(hours=6)

    assert not period.is_over(utc("2026-11-23T05:59:59"))
    assert period.is_over(utc("2026-11-23T06:00"))
    assert not period.is_over(utc("2026-11-23T11:59:59"), six_hours)
    assert period.is_over(utc("2026-11-23T12:00"), six_hours)


@pytest.mark.parametrize(
    ("closed_at", "net_days", "due_on"),
    [
        pytest.param("2026-11-24T05:59", 15, "2026-12-08", id="Monday evening in Chicago"),
        pytest.param("2026-11-24T06:00", 15, "2026-12-09", id="a minute later it is Tuesday"),
        pytest.param("2028-01-30T12:00", 30, "2028-02-29", id="over the end of a month"),
        pytest.param("2026-11-24T12:00", 0, "2026-11-24", id="at once"),
    ],
)
def test_a_statement_is_due_so_many_days_after_the_day_of_its_closing(
    closed_at: str, net_days: int, due_on: str
) -> None:
    assert find_due_day(utc(closed_at), CHICAGO, net_days) == date.fromisoformat(due_on)
