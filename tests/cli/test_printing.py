import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from rich.console import Console

from callrouter.cli.options import INSTANT
from callrouter.cli.printing import align, as_json, make_visible, print_json, print_table


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    at: datetime
    colour: Colour
    parts: tuple[int, ...]
    names: dict[str, float | None]


def test_a_value_is_json_by_its_fields() -> None:
    thing = Thing(datetime(2026, 11, 21, 15, 4, 5, 120_400, UTC), Colour.RED, (1, 2), {"a": None})
    assert json.dumps(as_json(thing)) == (
        '{"at": "2026-11-21T15:04:05.120Z", "colour": "red", "parts": [1, 2], "names": {"a": null}}'
    )


def test_a_day_and_a_time_on_the_wall_are_json_without_a_zone() -> None:
    assert as_json((date(2026, 12, 25), datetime(2026, 12, 25, 8))) == [  # noqa: DTZ001 - on the wall
        "2026-12-25",
        "2026-12-25T08:00:00",
    ]


def test_what_has_no_place_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no place in JSON"):
        as_json({1, 2})


def test_json_is_indented(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1]})
    assert capsys.readouterr().out == '{\n  "a": [\n    1\n  ]\n}\n'


def test_columns_of_figures_stand_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("a", "9.5", ""), ("bb", "120.25", "7")]
    print_table(("name", "total_s", "n"), rows, empty="nothing")
    assert capsys.readouterr().out.splitlines() == [
        "name  total_s  n",
        "a         9.5",
        "bb     120.25  7",
    ]


def test_no_rows_are_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name",), [], empty="there is nothing")
    assert capsys.readouterr().out == "there is nothing\n"


def test_on_a_terminal_a_table_keeps_every_character(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(force_terminal=True, width=30, no_color=True)
    rows = [("acme-east-with-a-long-name", "[bold]not markup[/bold]")]
    print_table(("name", "note"), rows, empty="", console=console)
    shown = "".join(capsys.readouterr().out.split())
    assert "\x1b[1m" in shown
    for word in ("acme-east", "[bold]"):
        assert word in shown


def test_lines_are_aligned_without_trailing_spaces() -> None:
    assert align([("a", "b"), ("ccc", "")]) == ["a    b", "ccc"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("José +1 (415)", "José +1 (415)", id="people's-text"),
        pytest.param("\x1b[2J", "\\x1b[2J", id="escape"),
        pytest.param("a\r\nb\tc\x00", "a\\x0d\\x0ab\\x09c\\x00", id="control"),
        pytest.param("\u202egnp.exe", "\\x202egnp.exe", id="right-to-left"),
    ],
)
def test_what_would_steer_a_terminal_is_spelt_out(text: str, shown: str) -> None:
    assert make_visible(text) == shown


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        pytest.param("2026-11-21", "2026-11-21T00:00:00+00:00", id="a-day"),
        pytest.param("2026-11-21T15:04", "2026-11-21T15:04:00+00:00", id="without-a-zone"),
        pytest.param("2026-11-21T15:04:05Z", "2026-11-21T15:04:05+00:00", id="utc"),
        pytest.param("2026-11-21T10:04:05-05:00", "2026-11-21T15:04:05+00:00", id="an-offset"),
    ],
)
def test_an_instant_is_utc_unless_it_says_otherwise(typed: str, at: str) -> None:
    instant = INSTANT.convert(typed, None, None)
    assert instant.isoformat() == at
    assert INSTANT.convert(instant, None, None) == instant
