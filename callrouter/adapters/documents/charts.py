"""The pictures of a tie-out's report: from our money to theirs, gaps of seconds, the clock by day.

Each is a pure function from figures to SVG; what the figures mean isn't known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from markupsafe import Markup

from callrouter.adapters.documents.drawing import (
    ACCENT,
    BAD,
    FAINT,
    GOOD,
    INK,
    QUIET,
    RULE,
    THEIRS,
    Drawing,
)

_WIDTH = 720.0
_LEFT, _RIGHT = 190.0, 110.0
_ROW = 24.0


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One step from the first total to the last: how much it takes or adds, in words and money."""

    label: str
    micros: int
    words: str


def draw_waterfall(
    start: WaterfallStep, steps: Sequence[WaterfallStep], end: WaterfallStep
) -> Markup:
    """From one total to another, a step a line; the axis begins near the least, not at 0."""
    runs = [start.micros]
    for step in steps:
        runs.append(runs[-1] + step.micros)
    runs.append(end.micros)
    low, high = _widen(min(runs), max(runs))
    drawing = Drawing(
        _WIDTH, (len(steps) + 2) * _ROW + 8, f"From {start.words} to {end.words}, step by step"
    )

    def place(micros: int) -> float:
        return _LEFT + (micros - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    for row, whole in ((0, start), (len(steps) + 1, end)):
        y = row * _ROW + 4
        drawing.rect(_LEFT, y, place(whole.micros) - _LEFT, _ROW - 8, ACCENT)
        if low > 0:
            _break(drawing, _LEFT + 8, y)
        _label(drawing, y, whole.label, whole.words, INK)
    for row, (step, (before, after)) in enumerate(zip(steps, pairwise(runs[:-1]), strict=True), 1):
        y = row * _ROW + 4
        left, right = sorted((place(before), place(after)))
        colour = BAD if step.micros < 0 else GOOD
        drawing.rect(left, y, max(right - left, 1.5), _ROW - 8, colour if step.micros else QUIET)
        drawing.line((place(before), y - 8), (place(before), y), RULE)
        _label(drawing, y, step.label, step.words, colour if step.micros else FAINT)
    last = len(steps) + 1
    drawing.line((place(runs[-2]), last * _ROW - 4), (place(runs[-2]), last * _ROW + 4), RULE)
    return drawing.as_svg()


@dataclass(frozen=True, slots=True)
class GapBar:
    """How many calls differ by so many seconds, and at how many of them the money differs."""

    label: str
    same_money: int
    other_money: int


def draw_gaps(bars: Sequence[GapBar]) -> Markup:
    """Upright bars in the order given: calls by the gap between both durations."""
    height, top, foot = 220.0, 22.0, 40.0
    drawing = Drawing(_WIDTH, height, "Calls by the gap between their duration and ours")
    most = max((bar.same_money + bar.other_money for bar in bars), default=0) or 1
    left, span = 50.0, _WIDTH - 60.0
    wide = span / max(len(bars), 1)
    floor = height - foot
    for share in (0.0, 0.5, 1.0):
        y = floor - share * (floor - top)
        drawing.line((left, y), (left + span, y))
        drawing.text(left - 6, y + 4, f"{round(share * most):,}", anchor="end", colour=FAINT)
    for index, bar in enumerate(bars):
        x = left + index * wide
        tall = bar.same_money / most * (floor - top)
        other = bar.other_money / most * (floor - top)
        drawing.rect(x + 1.5, floor - tall, wide - 3, tall, QUIET)
        drawing.rect(x + 1.5, floor - tall - other, wide - 3, other, BAD)
        drawing.text(x + wide / 2, floor + 14, bar.label, anchor="middle", colour=FAINT)
    drawing.rect(left, height - 14, 9, 9, QUIET)
    drawing.text(left + 14, height - 6, "the money is the same", colour=FAINT)
    drawing.rect(left + 190, height - 14, 9, 9, BAD)
    drawing.text(left + 204, height - 6, "the money differs", colour=FAINT)
    drawing.text(left + span, height - 6, "their seconds less ours", anchor="end", colour=FAINT)
    return drawing.as_svg()


@dataclass(frozen=True, slots=True)
class NearBar:
    """How many calls of either side lasted so many whole seconds."""

    seconds: int
    ours: int
    theirs: int


def draw_near(bars: Sequence[NearBar], threshold_s: int) -> Markup:
    """Upright pairs of bars, ours and theirs, second by second, and where a threshold stands."""
    height, top, foot, left = 190.0, 22.0, 40.0, 50.0
    drawing = Drawing(_WIDTH, height, f"Calls that lasted about {threshold_s} s, ours and theirs")
    most = max(max(bar.ours, bar.theirs) for bar in bars) or 1
    span = _WIDTH - left - 10
    wide, floor = span / len(bars), height - foot
    drawing.line((left, floor), (left + span, floor))
    drawing.text(left - 6, top + 4, f"{most:,}", anchor="end", colour=FAINT)
    drawing.text(left - 6, floor + 4, "0", anchor="end", colour=FAINT)
    for index, bar in enumerate(bars):
        x = left + index * wide
        for shift, calls, colour in ((0.0, bar.ours, ACCENT), (0.5, bar.theirs, THEIRS)):
            tall = calls / most * (floor - top)
            drawing.rect(x + shift * wide, floor - tall, wide / 2 - 0.5, tall, colour)
        if bar.seconds % 10 == 0:
            drawing.text(x, floor + 14, f"{bar.seconds} s", anchor="middle", colour=FAINT)
        if bar.seconds == threshold_s:
            drawing.line((x - 0.5, top - 8), (x - 0.5, floor), BAD, 1.2)
    drawing.rect(left, height - 14, 9, 9, ACCENT)
    drawing.text(left + 14, height - 6, "ours", colour=FAINT)
    drawing.rect(left + 60, height - 14, 9, 9, THEIRS)
    drawing.text(left + 74, height - 6, "theirs", colour=FAINT)
    return drawing.as_svg()


@dataclass(frozen=True, slots=True)
class ClockDot:
    """By how many seconds a clock was ahead on a day, beyond its zone."""

    day: date
    ahead_s: float


def draw_clock(days: Sequence[ClockDot]) -> Markup:
    """A buyer's clock over the days: how far ahead it was, a dot a day."""
    height, top, foot, left = 170.0, 14.0, 28.0, 60.0
    drawing = Drawing(_WIDTH, height, "By how many seconds their clock was ahead, day by day")
    values = [day.ahead_s for day in days] or [0.0]
    low, high = _widen_s(min(values), max(values))
    floor, span = height - foot, _WIDTH - left - 10

    def place(index: int, ahead_s: float) -> tuple[float, float]:
        x = left + (index + 0.5) * span / max(len(days), 1)
        return x, floor - (ahead_s - low) / (high - low) * (floor - top)

    for value in (low, (low + high) / 2, high):
        _, y = place(0, value)
        drawing.line((left, y), (_WIDTH - 10, y))
        drawing.text(left - 6, y + 4, f"{value:+z.1f} s", anchor="end", colour=FAINT)
    every = max(1, len(days) // 8)
    spots = [place(index, day.ahead_s) for index, day in enumerate(days)]
    for before, after in pairwise(spots):
        drawing.line(before, after, QUIET, 1.5)
    for index, (day, spot) in enumerate(zip(days, spots, strict=True)):
        drawing.dot(*spot)
        if index % every == 0:
            name = f"{day.day.day} {day.day:%b}"
            drawing.text(spot[0], height - 8, name, anchor="middle", colour=FAINT)
    return drawing.as_svg()


def _label(drawing: Drawing, y: float, label: str, words: str, colour: str) -> None:
    drawing.text(_LEFT - 8, y + 12, label, anchor="end")
    drawing.text(_WIDTH, y + 12, words, anchor="end", colour=colour)


def _break(drawing: Drawing, x: float, y: float) -> None:
    """The mark that a bar doesn't begin at 0."""
    for off in (0, 4):
        drawing.line((x + off, y + _ROW - 8), (x + off + 4, y), "#ffffff", 1.6)


def _widen(low: int, high: int) -> tuple[float, float]:
    """An axis for running totals: the steps fill most of it, and what is left is never cut."""
    gap = high - low or abs(high) or 1
    begin = low - gap * 0.35
    return (begin if begin > 0 or low < 0 else 0.0), high + gap * 0.02


def _widen_s(low: float, high: float) -> tuple[float, float]:
    """An axis for seconds, at least one wide."""
    pad = max((high - low) * 0.1, 0.5)
    return low - pad, high + pad
