"""Candidates: a record of theirs and a call of ours that share something, within days.

What they share isn't known here (see `clock_evidence`), nor which of them are the same call.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from callrouter.domain.tie_out.buyer_clock import StartMeans
from callrouter.domain.tie_out.memory import read

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = -1
"""Stands for an instant that isn't."""

_MOST_PAIRS = 600_000


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Candidates, one each place: rows of both sides, and when the one and the other says it began.

    `our` and `their` number the rows, `key` stands for what they share, `stamp_ms` is the middle of
    what the stamp leaves open, the three instants are ours (NEVER: it did not happen). `single`:
    neither row has another candidate. `asked` are the rows of ours, and of theirs, that were looked
    up, as their instants.
    """

    our: Ints
    their: Ints
    key: Ints
    stamp_ms: Ints
    arrived_ms: Ints
    dialed_ms: Ints
    answered_ms: Ints
    single: Bools
    our_asked_ms: Ints
    their_asked_ms: Ints

    def began_ms(self, means: StartMeans) -> Ints:
        """The moment of ours that a start may mean."""
        if means is StartMeans.ARRIVED:
            return self.arrived_ms
        return self.dialed_ms if means is StartMeans.DIALED else self.answered_ms

    def only(self, kept: Bools) -> "Pairs":
        """Some of the pairs; who was asked stays."""
        return Pairs(
            self.our[kept],
            self.their[kept],
            self.key[kept],
            self.stamp_ms[kept],
            self.arrived_ms[kept],
            self.dialed_ms[kept],
            self.answered_ms[kept],
            self.single[kept],
            self.our_asked_ms,
            self.their_asked_ms,
        )


def pair_up(
    ours: pl.LazyFrame,
    theirs: pl.LazyFrame,
    within_ms: int | None,
    *,
    most_per_call: int = _MOST_PAIRS,
) -> Pairs:
    """All pairs of one key within a time of each other; where there are too many, of rare keys.

    Both frames have `row`, `key` (a hash) and `at_ms`; ours has the other two instants, too.
    """
    our_rows, their_rows = read(ours).sort("row"), read(theirs).sort("row")
    grid = _lay_grid(our_rows, their_rows, within_ms)
    our_codes, their_codes = grid.codes(our_rows), grid.codes(their_rows)
    our_order, their_order = np.argsort(our_codes), np.argsort(their_codes)
    our_codes, their_codes = our_codes[our_order], their_codes[their_order]
    low, count = grid.find(our_codes, their_codes)
    _, back = grid.find(their_codes, our_codes)
    most = min(most_per_call, _affordable(count))
    counted = np.where(count <= most, count, 0)
    place = np.repeat(np.arange(count.size), counted)
    nth = np.arange(place.size) - np.repeat(np.cumsum(counted) - counted, counted)
    found = low[place] + nth
    our, their = our_order[place], their_order[found]
    return Pairs(
        our=_column(our_rows, "row")[our],
        their=_column(their_rows, "row")[their],
        key=our_codes[place] >> grid.bits,
        stamp_ms=_column(their_rows, "at_ms")[their],
        arrived_ms=_column(our_rows, "arrived_ms")[our],
        dialed_ms=_column(our_rows, "at_ms")[our],
        answered_ms=_column(our_rows, "answered_ms")[our],
        single=(count[place] == 1) & (back[found] == 1),
        our_asked_ms=_instants(our_rows, our_order[count <= most]),
        their_asked_ms=_instants(their_rows, their_order[back <= most]),
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """Key and instant as one integer, so that a key's rows within a time are a range of it.

    The lower `bits` hold seconds since `base_s`, with `reach_s` of room on either side.
    """

    base_s: int
    bits: int
    reach_s: int

    def codes(self, rows: pl.DataFrame) -> Ints:
        """The integer of each row; with no bits for the instant, the key's alone."""
        keys = rows["key"].to_numpy() >> np.uint64(self.bits + 1)
        if not self.bits:
            return keys.astype(np.int64)
        seconds = _column(rows, "at_ms") // 1000 - self.base_s
        return (keys.astype(np.int64) << self.bits) | seconds

    def find(self, codes: Ints, among: Ints) -> tuple[Ints, Ints]:
        """For each code, where in `among` (sorted, as both are) its range begins; how many."""
        low = np.searchsorted(among, codes - self.reach_s, side="left")
        return low, np.searchsorted(among, codes + self.reach_s, side="right") - low


def _lay_grid(ours: pl.DataFrame, theirs: pl.DataFrame, within_ms: int | None) -> _Grid:
    if within_ms is None or ours.is_empty() or theirs.is_empty():
        return _Grid(base_s=0, bits=0, reach_s=0)
    at_s = [edge // 1000 for side in (ours, theirs) for edge in _edges(side)]
    reach_s = within_ms // 1000
    room_s = max(at_s) - min(at_s) + 2 * reach_s + 1
    return _Grid(base_s=min(at_s) - reach_s, bits=int(room_s).bit_length(), reach_s=reach_s)


def _edges(rows: pl.DataFrame) -> tuple[int, int]:
    at_ms = _column(rows, "at_ms")
    return int(at_ms.min()), int(at_ms.max())


def _affordable(count: Ints) -> int:
    """How many candidates a call may have, so that all together are no more than can be kept."""
    each = np.sort(count)
    kept = int(np.searchsorted(np.cumsum(each), _MOST_PAIRS, side="right"))
    return int(each[kept]) - 1 if kept < each.size else _MOST_PAIRS


def _instants(rows: pl.DataFrame, places: Ints) -> Ints:
    """The instants of some rows; a row that stands there several times counts once."""
    numbers = _column(rows, "row")[places]
    once = np.zeros(int(numbers.max(initial=0)) + 1, dtype=np.int64)
    once[numbers] = _column(rows, "at_ms")[places]
    return once[np.bincount(numbers, minlength=once.size) > 0]


def _column(rows: pl.DataFrame, name: str) -> Ints:
    return rows[name].to_numpy().astype(np.int64, copy=False)
