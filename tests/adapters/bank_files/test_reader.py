"""A bank's file: rows with their lines, and what is wrong with the rest."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from callrouter.adapters.bank_files import reader
from callrouter.adapters.bank_files.reader import BankFile, load_bank_file, read_bank_file
from callrouter.adapters.policy_files.bank_mapping_file import read_bank_mapping
from callrouter.domain.billing.bank_mapping import BankColumns, BankMapping, Incoming
from callrouter.domain.errors import PolicyFileError

CONFIG = Path(__file__).parents[3] / "config" / "bank"
MAPPING = BankMapping(
    bank="first",
    columns=BankColumns(
        date="Date", amount="Amount", payer="Payer", bank_reference="Id", texts=("Memo", "More")
    ),
    dates="YYYY-MM-DD",
    zone="UTC",
    currency="USD",
)
HEADING = "Date,Amount,Payer,Id,Memo,More\n"


def read(text: str | bytes, mapping: BankMapping = MAPPING) -> BankFile:
    content = text.encode() if isinstance(text, str) else text
    return read_bank_file(content, "bank.csv", mapping)


def refused(text: str | bytes, mapping: BankMapping = MAPPING) -> str:
    with pytest.raises(PolicyFileError) as caught:
        read(text, mapping)
    return str(caught.value)


def amounts(file: BankFile) -> list[int]:
    return [row.amount_micros // 1_000_000 for row in file.rows]


def test_rows_are_read_with_their_lines() -> None:
    file = read(
        HEADING
        + '2026-11-05,35.50,"Acme, Inc.",TX1,"two\nlines",\n'
        + "\n"
        + " , ,\n"
        + "2026-11-06,-7,,TX2,,x\n"
    )

    first, second = file.rows
    assert (first.line, first.paid_on, first.amount_micros) == (2, date(2026, 11, 5), 35_500_000)
    assert (first.payer, first.bank_reference, first.texts) == (
        "Acme, Inc.",
        "TX1",
        ("two\nlines",),
    )
    assert (second.line, second.amount_micros, second.text) == (6, -7_000_000, "x")
    assert file.problems == ()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("05.11.2026,1,,,,", "bank.csv:2: Date: '05.11.2026' isn't a date written like YYYY-MM-DD"),
        (
            '2026-11-05,"1,50",,,,',
            "bank.csv:2: Amount: '1,50' isn't an amount with a decimal point",
        ),
        ("2026-11-05,=1+1,,,,", "bank.csv:2: Amount: '=1+1' isn't an amount"),
        ("2026-11-05,1,,,", "bank.csv:2: (row): has 5 cells under 6 headings"),
        ("2026-11-05,1,,,,,,x", "bank.csv:2: (row): has 8 cells under 6 headings"),
        (f"2026-11-05,1,{'x' * 2001},,,", "bank.csv:2: (row): has a cell of more than 2000"),
    ],
)
def test_a_row_that_can_not_be_read_is_a_problem_and_the_others_are_read(
    row: str, problem: str
) -> None:
    file = read(f"{HEADING}{row}\n2026-11-05,9,,,,,,\n")

    assert amounts(file) == [9]
    assert [str(each)[: len(problem)] for each in file.problems] == [problem]


def test_an_incoming_row_may_be_the_negative_one() -> None:
    mapping = replace(MAPPING, incoming=Incoming.NEGATIVE)
    assert amounts(read(f"{HEADING}2026-11-05,-5,,,,\n2026-11-05,3,,,,\n", mapping)) == [5, -3]


def test_or_the_one_that_is_marked() -> None:
    mapping = replace(
        MAPPING,
        incoming=Incoming.MARKED,
        marks=frozenset({"cr"}),
        columns=replace(MAPPING.columns, mark="More"),
    )
    file = read(f"{HEADING}2026-11-05,5,,,,CR\n2026-11-05,3,,,,DR\n2026-11-05,-3,,,,CR\n", mapping)
    assert amounts(file) == [5, -3]
    assert [each.line for each in file.problems] == [4]
    assert "is negative, and yet More says what it is" in file.problems[0].message


def test_or_stand_in_a_column_of_its_own() -> None:
    mapping = replace(MAPPING, columns=BankColumns(date="Date", credit="In", debit="Out"))
    file = read(
        "Date,In,Out\n2026-11-05,5,\n2026-11-05,,3\n2026-11-05,,-3\n2026-11-05,,\n"
        "2026-11-05,1,1\n2026-11-05,-1,\n2026-11-05,x,\n2026-11-05,,x\n",
        mapping,
    )
    assert amounts(file) == [5, -3, -3, 0]
    assert [(each.line, each.key) for each in file.problems] == [
        (6, "In"), (7, "In"), (8, "In"), (9, "Out"),
    ]  # fmt: skip


def test_a_column_may_say_the_currency() -> None:
    mapping = replace(MAPPING, columns=replace(MAPPING.columns, currency="More"))
    file = read(f"{HEADING}2026-11-05,5,,,,eur\n2026-11-05,3,,,,\n2026-11-05,3,,,,XXX\n", mapping)
    assert [row.currency for row in file.rows] == ["EUR", "USD"]
    assert "'XXX' isn't a currency; known are USD" in file.problems[0].message


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "windows-1252"),
        ("latin-1", "iso-8859-1"),
    ],
)
def test_a_file_is_read_in_the_encoding_that_the_mapping_says(encoding: str, named: str) -> None:
    text = f"{HEADING}2026-11-05,5,Müller,,,\r\n".encode(encoding)
    assert read(text, replace(MAPPING, encoding=named)).rows[0].payer == "Müller"


@pytest.mark.parametrize(
    ("content", "mapping", "said"),
    [
        (b"\xff\xfeD\0", MAPPING, 'begins as utf-16 does: the mapping says encoding = "utf-8"'),
        (
            HEADING.encode("utf-8-sig"),
            replace(MAPPING, encoding="windows-1252"),
            'begins as utf-8 does: the mapping says encoding = "windows-1252"',
        ),
        (f"{HEADING}\n".encode() + b"\xfc", MAPPING, "bank.csv:3: (file): isn't utf-8 text"),
        (HEADING + "a\0b", MAPPING, "bank.csv:2: (file): has a NUL byte"),
        ("", MAPPING, "has no heading, nor any row"),
        ("Date;Amount\n", MAPPING, "Amount: must be a column, once; found are: Date;Amount"),
        ("Date,Amount,Amount,Payer,Id,Memo,More\n", MAPPING, ":1: Amount: must be a column, once"),
        (HEADING + '2026-11-05,"5,,,,,\n', MAPPING, "bank.csv:2: (file): can't be read as CSV"),
        (b"x" * (8 * 1024 * 1024 + 1), MAPPING, "is larger than 8 MiB"),
    ],
)
def test_a_file_of_which_nothing_can_be_relied_on_is_refused(
    content: str | bytes, mapping: BankMapping, said: str
) -> None:
    assert said in refused(content, mapping)


def test_lines_before_the_heading_are_passed_over() -> None:
    file = read(f"Account 12\n\n{HEADING}2026-11-05,5,,,,\n", replace(MAPPING, skip_lines=2))
    assert [row.line for row in file.rows] == [4]


def test_no_file_has_more_rows_than_can_be_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_ROWS", 2)
    assert "bank.csv:4: (file): has more than 2 rows" in refused(HEADING + "2026-11-05,5,,,,\n" * 3)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="can't be read: No such file"):
        load_bank_file(tmp_path / "none.csv", MAPPING)


def test_the_shipped_mappings_read_what_their_banks_write(tmp_path: Path) -> None:
    first = read_bank_mapping((CONFIG / "first.toml").read_text("utf-8"), "first.toml")
    file = tmp_path / "first.csv"
    file.write_text(
        "Posting Date,Transaction ID,Counterparty,Description,Memo,Amount,Balance\n"
        '11/20/2026,FT-1,ACME RESTORATION LLC,WIRE IN,acme-2026-0001,"1,250.00","9,000.00"\n'
    )
    (row,) = load_bank_file(file, first).rows
    assert (row.amount_micros, row.currency, row.text) == (
        1_250_000_000, "USD", "WIRE IN acme-2026-0001",
    )  # fmt: skip
    second = read_bank_mapping((CONFIG / "second.toml").read_text("utf-8"), "second.toml")
    file.write_bytes(
        (
            "Konto 1\r\n" * 5
            + "Buchungstag;Auftraggeber;Verwendungszweck;Soll;Haben;Währung\r\n"
            + "20.11.2026;Acme Restoration GmbH;acme-2026-0001;;1.250,00;EUR\r\n"
            + "21.11.2026;Vermieter;Miete;900,00;;EUR\r\n"
        ).encode("cp1252")
    )
    assert [(row.amount_micros, row.currency) for row in load_bank_file(file, second).rows] == [
        (1_250_000_000, "EUR"),
        (-900_000_000, "EUR"),
    ]
