"""How a clock's error goes over time: steady, drifting, set anew; and which calls say so for sure.

The error of a pair is how far its stamp is ahead of our instant, beyond zone and date.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from callrouter.domain.tie_out.clock_lines import (
    LEAST_CHANGE_MS,
    Floats,
    Line,
    fit_line,
    follow_lines,
)
from callrouter.domain.tie_out.clock_pairs import Bools, Ints
from callrouter.domain.tie_out.clock_peak import DAY_MS, WINDOW_MS

NEAR_MS = (900_000, 180_000, 60_000)
"""A call that has two candidates so close to each other tells little of the clock.

The closer ones are for callers who all call again at once.
"""

NOT_ALONE = 0
"""Stands for one of these where every call has several candidates: all close ones are taken."""

_CLOSE_MS = 60_000

_SET_ANEW_MS = 900_000

_FEWEST = 8
"""So many calls make a day's figure; a day with fewer is joined with the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Pairs in the order of our instants: which rows, when, and by how much their stamp is off.

    `place` is where each stands among all pairs.
    """

    place: Ints
    our: Ints
    their: Ints
    at_ms: Ints
    error_ms: Ints

    def only(self, kept: Bools) -> "Errors":
        """Some of them."""
        return Errors(
            self.place[kept],
            self.our[kept],
            self.their[kept],
            self.at_ms[kept],
            self.error_ms[kept],
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """Neighbouring pairs, from place `low` to before `high`, and what their middle is.

    `spread_ms` is how far half of them are from it, `votes` how many the middle is of.
    """

    low: int
    high: int
    middle_ms: float
    error_ms: float
    spread_ms: float
    votes: int


def keep_near(errors: Errors, usual_ms: int, near_ms: int) -> tuple[Errors, Ints]:
    """The pairs within `near_ms` of their day's error, alone in that; and that error.

    A day has the usual error, unless a crowd of its own stands elsewhere.
    """
    middles = _follow_days(errors, usual_ms)
    near = _near(errors, np.abs(errors.error_ms - middles), near_ms)
    return errors.only(near), middles[near]


def keep_sure(
    errors: Errors, lines: tuple[Line, ...], reach_ms: int, near_ms: int
) -> tuple[Bools, Bools]:
    """Which pairs lie on the lines, give or take `reach_ms`; and which within `near_ms`, alone."""
    off = np.abs(errors.error_ms - follow_lines(lines, errors.at_ms))
    near = _near(errors, off, near_ms)
    return near & (off <= reach_ms), near


def level_days(near: Errors, middles: Ints, reach_ms: int) -> Ints:
    """The error of each pair's block of days: what its neighbours have in the middle."""
    level = np.empty(near.at_ms.size, dtype=np.int64)
    for block in _blocks(near, middles, reach_ms):
        level[block.low : block.high] = round(block.error_ms)
    return level


def draw_lines(errors: Errors, near: Errors, middles: Ints, reach_ms: int) -> tuple[Line, ...]:
    """The fewest lines that near errors lie on, each from where the one before it stops to hold.

    That instant is sought among all the errors.
    """
    blocks = tuple(_blocks(near, middles, reach_ms))
    level = np.empty(near.at_ms.size)
    for block in blocks:
        level[block.low : block.high] = block.error_ms
    close = np.abs(near.error_ms - level) <= reach_ms
    parts = tuple(_part(near, blocks, close))
    drawn = [_fit(near, parts[0], close)]
    for before, after in pairwise(parts):
        line = _fit(near, after, close)
        cut_ms = _cut(errors, near, before, after, close)
        drawn.append(line.moved(max(cut_ms, drawn[-1].since_ms)))
    return tuple(drawn)


def _follow_days(errors: Errors, usual_ms: int) -> Ints:
    """The error of each pair's day, roughly."""
    half_ms = WINDOW_MS // 2
    days = (errors.at_ms - int(errors.at_ms.min())) // DAY_MS
    usual = np.abs(errors.error_ms - usual_ms) <= half_ms
    as_usual = np.bincount(days[usual], minlength=int(days.max()) + 1)
    low = int(errors.error_ms.min())
    cells = (errors.error_ms - low) // half_ms
    width = int(cells.max()) + 2
    counts = np.bincount(days * width + cells, minlength=as_usual.size * width)
    crowds = counts.reshape(-1, width)
    crowds = crowds[:, :-1] + crowds[:, 1:]
    fullest = np.argmax(crowds, axis=1)
    votes = crowds[np.arange(fullest.size), fullest]
    is_own = votes >= np.maximum(_FEWEST, 3 * as_usual)
    middle = np.where(is_own, low + (fullest + 1) * half_ms, usual_ms)
    return middle[days]


def _near(errors: Errors, off_ms: Ints | Floats, near_ms: int) -> Bools:
    """Pairs that are off by no more, of which neither row is in another such pair."""
    near = off_ms <= (near_ms or _CLOSE_MS)
    if near_ms != NOT_ALONE:
        ours, theirs = errors.our[near], errors.their[near]
        near[near] = (np.bincount(ours)[ours] == 1) & (np.bincount(theirs)[theirs] == 1)
    return near


