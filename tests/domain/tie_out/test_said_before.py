"""Records of a call that has one already: which, and what they aren't taken for."""

import polars as pl
import pytest

from callrouter.domain.tie_out.classes import PAIRS, UNSURE
from callrouter.domain.tie_out.frames import empty
from callrouter.domain.tie_out.matching import Matches
from callrouter.domain.tie_out.said_before import (
    SAID,
    TAKEN,
    describe_said,
    find_amendments,
    find_zeroed,
    follow_first,
    part_taken,
    tell_elsewhere,
)
from tests.domain.tie_out.sides import (
    AT_MS,
    USD,
    Row,
    calls_of,
    ours_of,
    pairs_of,
    s,
    sides_of,
    unsure_of,
)  # fmt: skip

PAID: Row = {"price_micros": 75 * USD}
BACK: Row = {"price_micros": -75 * USD, "total_ms": None}


def taken_of(*ours: int, ids: str = "") -> pl.DataFrame:
    rows = [(our, 1, 7 + our, ids, s(60), True) for our in ours]
    return pl.DataFrame(rows, schema=TAKEN, orient="row")


def amended(*calls: Row, taken: tuple[int, ...] = (), ids: str = "") -> list[tuple[object, ...]]:
    """Which record amends which record, or which taken call of ours."""
    found = find_amendments(calls_of(calls).lazy(), ours_of([{}]).lazy(), taken_of(*taken, ids=ids))
    return found.drop("amends").rows()


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_money_taken_back_is_of_the_same_callers_record_close_by(off_s: int) -> None:
    assert amended(PAID, {**BACK, "at_ms": AT_MS + s(off_s)}) == [(1, 0, None)]


@pytest.mark.parametrize(
    "row",
    [
        {"at_ms": AT_MS + s(301)},
        {"at_ms": None},
        {"caller": "+14155550199"},
        {"caller": "", "caller_kind": "withheld"},
        {"price_micros": 75 * USD},
    ],
    ids=["later", "no start", "another caller", "hidden", "paid for"],
)
def test_what_is_not_so_stays_a_record_of_its_own(row: Row) -> None:
    assert amended(PAID, {**BACK, **row}) == []


def test_costs_that_are_all_negative_take_nothing_back() -> None:
    assert amended({"price_micros": -1}, {"price_micros": -2}, {"price_micros": 1}) == []


def test_one_that_names_a_record_is_of_that_one_whenever_it_was() -> None:
    names: Row = {"corrects_id": "S-1", "at_ms": AT_MS + s(900_000)}
    assert amended({"call_ids": "S-1"}, names) == [(1, 0, None)]
    assert amended({"leg_id": "S-1"}, names) == [(1, 0, None)]
    assert amended(names, taken=(0,), ids="S-1") == [(0, None, 0)]


def test_one_that_names_a_record_of_no_tie_out_is_of_no_other_record_of_its_file() -> None:
    names: Row = {"corrects_id": "S-9"}
    assert amended(PAID, names) == []
    assert amended(PAID, names, taken=(0,)) == [(1, None, 0)]


def test_of_what_may_be_of_a_taken_call_only_what_can_be_no_other_is_said_again() -> None:
    unsure = unsure_of((0, 0, 0), (0, 0, 1), (1, 1, 2), (1, 2, 2))
    matches = Matches(pairs_of((3, 3), (4, 4)), unsure)

    left, again = part_taken(matches, taken_of(0, 1, 3))

    assert left.pairs["our"].to_list() == [4]
    assert left.unsure.select("our", "their").rows() == [(2, 2)]
    assert sorted(again.select("their", "of_call").rows()) == [(0, 0), (1, 0), (3, 3)]


def test_nothing_is_said_again_where_no_call_is_taken() -> None:
    matches = Matches(pairs_of((0, 0)), empty(UNSURE))
    left, again = part_taken(matches, taken_of())
    assert (left, again.height) == (matches, 0)
    assert (
        find_zeroed(calls_of([{"price_micros": 0}]).lazy(), ours_of([{}]).lazy(), taken_of()).height
        == 0
    )


@pytest.mark.parametrize(
    ("row", "is_zeroed"),
    [
        ({"total_ms": None}, True),
        ({"total_ms": s(61)}, True),
        ({"total_ms": s(62)}, False),
        ({"price_micros": 1}, False),
        ({"price_micros": None}, False),
    ],
    ids=["no length", "as long", "another length", "paid for", "no price"],
)
def test_a_row_of_no_money_amends_a_call_of_its_length(row: Row, is_zeroed: bool) -> None:
    lone = calls_of([{"price_micros": 0, "at_ms": AT_MS - s(120), **row}])
    found = find_zeroed(lone.lazy(), ours_of([{}]).lazy(), taken_of(0))
    assert found.height == is_zeroed


def test_a_sheet_is_named_with_the_line_that_is_amended() -> None:
    calls = calls_of([{"part": "Oct", "line": 9, **PAID}, {"part": "Oct", **BACK}])
    said = find_amendments(calls.lazy(), ours_of([]).lazy(), taken_of())
    told = describe_said(said, calls.lazy(), ours_of([]).lazy(), taken_of(), empty(PAIRS))
    assert told["why"].to_list() == ["amends line 9 of Oct: their file says -75.00"]
    assert told["of_call"].to_list() == [None]


def test_costs_are_amended_by_costs() -> None:
    cost: Row = {"price_micros": -75 * USD, "call_ids": "S-1"}
    less: Row = {"price_micros": 25 * USD, "corrects_id": "S-1"}
    calls = calls_of([cost, {**cost, "call_ids": "S-2"}, less])
    ours = ours_of([]).lazy()
    said = find_amendments(calls.lazy(), ours, taken_of())
    told = describe_said(said, calls.lazy(), ours, taken_of(), empty(PAIRS))
    assert told.select("elsewhere", "amends_micros").rows() == [(False, -25 * USD)]


def test_a_repeat_within_the_file_follows_what_it_repeats() -> None:
    repeated = calls_of([{}, {}]).with_columns(duplicate_of=pl.Series([7, 8]))
    said = pl.DataFrame([(7, None, 0, False)], schema=SAID, orient="row")
    found = follow_first(repeated.lazy(), said, pairs_of((5, 8)), taken_of(0)).collect()
    assert sorted(found.select("their", "of_call", "elsewhere").rows()) == [
        (0, 0, True),
        (1, 5, False),
    ]


def test_what_is_of_other_tie_outs_is_told() -> None:
    rows: list[Row] = [
        {"of_call": 0, "elsewhere": True, "why": "says again"},
        {"of_call": 1, "elsewhere": True, "why": "says again"},
        {"of_call": 1, "elsewhere": True, "why": "amends", "price_micros": -USD},
        {"of_call": None, "elsewhere": False, "why": "says again line 2"},
    ]
    repeated = sides_of([{}], [{}], rows).duplicates
    taken = pl.DataFrame(
        [(0, 1, 7, "", None, True), (1, 2, 8, "", None, False)], schema=TAKEN, orient="row"
    )
    assert list(tell_elsewhere(repeated, taken, "USD")) == [
        "records of calls that count in tie-out 1: 1",
        "records of calls that stand without one in tie-out 2: 1;"
        " tie that period out again, and they count there",
        "records that amend calls of tie-out 2: 1, -1.00 USD; settle it there",
    ]
