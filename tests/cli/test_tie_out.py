"""`callrouter tie-out`: a file in, the classes on the terminal, the report in a folder."""

import csv
import html
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from callrouter.adapters.storage.engine import open_database
from callrouter.workflows.apply_terms import apply_terms
from tests.accounts import open_accounts
from tests.buyer_files import Call, charge_calls, keep_calls, list_calls, write_file
from tests.cli.terminal import Terminal, rows
from tests.switchboards import SELLER, T0

TERMS = """\
buyer = "acme"
zone = "America/New_York"
currency = "USD"
[[terms]]
from = 2026-01-01
bands = [{ after_s = 90, price = "75.00" }]
"""


def longer(call: Call) -> Call:
    """Every tenth call lasts three seconds longer by their records; of one that is 91 for 89."""
    by_s = 2 if call.number == 107 else 3 if call.number % 10 == 5 else 0
    return replace(call, connected_s=call.connected_s + by_s)


def fill(terminal: Terminal, folder: Path) -> None:
    """A seller with acme's October, and the file that acme sent of it in the folder."""
    database = open_database(terminal.environ["DATABASE_URL"])
    open_accounts(database)
    apply_terms(database, SELLER.seller_id, TERMS, "t.toml", author="ann", note="", at=T0)
    calls = list_calls()
    keep_calls(database, calls)
    charge_calls(database, calls, 75_000_000, from_s=90)
    database.dispose()
    write_file(folder / "buyer.csv", calls[1:], change=longer)
    (folder / "acme.toml").write_text(TERMS)