def _blocks(near: Errors, middles: Ints, reach_ms: int) -> Iterator[_Block]:
    """Days, those with few calls joined with the next, and what their errors are in the middle."""
    days = near.at_ms // DAY_MS
    starts = np.concatenate([[0], np.flatnonzero(np.diff(days)) + 1, [days.size]])
    edges = [0]
    for start in starts[1:-1]:
        is_set_anew = abs(int(middles[start]) - int(middles[start - 1])) > _SET_ANEW_MS
        if is_set_anew or (start - edges[-1] >= _FEWEST and days.size - start >= _FEWEST):
            edges.append(int(start))
    for low, high in pairwise([*edges, days.size]):
        yield _weigh(near, low, high, reach_ms)


def _weigh(near: Errors, low: int, high: int, reach_ms: int) -> _Block:
    """A block's figures: the median of the most crowded stretch of its errors, as wide as reach."""
    errors = np.sort(near.error_ms[low:high])
    ends = np.searchsorted(errors, errors + reach_ms, side="right")
    fullest = int(np.argmax(ends - np.arange(errors.size)))
    crowd = errors[fullest : ends[fullest]]
    error_ms = float(np.median(crowd))
    spread_ms = float(np.median(np.abs(crowd - error_ms)))
    middle_ms = float(np.mean(near.at_ms[low:high]))
    return _Block(low, high, middle_ms, error_ms, spread_ms, crowd.size)


def _noise(blocks: tuple[_Block, ...]) -> Floats:
    """How far chance may move the middle of each block: by the spread of all, few tell little."""
    spread = float(np.median([block.spread_ms for block in blocks]))
    return 1.85 * spread / np.sqrt(np.array([block.votes for block in blocks], dtype=np.float64))


def _part(near: Errors, blocks: tuple[_Block, ...], close: Bools) -> Iterator[tuple[_Block, ...]]:
    """Runs of blocks that one line does for each."""
    if len(blocks) == 1 or _does(_fit(near, blocks, close), blocks):
        yield blocks
        return
    cut = _best_cut(blocks)
    yield from _part(near, blocks[:cut], close)
    yield from _part(near, blocks[cut:], close)


def _does(line: Line, blocks: tuple[_Block, ...]) -> bool:
    """Whether the blocks keep one distance from a line: medians lie beside means, all alike."""
    off = np.array([block.error_ms - line.at_mean(block.middle_ms) for block in blocks])
    noise = _noise(blocks)
    return bool((np.abs(off - np.median(off)) <= np.maximum(LEAST_CHANGE_MS, 6 * noise)).all())


def _best_cut(blocks: tuple[_Block, ...]) -> int:
    """Where two lines through the blocks' middles, one before and one after, leave the least."""
    at = np.array([block.middle_ms for block in blocks])
    error = np.array([block.error_ms for block in blocks])
    at, error = (at - at.mean()) / DAY_MS, error - error.mean()
    weight = 1 / (_noise(blocks) + 100) ** 2
    terms = np.stack([np.ones_like(at), at, error, at * at, at * error, error * error]) * weight
    before = np.cumsum(terms, axis=1)
    after = before[:, -1:] - before
    counts = np.arange(1, len(blocks))
    left = _left_over(before[:, :-1], counts) + _left_over(after[:, :-1], counts[::-1])
    return 1 + int(np.argmin(left))


def _left_over(sums: Floats, counts: Ints) -> Floats:
    """The weighted squares that a line leaves, from sums over its points; a level, of one or two.

    The sums are those of the weights, and with them of x, y, xx, xy, yy.
    """
    one, x, y, xx, xy, yy = sums
    run = np.where(counts > 2, xx - x * x / one, np.inf)
    rise = xy - x * y / one
    left: Floats = yy - y * y / one - rise * rise / np.maximum(run, 1e-12)
    return left


def _fit(near: Errors, blocks: tuple[_Block, ...], close: Bools) -> Line:
    """The line through the close pairs of some blocks, whatever a few of them say."""
    kept = slice(blocks[0].low, blocks[-1].high)
    at_ms, error_ms = near.at_ms[kept][close[kept]], near.error_ms[kept][close[kept]]
    return fit_line(at_ms, error_ms)


def _cut(
    errors: Errors,
    near: Errors,
    before: tuple[_Block, ...],
    after: tuple[_Block, ...],
    close: Bools,
) -> int:
    """The instant at which the one line stops to hold and the other begins.

    From the last block before to the first one after: where the errors are off the least.
    """
    first = _fit(near, before[:-1] or before, close)
    second = _fit(near, after[1:] or after, close)
    ends = near.at_ms[[before[-1].low, after[0].high - 1]]
    low, high = np.searchsorted(errors.at_ms, ends)
    at_ms, error_ms = errors.at_ms[low : high + 1], errors.error_ms[low : high + 1]
    limit = WINDOW_MS / 2
    off_first = np.minimum(np.abs(error_ms - first.at(at_ms)), limit)
    off_second = np.minimum(np.abs(error_ms - second.at(at_ms)), limit)
    place = int(np.argmin(np.cumsum(off_first - off_second)))
    return int(at_ms[min(place + 1, at_ms.size - 1)])
