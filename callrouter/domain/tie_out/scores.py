"""How likely two records are one call, from how far their starts and durations are apart.

The weight of a pair is a log-likelihood in millionths, a whole number so that sums come out the
same in any order: what the key is worth, less what the gaps cost.
"""

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from callrouter.domain.tie_out.buyer_clock import BuyerClock, StampPrecision
from callrouter.domain.tie_out.classes import MatchedBy

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

NONE = -(2**62)
"""An instant or a duration that isn't known."""
UNIT = 1_000_000
SURE_BY = int(np.log(2) * UNIT)
"""A way to pair stands when it is twice as likely as any other."""
WORTH = {MatchedBy.SHARED_ID: 28 * UNIT, MatchedBy.CALLER: 28 * UNIT, MatchedBy.CALLED: 22 * UNIT}
LEAST = 5 * UNIT
"""A pair by the number called that weighs less is no candidate: neither start nor duration fit."""
SCORE_PARTS = 10_000
"""A score is kept to this part."""
_NEXT_TO_NOTHING = UNIT
_BASE = {MatchedBy.SHARED_ID: 1.0, MatchedBy.CALLER: 0.98, MatchedBy.CALLED: 0.85}
_START_AT_MOST = 12.0
_DURATION_AT_MOST = 10.0
_BEYOND = 1 / 4
"""What is so far off that only the order still counts grows by the logarithm, and this much."""
_UNKNOWN = 0.85
_SIGMAS = 1.15
"""Three quarters of a normal distribution are within so many standard deviations."""
_NARROWEST_MS = 10_000
_MINUTE_WINDOW_MS = 45_000
_FINEST_MS = 1_000
"""Nothing is known more exactly than this: most systems write whole seconds."""


def window_of(clock: BuyerClock) -> int:
    """How far a start may be off, in milliseconds, after their clock was put right."""
    if clock.precision in (StampPrecision.MINUTE_FLOOR, StampPrecision.MINUTE_NEAREST):
        return max(_MINUTE_WINDOW_MS, 2 * clock.spread_ms)
    return max(_NARROWEST_MS, 13 * clock.spread_ms // 2)


@dataclass(frozen=True, slots=True)
class Scales:
    """What counts as far: `spread_ms` for starts, `step_ms` for durations."""

    spread_ms: int
    step_ms: int

    @classmethod
    def of(cls, spread_ms: int, step_ms: int) -> Self:
        """The scales of a clock's spread and a measure's step."""
        return cls(max(spread_ms, _FINEST_MS), max(step_ms, _FINEST_MS))

    def weigh(self, by: MatchedBy, start_gap: Ints, duration_gap: Ints) -> Ints:
        """The weight of each pair; a gap that is NONE costs nothing."""
        starts = (np.where(start_gap == NONE, 0, start_gap) * (_SIGMAS / self.spread_ms)) ** 2 / 2
        durations = np.where(duration_gap == NONE, 0, duration_gap) / self.step_ms
        cost = _bend(starts, _START_AT_MOST) + _bend(np.log1p(durations**2), _DURATION_AT_MOST)
        weights = WORTH[by] - np.rint(cost * UNIT).astype(np.int64)
        return np.maximum(weights, _NEXT_TO_NOTHING)


def _bend(cost: Floats, at_most: float) -> Floats:
    beyond = np.log1p(np.maximum(cost - at_most, 0)) * _BEYOND
    bent: Floats = np.minimum(cost, at_most) + beyond
    return bent


def gap_of(theirs: Ints, ours: Ints) -> Ints:
    """Theirs less ours, NONE where one of them isn't known."""
    gaps: Ints = np.where((theirs == NONE) | (ours == NONE), NONE, theirs - ours)
    return gaps


def score_of(by: MatchedBy, weight: Ints, start_gap: Ints, duration_gap: Ints) -> Floats:
    """From 0 to 1: how well a pair fits, less where the start or the duration isn't known."""
    known = np.where(start_gap == NONE, _UNKNOWN, 1.0) * np.where(duration_gap == NONE, _UNKNOWN, 1)
    scores = np.rint(_BASE[by] * known * (weight / WORTH[by]) * SCORE_PARTS)
    return np.clip(scores, 1, SCORE_PARTS) / SCORE_PARTS
