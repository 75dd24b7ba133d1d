"""The pictures: bars of the right length in the right place, whatever the figures."""

from datetime import date
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
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
from callrouter.adapters.documents.drawing import ACCENT, BAD, GOOD, QUIET, THEIRS

_SVG = "{http://www.w3.org/2000/svg}"


def is_legend(shape: ElementTree.Element) -> bool:
    """Whether it is the small square beside a word that explains a colour."""
    return shape.get("width") == shape.get("height") == "9.0"


def rects(picture: Markup, colour: str) -> list[tuple[float, float]]:
    """Where each rectangle of a colour begins, and how wide it is; legends left out."""
    return [
        (float(each.get("x", "")), float(each.get("width", "")))
        for each in ElementTree.fromstring(picture).iter(f"{_SVG}rect")  # noqa: S314 - our own
        if each.get("fill") == colour and not is_legend(each)
    ]


def heights(picture: Markup, colour: str) -> list[float]:
    return [
        float(each.get("height", ""))
        for each in ElementTree.fromstring(picture).iter(f"{_SVG}rect")  # noqa: S314 - our own
        if each.get("fill") == colour and not is_legend(each)
    ]


def step(label: str, micros: int) -> WaterfallStep:
    return WaterfallStep(label, micros, str(micros))


amounts = st.integers(-10_000, 10_000)


@given(start=st.integers(0, 100_000), moves=st.lists(amounts, max_size=6))
def test_each_step_of_a_waterfall_begins_where_the_one_before_ended(
    start: int, moves: list[int]
) -> None:
    end = start + sum(moves)
    steps = [step(str(i), micros) for i, micros in enumerate(moves)]
    picture = draw_waterfall(step("ours", start), steps, step("theirs", end))
    (first, last) = rects(picture, ACCENT)
    place = first[0] + first[1]
    bars = iter([*rects(picture, BAD), *rects(picture, GOOD), *rects(picture, QUIET)])
    assert len(list(bars)) == len(moves)
    root = ElementTree.fromstring(picture)  # noqa: S314 - our own
    shapes = [each for each in root.iter(f"{_SVG}rect") if each.get("fill") != ACCENT]
    for each, micros in zip(shapes, moves, strict=True):
        left, width = float(each.get("x", "")), float(each.get("width", ""))
        assert abs((left + width if micros < 0 else left) - place) <= 1.7
        place = left if micros < 0 else left + width * (micros > 0)
    assert abs(last[0] + last[1] - place) <= 1.7 * (len(moves) + 1)


def test_a_step_down_is_bad_and_a_step_up_is_good() -> None:
    picture = draw_waterfall(step("o", 100), [step("a", -30), step("b", 10)], step("t", 80))
    assert len(rects(picture, BAD)) == len(rects(picture, GOOD)) == 1


def test_a_total_below_nothing_is_drawn_as_well() -> None:
    picture = draw_waterfall(step("o", 10), [step("a", -30)], step("t", -20))
    assert len(rects(picture, ACCENT)) == 2


def test_text_of_strangers_is_text_in_a_picture() -> None:
    picture = draw_waterfall(step("<b>o</b>", 1), [], step("t", 1))
    assert "<b>" not in picture
    assert "&lt;b&gt;o&lt;/b&gt;" in picture


def test_bars_are_as_tall_as_there_are_calls() -> None:
    picture = draw_gaps([GapBar("-1", 10, 0), GapBar("0", 40, 0), GapBar("+1", 0, 20)])
    quiet, bad = heights(picture, QUIET), heights(picture, BAD)
    assert [round(4 * each / quiet[1], 2) for each in quiet] == [1, 4, 0]
    assert round(bad[2] / quiet[1], 2) == 0.5


def test_no_call_at_all_makes_a_picture_without_bars() -> None:
    assert set(heights(draw_gaps([GapBar("0", 0, 0)]), QUIET)) == {0}
    assert rects(draw_gaps([]), QUIET) == []


def test_both_sides_stand_beside_each_other_around_a_threshold() -> None:
    picture = draw_near([NearBar(119, 5, 40), NearBar(120, 20, 10)], 120)
    assert [round(each / heights(picture, THEIRS)[0], 3) for each in heights(picture, ACCENT)] == [
        0.125,
        0.5,
    ]


def test_a_clock_that_drifts_rises_from_day_to_day() -> None:
    days = [ClockDot(date(2026, 10, day), 30 + day) for day in range(1, 32)]
    root = ElementTree.fromstring(draw_clock(days))  # noqa: S314 - our own
    spots = [float(each.get("cy", "")) for each in root.iter(f"{_SVG}circle")]
    assert spots == sorted(spots, reverse=True)
    assert len(spots) == 31
    assert list(ElementTree.fromstring(draw_clock([])).iter(f"{_SVG}circle")) == []  # noqa: S314 - our own


def test_a_clock_that_is_right_is_not_said_to_be_less_than_nothing_ahead() -> None:
    svg = draw_clock([ClockDot(date(2026, 10, 1), -0.0001)])

    assert "+0.0 s" in svg
    assert "-0.0 s" not in svg
