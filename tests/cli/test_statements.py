"""`callrouter statement`, typed."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.domain.billing.ledger import EntryKind
from callrouter.workflows.export_statement import COLUMNS
from tests.cli.terminal import Terminal, rows
from tests.goldens import check_golden
from tests.workflows.accounts import MONDAY, RADIO, WEEK, agree, book, charge, other

GOLDENS = Path(__file__).parent / "goldens"
CLOSED_AT = MONDAY + WEEK + timedelta(hours=7)


@pytest.fixture
def billed(seller_terminal: Terminal) -> Terminal:
    """A week of the buyer acme, over but not closed: three calls, a payment and a credit."""
    database = open_database(seller_terminal.environ["DATABASE_URL"])
    agree(database)
    foreign = other(EntryKind.CREDIT, -12.5, MONDAY + timedelta(days=3), "=HYPERLINK(1); Доля")
    book(
        database,
        [
            charge(1, MONDAY + timedelta(hours=9)),
            charge(2, MONDAY + timedelta(hours=10), 0, connected_s=119.6),
            charge(3, MONDAY + timedelta(days=2), 50, destination="acme-west"),
            other(EntryKind.PAYMENT, -40, MONDAY + timedelta(days=2), "wire 4711"),
            foreign,
        ],
        MONDAY + timedelta(days=3),
    )
    database.dispose()
    seller_terminal.clock.at = CLOSED_AT
    return seller_terminal


@pytest.fixture
def closed(billed: Terminal) -> Terminal:
    """The same, closed."""
    billed.ok("statement", "close", "--buyer", "acme", "--author", "ann")
    return billed


def test_a_statement_is_drafted_closed_listed_and_shown(billed: Terminal) -> None:
    assert billed.ok("statement", "list") == "no statement is closed\n"
    draft = billed.ok("statement", "draft", "--buyer", "acme")
    assert draft.startswith("draft of a statement of buyer acme\n")
    assert billed.ok("statement", "close", "--buyer", "acme", "--author", "ann") == (
        "acme-2026-0001: 5 entries, 112.50 USD, due 2026-12-08\n"
    )
    assert rows(billed.ok("statement", "list", "--buyer", "acme")) == [
        ["acme-2026-0001", "buyer acme", "2026-11-16", "2026-11-22", "2026-12-08",
         "5", "112.50", "-40.00", "72.50", "USD"]
    ]  # fmt: skip
    check_golden(GOLDENS / "statement_show.txt", billed.ok("statement", "show", "acme-2026-0001"))


def test_the_csv_of_a_statement_matches_its_golden(closed: Terminal) -> None:
    """Formulas are escaped, amounts and numbers aren't; both durations and every reason are in."""
    text = closed.run("statement", "export", "acme-2026-0001").stdout_bytes.decode()

    check_golden(GOLDENS / "statement_csv.txt", text.replace("\r\n", "\n"))
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(lines[0]) == COLUMNS
    assert text.count("\r\n") == 6
    assert lines[4]["reason"] == "'=HYPERLINK(1); Доля"
    assert [line["amount"] for line in lines] == ["75.00", "0.00", "50.00", "-40.00", "-12.50"]
    assert (lines[1]["total_s"], lines[1]["connected_s"]) == ("140.050", "119.600")


def test_the_csv_stays_the_same_to_the_byte(closed: Terminal, tmp_path: Path) -> None:
    sent = tmp_path / "sent.csv"
    said = closed.run("statement", "export", "acme-2026-0001", "-o", str(sent))
    assert said.stderr == f"5 entries written to {sent}\n"
    database = open_database(closed.environ["DATABASE_URL"])
    agree(database, zone="Asia/Kathmandu", version=2)
    book(database, [charge(9, MONDAY)], CLOSED_AT)
    database.dispose()
    closed.clock.at += WEEK

    again = closed.run("statement", "export", "acme-2026-0001").stdout_bytes
    assert again == sent.read_bytes()
    verified = closed.ok("statement", "verify", "acme-2026-0001", str(sent))
    assert verified.splitlines()[0] == "acme-2026-0001: 5 entries, 112.50 USD"
    assert verified.splitlines()[-1] == f"it is what its entries say, and {sent} is its CSV"


def test_a_file_that_was_changed_is_found(closed: Terminal, tmp_path: Path) -> None:
    sent = tmp_path / "sent.csv"
    closed.ok("statement", "export", "acme-2026-0001", "-o", str(sent))
    sent.write_bytes(sent.read_bytes().replace(b"75.00", b"70.00"))

    result = closed.run("statement", "verify", "acme-2026-0001", str(sent), "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["problems"] == [
        f"{sent} isn't the CSV of this statement, byte for byte"
    ]
    assert result.stderr == "Error: acme-2026-0001 has 1 problem\n"
    missing = closed.refused("statement", "verify", "acme-2026-0001", str(tmp_path / "no.csv"))
    assert missing.endswith("can't be read: No such file or directory\n")


