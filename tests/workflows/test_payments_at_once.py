"""The same payment told by several processes at once is one entry."""

import sys
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE, Popen

from callrouter.adapters.bank_files.reader import read_bank_file
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.workflows.import_bank_file import RowClass, import_bank_file
from tests.accounts import BANK_MAPPING, amounts, open_accounts
from tests.switchboards import SELLER, T0

TELLER = """
import sys
from datetime import UTC, datetime
from callrouter.adapters.storage.engine import open_database
from callrouter.domain.billing.party import Party, Side
from callrouter.workflows.take_payment import HandPayment, take_payment

database = open_database(sys.argv[1])
party = Party(Side.BUYER, "acme")
with database.read():
    pass
print("ready", flush=True)
sys.stdin.readline()
for n in range(8):
    told = HandPayment(party=party, amount="5.00", currency="USD", reference=f"wire {n}")
    take_payment(database, "seller-a", told, sys.argv[2], datetime(2026, 9, 15, 17, tzinfo=UTC))
"""


def test_payments_told_by_two_processes_at_once_are_taken_once(
    database: Database, database_url: str
) -> None:
    open_accounts(database)
    tellers = [
        Popen(
            [sys.executable, "-c", TELLER, database_url, name], stdin=PIPE, stdout=PIPE, text=True
        )
        for name in ("ann", "bob")
    ]
    for teller in tellers:
        assert teller.stdout is not None
        assert teller.stdout.readline() == "ready\n"
    for teller in tellers:
        teller.communicate("go\n", timeout=60)
        assert teller.returncode == 0

    assert amounts(database) == [-5] * 8


def test_a_file_that_is_imported_by_three_at_once_is_taken_once(
    database: Database, database_url: str
) -> None:
    open_accounts(database)
    lines = [f"2026-09-14,{n}.00,USD,ACME LLC,{n}\n" for n in range(1, 41)]
    text = "Date,Amount,Currency,Payer,Memo\n" + "".join(lines)
    file = read_bank_file(text.encode(), "bank.csv", BANK_MAPPING)

    def take(author: str) -> int:
        own = open_database(database_url)
        imported = import_bank_file(own, SELLER.seller_id, file, BANK_MAPPING, author, T0)
        own.dispose()
        return imported.count()[RowClass.TAKEN]

    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(take, ("ann", "bob", "cyd")))

    assert sorted(taken) == [0, 0, 40]
    assert sorted(amounts(database)) == sorted(-n for n in range(1, 41))
