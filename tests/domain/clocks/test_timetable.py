"""The rules of opening hours as days that somebody could read from the wall, and as laws."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callrouter.domain.clocks.holiday_calendars import list_holidays
from callrouter.domain.clocks.hours import Hours, Span, Window
from callrouter.domain.clocks.timetable import (
    HORIZON_DAYS,
    Timetable,
    changes_at,
    compile_hours,
    is_open,
    opens_at,
    read_wall,
    say_closed,
)

CHICAGO = "America/Chicago"
MINUTE = timedelta(minutes=1)


def open_on(weekdays: str, *windows: str) -> tuple[Window, ...]:
    """The same windows, as in "08:00-12:00", on each weekday by its digit (0 is Monday)."""

    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return tuple(
        Window(int(weekday), minutes(window[:5]), minutes(window[6:]))
        for weekday in weekdays
        for window in windows
    )


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def say(timetable: Timetable, at: datetime) -> str:
    if is_open(timetable, read_wall(timetable.zone, at)):
        return "open"
    return say_closed(timetable, at)


def read_day(text: str) -> list[tuple[str, datetime, str]]:
    """Each line's moment, which has a UTC offset or is in UTC-6 or -5 as Chicago is then."""
    lines = [line.strip() for line in text.strip().splitlines()]
    found = []
    for line in lines:
        moment, expected = line[:22].strip(), line[22:].strip()
        local = datetime.fromisoformat(moment.split(maxsplit=1)[1])
        found.append((line, local.replace(tzinfo=local.tzinfo or ZoneInfo(CHICAGO)), expected))
    return found


