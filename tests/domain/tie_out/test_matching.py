from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.billing.terms import Clock
from callrouter.domain.tie_out.classes import PAIRS, UNSURE
from callrouter.domain.tie_out.mapping import Field
from callrouter.domain.tie_out.matching import Matches, match
from callrouter.domain.tie_out.measures import Measure
from tests.domain.tie_out.sides import AT_MS, DID, Cell, Row, calls_of, numbered, ours_of, s

MEASURE = Measure(Clock.CONNECTED, Field.TOTAL)
OTHER = "+14155550102"
HIDDEN: dict[str, Cell] = {"caller": "", "caller_kind": "withheld"}
UNKNOWN_DID: dict[str, Cell] = {"called": "", "reached": ""}


def masked(pattern: str) -> dict[str, Cell]:
    return {"caller": "", "caller_kind": "partly", "caller_pattern": pattern}


def matched(ours: list[Row], theirs: list[Row], window_ms: int = s(15)) -> Matches:
    return match(ours_of(ours), calls_of(theirs), MEASURE, window_ms=window_ms)


def pairs_of(matches: Matches) -> list[tuple[int, int]]:
    return matches.pairs.select("our", "their").rows()


def unsure_of(matches: Matches) -> list[tuple[int, int, int]]:
    return matches.unsure.select("group", "our", "their").rows()


def test_frames_are_those_promised_also_when_there_is_nothing() -> None:
    matches = matched([], [])

    assert matches.pairs.schema == pl.Schema(PAIRS)
    assert matches.unsure.schema == pl.Schema(UNSURE)


def test_an_id_that_both_sides_know_joins_what_nothing_else_does() -> None:
    ours: list[Row] = [{"call_sid": "CA7", "leg_sids": "CA8 CA9"}]
    theirs: list[Row] = [{"shared_id": "CA9", "caller": OTHER, "at_ms": AT_MS + s(9_000)}]

    found = matched(ours, theirs).pairs

    assert found.select("our", "their", "by").rows() == [(0, 0, "shared_id")]


def test_of_two_records_with_the_same_shared_id_the_one_that_fits_is_taken() -> None:
    theirs: list[Row] = [
        {"shared_id": "CA0", "total_ms": s(3), "caller": OTHER},
        {"shared_id": "CA0", "total_ms": s(60)},
    ]

    assert pairs_of(matched([{}], theirs)) == [(0, 1)]


@pytest.mark.parametrize(
    ("gap_s", "is_pair"), [(0, True), (-15, True), (15, True), (16, False), (-16, False)]
)
def test_a_caller_is_matched_within_the_window(gap_s: int, is_pair: bool) -> None:
    matches = matched([{}], [{"at_ms": AT_MS + s(gap_s), "total_ms": s(400)}])

    assert pairs_of(matches) == [(0, 0)] * is_pair
    assert matches.pairs["gap_ms"].to_list() == [s(gap_s)] * is_pair


def test_redials_are_told_apart_by_how_long_they_lasted() -> None:
    ours: list[Row] = [
        {"connected_ms": s(20)},
        {"connected_ms": s(200), "at_ms": AT_MS + s(30)},
    ]
    # Stamps cut to the minute: both say the same.
    theirs: list[Row] = [{"total_ms": s(200)}, {"total_ms": s(20)}]

    assert pairs_of(matched(ours, theirs, window_ms=s(45))) == [(0, 1), (1, 0)]


def test_a_call_missing_on_each_side_does_not_shift_the_others() -> None:
    # Ours: the first is missing in their file. Theirs: the last is missing in ours.
    ours: list[Row] = [
        {"connected_ms": s(5)},
        {"connected_ms": s(80), "at_ms": AT_MS + s(14)},
    ]
    theirs: list[Row] = [
        {"total_ms": s(80), "at_ms": AT_MS + s(14)},
        {"total_ms": s(600), "at_ms": AT_MS + s(28)},
    ]

    assert pairs_of(matched(ours, theirs)) == [(1, 0)]


def test_a_record_without_a_duration_is_matched_at_a_lower_score() -> None:
    theirs: list[Row] = [{"total_ms": None}]

    without, whole = matched([{}], theirs).pairs, matched([{}], [{}]).pairs

    assert without.height == 1
    assert without["score"][0] < whole["score"][0]


