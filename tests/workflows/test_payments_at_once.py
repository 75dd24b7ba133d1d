"""The same payment told by several at once is one entry; each has a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from callrouter.adapters.bank_files.reader import read_bank_file
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.workflows.import_bank_file import RowClass, import_bank_file
from callrouter.workflows.take_payment import HandPayment, take_payment
from tests.accounts import ACME, BANK_MAPPING, amounts, open_accounts
from tests.switchboards import SELLER, T0


def test_payments_told_by_two_at_once_are_taken_once(database: Database, database_url: str) -> None:
    open_accounts(database)
    together = Barrier(2)

    def tell(author: str) -> None:
        own = open_database(database_url)
        for n in range(8):
            told = HandPayment(party=ACME, amount="5.00", currency="USD", reference=f"wire {n}")
            together.wait(10)
            take_payment(own, SELLER.seller_id, told, author, T0)
        own.dispose()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tell, ("ann", "bob")))

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
