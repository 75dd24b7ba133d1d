"""The ways in which two records are found to be one call, the strongest first; candidates only.

Each takes frames of `lay_out` and gives the pairs that may be, each once, with what speaks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl

from callrouter.domain.tie_out.candidates import Points, drop_repeats, find_near
from callrouter.domain.tie_out.classes import MatchedBy
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.group_solvers import Edges
from callrouter.domain.tie_out.measures import Measure, read_ours, read_theirs
from callrouter.domain.tie_out.scores import (
    LEAST,
    NONE,
    Flags,
    Floats,
    Ints,
    Scales,
    gap_of,
    score_of,
)

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
_FIGURES = ("row", "at", "ms")
_LONG_MS = 30_000
"""How far durations may be apart where they are all there is."""
_LEAST_DIGITS = 5
"""A masked number is looked for by its known beginning or end when that is so long."""


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates of one pass: who, how far apart, how likely."""

    by: MatchedBy
    edges: Edges
    start_gap: Ints
    duration_gap: Ints

    def take(self, which: Ints | Flags) -> "Found":
        """Some of them."""
        gaps = self.start_gap[which], self.duration_gap[which]
        return Found(self.by, self.edges.take(which), *gaps)

    def score(self) -> Floats:
        """From 0 to 1 each."""
        return score_of(self.by, self.edges.weight, self.start_gap, self.duration_gap)


def join_found(parts: Sequence[Found]) -> Found:
    """The candidates of one pass, found part by part."""
    edges = [part.edges for part in parts]
    return Found(
        parts[0].by,
        Edges(
            np.concatenate([each.ours for each in edges]),
            np.concatenate([each.theirs for each in edges]),
            np.concatenate([each.weight for each in edges]),
        ),
        np.concatenate([part.start_gap for part in parts]),
        np.concatenate([part.duration_gap for part in parts]),
    )


def lay_out_ours(ours: Frame, measure: Measure) -> Frame:
    """What matching looks at of our side: `row`, `at`, `ms`, and the texts; NONE where unknown."""
    return ours.select(
        pl.col("our").alias("row"),
        pl.col("at_ms").fill_null(NONE).alias("at"),
        read_ours(measure).fill_null(NONE).alias("ms"),
        "caller",
        pl.col("did").alias("called"),
        "reached",
        "call_sid",
        "leg_sids",
    )


def lay_out_theirs(calls: Frame, measure: Measure, switch_numbers: tuple[str, ...]) -> Frame:
    """The same of theirs; `caller` is "" unless it is a whole number, and not their switch's."""
    is_number = pl.col("caller_kind") == CallerKind.NUMBER
    if switch_numbers:
        is_number &= ~pl.col("caller").is_in(switch_numbers)
    return calls.select(
        pl.col("their").alias("row"),
        pl.col("at_ms").fill_null(NONE).alias("at"),
        read_theirs(measure).fill_null(NONE).alias("ms"),
        pl.when(is_number).then(pl.col("caller")).otherwise(pl.lit("")).alias("caller"),
        "caller_pattern",
        "called",
        "reached",
        "shared_id",
    )


def find_by_id(ours: pl.DataFrame, theirs: pl.DataFrame, scales: Scales, _window_ms: int) -> Found:
    """Their id is our call's or that of one of its legs, whatever else differs."""
    told = theirs.filter(pl.col("shared_id") != "").select("row", "shared_id")
    if not told.height:
        return _found(MatchedBy.SHARED_ID, ours, theirs, np.empty((2, 0), np.int64), scales)
    pairs = list_ids(ours).join(told, on="shared_id").select("row", "row_right")
    both = drop_repeats(pairs["row"].to_numpy(), pairs["row_right"].to_numpy())
    return _found(MatchedBy.SHARED_ID, ours, theirs, np.stack(both), scales)


def list_ids(ours: Frame) -> Frame:
    """`row` with each `shared_id` that the buyer may know the call by."""
    legs = ours.select("row", shared_id=pl.col("leg_sids").str.split(" ")).explode("shared_id")
    ids: Frame = pl.concat([ours.select("row", shared_id="call_sid"), legs])
    return ids


def find_by_caller(
    ours: pl.DataFrame, theirs: pl.DataFrame, scales: Scales, window_ms: int
) -> Found:
    """The same caller at about the same time."""
    a, b = (
        side.lazy()
        .filter((pl.col("caller") != "") & (pl.col("at") != NONE))
        .select(*_FIGURES, key="caller")
        .collect()
        for side in (ours, theirs)
    )
    pairs = find_near(_points(a), _points(b), window_ms, scales.step_ms)
    return _found(MatchedBy.CALLER, ours, theirs, np.stack(pairs), scales)