OFFICE = Hours(open_on("01234", "08:00-12:00", "13:00-18:00"))
NIGHT_DESK = Hours(open_on("0123456", "22:00-04:00"))
US_OFFICE = Hours(OFFICE.windows, holidays=("US",))
STORM = Span(wall("2026-06-02T10:00"), wall("2026-06-03T10:00"), "storm")


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        pytest.param(
            OFFICE,
            """
            Mon 2026-06-01 07:59  closed until 08:00 America/Chicago
            Mon 2026-06-01 08:00  open
            Mon 2026-06-01 11:59  open
            Mon 2026-06-01 12:00  closed until 13:00 America/Chicago
            Mon 2026-06-01 13:00  open
            Mon 2026-06-01 18:00  closed until Tue 08:00 America/Chicago
            Fri 2026-06-05 17:59  open
            Fri 2026-06-05 18:00  closed until Mon 08:00 America/Chicago
            Sun 2026-06-07 12:00  closed until Mon 08:00 America/Chicago
            """,
            id="an office with a lunch break",
        ),
        pytest.param(
            NIGHT_DESK,
            """
            Mon 2026-06-01 21:59  closed until 22:00 America/Chicago
            Mon 2026-06-01 22:00  open
            Tue 2026-06-02 00:00  open
            Tue 2026-06-02 03:59  open
            Tue 2026-06-02 04:00  closed until 22:00 America/Chicago
            """,
            id="a night desk that is open past midnight",
        ),
        pytest.param(
            Hours(open_on("6", "20:00-02:00")),
            """
            Sun 2026-06-07 23:59  open
            Mon 2026-06-08 01:59  open
            Mon 2026-06-08 02:00  closed until Sun 20:00 America/Chicago
            Sun 2026-06-07 02:00  closed until 20:00 America/Chicago
            """,
            id="Sunday night goes on into Monday",
        ),
        pytest.param(
            Hours(open_on("0", "08:00-24:00")),
            """
            Mon 2026-06-01 23:59  open
            Tue 2026-06-02 00:00  closed until Mon 08:00 America/Chicago
            Mon 2026-06-01 18:00  open
            """,
            id="until midnight",
        ),
        pytest.param(
            Hours(open_on("0", "08:00-08:00")),
            """
            Mon 2026-06-01 07:59  closed until 08:00 America/Chicago
            Mon 2026-06-01 08:00  open
            Tue 2026-06-02 07:59  open
            Tue 2026-06-02 08:00  closed until Mon 08:00 America/Chicago
            """,
            id="a shift of twenty-four hours",
        ),
        pytest.param(
            Hours(),
            """
            Mon 2026-06-01 00:00  open
            Sun 2026-06-07 23:59  open
            """,
            id="no windows are written: round the clock",
        ),
        pytest.param(
            Hours(windows=()),
            "Mon 2026-06-01 12:00  closed for the next 400 days",
            id="never",
        ),
        pytest.param(
            Hours(OFFICE.windows, zone="America/New_York"),
            """
            Mon 2026-06-01 06:59  closed until 08:00 America/New_York
            Mon 2026-06-01 07:00  open
            """,
            id="in a zone of its own, whatever the buyer's",
        ),
        pytest.param(
            US_OFFICE,
            """
            Wed 2026-11-25 18:00  closed until Fri 08:00 America/Chicago
            Thu 2026-11-26 00:00  holiday: Thanksgiving Day, closed until Fri 08:00 America/Chicago
            Thu 2026-11-26 12:00  holiday: Thanksgiving Day, closed until Fri 08:00 America/Chicago
            Fri 2026-11-27 00:00  closed until 08:00 America/Chicago
            Fri 2026-11-27 08:00  open
            """,
            id="Thanksgiving",
        ),
        pytest.param(
            US_OFFICE,
            """
            Fri 2026-05-22 18:00  closed until Tue 08:00 America/Chicago
            Mon 2026-05-25 12:00  holiday: Memorial Day, closed until Tue 08:00 America/Chicago
            Tue 2026-05-26 08:00  open
            """,
            id="a holiday on a Monday",
        ),
        pytest.param(
            Hours(OFFICE.windows, holidays=("US", "US-TX")),
            """
            Thu 2026-11-26 12:00  holiday: Thanksgiving Day, closed until Mon 08:00 America/Chicago
            Fri 2026-11-27 09:00  holiday: Friday After Thanksgiving, closed until Mon 08:00 America/Chicago
            """,  # noqa: E501
            id="a country's holidays and a state's",
        ),
        pytest.param(
            Hours(NIGHT_DESK.windows, holidays=("US",)),
            """
            Thu 2026-11-26 03:59  open
            Thu 2026-11-26 04:00  holiday: Thanksgiving Day, closed until Fri 22:00 America/Chicago
            Thu 2026-11-26 23:00  holiday: Thanksgiving Day, closed until Fri 22:00 America/Chicago
            Fri 2026-11-27 02:00  holiday: Thanksgiving Day, closed until 22:00 America/Chicago
            Fri 2026-11-27 04:00  closed until 22:00 America/Chicago
            Fri 2026-11-27 22:00  open
            """,
            id="a night belongs to the day on which it begins, on a holiday too",
        ),
        pytest.param(
            Hours(closed_on=(date(2026, 12, 24),), holidays=("US",)),
            """
            Wed 2026-12-23 23:59  open
            Thu 2026-12-24 00:00  closed on 2026-12-24, closed until Sat 00:00 America/Chicago
            Fri 2026-12-25 12:00  holiday: Christmas Day, closed until Sat 00:00 America/Chicago
            Sat 2026-12-26 00:00  open
            """,
            id="own dates beside a calendar",
        ),
        pytest.param(
            Hours(OFFICE.windows, closures=(STORM,)),
            """
            Tue 2026-06-02 09:59  open
            Tue 2026-06-02 10:00  closure: storm, closed until Wed 10:00 America/Chicago
            Wed 2026-06-03 09:59  closure: storm, closed until 10:00 America/Chicago
            Wed 2026-06-03 10:00  open
            """,
            id="a closure",
        ),
        pytest.param(
            Hours(OFFICE.windows, closures=(Span(STORM.begins, wall("2026-06-13T10:00")),)),
            "Tue 2026-06-02 10:00  closed until Mon 2026-06-15 08:00 America/Chicago",
            id="a closure without a note, that ends on a free Saturday",
        ),
        pytest.param(
            Hours(closures=(STORM, Span(STORM.ends, wall("2026-06-03T12:00"), "clean-up"))),
            """
            Wed 2026-06-03 09:00  closure: storm, closed until 12:00 America/Chicago
            Wed 2026-06-03 11:00  closure: clean-up, closed until 12:00 America/Chicago
            """,
            id="a closure after a closure",
        ),
        pytest.param(
            Hours(
                US_OFFICE.windows,
                holidays=US_OFFICE.holidays,
                openings=(Span(wall("2026-11-26T10:00"), wall("2026-11-26T14:00")),),
            ),
            """
            Thu 2026-11-26 09:59  holiday: Thanksgiving Day, closed until 10:00 America/Chicago
            Thu 2026-11-26 10:00  open
            Thu 2026-11-26 13:59  open
            Thu 2026-11-26 14:00  holiday: Thanksgiving Day, closed until Fri 08:00 America/Chicago
            """,
            id="an opening on a holiday",
        ),
        pytest.param(
            Hours(
                (),
                closures=(STORM,),
                openings=(Span(wall("2026-06-02T09:00"), wall("2026-06-03T11:00")),),
            ),
            """
            Tue 2026-06-02 09:00  open
            Tue 2026-06-02 10:00  closure: storm, closed until Wed 10:00 America/Chicago
            Wed 2026-06-03 10:59  open
            Wed 2026-06-03 11:00  closed for the next 400 days
            """,
            id="a closure beats an opening",
        ),
        pytest.param(
            Hours(
                closures=(
                    Span(wall("2026-06-01T12:00+00:00"), wall("2026-06-01T08:00-05:00"), "drill"),
                )
            ),
            """
            Mon 2026-06-01 06:59  open
            Mon 2026-06-01 07:00  closure: drill, closed until 08:00 America/Chicago
            Mon 2026-06-01 08:00  open
            """,
            id="a closure that is written with offsets",
        ),
    ],
)
def test_hours_are_what_the_clock_on_the_wall_says(hours: Hours, days: str) -> None:
    timetable = compile_hours(hours, CHICAGO)

    for line, at, expected in read_day(days):
        assert f"{at:%a}" == line[:3], f"no such day: {line}"
        assert say(timetable, at.astimezone(UTC)) == expected, line


