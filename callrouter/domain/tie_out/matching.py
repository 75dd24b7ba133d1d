"""Which of their calls is which of ours: one to one, in passes, and never by a guess."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import polars as pl

from callrouter.domain.tie_out.assignment import heaviest_other, solve
from callrouter.domain.tie_out.classes import MATCHED_BY, PAIRS
from callrouter.domain.tie_out.frames import empty
from callrouter.domain.tie_out.interchange import POSSIBLE, settle_interchangeable
from callrouter.domain.tie_out.measures import Measure
from callrouter.domain.tie_out.passes import (
    Found,
    find_by_called,
    find_by_caller,
    find_by_id,
    find_without_start,
    lay_out_ours,
    lay_out_theirs,
)
from callrouter.domain.tie_out.scores import NONE, SCORE_PARTS, Ints, Scales
from callrouter.domain.tie_out.switch_numbers import find_switch_numbers

Find: TypeAlias = Callable[[pl.DataFrame, pl.DataFrame, Scales, int], Found]
PASSES: tuple[Find, ...] = (find_by_id, find_by_caller, find_without_start, find_by_called)
_SPREADS_IN_WINDOW = 6


@dataclass(frozen=True, slots=True)
class Matches:
    """What belongs together (PAIRS), and what may but can't be told apart (UNSURE)."""

    pairs: pl.DataFrame
    unsure: pl.DataFrame


def match(
    ours: pl.DataFrame,
    calls: pl.DataFrame,
    measure: Measure,
    *,
    window_ms: int,
    spread_ms: int | None = None,
) -> Matches:
    """The pairs of OURS and FOLDED, both with `at_ms`, whose starts are `window_ms` apart at most.

    `spread_ms` is the clock's; a sixth of the window unless told. The same whatever the order of
    rows; each `our` and each `their` is in one pair at most, or in one group of the unsure.
    """
    scales = scales_of(measure, window_ms, spread_ms)
    book = Book()
    switch_numbers = find_switch_numbers(ours.lazy(), calls.lazy())
    laid_ours = lay_out_ours(ours, measure)
    laid_theirs = lay_out_theirs(calls, measure, switch_numbers)
    for find in PASSES:
        taken = book.enter(find(laid_ours, laid_theirs, scales, window_ms))
        laid_ours, laid_theirs = without(laid_ours, taken[0]), without(laid_theirs, taken[1])
    return book.close(ours.lazy(), calls.lazy(), measure)


def scales_of(measure: Measure, window_ms: int, spread_ms: int | None) -> Scales:
    """What counts as far for a measure and a window."""
    return Scales.of(spread_ms or window_ms // _SPREADS_IN_WINDOW, measure.step_ms)


@dataclass(frozen=True, slots=True)
class Book:
    """What the passes came to, pass by pass or piece by piece."""

    pairs: list[pl.DataFrame] = field(default_factory=lambda: [empty(PAIRS)])
    possible: list[pl.DataFrame] = field(default_factory=lambda: [empty(POSSIBLE)])

    def enter(self, found: Found) -> tuple[Ints, Ints]:
        """Solve one pass; the rows of ours and of theirs that are spoken for."""
        solution = solve(found.edges)
        described = _describe(found)
        self.pairs.append(described[solution.chosen])
        is_best = pl.Series("is_best", np.isin(solution.unsure, solution.best), dtype=pl.Boolean)
        self.possible.append(described[solution.unsure].with_columns(is_best))
        taken = np.concatenate([solution.chosen, solution.unsure])
        return found.edges.ours[taken], found.edges.theirs[taken]

    def close(self, ours: pl.LazyFrame, calls: pl.LazyFrame, measure: Measure) -> Matches:
        """The whole, in the order of our rows."""
        possible = pl.concat(self.possible)
        settled, unsure = settle_interchangeable(possible, ours, calls, measure)
        return Matches(pl.concat([*self.pairs, settled]).sort("our"), unsure)


def without(side: pl.DataFrame, taken: Ints) -> pl.DataFrame:
    """The rows of a side that aren't spoken for."""
    if not len(taken):
        return side
    rows = side["row"].to_numpy()
    marks = np.ones(int(rows.max()) + 1, dtype=np.bool_)
    marks[taken] = False
    return side.filter(pl.Series(marks[rows]))


def _describe(found: Found) -> pl.DataFrame:
    """PAIRS of all candidates; the runner-up is the best other one of either row."""
    scores = found.score()
    ours, theirs = found.edges.ours, found.edges.theirs
    others = np.zeros(len(scores))
    shared = np.flatnonzero((np.bincount(ours)[ours] > 1) | (np.bincount(theirs)[theirs] > 1))
    if len(shared):
        parts = np.rint(scores[shared] * SCORE_PARTS).astype(np.int64)
        others[shared] = (
            np.maximum(heaviest_other(ours[shared], parts), heaviest_other(theirs[shared], parts))
            / SCORE_PARTS
        )
    gap = pl.col("gap_ms")
    columns = {"our": ours, "their": theirs, "gap_ms": found.start_gap, "score": scores}
    return pl.DataFrame(columns | {"runner_up": others}).select(
        "our",
        "their",
        pl.lit(found.by.value, dtype=MATCHED_BY).alias("by"),
        pl.when(gap != NONE).then(gap).alias("gap_ms"),
        "score",
        pl.when(pl.col("runner_up") > 0).then(pl.col("runner_up")).alias("runner_up"),
    )
