"""Opening hours in one zone, made ready for the call path: open or not, since why, until when.

"Open" means that the clock on the wall shows a time inside a window. So a window that the clock
skips in spring has no minute, and one that it shows twice in autumn is open twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from zoneinfo import ZoneInfo

from callrouter.domain.clocks.holiday_calendars import list_holidays
from callrouter.domain.clocks.hours import DAY_MIN, WEEK_MIN, Hours, Span, Window

HORIZON_DAYS = 400
"""How far ahead a change is looked for: every yearly holiday comes by at least once."""

_BEGUN_TODAY = 1
_BEGUN_YESTERDAY = 2
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WallTime:
    """What the clock on the wall shows in a zone at the instant `at`.

    `minute` counts from Monday's midnight, as if every week had 10,080 of them.
    """

    at: datetime
    day: date
    minute: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A one-off exception as instants: from `from_at` to before `until_at`."""

    from_at: datetime
    until_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Timetable:
    """Compiled hours. `week` says of each minute of the week which day's windows cover it.

    `edges` are the minutes of each weekday at which something may change. Hashed by identity, which
    is what makes it a cheap key; `compile_hours` gives the same one for the same hours.
    """

    zone: str
    closures: tuple[Stretch, ...]
    openings: tuple[Stretch, ...]
    holidays: tuple[str, ...]
    closed_on: frozenset[date]
    week: bytes = field(repr=False)
    edges: tuple[tuple[int, ...], ...] = field(repr=False)


@lru_cache(maxsize=4096)
def compile_hours(hours: Hours, buyer_zone: str) -> Timetable:
    """The hours as a timetable in their own zone, or else the buyer's.

    A closure or opening that is written in wall time is one stretch: where the clock shows a time
    twice, it begins at the first and ends at the second; a time that the clock skips counts by
    the offset before (RFC 5545, section 3.3.5). Raises ZoneInfoNotFoundError for an unknown zone.
    """
    zone = hours.zone or buyer_zone
    has_closed_days = bool(hours.holidays or hours.closed_on)
    return Timetable(
        zone=zone,
        closures=tuple(_resolve(span, zone) for span in hours.closures),
        openings=tuple(_resolve(span, zone) for span in hours.openings),
        holidays=hours.holidays,
        closed_on=frozenset(hours.closed_on),
        week=_cover_week(hours.windows),
        edges=_find_edges(hours.windows, has_closed_days=has_closed_days),
    )


def read_wall(zone: str, at: datetime) -> WallTime:
    """What the clock shows in `zone`; read it once a call and zone, for all timetables there."""
    local = at.astimezone(ZoneInfo(zone))
    return WallTime(at, local.date(), local.weekday() * DAY_MIN + local.hour * 60 + local.minute)


def is_open(timetable: Timetable, wall: WallTime) -> bool:
    """Whether calls are taken at `wall`, which was read in the timetable's zone."""
    for closure in timetable.closures:
        if closure.from_at <= wall.at < closure.until_at:
            return False
    for opening in timetable.openings:
        if opening.from_at <= wall.at < opening.until_at:
            return True
    cover = timetable.week[wall.minute]
    if not cover or not (timetable.holidays or timetable.closed_on):
        return cover != 0
    if cover & _BEGUN_TODAY and not _closed_day(timetable, wall.day):
        return True
    return cover & _BEGUN_YESTERDAY != 0 and not _closed_day(timetable, wall.day - _DAY)


def changes_at(timetable: Timetable, at: datetime) -> datetime | None:
    """The first instant after `at` when open becomes closed or closed open.

    None when that doesn't happen within `HORIZON_DAYS`.
    """
    before = is_open(timetable, read_wall(timetable.zone, at))
    spans = (*timetable.closures, *timetable.openings)
    one_off = sorted({edge for span in spans for edge in (span.from_at, span.until_at)})
    end = at + HORIZON_DAYS * _DAY
    for edge in merge(one_off, _list_edges(timetable, at, end)):
        if at < edge < end and is_open(timetable, read_wall(timetable.zone, edge)) != before:
            return edge
    return None


def opens_at(timetable: Timetable, at: datetime) -> datetime | None:
    """The first instant from `at` on when calls are taken, or None as for `changes_at`."""
    return at if is_open(timetable, read_wall(timetable.zone, at)) else changes_at(timetable, at)


def say_closed(timetable: Timetable, at: datetime) -> str:
    """Why calls aren't taken at `at`, a closed instant, and until when, in the zone's wall time.

    Remembered for the minute, since calls come together and each passes by all that is closed.
    """
    return _say_closed_minute(timetable, at.replace(second=0, microsecond=0))


@lru_cache(maxsize=4096)
def _say_closed_minute(timetable: Timetable, at: datetime) -> str:
    until_at = changes_at(timetable, at)
    until = (
        f"closed until {say_wall_time(until_at, at, timetable.zone)}"
        if until_at
        else f"closed for the next {HORIZON_DAYS} days"
    )
    reason = _say_reason(timetable, at)
    return f"{reason}, {until}" if reason else until


