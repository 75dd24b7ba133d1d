"""Presets: what a TOML file of a system says, and which line is told when it is wrong."""

import pytest

from callrouter.adapters.buyer_files.presets import load_presets, read_preset
from callrouter.domain.errors import PolicyFileError
from callrouter.domain.tie_out.mapping import Field, LegRule

_TEN_LINES = """\
system = "Acme switch"
known_by = ["Began", "Caller", "Secs"]
legs = "legs"

[columns]
start = "Began"
caller = ["Caller", "CLI"]
total = "Secs"

[forms]
total = "seconds"
"""


def test_ten_lines_make_a_preset() -> None:
    preset = read_preset(_TEN_LINES, "acme.toml")
    assert (preset.name, preset.system, preset.legs) == ("acme", "Acme switch", LegRule.LEGS)
    assert preset.headings[Field.CALLER] == ("Caller", "CLI")
    assert preset.forms == {Field.TOTAL: "seconds"}
    assert preset.headless is None


def test_columns_of_a_file_without_headings_count_from_one_as_in_a_manual() -> None:
    text = """\
system = "Acme switch"
[headless]
widths = [4]
shapes = { 1 = "stamp", 3 = "whole" }
[headless.columns]
start = 1
call_id = [6, 4]
"""
    headless = read_preset(text, "acme.toml").headless
    assert headless is not None
    assert headless.places == {Field.START: (0,), Field.CALL_ID: (5, 3)}
    assert set(headless.shapes) == {0, 2}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[columns]", "[columns", "acme.toml:5: (file): isn't TOML"),
        ("legs =", "lags =", "acme.toml:3: lags: Extra inputs are not permitted"),
        ('"legs"', '"feet"', "acme.toml:3: legs: Input should be 'one_row'"),
        ('total = "Secs"', 'totl = "Secs"', "acme.toml:8: columns.totl"),
        ('system = "Acme switch"', "", "acme.toml:1: system: Field required"),
        ('"seconds"', '"epoch_s"', "acme.toml:11: forms.total: epoch_s isn't how that field can"),
        ('known_by = ["Began", "Caller", "Secs"]', "", "acme.toml:1: known_by: must name some"),
    ],
    ids=["no-toml", "unknown-key", "unknown-word", "unknown-field", "missing", "form", "known-by"],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, told: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read_preset(_TEN_LINES.replace(before, after), "acme.toml")
    assert told in str(refused.value)


def test_a_shape_must_be_a_regular_expression_of_a_column_that_can_be() -> None:
    text = """\
system = "Acme switch"
[headless]
widths = [4]
[headless.shapes]
0 = "stamp"
2 = "(4"
[headless.columns]
start = 1
"""
    with pytest.raises(PolicyFileError) as refused:
        read_preset(text, "acme.toml")
    told = [(problem.line, problem.key) for problem in refused.value.problems]
    assert told == [(5, "headless.shapes.0"), (6, "headless.shapes.2")]


def test_every_preset_that_is_there_can_be_read() -> None:
    presets = load_presets()
    assert len({preset.system for preset in presets}) == len(presets)
    for preset in presets:
        assert preset.traps, f"{preset.name} says nothing of what catches people out"
