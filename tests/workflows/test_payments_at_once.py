"""The same payment told by several processes at once is one entry."""

import sys
from subprocess import PIPE, Popen

from callrouter.adapters.storage.engine import Database
from tests.accounts import amounts, open_accounts

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
