import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.clocks.time_spans import read_span, say_span, write_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("30d", 2_592_000),
        ("4w", 2_419_200),
        ("36525d", 3_155_760_000),
        ("999999999s", 999_999_999),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert read_span(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "d",
        "0d",
        "-1d",
        "1.5h",
        "1 h",
        "1H",
        "1h30m",
        "٣d",
        "1000000000s",
        "1d\n",
        "36526d",
    ],
)
def test_nothing_else_is_a_span(text: str) -> None:
    assert read_span(text) is None


@given(st.integers(1, 10**9 - 1))
def test_what_is_written_is_read_as_the_same(seconds: int) -> None:
    assert read_span(write_span(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0s"), (90, "90s"), (900, "15m"), (7200, "2h"), (172_800, "2d")]
)
def test_it_is_written_in_the_largest_unit(seconds: int, written: str) -> None:
    assert write_span(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 seconds"),
        (0.4, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (7199, "1 hour"),
        (86_400 * 12.9, "12 days"),
    ],
)
def test_it_is_said_in_one_unit_rounded_down(seconds: float, said: str) -> None:
    assert say_span(seconds) == said
