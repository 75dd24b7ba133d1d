"""Which period a buyer's file is of, by its starts alone: for when nobody says."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from callrouter.domain.billing.statement_periods import StatementPeriod, find_period
from callrouter.domain.billing.terms import Cycle

_DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1)
_FEW = 0.05
"""A period with a smaller share of the rows is one that late rows and adjustments are of."""
_MANY = 0.5


@dataclass(frozen=True, slots=True)
class CoveredPeriod:
    """The period that a file covers, and how many of its rows with a start are in it."""

    period: StatementPeriod
    rows: int
    of_rows: int


def guess_period(stamps_ms: pl.Series, cycle: Cycle, zone: str) -> CoveredPeriod | None:
    """The statement period that most starts are in, or several in a row where many are.

    Starts are read as the clocks of `zone` would show them: which days they are of is told near
    enough by a clock that isn't known yet. Of a custom cycle months are taken. None without starts.
    """
    days = _count_days(stamps_ms)
    if not days:
        return None
    rows = sum(days.values())
    known = Cycle.MONTH if cycle is Cycle.CUSTOM else cycle
    periods: Counter[tuple[date, date]] = Counter()
    for day, count in days.items():
        periods[_find_days(known, day)] += count
    most = max(periods.values())
    kept = sorted(each for each, count in periods.items() if count >= min(most, _FEW * rows))
    first, last = kept[0][0], kept[-1][1]
    inside = sum(count for day, count in days.items() if first <= day <= last)
    return CoveredPeriod(StatementPeriod(zone, first, last), inside, rows)


def list_covered_beside(
    stamps_ms: pl.Series, cycle: Cycle, zone: str, period: StatementPeriod
) -> tuple[StatementPeriod, ...]:
    """The statement periods without a day of `period` that a file is of as well: not late rows.

    They are those with half as many of its rows as `period` has, and more.
    """
    days = _count_days(stamps_ms)
    first, last = period.first_day, period.last_day
    inside = sum(count for day, count in days.items() if first <= day <= last)
    known = Cycle.MONTH if cycle is Cycle.CUSTOM else cycle
    others: Counter[tuple[date, date]] = Counter()
    for day, count in days.items():
        others[_find_days(known, day)] += count
    return tuple(
        StatementPeriod(zone, *of)
        for of, count in sorted(others.items())
        if count >= _MANY * inside and (of[1] < first or of[0] > last)
    )


def list_days_beside(
    stamps_ms: pl.Series, since: datetime, until: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """The days, from midnight to midnight in UTC, of starts that are outside a period."""
    beside = [
        (start, start + _DAY)
        for day in sorted(_count_days(stamps_ms))
        for start in (datetime(day.year, day.month, day.day, tzinfo=UTC),)
        if start < since or start + _DAY > until
    ]
    return tuple(beside)


def _count_days(stamps_ms: pl.Series) -> dict[date, int]:
    counted = (stamps_ms.drop_nulls() // _DAY_MS).value_counts(name="rows")
    return {_EPOCH + day * _DAY: rows for day, rows in counted.iter_rows()}


def _find_days(cycle: Cycle, day: date) -> tuple[date, date]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    period = find_period(cycle, "UTC", noon)
    assert period is not None  # noqa: S101 - only custom cycles have none
    return period.first_day, period.last_day