def test_json_has_amounts_as_text_and_durations_as_seconds(closed: Terminal) -> None:
    shown = json.loads(closed.ok("statement", "show", "acme-2026-0001", "--json"))
    assert (shown["number"], shown["due_on"], shown["closed_by"]) == (
        "acme-2026-0001",
        "2026-12-08",
        "ann",
    )
    assert [shown[name] for name in ("opening", "amount", "payments", "closing")] == [
        "0.00",
        "112.50",
        "-40.00",
        "72.50",
    ]
    assert shown["by_kind"] == {"charge": "125.00", "payment": "-40.00", "credit": "-12.50"}
    assert shown["places"][0] == {
        "campaign": "flood-repair",
        "destination": "acme-east",
        "payable_calls": 1,
        "other_calls": 1,
        "total_s": 281.5,
        "connected_s": 240.6,
        "amount": "75.00",
    }
    (listed,) = json.loads(closed.ok("statement", "list", "--json"))
    assert {key: shown[key] for key in listed} == listed
    lines = closed.ok("statement", "export", "acme-2026-0001", "--json").splitlines()
    assert [json.loads(line)["connected_s"] for line in lines] == [121.0, 119.6, 121.0, None, None]


def test_a_list_as_csv_can_be_read(closed: Terminal) -> None:
    (row,) = csv.DictReader(io.StringIO(closed.ok("statement", "list", "--csv"), newline=""))

    assert (row["number"], row["balance"]) == ("acme-2026-0001", "72.50")


def test_all_that_is_due_is_closed_at_once(billed: Terminal) -> None:
    database = open_database(billed.environ["DATABASE_URL"])
    agree(database, RADIO)
    book(database, [charge(7, MONDAY, 20, party=RADIO)], MONDAY)
    database.dispose()

    assert billed.ok("statement", "close", "--due").splitlines() == [
        "acme-2026-0001: 5 entries, 112.50 USD, due 2026-12-08",
        "P-radio-one-2026-0001: 1 entry, 20.00 USD, due 2026-12-08",
    ]
    assert billed.ok("statement", "close", "--due") == "no statement is due\n"


def test_excel_and_pdf_are_written_whole_or_not_at_all(closed: Terminal, tmp_path: Path) -> None:
    xlsx, pdf = tmp_path / "acme.xlsx", tmp_path / "acme.pdf"

    closed.ok("statement", "export", "acme-2026-0001", "--xlsx", str(xlsx), "--pdf", str(pdf))

    assert "xl/worksheets/sheet2.xml" in ZipFile(xlsx).namelist()
    assert pdf.read_bytes().startswith(b"%PDF-")
    nowhere = str(tmp_path / "nowhere" / "acme.pdf")
    assert closed.refused("statement", "export", "acme-2026-0001", "--pdf", nowhere) == (
        f"Error: {nowhere} can't be written: No such file or directory\n"
    )
    assert not list(tmp_path.glob(".*"))


def test_the_letterhead_of_the_seller_is_used(closed: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "letterhead.toml"
    closed.environ["CALLROUTER_LETTERHEAD"] = str(file)
    pdf = str(tmp_path / "acme.pdf")
    file.write_text('[[letterheads]]\nseller = "seller-a"\nname = "Northbound"\nfont = "no.ttf"\n')

    said = closed.refused("statement", "export", "acme-2026-0001", "--pdf", pdf)
    assert said.startswith("Error: no.ttf isn't a font that can be used")
    file.write_text('[[letterheads]]\nseller = "seller-a"\n')
    assert "letterheads[1].name" in closed.refused(
        "statement", "export", "acme-2026-0001", "--pdf", pdf
    )


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        pytest.param(["show", "acme-2026-0009"], "there is no statement", 1, id="unknown"),
        pytest.param(["draft"], "whose? Name a party", 2, id="nobody's"),
        pytest.param(["close"], "say either whose", 2, id="nobody's to close"),
        pytest.param(["close", "--due", "--buyer", "acme"], "say either whose", 2, id="both"),
        pytest.param(["list", "--csv", "--json"], "are two things", 2, id="two forms of a list"),
        pytest.param(
            ["export", "acme-2026-0001", "--csv", "--json"], "are two things", 2, id="two forms"
        ),
        pytest.param(["close", "--buyer", "acme"], "waits for a statement", 1, id="closed twice"),
        pytest.param(
            ["draft", "--buyer", "acme", "--until", "tomorrow"], "does not match", 2, id="a day"
        ),
    ],
)
def test_what_is_refused(closed: Terminal, words: list[str], said: str, code: int) -> None:
    assert said in closed.refused("statement", *words, code=code)
