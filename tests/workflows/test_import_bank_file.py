"""A bank's file: each row ends in one class, and nothing is half-written."""

from dataclasses import replace

import pytest

from callrouter.adapters.bank_files.reader import read_bank_file
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.payments import list_unmatched
from callrouter.domain.billing.bank_mapping import BankMapping
from callrouter.domain.billing.payment import Owner
from callrouter.workflows.import_bank_file import Imported, RowClass, import_bank_file
from tests.accounts import ACME, BOLT, allocation, amounts, close_statement, open_accounts
from tests.accounts import BANK_MAPPING as MAPPING
from tests.switchboards import SELLER, T0

BY_REFERENCE = replace(MAPPING, columns=replace(MAPPING.columns, bank_reference="Memo"))
HEADING = "Date,Amount,Currency,Payer,Memo\n"
GOOD = (
    "2026-09-14,250.00,USD,ACME LLC,rent\n",
    "2026-09-14,250.00,USD,ACME LLC,rent\n",
    "2026-09-14,-9.00,USD,Landlord,\n",
    "2026-09-14,40.00,USD,Somebody,?\n",
    "2026-09-14,7.00,EUR,BOLT,\n",
    "2026-09-14,0.00,USD,Bank,interest\n",
)


@pytest.fixture
def accounts(database: Database) -> Database:
    open_accounts(database)
    return database


def take(
    database: Database,
    *rows: str,
    mapping: BankMapping = MAPPING,
    dry_run: bool = False,
    leaves_refused: bool = False,
) -> Imported:
    file = read_bank_file((HEADING + "".join(rows)).encode(), "bank.csv", mapping)
    return import_bank_file(
        database, SELLER.seller_id, file, mapping, "ann", T0,
        dry_run=dry_run, leaves_refused=leaves_refused,
    )  # fmt: skip


def classes(imported: Imported) -> list[str]:
    return [str(row.row_class) for row in imported.rows]


def unmatched(database: Database) -> list[str]:
    with database.read() as connection:
        return [each.payment.payer for each in list_unmatched(connection, SELLER.seller_id, 99)]


EACH = ["taken", "taken", "not for us", "unknown payer", "taken", "not for us"]


def test_every_row_ends_in_one_class(accounts: Database) -> None:
    imported = take(accounts, *GOOD)

    assert imported.written
    assert classes(imported) == EACH
    assert [row.line for row in imported.rows] == [2, 3, 4, 5, 6, 7]
    assert imported.count() == {
        RowClass.TAKEN: 3, RowClass.ALREADY: 0, RowClass.NOT_FOR_US: 2, RowClass.UNKNOWN: 1,
        RowClass.REFUSED: 0,
    }  # fmt: skip
    assert amounts(accounts) == [-250, -250]
    assert amounts(accounts, BOLT, "EUR") == [-7]
    assert unmatched(accounts) == ["Somebody"]


def test_the_same_file_twice_changes_nothing(accounts: Database) -> None:
    take(accounts, *GOOD)
    again = take(accounts, *GOOD)

    assert again.count()[RowClass.ALREADY] == 4
    assert amounts(accounts) == [-250, -250]
    assert unmatched(accounts) == ["Somebody"]


def test_files_that_overlap_count_nothing_twice(accounts: Database) -> None:
    later = "2026-09-15,60.00,USD,ACME LLC,rent\n"
    take(accounts, *GOOD)
    assert classes(take(accounts, *GOOD[:2], later)) == ["already there"] * 2 + ["taken"]
    assert amounts(accounts) == [-250, -250, -60]


def test_a_dry_run_says_the_same_and_writes_nothing(accounts: Database) -> None:
    imported = take(accounts, *GOOD, dry_run=True)

    assert not imported.written
    assert classes(imported) == EACH
    assert (amounts(accounts), unmatched(accounts)) == ([], [])


@pytest.mark.parametrize(
    ("row", "line", "said"),
    [
        ('2026-09-14,"1.234,50",USD,ACME LLC,x\n', 8, "Amount: '1.234,50' isn't an amount with"),
        ("14.09.2026,5,USD,ACME LLC,x\n", 8, "Date: '14.09.2026' isn't a date"),
        ("2026-09-14,5.00,EUR,ACME LLC,x\n", 8, "the account of buyer acme is in USD"),
        ("2026-12-09,5.00,USD,ACME LLC,x\n", 8, "2026-12-09 is a day to come"),
    ],
)
def test_when_a_row_is_refused_nothing_is_written_unless_wanted(
    accounts: Database, row: str, line: int, said: str
) -> None:
    imported = take(accounts, *GOOD, row)

    assert not imported.written
    assert classes(imported) == [*EACH, "refused"]
    assert (imported.rows[-1].line, imported.rows[-1].reason[: len(said)]) == (line, said)
    assert (amounts(accounts), unmatched(accounts)) == ([], [])

    assert take(accounts, *GOOD, row, leaves_refused=True).written
    assert amounts(accounts) == [-250, -250]


def test_a_reference_of_the_bank_stands_for_one_amount(accounts: Database) -> None:
    imported = take(accounts, *GOOD[:2], mapping=BY_REFERENCE)
    assert classes(imported) == ["taken", "already there"]

    imported = take(accounts, "2026-09-14,25.00,USD,ACME LLC,rent\n", mapping=BY_REFERENCE)

    assert classes(imported) == ["refused"]
    assert imported.rows[0].reason == (
        "payment bank:first/rent is kept with 250.00 USD since 2026-09-15, by ann;"
        " it can't be 25.00 USD as well"
    )
    assert amounts(accounts) == [-250]


def test_a_payer_who_is_known_by_the_next_file_is_taken_then(accounts: Database) -> None:
    take(accounts, *GOOD)
    taught = replace(MAPPING, payers={**MAPPING.payers, "somebody": ACME})

    assert take(accounts, *GOOD, mapping=taught).count()[RowClass.TAKEN] == 1
    assert amounts(accounts) == [-250, -250, -40]
    assert unmatched(accounts) == []


def test_a_statement_in_the_text_is_paid_by_the_row(accounts: Database) -> None:
    close_statement(accounts, "acme-2026-0001", 100_000_000)
    close_statement(accounts, "acme-2026-0002", 100_000_000)

    imported = take(accounts, "2026-09-14,60.00,USD,A. Cme,Inv. ACME-2026-0002\n")

    assert classes(imported) == ["taken"]
    assert allocation(accounts).open_micros == {
        "acme-2026-0001": 100_000_000, "acme-2026-0002": 40_000_000,
    }  # fmt: skip


def test_a_statement_in_another_currency_says_only_whose_the_row_is(accounts: Database) -> None:
    close_statement(accounts, "acme-2026-0001", 100_000_000, currency="EUR")

    imported = take(accounts, "2026-09-14,60.00,USD,A. Cme,acme-2026-0001\n")

    assert imported.rows[0].owner == Owner(ACME)
    assert amounts(accounts) == [-60]


def test_a_large_file_is_taken_in_one_go(accounts: Database) -> None:
    rows = [f"2026-09-14,{n}.00,USD,ACME LLC,{n}\n" for n in range(1, 552)]
    assert take(accounts, *rows).count()[RowClass.TAKEN] == 551
    assert take(accounts, *rows).count()[RowClass.ALREADY] == 551
