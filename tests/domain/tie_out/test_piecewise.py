from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.billing.terms import Clock
from callrouter.domain.tie_out.mapping import Field
from callrouter.domain.tie_out.matching import match
from callrouter.domain.tie_out.measures import Measure
from callrouter.domain.tie_out.memory import Memory
from callrouter.domain.tie_out.piecewise import match_in_pieces, match_within_memory
from tests.domain.tie_out.sides import AT_MS, Row, calls_of, ours_of, s

MEASURE = Measure(Clock.CONNECTED, Field.TOTAL)
CALLERS = [f"+1415555010{n}" for n in range(3)]

starts = st.none() | st.integers(0, 400).map(lambda half_second: AT_MS + 500 * half_second)
lengths = st.none() | st.integers(0, 4).map(lambda ten: s(10 * ten))
our_rows = st.lists(
    st.fixed_dictionaries(
        {"caller": st.sampled_from(["", *CALLERS]), "at_ms": starts, "connected_ms": lengths}
    ),
    max_size=14,
)
their_rows = st.lists(
    st.fixed_dictionaries(
        {
            "caller": st.sampled_from(["", *CALLERS]),
            "caller_kind": st.sampled_from(["number", "number", "withheld"]),
            "at_ms": starts,
            "total_ms": lengths,
            "shared_id": st.sampled_from(["", "", "", "CA1", "CA2", "CA9"]),
        }
    ),
    max_size=14,
)


@settings(max_examples=7, deadline=None)
@given(our_rows, their_rows, st.sampled_from([s(20), s(35), None]), st.integers(1, 3))
def test_piece_by_piece_the_same_comes_out_as_from_the_whole(
    ours: list[Row], theirs: list[Row], piece_ms: int | None, ranges: int
) -> None:
    sides = ours_of(ours), calls_of(theirs)
    whole = match(*sides, MEASURE, window_ms=s(12))

    pieces = match_in_pieces(
        sides[0].lazy(),
        sides[1].lazy(),
        MEASURE,
        Memory(most_rows=5),
        window_ms=s(12),
        piece_ms=piece_ms,
        ranges=ranges,
    )

    assert pieces.pairs.equals(whole.pairs)
    assert pieces.unsure.equals(whole.unsure)


@pytest.mark.parametrize("most_rows", [100, 12, 5])
def test_frames_of_more_rows_than_are_matched_at_once_are_matched_in_pieces(most_rows: int) -> None:
    rows: list[Row] = [{"at_ms": AT_MS + n * s(9_000), "caller": CALLERS[n % 3]} for n in range(10)]
    ours, calls = ours_of(rows), calls_of(rows)

    matches = match_within_memory(
        ours.lazy(), calls.lazy(), MEASURE, Memory(most_rows), window_ms=s(15)
    )

    assert matches.pairs.equals(match(ours, calls, MEASURE, window_ms=s(15)).pairs)
    assert matches.pairs.height == 10


def test_a_crowd_is_cut_off_in_the_same_way() -> None:
    ours: list[Row] = [
        {"at_ms": AT_MS + n * 400, "connected_ms": s(20 + n * 7 % 90)} for n in range(150)
    ]
    theirs: list[Row] = [
        {"at_ms": AT_MS + n * 400 + n % 5 * 300, "total_ms": s(20 + n * 7 % 90)} for n in range(150)
    ]
    sides = ours_of(ours), calls_of(theirs)
    whole = match(*sides, MEASURE, window_ms=s(10))

    pieces = match_in_pieces(
        sides[0].lazy(), sides[1].lazy(), MEASURE, window_ms=s(10), piece_ms=s(30)
    )

    assert pieces.pairs.equals(whole.pairs)


@pytest.mark.parametrize("gap_s", [-3, 0, 3])
def test_a_call_over_midnight_is_found_once(gap_s: int) -> None:
    midnight_ms = (AT_MS // 86_400_000 + 1) * 86_400_000
    ours: list[Row] = [{"at_ms": AT_MS}, {"at_ms": midnight_ms - s(1)}]
    theirs: list[Row] = [{"at_ms": midnight_ms - s(1) + s(gap_s)}, {"at_ms": AT_MS}]

    pieces = match_in_pieces(
        ours_of(ours).lazy(),
        calls_of(theirs).lazy(),
        MEASURE,
        window_ms=s(15),
        piece_ms=midnight_ms - AT_MS + s(15),
    )

    assert pieces.pairs.select("our", "their").rows() == [(0, 1), (1, 0)]


def test_files_are_read_a_piece_at_a_time(tmp_path: Path) -> None:
    rows: list[Row] = [{"at_ms": AT_MS + n * s(3_600), "caller": CALLERS[n % 3]} for n in range(72)]
    for side, name in ((ours_of(rows), "ours"), (calls_of(rows), "theirs")):
        side.write_parquet(tmp_path / f"{name}.parquet")

    pieces = match_in_pieces(
        pl.scan_parquet(tmp_path / "ours.parquet"),
        pl.scan_parquet(tmp_path / "theirs.parquet"),
        MEASURE,
        window_ms=s(15),
        ranges=2,
    )

    assert pieces.pairs.height == 72


def test_a_record_without_a_start_is_found_by_its_caller_in_pieces_as_in_the_whole() -> None:
    ours: list[Row] = [
        {"at_ms": AT_MS, "caller": CALLERS[0], "connected_ms": s(70)},
        {"at_ms": AT_MS + s(40), "caller": CALLERS[1], "connected_ms": s(30)},
    ]
    theirs: list[Row] = [
        {"at_ms": None, "caller": CALLERS[0], "total_ms": s(70)},
        {"at_ms": AT_MS + s(40), "caller": CALLERS[1], "total_ms": s(30)},
    ]
    sides = ours_of(ours), calls_of(theirs)

    pieces = match_in_pieces(
        sides[0].lazy(), sides[1].lazy(), MEASURE, window_ms=s(12), piece_ms=s(30)
    )

    assert pieces.pairs.equals(match(*sides, MEASURE, window_ms=s(12)).pairs)


def test_where_we_have_no_call_there_is_no_piece() -> None:
    none: list[Row] = []
    theirs: list[Row] = [{"at_ms": AT_MS}]

    pieces = match_in_pieces(ours_of(none).lazy(), calls_of(theirs).lazy(), MEASURE, window_ms=s(9))

    assert pieces.pairs.height == pieces.unsure.height == 0