@pytest.fixture
def october(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """At a seller with acme's October, in the folder with acme's file."""
    monkeypatch.chdir(tmp_path)
    fill(terminal, tmp_path)
    return terminal


def read_classes(said: str) -> dict[str, list[str]]:
    """The table of classes that a command printed: our calls, their rows, seconds, money."""
    return {line[0]: line[1:] for line in rows(said[said.index("class  ") :])}


RUN = ("tie-out", "buyer.csv", "--buyer", "acme")


def test_a_period_is_tied_out_again_from_the_kept_file(october: Terminal, tmp_path: Path) -> None:
    first = october.ok(*RUN)
    (tmp_path / "buyer.csv").unlink()

    again = october.ok("tie-out", "again", "1", "--out", "again")

    assert "it supersedes tie-out 1" in again
    assert read_classes(again) == read_classes(first)
    assert (tmp_path / "again" / "report.html").exists()
    assert json.loads(october.ok("tie-out", "again", "2", "--json"))["number"] == 3
    assert "no tie-out 9" in october.refused("tie-out", "again", "9")


def test_the_line_of_the_manual_works_as_it_stands(
    any_terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(any_terminal, tmp_path)

    said = any_terminal.ok("tie-out", "buyer.csv", "--buyer", "acme", "--period", "2026-10")

    assert "tie-out 1 with acme, 2026-10-01 to 2026-10-31 (America/New_York)" in said
    assert "their clock: America/Chicago, " in said
    assert "compared: our connected time with their total time" in said
    assert read_classes(said)["Ours only"][:2] == ["1", "0"]
    assert read_classes(said)["All"][:2] == ["60", "59"]
    folder = tmp_path / "tie-out-acme-2026-10-01"
    with (folder / "differences.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert {row["class"] for row in written} >= {"same_money", "ours_only", "across_threshold"}
    totals = json.loads((folder / "totals.json").read_text())
    assert totals["totals"]["whole"]["our_calls"] == 60


def test_the_report_tells_the_same_on_the_page_and_in_the_workbook(
    october: Terminal, tmp_path: Path
) -> None:
    october.ok(*RUN)

    folder = tmp_path / "tie-out-acme-2026-10-01"
    page = (folder / "report.html").read_text("utf-8")
    book = CalamineWorkbook.from_path(folder / "differences.xlsx")
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    cells = {str(cell) for sheet in sheets for row in sheet for cell in row}
    with (folder / "differences.csv").open(newline="") as file:
        differences = list(csv.DictReader(file))
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    assert len(differences) == 8
    for row in differences:
        assert {row["why"], row["call_id"]} <= cells
        assert html.escape(row["why"], quote=False) in page


def test_the_period_is_guessed_and_said(october: Terminal) -> None:
    said = october.ok(*RUN)

    assert "the period is guessed: 59 of 59 calls in the file are of it" in said
    assert "buyer.csv: 59 records, read: call_id = Call ID, start = Start Time" in said


def test_the_same_file_again_changes_nothing_and_says_so(october: Terminal) -> None:
    october.ok(*RUN)

    assert "tied out before, as tie-out 1: nothing was changed" in october.ok(*RUN)
    assert "it supersedes tie-out 1" in october.ok(*RUN, "--again")
    listed = json.loads(october.ok("tie-out", "list", "--buyer", "acme", "--json"))
    assert [(each["number"], each["supersedes"]) for each in listed] == [(2, 1), (1, None)]
    assert len(rows(october.ok("tie-out", "list"))) == 2


def test_what_was_kept_is_shown_and_its_lines_are_printed(october: Terminal) -> None:
    said = october.ok(*RUN)

    assert read_classes(october.ok("tie-out", "show", "1")) == read_classes(said)
    shown = json.loads(october.ok("tie-out", "show", "1", "--json"))
    assert (shown["number"], shown["clock"]["zone"]) == (1, "America/Chicago")
    across = october.ok("tie-out", "lines", "1", "--class", "across_threshold", "--csv")
    [line] = csv.DictReader(across.splitlines())
    assert (line["call_id"], line["their_call_ids"]) == ("CAacme107", "A-107")
    assert (line["our_amount"], line["their_amount"]) == ("0.00", "75.00")
    every = october.ok("tie-out", "lines", "1", "--json").splitlines()
    assert len([json.loads(each) for each in every]) == 60
    assert "ours_only" in october.ok("tie-out", "lines", "1", "--class", "ours_only")


def test_a_tie_out_that_is_not_there_is_told(october: Terminal) -> None:
    for command in ("show", "lines"):
        assert "there is no tie-out 7" in october.refused("tie-out", command, "7")


def test_a_file_may_be_looked_at_before_anything_is_kept(october: Terminal) -> None:
    said = october.ok("tie-out", "file", "buyer.csv")

    assert "59 records, 0 rows or cells can't be read" in said
    [[_, column, heading, *_]] = [row for row in rows(said) if row[0] == "start"]
    assert (column, heading) == ("2", "Start Time")
    assert "nothing was tied out yet" in october.ok("tie-out", "list")
    assert json.loads(october.ok("tie-out", "file", "buyer.csv", "--json"))[0]["rows"] == 59


def test_what_cannot_be_read_is_told_with_file_and_line(october: Terminal, tmp_path: Path) -> None:
    with (tmp_path / "buyer.csv").open("a") as file:
        file.write("A-999,sometime in October,(415) 555-0999,1:00\r\n")

    assert "buyer.csv: line 61: " in october.ok("tie-out", "file", "buyer.csv")
    assert "buyer.csv: line 61: " in october.ok(*RUN)


AMBIGUOUS = (
    "Call ID,Start,Caller ID,Duration\r\n"
    "A-1,03/04/2026 10:00:00,4155550101,1:00\r\nA-2,05/06/2026 10:00:00,4155550102,1:10\r\n"
)


def test_an_order_of_day_and_month_that_nothing_tells_is_asked_for(
    october: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "odd.csv").write_text(AMBIGUOUS, newline="")

    refused = october.refused("tie-out", "odd.csv", "--buyer", "acme")

    assert "--dates day-first or --dates month-first" in refused
    assert "to be told: " in october.ok("tie-out", "file", "odd.csv")
    assert "day first" in october.ok("tie-out", "file", "odd.csv", "--dates", "day-first")


def test_a_file_without_a_time_is_refused(october: Terminal, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("Caller,Duration\r\n4155550101,60\r\n", newline="")

    refused = october.refused("tie-out", "odd.csv", "--buyer", "acme")

    assert "odd.csv:1: Which column is the start of a call?" in refused
    assert "--column start=N" in refused


def test_a_mapping_is_remembered_once_it_is_confirmed_and_may_be_forgotten(
    october: Terminal,
) -> None:
    assert "nothing is remembered yet" in october.ok(
        "tie-out", "mapping", "show", "--buyer", "acme"
    )
    told = ("--column", "agent=1", "--column", "call-id=1")

    october.ok("tie-out", "mapping", "confirm", "buyer.csv", "--buyer", "acme", *told)

    shown = october.ok("tie-out", "mapping", "show", "--buyer", "acme")
    assert "version 1, " in shown
    assert "told by a person" in shown
    october.ok("tie-out", "mapping", "forget", "--buyer", "acme")
    assert "was forgotten" in october.ok("tie-out", "mapping", "show", "--buyer", "acme")
    forget = october.ok("tie-out", "mapping", "forget", "--buyer", "acme")
    assert "nothing was remembered" in forget


def test_what_a_person_said_of_a_file_is_remembered(october: Terminal) -> None:
    october.ok(*RUN, "--zone", "America/Chicago")

    versions = json.loads(october.ok("tie-out", "mapping", "show", "--buyer", "acme", "--json"))
    assert [each["mapping"]["zone"] for each in versions] == ["America/Chicago"]


def test_two_files_are_tied_out_without_any_database(
    october: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    october.ok("calls", "export", "-o", "ours.csv")
    kept = read_classes(october.ok(*RUN))
    october.environ.clear()

    said = october.ok(
        "tie-out", "buyer.csv", "--ours", "ours.csv", "--terms", "acme.toml", "--out", "report"
    )

    assert read_classes(said) == kept
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "differences.csv",
        "differences.xlsx",
        "report.html",
        "report.pdf",
        "totals.json",
    ]
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "buyer.csv" in page
    assert "<h1>Tie-out with acme, " in page
    assert "<p>times are of America/New_York" in page
    assert "(415) 555-0107" in page or "+14155550107" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["buyer.csv"], "Name the buyer with --buyer", id="nobody's"),
        pytest.param(["buyer.csv", "--buyer", "a", "--terms", "acme.toml"], "goes with --ours",
                     id="terms without calls"),
        pytest.param(["buyer.csv", "--column", "begin=3"], "'begin' is no field", id="no field"),
        pytest.param(["buyer.csv", "--column", "start=0"], "write it like start=3", id="no column"),
    ],
)  # fmt: skip
def test_what_is_wrongly_typed_is_told(october: Terminal, words: list[str], message: str) -> None:
    assert message in october.refused("tie-out", *words, code=2)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["no.csv", "--buyer", "acme"], id="theirs"),
        pytest.param(["buyer.csv", "--ours", "no.csv"], id="ours"),
        pytest.param(["buyer.csv", "--ours", "ours.csv", "--terms", "no.csv"], id="terms"),
        pytest.param(["file", "no.csv"], id="only looked at"),
    ],
)
def test_a_file_that_is_not_there_is_told(october: Terminal, words: list[str]) -> None:
    assert "no.csv" in october.refused("tie-out", *words)


