import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.clocks.hours import ALL_WEEK, Window

NOON, EVENING, MIDNIGHT, NIGHT = 720, 1080, 1440, 240
MON, TUE, SUN = 0, 1, 6


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(Window(MON, 480, NOON), Window(MON, 719, EVENING), True, id="a minute"),
        pytest.param(Window(MON, 480, NOON), Window(MON, NOON, EVENING), False, id="adjacent"),
        pytest.param(Window(MON, 480, NOON), Window(TUE, 480, NOON), False, id="other days"),
        pytest.param(Window(MON, 0, MIDNIGHT), Window(MON, 600, 660), True, id="one in the other"),
        pytest.param(Window(MON, EVENING, NIGHT), Window(TUE, 239, NOON), True, id="overnight"),
        pytest.param(Window(MON, EVENING, NIGHT), Window(TUE, 240, NOON), False, id="the morning"),
        pytest.param(Window(SUN, EVENING, NIGHT), Window(MON, 0, 60), True, id="Sunday night"),
    ],
)
def test_windows_overlap_when_they_share_a_minute_of_the_week(
    one: Window, other: Window, expected: bool
) -> None:
    assert one.overlaps(other) is expected
    assert other.overlaps(one) is expected


_WINDOWS = st.builds(Window, st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1440))


def minutes_of(window: Window) -> set[int]:
    begins = window.weekday * 1440 + window.start_min
    return {(begins + minute) % 10_080 for minute in range(window.length_min)}


@given(_WINDOWS, _WINDOWS)
def test_overlapping_is_having_a_minute_in_common(one: Window, other: Window) -> None:
    assert one.overlaps(other) is bool(minutes_of(one) & minutes_of(other))


def test_the_whole_week_is_every_minute_once() -> None:
    assert sum(window.length_min for window in ALL_WEEK) == 7 * 24 * 60
    assert set().union(*map(minutes_of, ALL_WEEK)) == set(range(7 * 24 * 60))