def test_a_record_without_a_start_is_matched_by_caller_and_duration() -> None:
    ours: list[Row] = [{}, {"at_ms": AT_MS + s(4_000), "connected_ms": s(300)}]
    theirs: list[Row] = [{"at_ms": None, "total_ms": s(301)}]

    found = matched(ours, theirs).pairs

    assert found.select("our", "their", "gap_ms").rows() == [(1, 0, None)]
    assert found["score"][0] < 0.9


def test_a_call_of_ours_without_a_start_is_matched_by_caller_and_duration() -> None:
    ours: list[Row] = [{"at_ms": None, "connected_ms": s(75)}]
    theirs: list[Row] = [{"total_ms": s(75)}]

    assert pairs_of(matched(ours, theirs)) == [(0, 0)]


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param(HIDDEN, id="withheld, by the number called"),
        pytest.param(
            HIDDEN | {"called": "", "reached": DID}, id="the number called in the other column"
        ),
        pytest.param(HIDDEN | {"called": "+14155550150", "reached": ""}, id="by the destination"),
        pytest.param(
            masked("+1415555????"),
            id="masked at the end",
        ),
        pytest.param(
            masked("+1415555????") | UNKNOWN_DID,
            id="masked, and nothing else known",
        ),
        pytest.param(
            masked("+??????50101") | UNKNOWN_DID,
            id="masked at the beginning",
        ),
        pytest.param({"caller": "", "caller_kind": "extension"}, id="an extension"),
    ],
)
def test_a_caller_hidden_on_their_side_is_matched_by_what_is_known(theirs: Row) -> None:
    found = matched([{}], [theirs]).pairs

    assert found.select("our", "their", "by").rows() == [(0, 0, "called")]


def test_a_caller_withheld_from_us_is_matched_by_the_number_called() -> None:
    assert matched([{"caller": ""}], [{}]).pairs["by"].to_list() == ["called"]


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param({"caller": OTHER}, id="another caller"),
        pytest.param(HIDDEN | UNKNOWN_DID, id="nothing but a time"),
        pytest.param(HIDDEN | {"called": "+18005550177"}, id="another number called"),
        pytest.param(
            masked("+1415555??02"),
            id="digits that don't fit",
        ),
        pytest.param(
            masked("+44207555????"),
            id="another length",
        ),
        pytest.param(
            masked("+1??????????") | UNKNOWN_DID,
            id="next to no digits",
        ),
        pytest.param(
            HIDDEN | {"at_ms": AT_MS + s(14), "total_ms": s(900)}, id="neither start nor duration"
        ),
    ],
)
def test_what_does_not_fit_is_no_pair(theirs: Row) -> None:
    assert matched([{}], [theirs]).pairs.height == 0


def test_the_score_of_a_better_fit_is_higher_and_the_runner_up_is_told() -> None:
    theirs: list[Row] = [{"total_ms": s(60)}, {"total_ms": s(95), "at_ms": AT_MS + s(12)}]

    pair = matched([{}], theirs).pairs.row(0, named=True)

    assert pair["their"] == 0
    assert 0 < pair["runner_up"] < pair["score"] <= 1


def test_without_another_candidate_there_is_no_runner_up() -> None:
    assert matched([{}], [{}]).pairs["runner_up"].to_list() == [None]


def test_a_call_that_may_be_either_of_two_is_ambiguous_with_both() -> None:
    matches = matched([{}], [{}, {}])

    assert pairs_of(matches) == []
    assert unsure_of(matches) == [(0, 0, 0), (0, 0, 1)]


def test_what_is_ambiguous_for_one_caller_is_matched_for_another() -> None:
    ours: list[Row] = [{}, {"caller": OTHER}]
    theirs: list[Row] = [{}, {"caller": OTHER}, {}]

    matches = matched(ours, theirs)

    assert pairs_of(matches) == [(1, 1)]
    assert unsure_of(matches) == [(0, 0, 0), (0, 0, 2)]


def test_two_and_two_that_nothing_tells_apart_are_paired_in_time_order() -> None:
    ours: list[Row] = [{"at_ms": AT_MS + 900}, {"at_ms": AT_MS}]
    theirs: list[Row] = [{"at_ms": AT_MS + 800}, {"at_ms": AT_MS + 300}]

    matches = matched(ours, theirs)

    assert pairs_of(matches) == [(0, 0), (1, 1)]
    assert matches.pairs["runner_up"].null_count() == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"charged_micros": 30_000_000}, {}, id="one was charged"),
        pytest.param({"campaign_id": "roofing"}, {}, id="of two campaigns"),
    ],
)
def test_two_and_two_whose_exchange_would_move_money_are_ambiguous(first: Row, second: Row) -> None:
    ours = [first, second]
    theirs: list[Row] = [{"total_ms": s(60)}, {"total_ms": s(60), "price_micros": 30_000_000}]

    assert len(unsure_of(matched(ours, theirs))) == 4


