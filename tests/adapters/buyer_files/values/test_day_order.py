from datetime import date

import polars as pl
import pytest

from callrouter.adapters.buyer_files.values.day_order import DayOrder, Undecided, decide_day_order
from callrouter.domain.tie_out.mapping import TimeForm

MONTH, DAY = TimeForm.MONTH_FIRST, TimeForm.DAY_FIRST


@pytest.mark.parametrize(
    ("texts", "form", "evidence"),
    [
        (
            ["10/02/2026 9:00", "10/13/2026 9:00"],
            MONTH,
            "the second figure is above 12 in 1 values",
        ),
        (["02/10/2026 9:00", "13/10/2026 9:00"], DAY, "the first figure is above 12 in 1 values"),
        (["10/10/2026 9:00"], MONTH, "day and month are the same in every value"),
        (
            ["10/01/2026", "10/02/2026", "10/02/2026", "11/01/2026", "12/01/2026"],
            MONTH,
            "100% of the rows are in order of time",
        ),
        (
            ["12/11/2026", "01/11/2026", "12/10/2026", "11/10/2026", "09/10/2026"],
            DAY,
            "100% of the rows are in order of time",
        ),
        (["10/03/2026", "10/01/2026", "10/02/2026"], MONTH, "its days follow on each other"),
        (["03/10/2026", "01/10/2026", "02/10/2026"], DAY, "its days follow on each other"),
    ],
)
def test_the_whole_column_tells_day_from_month(
    texts: list[str], form: TimeForm, evidence: str
) -> None:
    assert decide_day_order(pl.Series(texts)) == DayOrder(form, evidence)


def test_the_period_asked_for_decides() -> None:
    texts = pl.Series(["10/02/2026 09:00", "10/05/2026 09:00"])

    october = decide_day_order(texts, (date(2026, 10, 1), date(2026, 10, 31)))
    assert october == DayOrder(MONTH, "100% of the days are in 2026-10-01 to 2026-10-31")
    february = decide_day_order(texts, (date(2026, 2, 10), date(2026, 5, 10)))
    assert isinstance(february, DayOrder)
    assert february.form is DAY


@pytest.mark.parametrize(
    "texts", [["10/02/2026 09:00"], ["10/02/2026", "11/02/2026"], ["2026-10-02"], []]
)
def test_what_nothing_decides_is_asked(texts: list[str]) -> None:
    undecided = decide_day_order(pl.Series(texts, dtype=pl.String))

    assert isinstance(undecided, Undecided)
    assert undecided.forms == (MONTH, DAY)


def test_the_question_shows_a_value() -> None:
    undecided = decide_day_order(pl.Series(["10/10/2026", "10/02/2026", "11/02/2026"]))

    assert isinstance(undecided, Undecided)
    assert undecided.question == (
        "Is '10/02/2026' month first or day first? No day above 12 tells."
    )


def test_both_orders_in_one_column_are_asked_about_whatever_else_speaks() -> None:
    undecided = decide_day_order(
        pl.Series(["13/10/2026", "10/14/2026", "10/02/2026"]),
        (date(2026, 10, 1), date(2026, 10, 31)),
    )

    assert isinstance(undecided, Undecided)
    assert undecided.question == (
        "1 values have the month first and 1 the day first: which is right?"
    )


def test_a_stray_value_does_not_change_what_a_hundred_say() -> None:
    texts = pl.Series(["10/25/2026"] * 300 + ["25/10/2026"])

    assert decide_day_order(texts) == DayOrder(MONTH, "the second figure is above 12 in 300 values")