@pytest.mark.parametrize(
    ("hours", "night"),
    [
        pytest.param(
            Hours(open_on("6", "01:30-02:30", "04:00-05:00")),
            """
            2026-03-08T01:29-06:00  closed until 01:30 America/Chicago
            2026-03-08T01:59-06:00  open
            2026-03-08T03:00-05:00  closed until 04:00 America/Chicago
            """,
            id="spring: half of the window is skipped",
        ),
        pytest.param(
            Hours(open_on("6", "02:15-02:45")),
            """
            2026-03-08T01:59-06:00  closed until Sun 2026-03-15 02:15 America/Chicago
            2026-03-08T03:00-05:00  closed until Sun 2026-03-15 02:15 America/Chicago
            """,
            id="spring: all of the window is skipped",
        ),
        pytest.param(
            Hours(open_on("6", "02:30-05:00")),
            """
            2026-03-08T01:59-06:00  closed until 03:00 America/Chicago
            2026-03-08T03:00-05:00  open
            """,
            id="spring: the window begins at a time that is skipped",
        ),
        pytest.param(
            Hours(open_on("6", "01:15-01:45")),
            """
            2026-11-01T01:14-05:00  closed until 01:15 America/Chicago
            2026-11-01T01:15-05:00  open
            2026-11-01T01:45-05:00  closed until 01:15 America/Chicago
            2026-11-01T01:15-06:00  open
            2026-11-01T01:45-06:00  closed until Sun 2026-11-08 01:15 America/Chicago
            """,
            id="autumn: the window comes twice",
        ),
        pytest.param(
            Hours(open_on("6", "01:30-08:00")),
            """
            2026-11-01T01:59-05:00  open
            2026-11-01T01:00-06:00  closed until 01:30 America/Chicago
            2026-11-01T01:30-06:00  open
            """,
            id="autumn: the clock goes back to before the window",
        ),
        pytest.param(
            Hours(closures=(Span(wall("2026-11-01T01:30"), wall("2026-11-01T01:30")),)),
            """
            2026-11-01T01:29-05:00  open
            2026-11-01T01:30-05:00  closed until 01:30 America/Chicago
            2026-11-01T01:29-06:00  closed until 01:30 America/Chicago
            2026-11-01T01:30-06:00  open
            """,
            id="autumn: a closure begins at the first and ends at the second of a time",
        ),
        pytest.param(
            Hours(closures=(Span(wall("2026-03-08T02:15"), wall("2026-03-08T02:45")),)),
            """
            2026-03-08T03:14-05:00  open
            2026-03-08T03:15-05:00  closed until 03:45 America/Chicago
            2026-03-08T03:45-05:00  open
            """,
            id="spring: a closure at a time that is skipped",
        ),
    ],
)
def test_a_night_on_which_the_clock_is_changed(hours: Hours, night: str) -> None:
    timetable = compile_hours(hours, CHICAGO)

    for line in night.strip().splitlines():
        at, expected = line.split(maxsplit=1)
        assert say(timetable, datetime.fromisoformat(at).astimezone(UTC)) == expected, line


def test_an_open_desk_opens_at_once_and_a_closed_one_at_its_next_change() -> None:
    office = compile_hours(OFFICE, "UTC")
    monday = datetime(2026, 6, 1, 9, 30, 20, tzinfo=UTC)

    assert opens_at(office, monday) == monday
    assert changes_at(office, monday) == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert opens_at(office, monday.replace(hour=12)) == datetime(2026, 6, 1, 13, tzinfo=UTC)
    assert opens_at(compile_hours(Hours(()), "UTC"), monday) is None


def test_equal_hours_in_one_zone_are_one_timetable() -> None:
    again = Hours(open_on("01234", "08:00-12:00", "13:00-18:00"))

    assert compile_hours(again, CHICAGO) is compile_hours(OFFICE, CHICAGO)
    assert compile_hours(again, "UTC") is not compile_hours(OFFICE, CHICAGO)


def test_dates_that_have_passed_change_nothing_any_more() -> None:
    timetable = compile_hours(Hours(closed_on=(date(2026, 5, 31),)), "UTC")

    assert changes_at(timetable, datetime(2026, 6, 1, tzinfo=UTC)) is None


