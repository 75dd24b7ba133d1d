"""A month that doesn't fit into memory: read piece by piece it comes to the same, to the line."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.billing.terms import Band
from callrouter.domain.tie_out.clock_setting import tell_clock
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.mapping import LegRule
from callrouter.domain.tie_out.memory import AMPLE, Memory, put_in_memory
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.said_before import TAKEN
from callrouter.domain.tie_out.tie_out import TieOut, tie_out
from tests.domain.billing.builders import terms_of
from tests.domain.tie_out.clock_scene import Scene, play
from tests.domain.tie_out.sides import USD, Cell, Row, numbered, ours_of, s, theirs_of

SINCE = datetime(2026, 10, 25, tzinfo=UTC)
RULES = TieOutRules(
    since=SINCE,
    until=SINCE + timedelta(days=7),
    currency="USD",
    terms=(
        terms_of(),
        terms_of(campaign_id="flood-repair", bands=(Band(after_s=60, price_micros=20 * USD),)),
    ),
    zone="America/New_York",
)
SINCE_MS = RULES.since_ms
CHICAGO = tell_clock("America/Chicago", RULES.since, RULES.until)
"""Its clocks go back within the week."""
CALLERS = ["", *numbered(4)]
DIDS = ["+18005550150", "+18005550151"]

STARTS = st.integers(-20, 190).map(lambda hour: SINCE_MS + hour * 3_600_000)
LENGTHS = st.sampled_from([0, s(30), s(119), s(120), s(121), s(300)])
OUR_ROWS: st.SearchStrategy[dict[str, Cell]] = st.fixed_dictionaries(
    {
        "caller": st.sampled_from(CALLERS),
        "started_at_ms": STARTS,
        "connected_ms": LENGTHS,
        "did": st.sampled_from(DIDS),
        "campaign_id": st.sampled_from(["flood-repair", "roofing"]),
    }
)
THEIR_ROWS: st.SearchStrategy[dict[str, Cell]] = st.fixed_dictionaries(
    {
        "caller": st.sampled_from(CALLERS),
        "stamp_ms": st.one_of(st.none(), STARTS.map(lambda at_ms: at_ms - 5 * 3_600_000)),
        "total_ms": st.one_of(st.none(), LENGTHS),
        "called": st.sampled_from(["", *DIDS]),
        "call_ids": st.sampled_from(["", "", "A", "B", "C"]),
        "corrects_id": st.sampled_from(["", "", "", "A", "D"]),
        "shared_id": st.sampled_from(["", "", "", "CA0", "CA3"]),
        "price_micros": st.sampled_from([None, 0, 75 * USD, -75 * USD]),
    }
)


@dataclass(slots=True)
class Shelf:
    """Puts frames aside, and remembers how many rows each piece of them had."""

    heights: list[list[int]] = field(default_factory=list)

    def put_aside(self, pieces: Iterable[pl.DataFrame]) -> pl.LazyFrame:
        held = list(pieces)
        self.heights.append([piece.height for piece in held])
        return put_in_memory(held)


def come(
    ours: Iterable[Row],
    theirs: Iterable[Row],
    legs: LegRule,
    taken: Iterable[int],
    memory: Memory,
) -> tuple[object, ...]:
    """All that comes of a tie-out, its lines as rows."""
    rows = [(our, 1, our, "D", s(60), our % 2 == 0) for our in taken]
    tied = tie_out(
        ours_of(ours).drop("at_ms").lazy(),
        theirs_of(theirs).lazy(),
        RULES,
        legs=legs,
        clock=CHICAGO,
        taken=pl.DataFrame(rows, schema=TAKEN, orient="row"),
        memory=memory,
    )
    assert isinstance(tied, TieOut)
    return (
        tied.lines.collect().sort("line_no").rows(),
        tied.totals,
        tied.legs.rows(),
        tied.notices,
        tied.measure,
        tied.left_out,
    )


@settings(max_examples=12, deadline=None)
@given(
    st.lists(OUR_ROWS, max_size=12),
    st.lists(THEIR_ROWS, max_size=12),
    st.sampled_from(LegRule),
    st.sets(st.integers(0, 11), max_size=2),
    st.integers(1, 6),
)
def test_whatever_the_month_it_comes_to_the_same(
    ours: list[Row], theirs: list[Row], legs: LegRule, taken: set[int], most_rows: int
) -> None:
    told: list[Row] = [{**row, "caller_kind": _kind_of(row)} for row in theirs]
    known = [our for our in sorted(taken) if our < len(ours)]

    assert come(ours, told, legs, known, Memory(most_rows)) == come(ours, told, legs, known, AMPLE)


def _kind_of(row: Row) -> str:
    return (CallerKind.NUMBER if row["caller"] else CallerKind.WITHHELD).value


def test_no_piece_is_larger_than_was_said() -> None:
    shelf = Shelf()
    ours: list[Row] = [
        {"caller": caller, "started_at_ms": SINCE_MS + number * 3_600_000}
        for number, caller in enumerate(numbered(60))
    ]
    theirs: list[Row] = [
        {"caller": caller, "stamp_ms": SINCE_MS + (number - 5) * 3_600_000, "call_ids": f"{number}"}
        for number, caller in enumerate(numbered(50))
    ]
    legs = [{**row, "stamp_ms": row["stamp_ms"], "agent": "b"} for row in theirs[:20]]

    come(ours, [*theirs, *legs], LegRule.LEGS, (), Memory(10, shelf.put_aside))

    assert max(height for heights in shelf.heights for height in heights) <= 10
    assert sum(map(sum, shelf.heights)) > 100


def test_the_clock_is_found_from_pieces_as_it_is_from_the_whole() -> None:
    played = play(Scene(zone="America/Denver", ahead_ms=41_000, calls=120))
    ours = played.ours.with_columns(pl.col("charged_micros").fill_null(0)).lazy()
    sides = ours, played.calls.drop("rows").lazy()

    whole, pieces = (
        tie_out(*sides, RULES, legs=LegRule.LEGS, memory=memory)
        for memory in (AMPLE, Memory(most_rows=60))
    )

    assert isinstance(whole, TieOut)
    assert isinstance(pieces, TieOut)
    assert pieces.clock == whole.clock
    assert pieces.totals == whole.totals