@pytest.mark.parametrize("rows", [60, 400])
def test_one_number_for_every_caller_makes_no_crowd_of_candidates(rows: int) -> None:
    # A switch that shows its own number for all: forty calls a second, told apart by duration.
    ours: list[Row] = [
        {"at_ms": AT_MS + n * 25, "connected_ms": s(20 + n * 7 % rows)} for n in range(rows)
    ]
    theirs: list[Row] = [{"at_ms": row["at_ms"], "total_ms": row["connected_ms"]} for row in ours]

    assert pairs_of(matched(ours, theirs)) == [(n, n) for n in range(rows)]


@pytest.mark.parametrize(
    ("records", "by"), [pytest.param(40, ["called"], id="for all"), pytest.param(15, [], id="few")]
)
def test_a_number_that_their_switch_shows_for_every_caller_says_nothing(
    records: int, by: list[str]
) -> None:
    callers = numbered(records)
    ours: list[Row] = [
        {"caller": caller, "at_ms": AT_MS + s(40 * n)} for n, caller in enumerate(callers)
    ]
    theirs: list[Row] = [
        {"caller": "+14155559999", "at_ms": AT_MS + s(40 * n)} for n in range(records)
    ]

    found = matched(ours, theirs).pairs

    assert found["by"].unique().to_list() == by
    assert found["our"].to_list() == found["their"].to_list() == list(range(records)) * len(by)


def test_a_caller_of_most_calls_whom_we_know_is_a_caller() -> None:
    ours: list[Row] = [{"at_ms": AT_MS + s(40 * n)} for n in range(30)]
    theirs: list[Row] = [*ours, {"caller": OTHER}]

    assert matched(ours, theirs).pairs["by"].unique().to_list() == ["caller"]


def test_starts_of_another_age_mix_up_no_callers() -> None:
    # So long a time leaves room for a few keys only, and several callers share one.
    ours: list[Row] = [{}, {"at_ms": 2**59, "caller": OTHER}]
    theirs: list[Row] = [{"caller": f"+1415555{n:04}"} for n in range(200, 600)]

    assert pairs_of(matched(ours, theirs)) == []
    assert pairs_of(matched(ours, [*theirs, {}])) == [(0, 400)]


callers = st.sampled_from(["", "+14155550101", "+14155550102"])
kinds = st.sampled_from(["number", "withheld"])
starts = st.none() | st.integers(0, 60).map(lambda second: AT_MS + s(second))
lengths = st.none() | st.integers(0, 8).map(lambda ten: s(10 * ten))
our_rows = st.lists(
    st.fixed_dictionaries({"caller": callers, "at_ms": starts, "connected_ms": lengths}), max_size=7
)
their_rows = st.lists(
    st.fixed_dictionaries(
        {
            "caller": callers,
            "caller_kind": kinds,
            "at_ms": starts,
            "total_ms": lengths,
            "shared_id": st.sampled_from(["", "", "", "CA1", "CA2"]),
        }
    ),
    max_size=7,
)


@settings(max_examples=40, deadline=None)
@given(our_rows, their_rows)
def test_each_record_is_in_one_pair_or_one_group_at_most(
    ours: list[Row], theirs: list[Row]
) -> None:
    matches = matched(ours, theirs)

    for side in ("our", "their"):
        paired, unsure = matches.pairs[side], matches.unsure.select("group", side).unique()[side]
        assert paired.is_unique().all()
        assert unsure.is_unique().all()
        assert not set(paired) & set(unsure)
    assert matches.pairs["score"].is_between(0, 1).all()


@settings(max_examples=25, deadline=None)
@given(our_rows, their_rows, st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(ours: list[Row], theirs: list[Row], seed: int) -> None:
    sides = ours_of(ours), calls_of(theirs)
    mixed = [frame[Random(seed).sample(range(frame.height), frame.height)] for frame in sides]  # noqa: S311

    first = match(*sides, MEASURE, window_ms=s(15))
    second = match(mixed[0], mixed[1], MEASURE, window_ms=s(15))

    assert first.pairs.equals(second.pairs)
    assert first.unsure.equals(second.unsure)