def test_a_change_beyond_the_horizon_is_none() -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    begins = at + HORIZON_DAYS * timedelta(days=1)
    late = compile_hours(Hours(closures=(Span(begins, begins + MINUTE),)), "UTC")

    assert changes_at(late, at) is None
    assert changes_at(late, at + MINUTE) == begins


ZONES = [
    CHICAGO,
    "America/Havana",  # goes back from 01:00 to midnight
    "America/Santiago",  # has no midnight on a day in September
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kolkata",  # is at half an hour from UTC, and never changes
]
# Around nights of clock changes in these zones, and the turn of the year.
DAYS = ["2026-03-07", "2026-03-31", "2026-04-04", "2026-09-05", "2026-10-31", "2026-12-30"]


@st.composite
def hours_and_moment(draw: st.DrawFn) -> tuple[Hours, str, datetime]:
    start = datetime.fromisoformat(draw(st.sampled_from(DAYS)))
    minutes = st.integers(0, 1439)
    window = st.builds(Window, st.integers(0, 6), minutes, st.integers(0, 1440))
    # Written between 06:00 and 22:00, where a wall time is one instant in every zone.
    times = st.builds(
        lambda days, minute: start + timedelta(days=days, hours=6, minutes=minute),
        st.integers(0, 3),
        st.integers(0, 16 * 60),
    )
    spans = st.lists(
        st.builds(lambda a, b: Span(min(a, b), max(a, b)), times, times), max_size=2
    ).map(tuple)
    hours = Hours(
        windows=tuple(draw(st.lists(window, max_size=6))),
        holidays=("US",) if draw(st.booleans()) else (),
        closed_on=tuple(draw(st.lists(times.map(datetime.date), max_size=1))),
        closures=draw(spans),
        openings=draw(spans),
    )
    at = start + timedelta(minutes=draw(st.integers(0, 4 * 1440)), seconds=draw(st.integers(0, 59)))
    return hours, draw(st.sampled_from(ZONES)), at.replace(tzinfo=UTC)


def is_open_by_the_book(hours: Hours, zone: str, at: datetime) -> bool:
    """The rules once more, as slowly and plainly as they can be written."""
    shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if any(span.begins <= shown < span.ends for span in hours.closures):
        return False
    if any(span.begins <= shown < span.ends for span in hours.openings):
        return True
    for days_ago in (0, 1):
        begun = shown.date() - timedelta(days=days_ago)
        if begun in hours.closed_on:
            continue
        if any(begun in list_holidays(calendar, begun.year) for calendar in hours.holidays):
            continue
        since_midnight = shown - datetime.combine(begun, time())
        for window in hours.windows:
            end = window.end_min + (1440 if window.end_min <= window.start_min else 0)
            if window.weekday == begun.weekday() and (
                window.start_min * MINUTE <= since_midnight < end * MINUTE
            ):
                return True
    return False


@given(hours_and_moment())
@settings(max_examples=100, deadline=None)
def test_open_is_what_the_rules_say_by_the_book(case: tuple[Hours, str, datetime]) -> None:
    hours, zone, at = case

    timetable = compile_hours(hours, zone)

    assert is_open(timetable, read_wall(zone, at)) == is_open_by_the_book(hours, zone, at)


@given(hours_and_moment())
@example((Hours(open_on("6", "02:30-05:00")), CHICAGO, datetime(2026, 3, 8, 7, 0, 1, tzinfo=UTC)))
@settings(max_examples=60, deadline=None)
def test_a_change_is_the_first_minute_at_which_open_differs(
    case: tuple[Hours, str, datetime],
) -> None:
    hours, zone, at = case
    minute = at.replace(second=0) + MINUTE
    watched = [minute + n * MINUTE for n in range(1440)]
    now = is_open_by_the_book(hours, zone, at)

    changes = changes_at(compile_hours(hours, zone), at)

    differing = [m for m in watched if is_open_by_the_book(hours, zone, m) != now]
    if differing:
        assert changes == differing[0]
    else:
        assert changes is None or changes > watched[-1]


@given(hours_and_moment())
@settings(max_examples=60, deadline=None)
def test_the_time_that_is_said_is_when_it_opens(case: tuple[Hours, str, datetime]) -> None:
    hours, zone, at = case
    timetable = compile_hours(hours, zone)
    if is_open(timetable, read_wall(zone, at)):
        return

    said = say_closed(timetable, at)

    opens = opens_at(timetable, at)
    if opens is None:
        assert said.endswith(f"closed for the next {HORIZON_DAYS} days")
    else:
        assert is_open(timetable, read_wall(zone, opens))
        assert not is_open(timetable, read_wall(zone, opens - MINUTE))
        assert said.endswith(f"{opens.astimezone(ZoneInfo(zone)):%H:%M} {zone}")
