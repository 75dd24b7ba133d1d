"""The periods that caps count in: which one an instant lies in, and when that one ends.

A period begins on the clocks of one zone: an hour at their full hour, a day at their midnight.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

_ATOM = timedelta(microseconds=1)
_HOUR = timedelta(hours=1)
_DAYS_OF_A_WEEK = 7
_MONTHS_OF_A_YEAR = 12


class Period(StrEnum):
    """How long a cap counts before it begins anew; a week begins on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    EVER = "ever"


class Moment:
    """An instant, and the minute in which it lies, as all zones see it; each zone is asked once.

    For a decision that asks for the periods of many counters: they are of the same few zones.
    """

    __slots__ = ("_names", "at", "minute")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.minute = at.replace(second=0, microsecond=0)
        self._names: dict[str, tuple[str, ...]] = {}

    def names(self, zone: str) -> tuple[str, ...]:
        """The periods in which the instant lies, by `name_period`, in the order of `Period`."""
        names = self._names.get(zone)
        if names is None:
            names = self._names[zone] = _list_names(zone, self.minute)
        return names


@lru_cache(maxsize=256)
def moment_at(at: datetime) -> Moment:
    """The moment of a UTC instant; remembered, since all that judges a call asks for its own."""
    return Moment(at)


@lru_cache(maxsize=4096)
def _list_names(zone: str, minute: datetime) -> tuple[str, ...]:
    """The names of every period; remembered, since calls come together and periods in minutes."""
    wall = find_wall_time(zone, minute)
    return tuple(_name(period, wall) for period in Period)


def name_period(period: Period, zone: str, at: datetime) -> str:
    """The period in which `at` lies on the clocks of `zone`, as a text that no other period has.

    `hour:2026-11-26T13-06:00`, `day:2026-11-26`, `week:2026-W48` (of ISO 8601, as is its year),
    `month:2026-11`, `ever`. An hour that daylight saving time repeats has two names: the offset
    tells them apart.
    """
    return _name(period, find_wall_time(zone, at))


def find_next_start(period: Period, zone: str, at: datetime) -> datetime | None:
    """The instant, in UTC, at which the period of `at` ends and the next begins; None for ever.

    Where clocks jump over midnight the day begins at the jump.
    """
    if period is Period.EVER:
        return None
    wall = find_wall_time(zone, at)
    if period is Period.HOUR:
        full_hour = at.astimezone(UTC) - timedelta(
            minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond
        )
        start = full_hour + _HOUR
    else:
        first = _find_next_first_day(period, wall.date())
        start = find_day_start(zone, first)
    return _find_earlier_end(period, zone, at.astimezone(UTC), start)


def find_day_start(zone: str, day: date) -> datetime:
    """The instant, in UTC, at which `day` begins on the clocks of `zone`.

    Where they jump over midnight it begins at the jump, where they show it twice at the first.
    """
    return datetime(day.year, day.month, day.day, tzinfo=_zone(zone)).astimezone(UTC)


def find_wall_time(zone: str, at: datetime) -> datetime:
    """What the clocks of `zone` show at `at`."""
    return at.astimezone(_zone(zone))


def _name(period: Period, wall: datetime) -> str:
    if period is Period.HOUR:
        return f"hour:{wall.isoformat(timespec='hours')}"
    if period is Period.DAY:
        return f"day:{wall.date().isoformat()}"
    if period is Period.WEEK:
        year, week, _ = wall.isocalendar()
        return f"week:{year}-W{week:02}"
    if period is Period.MONTH:
        return f"month:{wall.date().isoformat()[:7]}"
    return "ever"


def _find_next_first_day(period: Period, today: date) -> date:
    """The date at which the period after that of `today` begins."""
    if period is Period.DAY:
        return today + timedelta(days=1)
    if period is Period.WEEK:
        return today + timedelta(days=_DAYS_OF_A_WEEK - today.weekday())
    if today.month == _MONTHS_OF_A_YEAR:
        return date(today.year + 1, 1, 1)
    return date(today.year, today.month + 1, 1)


def _find_earlier_end(period: Period, zone: str, at: datetime, start: datetime) -> datetime:
    """`start`, or the change of the clocks by which the period of `at` ended before it."""
    name = name_period(period, zone, at)
    if name_period(period, zone, start - _ATOM) == name:
        return start
    inside, beyond = at, start
    while beyond - inside > _ATOM:
        middle = inside + (beyond - inside) / 2
        if name_period(period, zone, middle) == name:
            inside = middle
        else:
            beyond = middle
    return beyond


@cache
def _zone(name: str) -> ZoneInfo:
    # ZoneInfo's own cache keeps eight, and reads the others from the disk again.
    return ZoneInfo(name)
