from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.clocks.when import Exactly, Later, OnTheWall, When, find_instant, read_when

CHICAGO = "America/Chicago"
NOON = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
"""In Chicago."""
Y2000 = datetime(2000, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def understood(text: str) -> When:
    when = read_when(text)
    assert not isinstance(when, str), when
    return when


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("2h", "2026-11-26T20:00", id="hours"),
        pytest.param("90m", "2026-11-26T19:30", id="minutes"),
        pytest.param("1d", "2026-11-27T18:00", id="a-day"),
        pytest.param("18:00", "2026-11-27T00:00", id="later-today"),
        pytest.param(" 18:00  America/New_York ", "2026-11-26T23:00", id="in-a-zone-of-its-own"),
        pytest.param("12:00", "2026-11-27T18:00", id="now-is-not-later"),
        pytest.param("9:30", "2026-11-27T15:30", id="tomorrow"),
        pytest.param("02:00 Asia/Tokyo", "2026-11-27T17:00", id="its-today-has-passed-already"),
        pytest.param("05:00 Asia/Tokyo", "2026-11-26T20:00", id="where-it-is-tomorrow-already"),
        pytest.param("2026-11-20 08:00", "2026-11-20T14:00", id="a-day-may-have-passed"),
        pytest.param("2026-12-24T08:00 UTC", "2026-12-24T08:00", id="a-day-and-a-zone"),
        pytest.param("2026-11-26T18:00:00-05:00", "2026-11-26T23:00", id="an-offset"),
        pytest.param("2026-11-26T18:00:00Z", "2026-11-26T18:00", id="utc"),
    ],
)
def test_moments_are_said_like(text: str, instant: str) -> None:
    assert find_instant(understood(text), NOON, CHICAGO) == utc(instant)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "isn't a moment: write it like one of 2h, 18:00,", id="nothing"),
        pytest.param("soon", "'soon' isn't a moment", id="a-word"),
        pytest.param("2 h", "'2 h' isn't a moment", id="a-space"),
        pytest.param("0h", "'0h' isn't a moment", id="no-time-at-all"),
        pytest.param("600w", "more than the ten years", id="too-long"),
        pytest.param("24:00", "there is no 24:00: hours go from 00 to 23", id="hour-24"),
        pytest.param("2026-02-30 08:00", "there is no 2026-02-30 08:00", id="a-day-never-there"),
        pytest.param("18:00 CST", "there is no zone 'CST'", id="an-abbreviation"),
        pytest.param("18:00 EST5EDT", "there is no zone 'EST5EDT'", id="a-zone-without-a-city"),
        pytest.param("18:00 America/Chicgo", "there is no zone 'America/Chicgo'", id="a-typo"),
        pytest.param("18:00 a/../b", "'18:00 a/../b' isn't a moment", id="a-path"),
        pytest.param("18:00 America", "there is no zone 'America'", id="a-folder"),
        pytest.param("9999-12-31T23:59:59Z", "9999 is too far away", id="the-end-of-time"),
        pytest.param("0001-01-01 00:00 UTC", "1 is too far away", id="its-beginning"),
        pytest.param("2026-11-26T18:00:00", "needs a zone", id="seconds-without-a-zone"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, said: str) -> None:
    message = read_when(text)
    assert isinstance(message, str)
    assert said in message


@pytest.mark.parametrize(
    ("now", "wall", "zone", "instant"),
    [
        # Spring: at 02:00 the clock is put to 03:00.
        pytest.param("2027-03-14T07:00", "02:30", CHICAGO, "2027-03-14T08:00", id="skipped"),
        pytest.param("2027-03-14T07:00", "02:00", CHICAGO, "2027-03-14T08:00", id="gap-begins"),
        pytest.param("2027-03-14T07:00", "03:00", CHICAGO, "2027-03-14T08:00", id="gap-ends"),
        pytest.param("2027-03-14T08:00", "02:30", CHICAGO, "2027-03-15T07:30", id="after-the-gap"),
        pytest.param("2027-03-13T12:00", "08:00", CHICAGO, "2027-03-13T14:00", id="day-before"),
        pytest.param("2027-03-13T14:00", "08:00", CHICAGO, "2027-03-14T13:00", id="23-hours-later"),
        # Autumn: at 02:00 the clock is put back to 01:00.
        pytest.param("2026-11-01T05:00", "01:30", CHICAGO, "2026-11-01T06:30", id="the-first"),
        pytest.param("2026-11-01T06:30", "01:30", CHICAGO, "2026-11-01T07:30", id="the-second"),
        pytest.param("2026-11-01T07:30", "01:30", CHICAGO, "2026-11-02T07:30", id="after-both"),
        pytest.param("2026-10-31T13:00", "08:00", CHICAGO, "2026-11-01T14:00", id="25-hours-later"),
        # Half an hour, at midnight, a whole day.
        pytest.param(
            "2026-10-03T14:00", "02:15", "Australia/Lord_Howe", "2026-10-03T15:30", id="half-hour"
        ),
        pytest.param(
            "2026-09-06T03:00", "00:30", "America/Santiago", "2026-09-06T04:00", id="midnight"
        ),
        pytest.param(
            "2011-12-30T09:00", "12:00", "Pacific/Apia", "2011-12-30T10:00", id="a-skipped-day"
        ),
    ],
)
def test_times_around_a_change_of_the_clock(now: str, wall: str, zone: str, instant: str) -> None:
    assert find_instant(understood(f"{wall} {zone}"), utc(now), "UTC") == utc(instant)


def test_a_day_with_a_time_that_it_has_twice_means_the_first() -> None:
    when = understood("2026-11-01 01:30")
    assert find_instant(when, utc("2026-11-01T07:00"), CHICAGO) == utc("2026-11-01T06:30")


@settings(max_examples=100)
@given(
    now=st.timedeltas(timedelta(0), timedelta(days=37 * 365)).map(lambda span: Y2000 + span),
    clock=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    zone=st.sampled_from([CHICAGO, "America/St_Johns", "Australia/Lord_Howe", "Asia/Tokyo"]),
)
def test_a_time_of_day_is_the_next_that_a_clock_shows(
    now: datetime, clock: time, zone: str
) -> None:
    """Within 25 hours; and but for the gap in spring, the clock shows it."""
    found = find_instant(OnTheWall(clock, None, zone), now, "UTC")
    shown = found.astimezone(ZoneInfo(zone))
    assert timedelta(0) < found - now <= timedelta(hours=25)
    just_before = (found - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert shown.time() == clock or just_before.utcoffset() != shown.utcoffset()


def test_each_form_is_a_value() -> None:
    assert read_when("2h") == Later(timedelta(hours=2))
    assert read_when("2026-11-26T18:00Z") == Exactly(NOON)
    assert read_when("2026-11-26 18:00") == OnTheWall(time(18), NOON.date())
