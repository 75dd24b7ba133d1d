"""Lines through the errors of a clock."""

import numpy as np
import pytest

from callrouter.domain.tie_out.clock_lines import Line, fit_line, follow_lines, line_at

DAY_MS = 86_400_000
AT = np.arange(0, 30 * DAY_MS, DAY_MS // 4)
JITTER = np.resize([-1_500, 1_500, 0, 900, -900], AT.size)


def test_a_slope_is_found_although_some_points_are_far_off() -> None:
    errors = 37_000 + 1_730 * AT // DAY_MS + JITTER
    errors[::9] += 40_000
    line = fit_line(AT, errors)
    assert line.per_ms * DAY_MS == pytest.approx(1_730, abs=60)
    assert line.error_ms == pytest.approx(37_000, abs=900)


def test_what_may_be_chance_is_no_slope() -> None:
    line = fit_line(AT, 37_000 + JITTER)
    assert (line.per_ms, round(line.error_ms)) == (0, 37_000)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_points_have_a_level_only(count: int) -> None:
    assert fit_line(AT[:count], np.array([0, 1_000])[:count]).per_ms == 0


def test_points_at_one_instant_have_a_level_only() -> None:
    assert fit_line(np.zeros(5, np.int64), np.full(5, 700)) == Line(0, 700, 0)


def test_the_last_line_that_has_begun_holds_and_the_first_before_all() -> None:
    lines = (Line(10, 1_000, 0), Line(20, 2_000, 1), Line(20, 3_000, 0))
    assert follow_lines(lines, np.array([0, 15, 25])).tolist() == [1_000, 1_000, 3_000]
    assert [line_at(lines, at).error_ms for at in (0, 15, 25)] == [1_000, 1_000, 3_000]
