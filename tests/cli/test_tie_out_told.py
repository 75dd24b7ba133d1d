"""What a file can't tell is asked at a terminal, until it is told."""

import io
import sys
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


class TypedAt(io.StringIO):
    """What is typed at a terminal."""

    def isatty(self) -> bool:
        return True


def ask(folder: Path, text: str, typed: str, monkeypatch: pytest.MonkeyPatch) -> Told:
    path = folder / "odd.csv"
    path.write_text(text, newline="")
    monkeypatch.setattr(sys, "stdin", TypedAt(typed))
    file, told = read_told(path, Told(), Clues())
    assert file.rows["stamp_ms"].null_count() == 0
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