def find_without_start(
    ours: pl.DataFrame, theirs: pl.DataFrame, scales: Scales, _window_ms: int
) -> Found:
    """The same caller for about as long, where one side doesn't know when."""
    named = (pl.col("caller") != "") & (pl.col("ms") != NONE)
    untimed = pl.col("at") == NONE
    pairs = [
        find_near(_by_duration(ours, a), _by_duration(theirs, b), _LONG_MS, scales.step_ms)
        for a, b in ((named & untimed, named), (named & ~untimed, named & untimed))
    ]
    return _found(MatchedBy.CALLER, ours, theirs, np.concatenate(pairs, axis=1), scales)


def find_by_called(
    ours: pl.DataFrame, theirs: pl.DataFrame, scales: Scales, window_ms: int
) -> Found:
    """One side doesn't say who called: the same number called or reached, or what is left of it."""
    ours, theirs = (side.filter(pl.col("at") != NONE) for side in (ours, theirs))
    named = ours.filter(pl.col("caller") != "")
    hidden = theirs.filter(pl.col("caller") == "")
    sides = (
        (_key(ours.filter(pl.col("caller") == "")), _key(theirs)),
        (_key(named), _key(hidden)),
        _key_by_pattern(named, hidden),
    )
    pairs = np.concatenate(
        [find_near(_points(a), _points(b), window_ms, scales.step_ms) for a, b in sides], axis=1
    )
    found = _found(MatchedBy.CALLED, ours, theirs, np.stack(drop_repeats(*pairs)), scales)
    found = found.take(found.edges.weight >= LEAST)
    return found.take(_fits(ours, theirs, found.edges))


def _points(side: pl.DataFrame) -> Points:
    key = side["key"].hash().to_numpy().view(np.int64)
    return Points(side["row"].to_numpy(), key, side["at"].to_numpy(), side["ms"].to_numpy())


def _by_duration(side: pl.DataFrame, which: pl.Expr) -> Points:
    return _points(side.filter(which).select("row", "ms", at="ms", key="caller"))


def _key(side: pl.DataFrame) -> pl.DataFrame:
    """Each record at the number called and at the one reached, whichever it says."""
    keyed = [side.select(*_FIGURES, key=number) for number in ("called", "reached")]
    return pl.concat(keyed).filter(pl.col("key") != "").unique()


def _key_by_pattern(named: pl.DataFrame, hidden: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Masked callers at their known beginning or end, and ours at as much of theirs."""
    pattern = pl.col("caller_pattern").str
    masked = hidden.select(
        *_FIGURES, head=pattern.extract(r"^([^?]*)\?"), tail=pattern.extract(r"\?([^?]*)$")
    )
    nobody = named.clear().select(*_FIGURES, key="caller")
    ours, theirs = [nobody], [nobody]
    for end in ("head", "tail"):
        long = pl.col(end).str.len_chars()
        some = masked.filter(long >= _LEAST_DIGITS)
        for digits in some.select(long)[end].unique().sort().to_list():
            caller = pl.col("caller").str
            cut = caller.head(digits) if end == "head" else caller.tail(digits)
            ours.append(named.select(*_FIGURES, key=pl.format("{} {}", pl.lit(end), cut)))
            key = pl.format("{} {}", pl.lit(end), pl.col(end))
            theirs.append(some.filter(long == digits).select(*_FIGURES, key=key))
    return pl.concat(ours), pl.concat(theirs)


def _found(
    by: MatchedBy,
    ours: pl.DataFrame,
    theirs: pl.DataFrame,
    pairs: Ints,
    scales: Scales,
) -> Found:
    a, b = places_of(ours, pairs[0]), places_of(theirs, pairs[1])
    starts = gap_of(theirs["at"].to_numpy()[b], ours["at"].to_numpy()[a])
    durations = gap_of(theirs["ms"].to_numpy()[b], ours["ms"].to_numpy()[a])
    edges = Edges(pairs[0], pairs[1], scales.weigh(by, starts, durations))
    return Found(by, edges, starts, durations)


def places_of(side: pl.DataFrame, rows: Ints) -> Ints:
    """Where the numbered rows stand in the frame."""
    numbers = side["row"].to_numpy()
    places = np.zeros(int(numbers.max(initial=0)) + 1, dtype=np.int64)
    places[numbers] = np.arange(len(numbers))
    taken: Ints = places[rows]
    return taken


def _fits(ours: pl.DataFrame, theirs: pl.DataFrame, edges: Edges) -> Flags:
    """Whether our caller can be the masked one of theirs: the same digits where both are known."""
    pairs = pl.DataFrame(
        {
            "caller": ours["caller"].gather(places_of(ours, edges.ours)),
            "pattern": theirs["caller_pattern"].gather(places_of(theirs, edges.theirs)),
        }
    )
    either_unknown = (pl.col("caller") == "") | (pl.col("pattern") == "")
    fits = pl.col("caller").str.len_chars() == pl.col("pattern").str.len_chars()
    longest = pairs.select(pl.col("pattern").str.len_chars().max()).item() or 0
    for place in range(longest):
        digit = pl.col("pattern").str.slice(place, 1)
        fits &= (digit == "?") | (digit == pl.col("caller").str.slice(place, 1))
    fitting: Flags = pairs.select(either_unknown | fits).to_series().to_numpy()
    return fitting
