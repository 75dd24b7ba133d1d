"""Several records of one call: what becomes of each, by rule; and that none is lost."""

from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.tie_out.folding import DUPLICATES, LEGS, Folded
from callrouter.domain.tie_out.frames import FOLDED, THEIRS, empty
from callrouter.domain.tie_out.mapping import LegRule
from tests.domain.tie_out.sides import Cell, fold_all, theirs_of

_NINE = 9 * 3600 * 1000 + 4000
"""Four seconds past nine, so that starts show that they are kept to the second."""


def records(*rows: Mapping[str, Cell]) -> pl.DataFrame:
    return theirs_of(rows)


def rows_of(frame: pl.DataFrame, *names: str) -> list[tuple[Cell, ...]]:
    return frame.select(names).rows()


def numbers(frame: pl.DataFrame, name: str = "their") -> list[int]:
    return frame.get_column(name).to_list()


def _leg(call: str, after_s: int, total_s: int | None, **more: Cell) -> dict[str, Cell]:
    total_ms = None if total_s is None else total_s * 1000
    return {"call_ids": call, "stamp_ms": _NINE + after_s * 1000, "total_ms": total_ms, **more}


def _calls(folded: Folded, *names: str) -> list[tuple[Cell, ...]]:
    return rows_of(folded.calls, *names)


class TestRecordsThatAreTheSame:
    @pytest.mark.parametrize("rule", LegRule)
    def test_to_the_letter_are_duplicates_under_every_rule(self, rule: LegRule) -> None:
        folded = fold_all(records(_leg("A", 0, 90), _leg("B", 5, 10), _leg("A", 0, 90)), rule)
        assert len(folded.calls) == 2
        (again,) = rows_of(folded.duplicates, "their", "duplicate_of")
        assert set(again) == {0, 2}
        assert _calls(folded, "total_ms") == [(90_000,), (10_000,)] or rule is LegRule.REDELIVERED

    def test_say_which_line_stands(self) -> None:
        same: dict[str, Cell] = {"stamp_ms": _NINE, "total_ms": 1000}
        folded = fold_all(records(same, {**same, "part": "July"}), LegRule.ONE_ROW)
        assert rows_of(folded.duplicates, "their", "duplicate_of", "why") == [
            (1, 0, "the same to the letter as line 2"),
        ]
        folded = fold_all(records({**same, "part": "July"}, same), LegRule.ONE_ROW)
        assert rows_of(folded.duplicates, "why") == [
            ("the same to the letter as line 2 of July",),
        ]

    def test_without_id_caller_or_start_are_two_calls(self) -> None:
        hidden: dict[str, Cell] = {
            "caller": "",
            "caller_kind": "withheld",
            "stamp_ms": _NINE,
            "total_ms": 0,
        }
        nowhen: dict[str, Cell] = {"stamp_ms": None, "total_ms": 5000}
        folded = fold_all(records(hidden, hidden, nowhen, nowhen), LegRule.ONE_ROW)
        assert list(numbers(folded.calls)) == [0, 1, 2, 3]

    def test_but_for_one_column_are_two_calls_where_each_row_is_one(self) -> None:
        folded = fold_all(records(_leg("A", 0, 90), _leg("A", 0, 91)), LegRule.ONE_ROW)
        assert _calls(folded, "their", "rows") == [(0, 1), (1, 1)]


