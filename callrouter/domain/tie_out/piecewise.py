"""Matching for what doesn't fit into memory: by caller and by time, with the result of the whole.

A group of candidates that may go on after a piece's end is carried into the next one, so that it is
solved once, and whole. What stays in memory of all pieces is the pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from callrouter.domain.tie_out.assignment import group_edges
from callrouter.domain.tie_out.group_solvers import Edges
from callrouter.domain.tie_out.matching import Book, Find, Matches, match, scales_of
from callrouter.domain.tie_out.measures import Measure
from callrouter.domain.tie_out.memory import AMPLE, Memory, count_rows, read
from callrouter.domain.tie_out.passes import (
    Found,
    find_by_called,
    find_by_caller,
    find_by_id,
    find_without_start,
    join_found,
    lay_out_ours,
    lay_out_theirs,
    list_ids,
    places_of,
)
from callrouter.domain.tie_out.scores import Flags, Ints, Scales
from callrouter.domain.tie_out.switch_numbers import find_switch_numbers

_FAR_MS = 2**61


def match_within_memory(
    ours: pl.LazyFrame,
    calls: pl.LazyFrame,
    measure: Measure,
    memory: Memory,
    *,
    window_ms: int,
    spread_ms: int | None = None,
) -> Matches:
    """The same as `match`, in pieces where both sides together are more than fits."""
    pieces = memory.count_pieces(count_rows(ours) + count_rows(calls))
    if pieces == 1:
        whole = read(ours), read(calls)
        return match(*whole, measure, window_ms=window_ms, spread_ms=spread_ms)
    return match_in_pieces(
        ours, calls, measure, memory, window_ms=window_ms, spread_ms=spread_ms, ranges=pieces
    )


def match_in_pieces(
    ours: pl.LazyFrame,
    calls: pl.LazyFrame,
    measure: Measure,
    memory: Memory = AMPLE,
    *,
    window_ms: int,
    spread_ms: int | None = None,
    piece_ms: int | None = None,
    ranges: int = 1,
) -> Matches:
    """What `match` finds in the whole frames, read piece by piece: by `ranges` of callers, by time.

    A piece is `piece_ms` long, or unless that is told as long as both sides fit. A group of
    candidates that are all close to one another, and `window_ms` around it, must fit.
    """
    switch_numbers = find_switch_numbers(ours, calls)
    pieces = _Pieces(ours, calls, measure, memory, window_ms, piece_ms, ranges, switch_numbers)
    scales = scales_of(measure, window_ms, spread_ms)
    run = _Run(pieces, scales, Book(), _Side.of(ours, "our"), _Side.of(calls, "their"))
    run.pair_by_id()
    for part in range(ranges):
        run.pair_by_day(find_by_caller, pieces.of_callers(part))
    for part in range(ranges):
        run.pair_without_start(pieces.of_callers(part))
    run.pair_by_day(find_by_called, pl.lit(value=True))
    return run.book.close(ours, calls, measure)


@dataclass(frozen=True, slots=True)
class _Pieces:
    ours: pl.LazyFrame
    calls: pl.LazyFrame
    measure: Measure
    memory: Memory
    window_ms: int
    piece_ms: int | None
    ranges: int
    switch_numbers: tuple[str, ...]

    def of_callers(self, part: int) -> pl.Expr:
        return pl.col("caller").hash() % self.ranges == part

    def read_ours(self, which: pl.Expr) -> pl.DataFrame:
        return read(lay_out_ours(self.ours.filter(which), self.measure))

    def read_theirs(self, which: pl.Expr) -> pl.DataFrame:
        calls = self.calls.filter(which)
        return read(lay_out_theirs(calls, self.measure, self.switch_numbers))

    def list_spans(self, which: pl.Expr) -> Iterator[tuple[int, int]]:
        """From and until when, over the whole time of our side; the last piece has no end."""
        at = pl.col("at_ms")
        low, high, mine = read(
            self.ours.filter(which).select(low=at.min(), high=at.max(), rows=pl.len())
        ).row(0)
        if low is None:
            return
        first = low - self.window_ms
        whole_ms = high + self.window_ms - first
        rows = mine + count_rows(self.calls.filter(which))
        piece_ms = self.piece_ms or whole_ms // self.memory.count_pieces(rows) + 1
        count = whole_ms // piece_ms + 1
        for number in range(count):
            start = first + number * piece_ms
            yield start, start + piece_ms if number + 1 < count else _FAR_MS


@dataclass(frozen=True, slots=True)
class _Side:
    """Rows of one side as they are read, without those that are spoken for."""

    is_taken: Flags

    @classmethod
    def of(cls, side: pl.LazyFrame, number: str) -> "_Side":
        highest = read(side.select(pl.col(number).max())).item()
        return cls(np.zeros((-1 if highest is None else highest) + 1, dtype=np.bool_))

    def leave(self, side: pl.DataFrame) -> pl.DataFrame:
        return side.filter(pl.Series(~self.is_taken[side["row"].to_numpy()], dtype=pl.Boolean))


@dataclass(frozen=True, slots=True)
class _Run:
    pieces: _Pieces
    scales: Scales
    book: Book
    ours: _Side
    theirs: _Side

    def read(self, which: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What is left of both sides."""
        ours, theirs = self.pieces.read_ours(which), self.pieces.read_theirs(which)
        return self.ours.leave(ours), self.theirs.leave(theirs)

    def enter(self, found: Found) -> None:
        mine, other = self.book.enter(found)
        self.ours.is_taken[mine] = True
        self.theirs.is_taken[other] = True

    def pair_by_id(self) -> None:
        """By ranges of ids; a call may have several, so that groups are solved at the end."""
        found = []
        all_ours = lay_out_ours(self.pieces.ours, self.pieces.measure)
        for part in range(self.pieces.ranges):
            in_range = pl.col("shared_id").hash() % self.pieces.ranges == part
            theirs = self.pieces.read_theirs((pl.col("shared_id") != "") & in_range)
            told = list_ids(all_ours).join(theirs.lazy(), on="shared_id", how="semi")
            ours = all_ours.join(told.select("row").unique(), on="row", how="semi")
            found.append(find_by_id(read(ours), theirs, self.scales, self.pieces.window_ms))
        self.enter(join_found(found))

    def pair_by_day(self, find: Find, which: pl.Expr) -> None:
        """A pass in the order of time; what may go on after a piece is left to the next one."""
        carried: tuple[pl.DataFrame, pl.DataFrame] | None = None
        for since_ms, until_ms in self.pieces.list_spans(which):
            at = pl.col("at_ms")
            ours, theirs = self.read(which & (at >= since_ms) & (at < until_ms))
            if carried:
                ours, theirs = pl.concat([carried[0], ours]), pl.concat([carried[1], theirs])
            found = find(ours, theirs, self.scales, self.pieces.window_ms)
            open_from = until_ms - self.pieces.window_ms
            is_open = _find_open(found.edges, ours, theirs, open_from)
            self.enter(found.take(~is_open))
            edges = found.edges.take(is_open)
            carried = (
                _carry(ours, edges.ours, open_from),
                _carry(theirs, edges.theirs, open_from),
            )

    def pair_without_start(self, which: pl.Expr) -> None:
        """The callers of whom either side has a record without a start, and no others."""
        untimed = self.read(which & pl.col("at_ms").is_null())
        callers = pl.concat([side.select("caller") for side in untimed]).unique()["caller"]
        if len(callers):
            sides = self.read(which & pl.col("caller").is_in(callers.implode()))
            self.enter(find_without_start(*sides, self.scales, self.pieces.window_ms))


def _find_open(edges: Edges, ours: pl.DataFrame, theirs: pl.DataFrame, open_from: int) -> Flags:
    """Which candidates are of a group that a later record may belong to, too."""
    if not len(edges.ours):
        return np.zeros(0, dtype=np.bool_)
    at_ours = ours["at"].to_numpy()[places_of(ours, edges.ours)]
    at_theirs = theirs["at"].to_numpy()[places_of(theirs, edges.theirs)]
    group, counts = group_edges(edges)
    is_open = np.zeros(len(counts), dtype=np.bool_)
    is_open[group[np.maximum(at_ours, at_theirs) >= open_from]] = True
    open_edges: Flags = is_open[group]
    return open_edges


def _carry(side: pl.DataFrame, rows: Ints, open_from: int) -> pl.DataFrame:
    """The records that later ones may be candidates of, and those of groups that aren't closed."""
    return side.filter((pl.col("at") >= open_from) | pl.col("row").is_in(pl.Series(rows).implode()))
