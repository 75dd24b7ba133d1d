"""Moments as people say them: `2h`, `18:00 America/Chicago`, `2026-11-26 08:00`, an instant.

A time that the clock on the wall shows twice, in autumn, is the earlier of the two that is still to
come. One that it skips, in spring, is the moment at which the clock is changed.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from callrouter.domain.clocks.time_spans import read_span

FORMS = "2h, 18:00, 18:00 America/Chicago, 2026-11-26 18:00, 2026-11-26T18:00:00Z"

_WALL = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}):(\d{2})(?: +([A-Za-z][\w+/-]*))?")
_SECOND = timedelta(seconds=1)
_LONGEST_S = 10 * 366 * 86_400
_YEARS = range(1970, 9999)
"""In others an instant may have no name in every zone, and who says one means: for ever."""
_DAYS_TO_TRY = 3
"""From yesterday's date, in zones that are behind, to the day after one whose time has passed."""


@dataclass(frozen=True, slots=True)
class Later:
    """So long after a moment; more than nothing."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class OnTheWall:
    """The next time that clocks in a zone show `clock`; with `day`, on that day.

    Without a `zone` of its own it is of the zone of whatever it is said of.
    """

    clock: time
    day: date | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Exactly:
    """An instant, aware UTC."""

    at: datetime


When: TypeAlias = Later | OnTheWall | Exactly


def read_when(text: str) -> When | str:
    """What `text` means, or a whole message that says why it can't be read."""
    text = text.strip()
    seconds = read_span(text)
    if seconds is not None and seconds > _LONGEST_S:
        return f"{text!r} is more than the ten years that can be waited for"
    if seconds is not None:
        return Later(timedelta(seconds=seconds))
    if wall := _WALL.fullmatch(text):
        return _read_wall(*wall.groups())
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return f"{text!r} isn't a moment: write it like one of {FORMS}"
    if at.tzinfo is None:
        return f"{text!r} needs a zone: write it with Z or an offset, or as 2026-11-26 18:00"
    if at.year not in _YEARS:
        return _refuse_year(at.year)
    return Exactly(at.astimezone(UTC))


def find_instant(when: When, after: datetime, zone: str) -> datetime:
    """The instant that is meant by what is said at `after`, of something in `zone`.

    Times without a day are later than `after`; a day may have passed.
    """
    match when:
        case Later():
            return after + when.span
        case Exactly():
            return when.at
    info = ZoneInfo(when.zone or zone)
    if when.day is not None:
        return min(_list_instants(datetime.combine(when.day, when.clock), info))
    today = after.astimezone(info).date()
    days = (today + timedelta(days=n) for n in range(_DAYS_TO_TRY))
    moments = (at for day in days for at in _list_instants(datetime.combine(day, when.clock), info))
    return min(at for at in moments if at > after)


def _read_wall(day: str | None, hours: str, minutes: str, zone: str | None) -> When | str:
    try:
        on = date.fromisoformat(day) if day else None
        clock = time(int(hours), int(minutes))
    except ValueError:
        written = f"{day} {hours}:{minutes}" if day else f"{hours}:{minutes}"
        return f"there is no {written}: hours go from 00 to 23, minutes from 00 to 59"
    if on is not None and on.year not in _YEARS:
        return _refuse_year(on.year)
    if zone is not None and not is_zone(zone):
        return f"there is no zone {zone!r}: write area and city, as in America/Chicago"
    return OnTheWall(clock, on, zone)


def _refuse_year(year: int) -> str:
    return f"{year} is too far away: leave the time out where there is no end"


def is_zone(name: str) -> bool:
    """Whether this is UTC or an IANA zone named by area and city."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return name == "UTC" or "/" in name


def _list_instants(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """When a clock shows `wall`: one instant, two in autumn, the change itself in spring."""
    local = wall.replace(tzinfo=zone)
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return [first, second]
    # In a gap the two readings change places, and the change lies between them.
    before, after = second, first
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return [after.replace(microsecond=0)]