class TestLegs:
    def test_of_a_call_handed_on_start_with_the_first_and_end_with_the_last(self) -> None:
        folded = fold_all(
            records(
                _leg("A", 60, 30, talk_ms=25_000, status="done", agent="b", reached="+2"),
                _leg("B", 0, 7),
                _leg("A", 0, 60, talk_ms=40_000, price_micros=5, agent="a", called="+1"),
            ),
            LegRule.LEGS,
        )
        assert _calls(
            folded, "their", "stamp_ms", "total_ms", "talk_ms", "queue_ms", "price_micros", "rows"
        ) == [(1, _NINE, 7000, None, None, None, 1), (2, _NINE, 90_000, 65_000, None, 5, 2)]
        last = folded.calls.row(1, named=True)
        assert (last["agent"], last["status"], last["called"]) == ("b", "done", "+1")
        assert rows_of(folded.legs, "their", "call") == [(0, 2)]

    def test_that_overlap_count_once(self) -> None:
        folded = fold_all(
            records(_leg("A", 8, 225), _leg("A", 0, 234), _leg("A", 250, 10)), LegRule.LEGS
        )
        assert _calls(folded, "their", "total_ms") == [(1, 244_000)]

    def test_of_which_two_are_answered_at_once_talk_no_longer_than_the_call(self) -> None:
        leg = _leg("A", 0, 60, talk_ms=50_000)
        folded = fold_all(records(leg, {**leg, "agent": "b"}), LegRule.LEGS)
        assert _calls(folded, "total_ms", "talk_ms") == [(60_000, 60_000)]

    def test_add_up_where_starts_are_kept_to_the_minute(self) -> None:
        nine: dict[str, Cell] = {"stamp_ms": 9 * 3600 * 1000}
        folded = fold_all(records(_leg("A", 0, 30) | nine, _leg("A", 0, 90) | nine), LegRule.LEGS)
        assert _calls(folded, "total_ms") == [(120_000,)]

    def test_a_leg_without_length_covers_nothing(self) -> None:
        folded = fold_all(
            records(_leg("A", 0, 60), _leg("A", 20, None), _leg("A", 50, 20)), LegRule.LEGS
        )
        assert _calls(folded, "total_ms", "rows") == [(70_000, 3)]

    def test_no_leg_with_a_length_leaves_it_unknown(self) -> None:
        folded = fold_all(records(_leg("A", 0, None), _leg("A", 9, None)), LegRule.LEGS)
        assert _calls(folded, "total_ms") == [(None,)]

    def test_the_first_leg_may_be_named_by_the_others_alone(self) -> None:
        folded = fold_all(
            records(_leg("", 0, 60, leg_id="A"), _leg("A", 60, 30, leg_id="B")), LegRule.LEGS
        )
        assert _calls(folded, "call_ids", "leg_id", "total_ms") == [("A", "A", 90_000)]

    def test_the_same_leg_sent_again_counts_once_as_updated_last(self) -> None:
        folded = fold_all(
            records(
                _leg("A", 0, 60, leg_id="1", updated_ms=9),
                _leg("A", 0, 50, leg_id="1", updated_ms=8),
                _leg("A", 60, 30, leg_id="2"),
            ),
            LegRule.LEGS,
        )
        assert _calls(folded, "their", "total_ms", "rows") == [(0, 90_000, 2)]
        assert rows_of(folded.duplicates, "their", "duplicate_of", "why") == [
            (1, 0, "the same record again; line 2 stands")
        ]

    def test_an_id_that_comes_again_the_next_day_is_another_call(self) -> None:
        folded = fold_all(records(_leg("7", 0, 60), _leg("7", 24 * 3600, 30)), LegRule.LEGS)
        assert _calls(folded, "their", "rows") == [(0, 1), (1, 1)]

    def test_rows_without_id_are_calls_of_their_own(self) -> None:
        folded = fold_all(records(_leg("", 0, 60), _leg("", 0, 60, agent="b")), LegRule.LEGS)
        assert _calls(folded, "their", "rows") == [(0, 1), (1, 1)]


class TestSameSpan:
    def test_the_longest_stands_and_others_fill_what_it_leaves_empty(self) -> None:
        folded = fold_all(
            records(
                _leg("A", 0, 20, talk_ms=7000, status="no answer", shared_id="CA1", called=""),
                _leg("A", 0, 90, agent="b", called=""),
                _leg("A", 0, 20, called="+1"),
            ),
            LegRule.SAME_SPAN,
        )
        assert _calls(folded, "their", "total_ms", "talk_ms", "agent", "called", "shared_id") == [
            (1, 90_000, 7000, "b", "+1", "CA1")
        ]
        assert rows_of(folded.legs, "their", "call") == [(0, 1), (2, 1)]


class TestRedelivered:
    def test_the_one_updated_last_stands(self) -> None:
        folded = fold_all(
            records(_leg("A", 0, 60, updated_ms=5), _leg("A", 0, 0, updated_ms=3), _leg("B", 0, 1)),
            LegRule.REDELIVERED,
        )
        assert _calls(folded, "their", "total_ms", "rows") == [(0, 60_000, 1), (2, 1000, 1)]
        assert rows_of(folded.duplicates, "their", "duplicate_of") == [(1, 0)]

    def test_legs_of_a_transfer_are_not_redeliveries(self) -> None:
        folded = fold_all(
            records(
                _leg("", 0, 60, leg_id="A", updated_ms=1),
                _leg("A", 60, 30, leg_id="B", updated_ms=1),
                _leg("A", 60, 31, leg_id="B", updated_ms=2),
            ),
            LegRule.REDELIVERED,
        )
        assert _calls(folded, "their", "total_ms", "rows") == [(0, 91_000, 2)]
        assert rows_of(folded.duplicates, "their", "duplicate_of") == [(1, 2)]