@pytest.mark.uncounted
def test_other_commands_never_import_what_only_a_tie_out_needs() -> None:
    look = (
        "import sys; from callrouter.cli.commands import cli;"
        "cli.main(['calls', 'list', '--help'], standalone_mode=False);"
        "sys.exit(bool({'polars', 'scipy'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", look], capture_output=True).returncode == 0


@pytest.mark.parametrize("form", ["plain", "retreaver"])
def test_what_is_written_for_others_agrees_with_us_when_it_comes_back(
    october: Terminal, tmp_path: Path, form: str
) -> None:
    october.ok("calls", "export", "--as", form, "--buyer", "acme", "-o", "theirs.csv")
    said = october.ok("tie-out", "theirs.csv", "--buyer", "acme")
    classes = read_classes(said)
    assert classes["All"][:2] == classes["Agree"][:2]
    assert "their clock: UTC" in said
    assert "as well fit" not in said


def test_what_a_buyer_writes_into_a_cell_does_nothing_in_a_spreadsheet_or_on_a_terminal(
    october: Terminal, tmp_path: Path
) -> None:
    text = (tmp_path / "buyer.csv").read_text().replace("A-107,", "=1+1,")
    (tmp_path / "buyer.csv").write_text(text.replace("A-115,", "\x1b[31mred,"))

    october.ok(*RUN)

    written = (tmp_path / "tie-out-acme-2026-10-01" / "differences.csv").read_text()
    assert ",'=1+1," in written
    assert ",�[31mred," in written
    assert "\x1b" not in written
