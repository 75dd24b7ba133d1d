"""The classes add up: nothing of either side is lost, nothing is there twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.billing.terms import Band
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.sides import Sides
from callrouter.domain.tie_out.totals import (
    GapCount,
    NearThreshold,
    Step,
    Sums,
    Totals,
    add_up,
)
from tests.domain.billing.builders import terms_of
from tests.domain.tie_out.sides import (
    AT_MS,
    USD,
    Cell,
    Row,
    class_all,
    numbered,
    pairs_of,
    s,
    sides_of,
    unsure_of,
)

SINCE = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
RULES = TieOutRules(
    since=SINCE,
    until=SINCE + timedelta(days=31),
    currency="USD",
    terms=(terms_of(),),
    zone="America/New_York",
)
CHARGED: Row = {"connected_ms": s(121), "charged_micros": 75 * USD}
DAY_MS = 86_400_000


def add(sides: Sides, pairs: pl.DataFrame, *, rules: TieOutRules = RULES) -> Totals:
    return add_up([class_all(sides, pairs, unsure_of(), 1000, rules)], sides, rules)


DURATIONS = st.one_of(st.integers(0, 200_000), st.sampled_from([s(119), s(120), s(121)]))
INSTANTS = st.integers(AT_MS - 40 * DAY_MS, AT_MS + 40 * DAY_MS)
OUR_ROWS: st.SearchStrategy[dict[str, Cell]] = st.fixed_dictionaries(
    {
        "connected_ms": DURATIONS,
        "charged_micros": st.sampled_from([0, 75 * USD, -5 * USD]),
        "started_at_ms": INSTANTS,
        "caller": st.sampled_from(["", *numbered(3)]),
    }
)
THEIR_ROWS: st.SearchStrategy[dict[str, Cell]] = st.fixed_dictionaries(
    {
        "total_ms": st.one_of(st.none(), DURATIONS),
        "price_micros": st.one_of(st.none(), st.integers(-(10**8), 10**8)),
        "at_ms": st.one_of(st.none(), INSTANTS),
        "caller": st.sampled_from(["", *numbered(3)]),
    }
)


@st.composite
def tie_outs(draw: st.DrawFn) -> tuple[Sides, pl.DataFrame, pl.DataFrame]:
    """Any two sides, any pairs between them, and any doubt about the rest."""
    ours = draw(st.lists(OUR_ROWS, max_size=6))
    calls = draw(st.lists(st.tuples(THEIR_ROWS, st.integers(1, 3)), max_size=6))
    repeated = draw(st.lists(THEIR_ROWS, max_size=3))
    sides = sides_of(ours, [{**row, "rows": rows} for row, rows in calls], repeated)
    their_order = draw(st.permutations(range(len(calls))))
    couples = list(zip(draw(st.permutations(range(len(ours)))), their_order, strict=False))
    sure = draw(st.integers(0, len(couples)))
    group = [(0, our, their) for our, their in couples[sure:]]
    return sides, pairs_of(*couples[:sure]), unsure_of(*group)


@settings(max_examples=25, deadline=None)
@given(tie_outs())
def test_every_row_of_either_side_is_in_exactly_one_line_and_the_classes_add_up(
    made: tuple[Sides, pl.DataFrame, pl.DataFrame],
) -> None:
    sides, pairs, unsure = made

    lines = class_all(sides, pairs, unsure, 1000, RULES)
    totals = add_up([lines], sides, RULES)

    ours, calls, repeated = (each.collect() for each in (sides.ours, sides.calls, sides.duplicates))
    theirs = pl.concat([calls["their"], repeated["their"]])
    assert lines["our"].drop_nulls().sort().to_list() == ours["our"].to_list()
    assert lines["their"].drop_nulls().sort().to_list() == theirs.to_list()
    assert lines["line_no"].to_list() == list(range(lines.height))
    for name in Sums.__dataclass_fields__:
        parts = [getattr(each, name) for each in totals.classes.values()]
        days = [getattr(each.sums, name) for each in totals.days]
        assert getattr(totals.whole, name) == sum(parts) == sum(days), name
    whole = totals.whole
    assert whole.our_calls == ours.height
    assert whole.rows == calls["rows"].sum() + repeated.height
    assert whole.our_ms == ours["our_ms"].sum()
    all_ms = pl.concat([calls["their_ms"], repeated["their_ms"]])
    assert whole.their_ms == all_ms.sum()
    assert whole.our_micros == ours["charged_micros"].sum()
    assert whole.our_micros + sum(step.micros for step in totals.steps) == whole.their_micros
    assert sum(each.differing for each in totals.days) == (
        whole.lines - totals.classes[DifferenceClass.AGREE].lines
    )
    assert (lines["why"] != "").all()


def test_lines_that_leave_a_row_out_are_refused() -> None:
    sides = sides_of([{}, {}], [{}])
    lines = class_all(sides, pairs_of((0, 0)), unsure_of(), 1000, RULES)

    with pytest.raises(AssertionError, match="a row is in no class"):
        add_up([lines.head(1)], sides, RULES)


def test_the_way_from_our_total_to_theirs_is_a_step_for_each_reason() -> None:
    sides = sides_of(
        [CHARGED, CHARGED, {"connected_ms": s(119)}, CHARGED],
        [{"total_ms": s(119)}, {"total_ms": s(121)}, {"total_ms": s(120)}, {"total_ms": s(300)}],
        [{"total_ms": s(130)}],
    )

    totals = add(sides, pairs_of((0, 0), (1, 1), (2, 2)))

    assert totals.whole.our_micros == 225 * USD
    assert totals.whole.their_micros == 300 * USD
    assert totals.steps == (
        Step(DifferenceClass.ACROSS_THRESHOLD, "calls that they pay less for", 1, -75 * USD),
        Step(DifferenceClass.ACROSS_THRESHOLD, "calls that they pay more for", 1, 75 * USD),
        Step(DifferenceClass.OURS_ONLY, "calls that their file hasn't got", 1, -75 * USD),
        Step(DifferenceClass.THEIRS_ONLY, "records that are no calls of ours", 1, 75 * USD),
        Step(DifferenceClass.DUPLICATE, "records that are there twice", 1, 75 * USD),
    )
    assert totals.whole.micros == 75 * USD


def test_of_duplicates_only_what_is_of_this_tie_out_is_money() -> None:
    repeats: list[Row] = [
        {"total_ms": s(130), "price_micros": 1},
        {"total_ms": s(130), "price_micros": -25 * USD, "amends_micros": -25 * USD},
        {"total_ms": s(130), "price_micros": 75 * USD, "elsewhere": True},
    ]
    sides = sides_of([CHARGED], [{"total_ms": s(130), "price_micros": 2}], repeats)

    totals = add(sides, pairs_of((0, 0)))

    assert totals.steps == (
        Step(DifferenceClass.DUPLICATE, "records that are there twice", 1, 75 * USD),
        Step(DifferenceClass.DUPLICATE, "records that amend others of the period", 1, -25 * USD),
        Step(DifferenceClass.DUPLICATE, "records of calls that count in other tie-outs", 1, 0),
    )
    assert (totals.whole.rows, totals.whole.their_micros) == (4, 125 * USD)
    assert totals.price_micros == 3 - 25 * USD


def test_days_are_those_of_the_agreement_and_tell_where_to_look_closer() -> None:
    midnight_ms = round(datetime(2026, 10, 2, 4, 0, tzinfo=UTC).timestamp() * 1000)
    sides = sides_of(
        [{"started_at_ms": midnight_ms - 1}, {"started_at_ms": midnight_ms}],
        [{}, {"at_ms": None}],
    )

    totals = add(sides, pairs_of((0, 0)))

    assert [(each.day, each.sums.lines, each.differing) for each in totals.days] == [
        (date(2026, 10, 1), 1, 0),
        (date(2026, 10, 2), 1, 1),
        (None, 1, 1),
    ]


def test_differences_are_counted_by_the_second_and_wide_ones_together() -> None:
    ours_s = [121.9, 121, 200, 200, 60]
    theirs_s = [121, 119, 100, 290, None]
    sides = sides_of(
        [
            {"connected_ms": s(each), "charged_micros": 75 * USD if each >= 120 else 0}
            for each in ours_s
        ],
        [{"total_ms": None if each is None else s(each)} for each in theirs_s],
    )

    totals = add(sides, pairs_of(*((number, number) for number in range(5))))

    assert totals.gaps == (
        GapCount(-31, 1, 1),
        GapCount(-2, 1, 1),
        GapCount(0, 1, 0),
        GapCount(31, 1, 0),
    )


def test_calls_that_end_near_a_threshold_are_counted_on_both_sides() -> None:
    rules = replace(RULES, terms=(terms_of(bands=(Band(0, USD), Band(20, 2 * USD))),))
    sides = sides_of(
        [{"connected_ms": 19_999}, {"connected_ms": s(50)}], [{"total_ms": s(20)}, {"total_ms": 0}]
    )

    near = add(sides, pairs_of(), rules=rules).near

    assert [each.seconds for each in near] == list(range(50))
    assert [each for each in near if each.ours or each.theirs] == [
        NearThreshold(20, 0, 0, 1),
        NearThreshold(20, 19, 1, 0),
        NearThreshold(20, 20, 0, 1),
    ]


def test_what_their_prices_add_up_to_is_told_where_they_have_any() -> None:
    priced = sides_of([], [{"price_micros": 5 * USD}, {}], [{"price_micros": -2 * USD}])

    assert add(priced, pairs_of()).price_micros == 3 * USD
    assert add(sides_of([], [{}]), pairs_of()).price_micros is None
