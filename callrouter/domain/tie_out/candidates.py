"""Which records may be one call: the same key, and starts within a window.

Each key is a stretch of one long line of whole numbers, so that a sort and two binary searches find
the candidates of all. However many calls share a key, a record has a bounded number of candidates.
"""

from dataclasses import dataclass

import numpy as np

from callrouter.domain.tie_out.scores import Flags, Ints

MOST = 16
"""With more records of its key within its window than these, a call takes those most alike."""
_NEAREST = 8
_LINE = 2**62


@dataclass(frozen=True, slots=True)
class Points:
    """Records of one side: its number `row`, a `key` hashed, `at` where it is looked for.

    A record may stand at several keys. `duration` tells those apart that stand too close.
    """

    row: Ints
    key: Ints
    at: Ints
    duration: Ints

    def take(self, which: Ints | Flags) -> "Points":
        """Some of them."""
        return Points(self.row[which], self.key[which], self.at[which], self.duration[which])


def find_near(ours: Points, theirs: Points, window_ms: int, step_ms: int) -> tuple[Ints, Ints]:
    """The rows of ours and of theirs that may be one call, a pair each, by every key they share."""
    if not len(ours.row) or not len(theirs.row):
        return _none(), _none()
    low = int(ours.at.min()) - window_ms
    high = int(ours.at.max()) + window_ms
    theirs = theirs.take((theirs.at >= low) & (theirs.at <= high))
    line = _Line(low, high - low + window_ms + 1, window_ms, step_ms)
    return _find_along(ours, theirs, line)


def drop_repeats(ours: Ints, theirs: Ints) -> tuple[Ints, Ints]:
    """Each pair once, in order."""
    if not len(ours):
        return ours, theirs
    width = int(theirs.max()) + 1
    pairs = np.unique(ours * width + theirs)
    return pairs // width, pairs % width


@dataclass(frozen=True, slots=True)
class _Line:
    low: int
    length: int
    window_ms: int
    step_ms: int

    def place(self, key: Ints, at: Ints) -> Ints:
        places: Ints = key * self.length + (at - self.low)
        return places

    def fold(self, key: Ints) -> Ints:
        """Keys small enough for the line; that different ones may fall together is seen after."""
        folded: Ints = key & ((1 << ((_LINE // self.length).bit_length() - 1)) - 1)
        return folded


def _find_along(ours: Points, theirs: Points, line: _Line) -> tuple[Ints, Ints]:
    places = line.place(line.fold(theirs.key), theirs.at)
    order = np.argsort(places)
    places = places[order]
    wanted = line.place(line.fold(ours.key), ours.at)
    # Whatever is looked up in order is near what was looked up before: four times as fast.
    in_order = np.argsort(wanted)
    wanted, ours = wanted[in_order], ours.take(in_order)
    first = np.searchsorted(places, wanted - line.window_ms, "left")
    after = np.searchsorted(places, wanted + line.window_ms, "right")
    crowded = after - first > MOST
    mine, other = _spell_out(np.flatnonzero(~crowded), order, first[~crowded], after[~crowded])
    same = ours.key[mine] == theirs.key[other]
    mine, other = ours.row[mine[same]], theirs.row[other[same]]
    if not crowded.any():
        return mine, other
    more = _find_alike(ours.take(crowded), theirs, line)
    return np.concatenate([mine, more[0]]), np.concatenate([other, more[1]])


def _find_alike(ours: Points, theirs: Points, line: _Line) -> tuple[Ints, Ints]:
    """Of the crowd round each of ours the nearest, and the nearest that last about as long."""
    keys = np.unique(ours.key)
    theirs = theirs.take(np.isin(theirs.key, keys))
    ours = Points(ours.row, np.searchsorted(keys, ours.key), ours.at, ours.duration)
    theirs = Points(theirs.row, np.searchsorted(keys, theirs.key), theirs.at, theirs.duration)
    theirs = theirs.take(np.lexsort((theirs.row, theirs.duration, theirs.at)))
    found = [_find_nearest(ours, ours.key, theirs, theirs.key, line)]
    long = _long(ours, line.step_ms), _long(theirs, line.step_ms)
    width = int(max(long[0].max(), long[1].max(initial=0))) + 3
    their_kind = theirs.key * width + long[1]
    found += [
        _find_nearest(ours, ours.key * width + long[0] + more, theirs, their_kind, line)
        for more in (-1, 0, 1)
    ]
    return drop_repeats(
        np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])
    )


def _long(points: Points, step_ms: int) -> Ints:
    steps: Ints = np.maximum(points.duration, -step_ms) // step_ms + 1
    return steps


def _find_nearest(
    ours: Points, our_key: Ints, theirs: Points, their_key: Ints, line: _Line
) -> tuple[Ints, Ints]:
    """The few of the same key whose starts are nearest, as many before as after."""
    if not len(their_key):
        return _none(), _none()
    keys, codes = np.unique(their_key, return_inverse=True)
    code = np.minimum(np.searchsorted(keys, our_key), len(keys) - 1)
    known = keys[code] == our_key
    places = line.place(codes.astype(np.int64), theirs.at)
    order = np.argsort(places, kind="stable")
    places = places[order]
    wanted = line.place(code[known], ours.at[known])
    middle = np.searchsorted(places, wanted, "left")
    first = np.searchsorted(places, wanted - line.window_ms, "left")
    after = np.searchsorted(places, wanted + line.window_ms, "right")
    first = np.maximum(first, middle - _NEAREST // 2)
    after = np.minimum(after, middle + _NEAREST // 2)
    return _spell_out(ours.row[known], theirs.row[order], first, after)


def _spell_out(ours: Ints, theirs: Ints, first: Ints, after: Ints) -> tuple[Ints, Ints]:
    """Each of ours with all of theirs from `first` to before `after`."""
    counts = after - first
    some = np.flatnonzero(counts)
    ours, first, counts = ours[some], first[some], counts[some]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    if total == len(ours):
        return ours, theirs[first]
    places = np.arange(total) + np.repeat(first - ends + counts, counts)
    return np.repeat(ours, counts), theirs[places]


def _none() -> Ints:
    return np.empty(0, dtype=np.int64)