class TestCorrections:
    def test_the_last_says_how_long_and_the_price_adds_up(self) -> None:
        folded = fold_all(
            records(
                _leg("", 0, 60, leg_id="c2", corrects_id="t", price_micros=-3, updated_ms=7),
                _leg("", 0, 90, leg_id="t", price_micros=10, caller="+14155550102", status="ok"),
                _leg("", 0, None, leg_id="c1", corrects_id="t", price_micros=-4, updated_ms=9),
                _leg("", 0, 5, leg_id="u", price_micros=1),
            ),
            LegRule.CORRECTIONS,
        )
        assert _calls(folded, "their", "total_ms", "price_micros", "caller", "status", "rows") == [
            (1, 60_000, 3, "+14155550102", "ok", 3),
            (3, 5000, 1, "+14155550101", "", 1),
        ]
        assert rows_of(folded.legs, "their", "call") == [(0, 1), (2, 1)]

    def test_a_correction_of_a_correction_belongs_to_the_first_record(self) -> None:
        chain = [_leg("", 0, i, leg_id=f"{i}", corrects_id=f"{i - 1}") for i in range(1, 20)]
        folded = fold_all(records(*chain, _leg("", 0, 0, leg_id="0")), LegRule.CORRECTIONS)
        assert _calls(folded, "their", "total_ms", "rows") == [(19, 19_000, 20)]

    def test_rows_of_the_same_id_amend_the_one_that_amends_nothing(self) -> None:
        folded = fold_all(
            records(
                _leg("A", 0, 5, price_micros=-1, corrects_id="gone"),
                _leg("A", 0, 60, price_micros=10),
                _leg("A", 0, 50, price_micros=-2),
            ),
            LegRule.CORRECTIONS,
        )
        assert _calls(folded, "their", "total_ms", "price_micros") == [(1, 50_000, 7)]

    def test_one_may_name_the_call_that_it_belongs_to(self) -> None:
        folded = fold_all(
            records(_leg("A", 0, 5, corrects_id="A"), _leg("A", 0, 60)), LegRule.CORRECTIONS
        )
        assert _calls(folded, "their", "total_ms", "rows") == [(1, 5000, 2)]

    def test_one_of_a_record_in_another_file_stays_a_row(self) -> None:
        folded = fold_all(
            records(_leg("", 0, 60, leg_id="c", corrects_id="gone", price_micros=-3)),
            LegRule.CORRECTIONS,
        )
        assert _calls(folded, "corrects_id", "price_micros") == [("gone", -3)]

    def test_a_ring_of_them_stays_rows(self) -> None:
        folded = fold_all(
            records(
                _leg("", 0, 1, leg_id="a", corrects_id="b"),
                _leg("", 0, 2, leg_id="b", corrects_id="a"),
                _leg("", 0, 3, leg_id="c", corrects_id="a"),
                _leg("", 0, 4, leg_id="d", corrects_id="d"),
            ),
            LegRule.CORRECTIONS,
        )
        assert _calls(folded, "their", "rows") == [(0, 1), (1, 1), (2, 1), (3, 1)]


_SMALL = st.integers(0, 3)
_ROW = st.fixed_dictionaries(
    {
        "call_ids": st.sampled_from(["", "A", "B"]),
        "leg_id": st.sampled_from(["", "A", "x", "y"]),
        "corrects_id": st.sampled_from(["", "", "A", "x", "y"]),
        "stamp_ms": st.none() | _SMALL.map(lambda i: _NINE + i * 7_200_000_0),
        "total_ms": st.none() | _SMALL,
        "talk_ms": st.none() | _SMALL,
        "hold_ms": st.none() | _SMALL,
        "price_micros": st.none() | st.integers(-3, 3),
        "updated_ms": st.none() | _SMALL,
        "status": st.sampled_from(["", "ok"]),
    }
)


@settings(max_examples=100, deadline=None)
@given(st.lists(_ROW, max_size=9), st.sampled_from(LegRule))
def test_each_record_is_in_one_place_and_its_figures_are_counted_once(
    rows: list[dict[str, Cell]], rule: LegRule
) -> None:
    theirs = records(*rows)
    folded = fold_all(theirs, rule)
    assert (folded.calls.schema, folded.duplicates.schema, folded.legs.schema) == (
        pl.Schema(FOLDED),
        pl.Schema(DUPLICATES),
        pl.Schema(LEGS),
    )
    placed = [*numbers(folded.calls), *numbers(folded.legs), *numbers(folded.duplicates)]
    assert sorted(placed) == list(range(len(rows)))
    assert set(numbers(folded.legs, "call")) <= set(numbers(folded.calls))
    stands = {*numbers(folded.calls), *numbers(folded.legs)}
    assert set(numbers(folded.duplicates, "duplicate_of")) <= stands
    assert folded.calls["rows"].sum() == len(stands)
    counted = theirs.filter(pl.col("their").is_in(stands))
    if rule is not LegRule.SAME_SPAN:
        assert folded.calls["price_micros"].sum() == counted["price_micros"].sum()
    if rule in (LegRule.ONE_ROW, LegRule.LEGS, LegRule.REDELIVERED):
        assert folded.calls["hold_ms"].sum() == counted["hold_ms"].sum()
        assert folded.calls["talk_ms"].sum() <= counted["talk_ms"].sum()
        assert folded.calls["total_ms"].sum() <= counted["total_ms"].sum()


def test_nothing_becomes_nothing() -> None:
    folded = fold_all(empty(THEIRS), LegRule.LEGS)
    assert folded.calls.schema == pl.Schema(FOLDED)
    assert (len(folded.calls), len(folded.legs), len(folded.duplicates)) == (0, 0, 0)
