"""What a file can't tell is asked at a terminal, until it is told."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from callrouter.cli.tie_out_options import read_told
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.mapping import Field, TimeForm
from callrouter.workflows.read_buyer_file import Clues, Told

EITHER_ORDER = (
    "Call ID,Start,Caller ID,Duration\r\n"
    "A-1,03/04/2026 10:00:00,4155550101,1:00\r\nA-2,05/06/2026 10:00:00,4155550102,1:10\r\n"
)
TWO_LENGTHS = (
    "Start,Caller,Duration,Call Length\r\n"
    "2026-10-01 09:00:04,4155550101,20,24\r\n2026-10-01 09:05:24,4155550102,70,75\r\n"
)
UNHEADED = (
    "When,Caller,Talk\r\n"
    "day 1 at 9:00,4155550101,20\r\n1 Oct at 9,4155550102,70\r\n"
    "2026-10-01 09:05:24,4155550103,75\r\n"
)
"""The starts are of three kinds: none shows that the column holds them."""


class TypedAt(io.StringIO):
    """What is typed at a terminal."""

    def isatty(self) -> bool:
        return True


def ask(folder: Path, text: str, typed: str, monkeypatch: pytest.MonkeyPatch) -> Told:
    path = folder / "odd.csv"
    path.write_text(text, newline="")
    monkeypatch.setattr(sys, "stdin", TypedAt(typed))
    file, told = read_told(path, Told(), Clues())
    assert file.stamps.null_count() == 0
    return told


def test_the_order_of_day_and_month_is_asked_until_it_is_one_of_the_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ask(tmp_path, EITHER_ORDER, "either\nday-first\n", monkeypatch)

    assert told == Told(dates=TimeForm.DAY_FIRST)
    assert "dates (day-first, month-first)" in capsys.readouterr().err


def test_which_of_two_durations_is_the_total_is_asked_by_its_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ask(tmp_path, TWO_LENGTHS, "9\n4\n", monkeypatch)

    assert told == Told(columns={Field.TOTAL: 3})
    said = capsys.readouterr().err
    assert "total column, from 1" in said
    assert "9 is not in the range 1<=x<=4" in said


def test_a_script_is_told_by_which_option_it_answers(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(TWO_LENGTHS, newline="")

    with pytest.raises(RefusedError, match="--column total=3 or --column total=4"):
        read_told(path, Told(), Clues())


def test_which_column_is_the_start_is_asked_until_it_is_a_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(UNHEADED, newline="")
    monkeypatch.setattr(sys, "stdin", TypedAt("when\n4\n1\n"))
    file, told = read_told(path, Told(), Clues())

    assert told == Told(columns={Field.START: 0})
    assert file.stamps.null_count() == 2
    said = capsys.readouterr().err
    assert "odd.csv:1: Which column is the start of a call? None shows it." in said
    assert "'when' is not a valid integer" in said
    assert "4 is not in the range 1<=x<=3" in said


def test_what_may_hide_the_start_is_said_with_the_question(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = '"2026-10-01 10:00:00\n,4155550101\n' * 2
    path.write_text(f"Start,Caller\n{rows}", newline="")

    with pytest.raises(RefusedError) as refused:
        read_told(path, Told(), Clues())

    assert "Of 2 rows that can't be read the first is line 2: has a quote that" in str(
        refused.value
    )


def test_nothing_is_asked_of_a_sheet_of_sums_beside_the_calls(tmp_path: Path) -> None:
    path = tmp_path / "october.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("calls.csv", "Start,Caller,Talk\n2026-10-01 09:00:04,4155550101,20\n")
        packed.writestr("by agent.csv", "Agent,Calls\nAnn,1\n")
    file, told = read_told(path, Told(), Clues())

    assert (file.records, told) == (1, Told())
    assert [str(each) for each in file.problems] == [
        "by agent.csv, line 1: left aside: 1 row without a column that tells when a call began"
    ]
