"""The periods that statements cover: whole days on the clocks of the party's zone, one by one.

Periods of a cycle follow each other without gap or overlap, whatever the clocks do.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from callrouter.domain.billing.terms import Cycle
from callrouter.domain.clocks.periods import find_day_start, find_wall_time

_DAY = timedelta(days=1)
_SUNDAY = 6
_MIDDLE = 15


@dataclass(frozen=True, slots=True)
class StatementPeriod:
    """From the start of `first_day` to the end of `last_day`: `starts_at` to before `ends_at`."""

    zone: str
    first_day: date
    last_day: date

    @property
    def starts_at(self) -> datetime:
        """The first instant of the period, in UTC."""
        return find_day_start(self.zone, self.first_day)

    @property
    def ends_at(self) -> datetime:
        """The first instant of the next period, in UTC."""
        return find_day_start(self.zone, self.last_day + _DAY)

    def is_over(self, now: datetime, grace: timedelta = timedelta()) -> bool:
        """Whether the period ended at least `grace` before `now`."""
        return self.ends_at + grace <= now

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day} ({self.zone})"


def find_period(cycle: Cycle, zone: str, at: datetime) -> StatementPeriod | None:
    """The period of the cycle in which `at` lies; None for a custom one, which has no rule.

    A week begins on Monday; half-months are the 1st to the 15th and the 16th to the month's end.
    """
    if cycle is Cycle.CUSTOM:
        return None
    day = find_wall_time(zone, at).date()
    return StatementPeriod(zone, _find_first_day(cycle, day), _find_last_day(cycle, day))


def plan_period(
    cycle: Cycle, zone: str, since: datetime, last_day: date | None
) -> StatementPeriod | None:
    """The period of the next statement, the first one that has `since`.

    With `last_day` it ends there, however long the cycle's is. None when a custom one has no end.
    """
    period = find_period(cycle, zone, since)
    if last_day is None:
        return period
    first_day = period.first_day if period else find_wall_time(zone, since).date()
    return StatementPeriod(zone, min(first_day, last_day), last_day)


def find_due_day(closed_at: datetime, zone: str, net_days: int) -> date:
    """The day by whose end a statement is to be paid: `net_days` after the day of its closing."""
    return find_wall_time(zone, closed_at).date() + timedelta(days=net_days)


def find_last_day(ends_at: datetime, zone: str) -> date:
    """The last day of a period that ends at `ends_at`, on the clocks of `zone`."""
    return find_wall_time(zone, ends_at - timedelta(microseconds=1)).date()


def _find_first_day(cycle: Cycle, day: date) -> date:
    if cycle is Cycle.WEEK:
        return day - timedelta(days=day.weekday())
    if cycle is Cycle.HALF_MONTH and day.day > _MIDDLE:
        return day.replace(day=_MIDDLE + 1)
    return day.replace(day=1)


def _find_last_day(cycle: Cycle, day: date) -> date:
    if cycle is Cycle.WEEK:
        return day + timedelta(days=_SUNDAY - day.weekday())
    if cycle is Cycle.HALF_MONTH and day.day <= _MIDDLE:
        return day.replace(day=_MIDDLE)
    return day.replace(day=monthrange(day.year, day.month)[1])
