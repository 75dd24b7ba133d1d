from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from callrouter.domain.billing.statement_periods import StatementPeriod
from callrouter.domain.billing.terms import Cycle
from callrouter.domain.tie_out.covered_period import (
    guess_period,
    list_covered_beside,
    list_days_beside,
)

ZONE = "America/New_York"


def starts(*days: str, each: int = 1) -> pl.Series:
    """A start at noon of each day, so many times; None where the day is "-"."""
    ms = [
        None if day == "-" else int(datetime.fromisoformat(f"{day}T12:00Z").timestamp()) * 1000
        for day in days
        for _ in range(each)
    ]
    return pl.Series(ms, dtype=pl.Int64)


@pytest.mark.parametrize(
    ("cycle", "days", "first", "last"),
    [
        pytest.param(Cycle.MONTH, ("2026-10-01",), (10, 1), (10, 31), id="one call"),
        pytest.param(Cycle.CUSTOM, ("2026-10-07",), (10, 1), (10, 31), id="a custom cycle"),
        pytest.param(Cycle.WEEK, ("2026-10-07",), (10, 5), (10, 11), id="a week"),
        pytest.param(
            Cycle.HALF_MONTH, ("2026-10-15", "2026-10-16"), (10, 1), (10, 31), id="two halves"
        ),
        pytest.param(
            Cycle.WEEK, ("2026-10-07", "2026-10-20"), (10, 5), (10, 25), id="with a gap between"
        ),
        pytest.param(Cycle.MONTH, ("-", "2026-10-31"), (10, 1), (10, 31), id="one without start"),
    ],
)
def test_a_file_is_of_the_periods_that_its_calls_are_in(
    cycle: Cycle, days: tuple[str, ...], first: tuple[int, int], last: tuple[int, int]
) -> None:
    covered = guess_period(starts(*days), cycle, ZONE)

    assert covered is not None
    assert covered.period == StatementPeriod(ZONE, date(2026, *first), date(2026, *last))


def test_a_few_late_rows_do_not_make_a_period() -> None:
    stamps = pl.concat([starts("2026-10-05", each=97), starts("2026-09-30", "2026-08-02")])

    covered = guess_period(stamps, Cycle.MONTH, ZONE)

    assert covered is not None
    assert (covered.period.first_day, covered.rows, covered.of_rows) == (date(2026, 10, 1), 97, 99)


def test_a_file_without_any_start_is_of_no_period() -> None:
    assert guess_period(starts("-"), Cycle.MONTH, ZONE) is None


def test_days_outside_of_a_period_are_told_once_each() -> None:
    stamps = starts("2026-10-02", "2026-09-30", "2026-09-30", "2026-10-31", "2026-11-01")
    since, until = datetime(2026, 10, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)

    beside = list_days_beside(stamps, since, until)

    day = timedelta(days=1)
    days = [datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
    assert beside == tuple((each, each + day) for each in days)


@pytest.mark.parametrize(
    ("september", "cycle", "beside"),
    [
        pytest.param(10, Cycle.MONTH, [(date(2026, 9, 1), date(2026, 9, 30))], id="half as many"),
        pytest.param(10, Cycle.CUSTOM, [(date(2026, 9, 1), date(2026, 9, 30))], id="months then"),
        pytest.param(9, Cycle.MONTH, [], id="late rows"),
    ],
)
def test_a_file_of_another_period_too_is_told_from_one_with_late_rows(
    september: int, cycle: Cycle, beside: list[tuple[date, date]]
) -> None:
    days = [date(2026, 9, 1 + n) for n in range(september)]
    days += [date(2026, 10, 1 + n) for n in range(20)]
    stamps = pl.Series([datetime(*day.timetuple()[:3], 12, tzinfo=UTC) for day in days])
    october = StatementPeriod("UTC", date(2026, 10, 1), date(2026, 10, 31))

    found = list_covered_beside(stamps.dt.epoch("ms"), cycle, "UTC", october)

    assert [(each.first_day, each.last_day) for each in found] == beside


def test_a_period_that_shares_days_is_not_another_one() -> None:
    stamps = pl.Series([datetime(2026, 10, day, 12, tzinfo=UTC) for day in range(1, 31)])
    middle = StatementPeriod("UTC", date(2026, 10, 16), date(2026, 11, 15))
    assert list_covered_beside(stamps.dt.epoch("ms"), Cycle.CUSTOM, "UTC", middle) == ()
