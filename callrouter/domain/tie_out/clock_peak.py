"""The difference of time on which the most candidates agree, and the zone that explains it.

Of two records of different calls, the difference may be anything; of the same call, it is always
the same. So the right one stands out, however their clock is set.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from callrouter.domain.tie_out.buyer_clock import DoubtWhy
from callrouter.domain.tie_out.clock_pairs import Ints, Pairs
from callrouter.domain.tie_out.clock_zone import ZoneCourse

DAY_MS = 86_400_000
WINDOW_MS = 120_000
"""Differences that lie so close together agree: a month's drift and a minute's cut go in."""

_BIN_MS = 5_000
_ZONE_REACH_MS = 35 * 60_000
"""A clock that is wrong by more than that is taken for one of another zone."""
_PLAUSIBLE_MS = 450_000
_ELSEWHERE_MS = 600_000
_FEWEST = 4
_FEWEST_CALLERS = 3
_SEVERAL = 100
"""Of more, some are enough to see that they are not of one or two callers."""
_ALIKE = 0.6
_MANY = 0.25
_CHANCE = 1e-3
_CROWDING = 3.0
"""Calls come mostly by day: where two sides' days meet, that many more meet by chance."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A course of zones, and by how much more than it their stamps are ahead: what fits best.

    `other_zones` fit as well. `shift_ms` is whole days that their date is off. `votes` agree.
    """

    course: ZoneCourse
    other_zones: tuple[str, ...]
    shift_ms: int
    error_ms: int
    votes: int


@dataclass(frozen=True, slots=True)
class NoPeak:
    """Nothing stands out: why, how many agreed at best, how far from them a second crowd is."""

    why: DoubtWhy
    votes: int
    apart_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Score:
    course: ZoneCourse
    error_ms: int
    votes: int

    @property
    def improbability(self) -> int:
        """0 for an error that clocks have; beyond, the more, the less likely the zone."""
        return max(0, abs(self.error_ms) - _PLAUSIBLE_MS) // 150_000


def find_peak(pairs: Pairs, courses: tuple[ZoneCourse, ...], within_ms: int) -> Peak | NoPeak:
    """What most pairs agree on; `courses` has preferred zones first.

    A doubt where fewer than four calls or three callers agree, where as many may by chance, or
    where a second difference has nearly as many on the same days.
    """
    if not pairs.our.size:
        return NoPeak(DoubtWhy.NOTHING_SHARED, 0)
    apart = pairs.stamp_ms - pairs.dialed_ms
    top, _ = _crowd(apart)
    shift_ms = _days_off(top, courses)
    scores = [
        _score(pairs, apart - shift_ms, course)
        for course in courses
        if course.comes_near(top - shift_ms, _ZONE_REACH_MS)
    ]
    best = max(scores, key=lambda score: score.votes)
    fitting = [score for score in scores if _fits_as_well(score, best, pairs)]
    chosen = min(fitting, key=lambda score: score.improbability)
    beyond = apart - shift_ms - chosen.course.ahead_ms(pairs.dialed_ms)
    doubt = _doubt(pairs, beyond, chosen, within_ms)
    if doubt is not None:
        return doubt
    names = [name for score in fitting for name in score.course.zones if not score.improbability]
    others = tuple(name for name in names if name != chosen.course.zones[0])
    return Peak(chosen.course, others, shift_ms, chosen.error_ms, chosen.votes)


def _crowd(values: Ints) -> tuple[int, int]:
    """The middle of the window that holds the most values, and how many those are."""
    low = int(values.min())
    counts = np.bincount((values - low) // _BIN_MS)
    width = WINDOW_MS // _BIN_MS
    held = np.cumsum(np.concatenate([np.zeros(1, np.int64), counts, np.zeros(width, np.int64)]))
    in_window = held[width:] - held[:-width]
    start = int(np.argmax(in_window))
    begins = low + start * _BIN_MS
    inside = values[(values >= begins) & (values < begins + WINDOW_MS)]
    return int(np.median(inside)), int(in_window[start])


def _days_off(top_ms: int, courses: tuple[ZoneCourse, ...]) -> int:
    """Whole days to take from a difference so that a zone explains the rest; 0 if any does.

    There is always one: zones lie an hour from each other, all around.
    """
    return DAY_MS * next(
        days
        for days in (0, 1, -1, 2, -2)
        if any(each.comes_near(top_ms - days * DAY_MS, _ZONE_REACH_MS) for each in courses)
    )


def _score(pairs: Pairs, apart: Ints, course: ZoneCourse) -> _Score:
    beyond = apart - course.ahead_ms(pairs.dialed_ms)
    near = beyond[np.abs(beyond) <= _ZONE_REACH_MS]
    if not near.size:
        return _Score(course, 0, 0)
    return _Score(course, *_crowd(near))


def _fits_as_well(score: _Score, best: _Score, pairs: Pairs) -> bool:
    """Whether as many agree, but for one, and for those that do by chance where the two differ."""
    differ = score.course.ahead_ms(pairs.dialed_ms) != best.course.ahead_ms(pairs.dialed_ms)
    is_constant = not score.course.changes_ms and not best.course.changes_ms
    by_chance = 0.0 if is_constant else 0.01 * int(differ.sum())
    return best.votes - score.votes <= 1 + by_chance


def _doubt(pairs: Pairs, beyond: Ints, chosen: _Score, within_ms: int) -> NoPeak | None:
    agree = np.abs(beyond - chosen.error_ms) <= WINDOW_MS // 2
    keys = pairs.key[agree]
    callers = np.unique(keys[:: max(1, keys.size // _SEVERAL)]).size
    is_few = chosen.votes < _FEWEST or callers < _FEWEST_CALLERS
    if is_few or _may_be_chance(chosen.votes, beyond.size, within_ms):
        return NoPeak(DoubtWhy.TOO_FEW, chosen.votes)
    rival_ms = _find_rival(pairs, beyond, chosen, within_ms)
    if rival_ms is not None:
        return NoPeak(DoubtWhy.TWO_ALIKE, chosen.votes, abs(rival_ms - chosen.error_ms))
    return None


def _may_be_chance(votes: int, pairs: int, within_ms: int) -> bool:
    """Whether so many pairs fall into one window by chance, with all the windows that there are.

    By the Chernoff bound of a Poisson count.
    """
    windows = 2 * within_ms / WINDOW_MS
    expected = pairs / windows * _CROWDING
    if votes <= expected:
        return True
    tail = votes - expected + votes * math.log(expected / votes)
    return tail + math.log(windows * 10) > math.log(_CHANCE)


def _find_rival(pairs: Pairs, beyond: Ints, chosen: _Score, within_ms: int) -> int | None:
    """Another difference, on which nearly as many agree: or, of records left over, many do.

    None if that is on other days: it is the same clock, set anew in between.
    """
    off = np.abs(beyond - chosen.error_ms)
    explained = np.zeros(int(pairs.their.max()) + 1, dtype=np.bool_)
    explained[pairs.their[off <= WINDOW_MS // 2]] = True
    elsewhere = off > _ELSEWHERE_MS
    for among, share in ((elsewhere, _ALIKE), (elsewhere & ~explained[pairs.their], _MANY)):
        for middle, votes in _list_crowds(beyond[among]):
            if votes <= share * chosen.votes or _may_be_chance(votes, beyond.size, within_ms):
                break
            if not _takes_turns(pairs.dialed_ms, beyond, (chosen.error_ms, middle), votes):
                return middle
    return None


def _list_crowds(values: Ints) -> Iterator[tuple[int, int]]:
    """Windows of values, each with its middle and how many it holds, the fullest first."""
    while values.size:
        middle, votes = _crowd(values)
        yield middle, votes
        values = values[np.abs(values - middle) > _ELSEWHERE_MS]


def _takes_turns(at_ms: Ints, beyond: Ints, crowds: tuple[int, int], votes: int) -> bool:
    """Whether the one difference has its days and the other, of so many votes, has others."""
    days = (at_ms - int(at_ms.min())) // DAY_MS
    both = [
        np.bincount(days[np.abs(beyond - each) <= WINDOW_MS // 2], minlength=int(days.max()) + 1)
        for each in crowds
    ]
    return votes >= 2 * _FEWEST and int(np.minimum(*both).sum()) <= votes / 4
