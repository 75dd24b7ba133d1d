"""Hours, days, weeks and months on the clocks of a buyer's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callrouter.domain.clocks.periods import Moment, Period, find_next_start, name_period

CHICAGO = "America/Chicago"
_ATOM = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "zone", "at", "name", "ends_at"),
    [
        pytest.param(
            *(Period.HOUR, CHICAGO, "2026-11-26T19:59:59.999999"),
            *("hour:2026-11-26T13-06:00", "2026-11-26T20:00"),
            id="an hour",
        ),
        pytest.param(
            *(Period.HOUR, CHICAGO, "2026-11-01T06:30"),
            *("hour:2026-11-01T01-05:00", "2026-11-01T07:00"),
            id="the hour that is repeated, first pass",
        ),
        pytest.param(
            *(Period.HOUR, CHICAGO, "2026-11-01T07:30"),
            *("hour:2026-11-01T01-06:00", "2026-11-01T08:00"),
            id="the hour that is repeated, second pass",
        ),
        pytest.param(
            *(Period.HOUR, CHICAGO, "2026-03-08T07:59"),
            *("hour:2026-03-08T01-06:00", "2026-03-08T08:00"),
            id="the hour before one that is skipped",
        ),
        pytest.param(
            *(Period.HOUR, "Asia/Kathmandu", "2026-11-26T18:14"),
            *("hour:2026-11-26T23+05:45", "2026-11-26T18:15"),
            id="Kathmandu's full hours are at a quarter",
        ),
        pytest.param(
            *(Period.HOUR, "Australia/Lord_Howe", "2026-04-04T14:50"),
            *("hour:2026-04-05T01+11:00", "2026-04-04T15:00"),
            id="Lord Howe repeats half an hour: the whole one",
        ),
        pytest.param(
            *(Period.HOUR, "Australia/Lord_Howe", "2026-04-04T15:10"),
            *("hour:2026-04-05T01+10:30", "2026-04-04T15:30"),
            id="Lord Howe repeats half an hour: the half one",
        ),
        pytest.param(
            *(Period.DAY, CHICAGO, "2026-11-26T05:59"),
            *("day:2026-11-25", "2026-11-26T06:00"),
            id="a day ends at the buyer's midnight",
        ),
        pytest.param(
            *(Period.DAY, CHICAGO, "2026-11-01T05:00"),
            *("day:2026-11-01", "2026-11-02T06:00"),
            id="a day of 25 hours",
        ),
        pytest.param(
            *(Period.DAY, CHICAGO, "2026-03-08T06:00"),
            *("day:2026-03-08", "2026-03-09T05:00"),
            id="a day of 23 hours",
        ),
        pytest.param(
            *(Period.DAY, "Asia/Beirut", "2026-03-28T12:00"),
            *("day:2026-03-28", "2026-03-28T22:00"),
            id="a midnight that doesn't exist",
        ),
        pytest.param(
            *(Period.DAY, "America/Santiago", "2026-04-05T03:30"),
            *("day:2026-04-04", "2026-04-05T04:00"),
            id="the hour before midnight is repeated",
        ),
        pytest.param(
            *(Period.DAY, "America/Havana", "2026-11-01T03:30"),
            *("day:2026-10-31", "2026-11-01T04:00"),
            id="the hour after midnight is repeated",
        ),
        pytest.param(
            *(Period.DAY, "Pacific/Apia", "2011-12-30T09:59"),
            *("day:2011-12-29", "2011-12-30T10:00"),
            id="a day that was left out",
        ),
        pytest.param(
            *(Period.DAY, "America/Toronto", "1919-03-31T04:00"),
            *("day:1919-03-30", "1919-03-31T04:30"),
            id="clocks that jumped from before midnight to after it",
        ),
        pytest.param(
            *(Period.DAY, CHICAGO, "2028-02-29T05:59"),
            *("day:2028-02-28", "2028-02-29T06:00"),
            id="before a leap day",
        ),
        pytest.param(
            *(Period.WEEK, CHICAGO, "2026-11-30T05:59"),
            *("week:2026-W48", "2026-11-30T06:00"),
            id="a week ends with Sunday",
        ),
        pytest.param(
            *(Period.WEEK, CHICAGO, "2027-01-02T12:00"),
            *("week:2026-W53", "2027-01-04T06:00"),
            id="the old year's last week goes on in the new one",
        ),
        pytest.param(
            *(Period.WEEK, "UTC", "2024-12-30T00:00"),
            *("week:2025-W01", "2025-01-06T00:00"),
            id="the new year's first week begins in the old one",
        ),
        pytest.param(
            *(Period.MONTH, CHICAGO, "2026-12-01T05:59"),
            *("month:2026-11", "2026-12-01T06:00"),
            id="a month of 30 days",
        ),
        pytest.param(
            *(Period.MONTH, CHICAGO, "2027-01-01T05:59"),
            *("month:2026-12", "2027-01-01T06:00"),
            id="the last month of a year",
        ),
        pytest.param(
            *(Period.MONTH, CHICAGO, "2028-02-29T23:00"),
            *("month:2028-02", "2028-03-01T06:00"),
            id="a leap February",
        ),
    ],
)
def test_an_instant_lies_in_a_period_until_that_ends(
    period: Period, zone: str, at: str, name: str, ends_at: str
) -> None:
    assert name_period(period, zone, utc(at)) == name
    assert find_next_start(period, zone, utc(at)) == utc(ends_at)


def test_ever_has_one_name_and_no_end() -> None:
    assert name_period(Period.EVER, CHICAGO, utc("2026-11-26T12:00")) == "ever"
    assert find_next_start(Period.EVER, CHICAGO, utc("2026-11-26T12:00")) is None


@given(
    st.sampled_from([period for period in Period if period is not Period.EVER]),
    st.sampled_from(sorted(available_timezones())),
    st.datetimes(datetime(2012, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
@example(Period.HOUR, "Antarctica/Troll", utc("2026-10-25T00:30"))
@example(Period.DAY, "America/Nuuk", utc("2026-03-28T23:30"))
@example(Period.DAY, "Atlantic/Azores", utc("2026-10-25T00:30"))
def test_a_period_ends_exactly_when_its_name_changes(
    period: Period, zone: str, at: datetime
) -> None:
    name, end = name_period(period, zone, at), find_next_start(period, zone, at)

    assert end is not None
    assert end > at
    assert name_period(period, zone, end - _ATOM) == name
    assert name_period(period, zone, end) != name
    assert find_next_start(period, zone, end - _ATOM) == end


@given(st.sampled_from([CHICAGO, "UTC", "Asia/Kathmandu"]), st.datetimes(timezones=st.just(UTC)))
def test_a_moment_names_all_periods_of_a_zone(zone: str, at: datetime) -> None:
    at = at.replace(year=2026, day=min(at.day, 28))
    moment = Moment(at)

    assert moment.names(zone) == tuple(name_period(period, zone, at) for period in Period)
    assert moment.names(zone) is moment.names(zone)
