"""Errors of a clock that change evenly: the line through many points, whatever some of them say."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callrouter.domain.tie_out.clock_pairs import Ints

Floats = NDArray[np.float64]

LEAST_CHANGE_MS = 500
"""A clock that is off by no more is not worth a piece of its own."""

_FEW_POINTS = 240


@dataclass(frozen=True, slots=True)
class Line:
    """An error that changes evenly: `error_ms` at `since_ms`, and from then on."""

    since_ms: int
    error_ms: float
    per_ms: float

    def at(self, at_ms: Ints) -> Floats:
        """The error at each instant."""
        return self.error_ms + self.per_ms * (at_ms - self.since_ms).astype(np.float64)

    def at_mean(self, at_ms: float) -> float:
        """The error at one instant, which may lie between milliseconds."""
        return self.error_ms + self.per_ms * (at_ms - self.since_ms)

    def moved(self, since_ms: int) -> "Line":
        """The same line, counted from another instant."""
        return Line(since_ms, self.at_mean(since_ms), self.per_ms)


def fit_line(at_ms: Ints, error_ms: Ints) -> Line:
    """The line through points, robustly: medians of slopes first, then the mean of what is near.

    Level, unless the slope is beyond doubt.
    """
    origin = int(at_ms[0])
    x, y = (at_ms - origin).astype(np.float64), error_ms.astype(np.float64)
    some = np.unique(np.linspace(0, x.size - 1, min(x.size, _FEW_POINTS)).astype(np.int64))
    one, other = np.triu_indices(some.size, 1)
    run = x[some][other] - x[some][one]
    rise = y[some][other] - y[some][one]
    apart = run > 0
    per = float(np.median(rise[apart] / run[apart])) if apart.any() else 0.0
    level = float(np.median(y - per * x))
    for _ in range(3):
        off = np.abs(y - level - per * x)
        kept = off <= max(1_000.0, 4 * float(np.median(off)))
        per, level, is_sloped = _least_squares(x[kept], y[kept])
    if is_sloped:
        return Line(origin, level, per)
    off = np.abs(y - np.median(y))
    return Line(origin, float(np.mean(y[off <= max(1_000.0, 4 * float(np.median(off)))])), 0.0)


def _least_squares(x: Floats, y: Floats) -> tuple[float, float, bool]:
    """Slope, level at 0, and whether the slope is more than chance makes of level points."""
    x_mean, y_mean = float(x.mean()), float(y.mean())
    spread = float(((x - x_mean) ** 2).sum())
    if x.size < 3 or not spread:
        return 0.0, y_mean, False
    per = float(((x - x_mean) * (y - y_mean)).sum()) / spread
    left = y - y_mean - per * (x - x_mean)
    error = float(np.sqrt((left**2).sum() / (x.size - 2) / spread))
    rise = abs(per) * float(x.max() - x.min())
    return per, y_mean - per * x_mean, abs(per) > 4 * error and rise > LEAST_CHANGE_MS


def follow_lines(lines: tuple[Line, ...], at_ms: Ints) -> Floats:
    """The error at each instant; the first line holds before it begins, too."""
    since = np.array([line.since_ms for line in lines])
    which = np.maximum(np.searchsorted(since, at_ms, side="right") - 1, 0)
    error = np.array([line.error_ms for line in lines])[which]
    per = np.array([line.per_ms for line in lines])[which]
    shown: Floats = error + per * (at_ms - since[which])
    return shown


def line_at(lines: tuple[Line, ...], at_ms: int) -> Line:
    """The line that holds at an instant: the last that has begun, or else the first."""
    return lines[max(bisect_right([line.since_ms for line in lines], at_ms) - 1, 0)]
