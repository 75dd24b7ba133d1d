"""The pictures of one tie-out's report, from its totals."""

from collections.abc import Iterator

from markupsafe import Markup

from callrouter.adapters.documents.charts import (
    ClockDot,
    GapBar,
    NearBar,
    WaterfallStep,
    draw_clock,
    draw_gaps,
    draw_near,
    draw_waterfall,
)
from callrouter.adapters.documents.wording import say_money
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.report import CLASS_WORDS, TieOutReport
from callrouter.domain.tie_out.totals import GapCount, Step

_WIDEST_S = 12
"""Differences of more seconds stand together at either end: what matters is near 0."""


def picture_money(report: TieOutReport) -> Markup:
    """From our total to theirs."""
    whole = report.totals.whole
    return draw_waterfall(
        WaterfallStep("Ours", whole.our_micros, say_money(whole.our_micros)),
        [
            WaterfallStep(_say_step(step), step.micros, _say_signed(step.micros))
            for step in report.totals.steps
        ],
        WaterfallStep("Theirs", whole.their_micros, say_money(whole.their_micros)),
    )


def picture_gaps(report: TieOutReport) -> Markup:
    """Pairs by their difference in seconds; "" where there are none."""
    counted = report.totals.gaps
    return (
        draw_gaps([_count_gap(counted, gap_s) for gap_s in _list_gaps()]) if counted else Markup("")
    )


def picture_thresholds(report: TieOutReport) -> Iterator[tuple[int, Markup]]:
    """Each threshold of the terms near which calls ended, with its picture."""
    near = report.totals.near
    for threshold_s in sorted({each.threshold_s for each in near}):
        bars = [
            NearBar(each.seconds, each.ours, each.theirs)
            for each in near
            if each.threshold_s == threshold_s
        ]
        if any(bar.ours or bar.theirs for bar in bars):
            yield threshold_s, draw_near(bars, threshold_s)


def picture_clock(report: TieOutReport) -> Markup:
    """The buyer's clock over the days; "" where none was found."""
    dots = [ClockDot(day.day, day.ahead_ms / 1000) for day in report.clock_days]
    return draw_clock(dots) if dots else Markup("")


def _list_gaps() -> range:
    return range(-_WIDEST_S, _WIDEST_S + 1)


def _count_gap(counted: tuple[GapCount, ...], gap_s: int) -> GapBar:
    """One bar; the first and the last stand for all that is beyond them, too."""
    some = [each for each in counted if _clip(each.gap_s) == gap_s]
    across = sum(each.across for each in some)
    label = f"{gap_s:+d}" if gap_s else "0"
    if abs(gap_s) == _WIDEST_S:
        label = f"{'≤' if gap_s < 0 else '≥'}{label}"
    return GapBar(label, sum(each.pairs for each in some) - across, across)


def _clip(gap_s: int) -> int:
    return max(-_WIDEST_S, min(_WIDEST_S, gap_s))


def _say_step(step: Step) -> str:
    name = CLASS_WORDS[step.difference]
    if step.difference is DifferenceClass.ACROSS_THRESHOLD:
        name = f"Threshold, they pay {'less' if step.micros < 0 else 'more'}"
    return f"{name} ({step.lines:,})"


def _say_signed(micros: int) -> str:
    return f"{'+' if micros > 0 else ''}{say_money(micros)}"
