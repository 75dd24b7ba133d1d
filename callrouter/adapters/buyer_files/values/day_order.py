"""Which figure of 10/02/2026 is the day: decided once for a whole column, from evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from callrouter.adapters.buyer_files.values.times import DAY_MS, read_times
from callrouter.domain.tie_out.mapping import TimeForm

_MOST, _FEW = 0.98, 0.9


@dataclass(frozen=True, slots=True)
class DayOrder:
    """The order (MONTH_FIRST or DAY_FIRST), and in words what it rests on."""

    form: TimeForm
    evidence: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing tells day from month: somebody has to say. `example` reads both ways."""

    example: str
    question: str
    forms: tuple[TimeForm, ...] = (TimeForm.MONTH_FIRST, TimeForm.DAY_FIRST)


@dataclass(frozen=True, slots=True)
class _Ways:
    """A column read both ways: days since 1970 of the rows that read both ways, in file order."""

    month: pl.Series
    day: pl.Series
    only_month: int
    only_day: int
    example: str


def decide_day_order(
    texts: pl.Series, period: tuple[date, date] | None = None
) -> DayOrder | Undecided:
    """The order of day and month in a column of dates or instants in figures, in the file's order.

    In turn: a figure above 12; the period asked for (its first and last day); rows in order of
    time; days that follow on each other. What reads the same under every form counts for nothing.
    """
    ways = _read_both_ways(texts)
    found = (
        _by_large_figures(ways)
        or _by_period(ways, period)
        or _by_order_of_rows(ways)
        or _by_days_in_a_row(ways)
    )
    if found is not None:
        return found
    question = f"Is {ways.example!r} month first or day first? No day above 12 tells."
    if ways.only_month and ways.only_day:
        question = (
            f"{ways.only_month:,} values have the month first and {ways.only_day:,} the day first:"
            " which is right?"
        )
    return Undecided(ways.example, question)


def _read_both_ways(texts: pl.Series) -> _Ways:
    frame = pl.DataFrame(
        {
            "text": texts,
            "month": read_times(texts, TimeForm.MONTH_FIRST)["ms"] // DAY_MS,
            "day": read_times(texts, TimeForm.DAY_FIRST)["ms"] // DAY_MS,
            "any": read_times(texts, TimeForm.NAMED_MONTH)["ms"],
        }
    ).filter(pl.col("any").is_null())
    month, day = pl.col("month"), pl.col("day")
    both = frame.filter(month.is_not_null() & day.is_not_null())
    differing = both.filter(month != day)
    shown = differing if len(differing) else both
    return _Ways(
        both["month"],
        both["day"],
        len(frame.filter(month.is_not_null() & day.is_null())),
        len(frame.filter(month.is_null() & day.is_not_null())),
        str(shown["text"][0]) if len(shown) else "",
    )


def _by_large_figures(ways: _Ways) -> DayOrder | None:
    months, days = ways.only_month, ways.only_day
    if months > 99 * days:
        return DayOrder(TimeForm.MONTH_FIRST, f"the second figure is above 12 in {months:,} values")
    if days > 99 * months:
        return DayOrder(TimeForm.DAY_FIRST, f"the first figure is above 12 in {days:,} values")
    if not months and not days and (ways.month == ways.day).all() and len(ways.month):
        return DayOrder(TimeForm.MONTH_FIRST, "day and month are the same in every value")
    return None


def _choose(month: float, day: float, why: Callable[[float], str]) -> DayOrder | None:
    """The way that most of it speaks for, where the other one is clearly worse."""
    if month >= _MOST and day < _FEW:
        return DayOrder(TimeForm.MONTH_FIRST, why(month))
    if day >= _MOST and month < _FEW:
        return DayOrder(TimeForm.DAY_FIRST, why(day))
    return None


def _by_period(ways: _Ways, period: tuple[date, date] | None) -> DayOrder | None:
    if period is None or not len(ways.month) or (ways.only_month and ways.only_day):
        return None
    epoch = date(1970, 1, 1)
    first, last = ((day - epoch).days + by for day, by in zip(period, (-1, 1), strict=True))
    inside = [int(way.is_between(first, last).sum()) for way in (ways.month, ways.day)]
    month, day = (count / len(ways.month) for count in inside)
    said = f"{period[0]} to {period[1]}"
    return _choose(month, day, lambda share: f"{share:.0%} of the days are in {said}")


def _by_order_of_rows(ways: _Ways) -> DayOrder | None:
    if ways.only_month and ways.only_day:
        return None
    month, day = _share_in_order(ways.month), _share_in_order(ways.day)
    return _choose(month, day, lambda share: f"{share:.0%} of the rows are in order of time")


def _share_in_order(days: pl.Series) -> float:
    """How many of the steps that change the day go the way that most of them go."""
    steps = days.diff().drop_nulls()
    moved = steps.filter(steps != 0)
    if len(moved) < 3:
        return 0.0
    forward = int((moved > 0).sum())
    return max(forward, len(moved) - forward) / len(moved)


def _by_days_in_a_row(ways: _Ways) -> DayOrder | None:
    """10/01, 10/02, 10/03: three days of October sooner than the 10th of three months."""
    month, day = (_span_per_day(way) for way in (ways.month, ways.day))
    if month is None or day is None:
        return None
    if month <= 2 and day >= 20:
        return DayOrder(TimeForm.MONTH_FIRST, "its days follow on each other")
    if day <= 2 and month >= 20:
        return DayOrder(TimeForm.DAY_FIRST, "its days follow on each other")
    return None


def _span_per_day(days: pl.Series) -> float | None:
    unique = days.unique().sort()
    if len(unique) < 3:
        return None
    return float(unique[-1] - unique[0]) / (len(unique) - 1)