def _say_reason(timetable: Timetable, at: datetime) -> str:
    """What is special about a closed instant, or "" when it is an ordinary one."""
    for closure in timetable.closures:
        if closure.from_at <= at < closure.until_at:
            return f"closure: {closure.note}" if closure.note else ""
    wall = read_wall(timetable.zone, at)
    today = _closed_day(timetable, wall.day)
    if not today and timetable.week[wall.minute] & _BEGUN_YESTERDAY:
        return _closed_day(timetable, wall.day - _DAY)
    return today


def say_wall_time(until_at: datetime, at: datetime, zone: str) -> str:
    """A coming time of day, with the weekday from tomorrow on, and the date from next week on."""
    until, now = until_at.astimezone(ZoneInfo(zone)), at.astimezone(ZoneInfo(zone))
    days = (until.date() - now.date()).days
    words = [_WEEKDAYS[until.weekday()]] if days else []
    if days >= len(_WEEKDAYS):
        words.append(str(until.date()))
    return " ".join((*words, f"{until:%H:%M}", zone))


def _closed_day(timetable: Timetable, day: date) -> str:
    """Why the windows that begin on `day` are closed, or "" when they aren't."""
    if day in timetable.closed_on:
        return f"closed on {day}"
    for calendar in timetable.holidays:
        name = list_holidays(calendar, day.year).get(day)
        if name:
            return f"holiday: {name}"
    return ""


@lru_cache(maxsize=4096)
def _cover_week(windows: tuple[Window, ...]) -> bytes:
    """Of each minute of the week, whether windows of the same day or the day before cover it."""
    cover = bytearray(WEEK_MIN)
    for window in windows:
        end = window.begins_min + window.length_min
        midnight = (window.weekday + 1) * DAY_MIN
        _mark(cover, window.begins_min, min(end, midnight), _BEGUN_TODAY)
        _mark(cover, midnight % WEEK_MIN, (midnight % WEEK_MIN) + end - midnight, _BEGUN_YESTERDAY)
    return bytes(cover)


def _mark(cover: bytearray, start: int, stop: int, bit: int) -> None:
    if start < stop:
        cover[start:stop] = bytes(marks | bit for marks in cover[start:stop])


@lru_cache(maxsize=4096)
def _find_edges(
    windows: tuple[Window, ...], *, has_closed_days: bool
) -> tuple[tuple[int, ...], ...]:
    """The minutes of each weekday at which the windows may open or close.

    Where days may be closed, midnight is one too: from then on another day decides.
    """
    week = _cover_week(windows)
    midnights = {weekday * DAY_MIN for weekday in range(7)}
    ends = {(window.begins_min + window.length_min) % WEEK_MIN for window in windows}

    def is_edge(minute: int) -> bool:
        before, after = week[minute - 1], week[minute]
        if not has_closed_days:
            return (before == 0) != (after == 0)
        return before != after or (minute in midnights and after != 0)

    marks = midnights | ends | {window.begins_min for window in windows}
    edges = sorted(minute for minute in marks if is_edge(minute))
    return tuple(
        tuple(minute % DAY_MIN for minute in edges if minute // DAY_MIN == weekday)
        for weekday in range(7)
    )


def _list_edges(timetable: Timetable, at: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant from `at` to `end` at which the windows may open or close, in order."""
    if not any(timetable.edges):
        return
    zone = ZoneInfo(timetable.zone)
    for begin, stop in _list_even_stretches(zone, at.replace(second=0, microsecond=0), end):
        # Within one stretch the wall is a constant offset away, and no time comes twice.
        offset = _offset(zone, begin)
        yield begin
        day = (begin + offset).date()
        while (midnight_at := datetime.combine(day, time(), UTC) - offset) < stop:
            for minute in timetable.edges[day.weekday()]:
                edge = midnight_at + minute * _MINUTE
                if begin < edge < stop:
                    yield edge
            day += _DAY


def _list_even_stretches(
    zone: ZoneInfo, at: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The time from `at` to `end` in pieces of a day at most, none with a clock change inside."""
    while at < end:
        stop = at + _DAY
        if _offset(zone, at) != _offset(zone, stop):
            changes = _find_clock_change(zone, at, stop)
            yield at, changes
            at = changes
        yield at, stop
        at = stop


def _find_clock_change(zone: ZoneInfo, at: datetime, stop: datetime) -> datetime:
    """The minute between two instants of different offsets at which the clock is changed."""
    old = _offset(zone, at)
    while stop - at > _MINUTE:
        middle = at + (stop - at) // _MINUTE // 2 * _MINUTE
        if _offset(zone, middle) == old:
            at = middle
        else:
            stop = middle
    return stop


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _resolve(span: Span, zone: str) -> Stretch:
    first = _read_instants(span.begins, zone)[0]
    return Stretch(first, max(_read_instants(span.ends, zone)), span.note)


def _read_instants(written: datetime, zone: str) -> tuple[datetime, datetime]:
    """The instants that a time may mean: both when the clock shows it twice."""
    if written.tzinfo is None:
        written = written.replace(tzinfo=ZoneInfo(zone))
    return written.replace(fold=0).astimezone(UTC), written.replace(fold=1).astimezone(UTC)
