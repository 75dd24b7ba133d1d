"""Accounts of a seller's buyers for tests of money: terms, charges, closed statements."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from callrouter.adapters.policy_files.bank_mapping_file import read_bank_mapping
from callrouter.adapters.storage.account_payments import list_received, list_statements_due
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post, read_balance
from callrouter.adapters.storage.ledger_lists import stream_lines
from callrouter.adapters.storage.ledger_tables import statement_entries, statements
from callrouter.domain.billing.allocation import Allocation, allocate
from callrouter.domain.billing.ledger import Entry, EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.workflows.apply_terms import apply_terms
from tests.switchboards import SELLER, T0, open_seller

ACME, BOLT = Party(Side.BUYER, "acme"), Party(Side.BUYER, "bolt")
RADIO = Party(Side.PUBLISHER, "radio-kx")
_TERMS = """\
{side} = "{party_id}"
zone = "America/New_York"
currency = "{currency}"
[[terms]]
from = 2026-01-01
price = "75.00"
"""

BANK_MAPPING = read_bank_mapping(
    """
bank = "first"
zone = "America/New_York"
dates = "YYYY-MM-DD"
decimal = "point"
[columns]
date = "Date"
amount = "Amount"
currency = "Currency"
payer = "Payer"
text = ["Memo"]
[[buyers]]
id = "acme"
names = ["ACME LLC"]
[[buyers]]
id = "bolt"
names = ["BOLT"]
""",
    "first.toml",
)
"""Of a bank that knows the buyers as ACME LLC and BOLT."""


def open_accounts(database: Database, *, opens_seller: bool = True) -> None:
    """A seller with the buyers acme (USD) and bolt (EUR), and the publisher radio-kx (USD)."""
    if opens_seller:
        open_seller(database)
    for party, currency in ((ACME, "USD"), (BOLT, "EUR"), (RADIO, "USD")):
        text = _TERMS.format(side=party.side, party_id=party.party_id, currency=currency)
        apply_terms(database, SELLER.seller_id, text, "terms.toml", author="ann", note="", at=T0)


def charge(database: Database, reference: str, micros: int, party: Party = ACME) -> Entry:
    """One charge in USD."""
    posting = Posting(
        party=party,
        kind=EntryKind.CHARGE,
        amount_micros=micros,
        currency="USD",
        reference=reference,
        booked_at=T0,
        reason="connected 121 s",
        author="rating",
    )
    with database.write() as connection:
        [entry] = post(connection, SELLER.seller_id, [posting], T0)
    return entry


def close_statement(
    database: Database,
    number: str,
    micros: int,
    party: Party = ACME,
    *,
    currency: str = "USD",
    closed_at: datetime = T0,
) -> None:
    """A closed statement of this amount, with one entry."""
    account = {
        "seller_id": SELLER.seller_id,
        "side": party.side,
        "party_id": party.party_id,
        "currency": currency,
    }
    entry = charge(database, f"of {number}", micros, party) if currency == "USD" else None
    with database.write() as connection:
        connection.execute(
            sa.insert(statements).values(
                **account,
                number=number,
                period_starts_at=closed_at - timedelta(days=7),
                period_ends_at=closed_at,
                closed_at=closed_at,
                closed_by="ann",
                due_on=(closed_at + timedelta(days=30)).date(),
                amount_micros=micros,
            )
        )
        if entry is not None:
            connection.execute(
                sa.insert(statement_entries).values(**account, statement=number, entry=entry.number)
            )


def entries(database: Database, party: Party = ACME, currency: str = "USD") -> list[Entry]:
    """An account's entries but its charges."""
    with database.read() as connection:
        lines = stream_lines(connection, SELLER.seller_id, party, currency)
        found = tuple(line.entry for line in lines)
    return [entry for entry in found if entry.kind is not EntryKind.CHARGE]


def amounts(database: Database, party: Party = ACME, currency: str = "USD") -> list[int]:
    """Their amounts in whole units, as they stand in the account."""
    return [entry.amount_micros // 1_000_000 for entry in entries(database, party, currency)]


def balance(database: Database, party: Party = ACME, currency: str = "USD") -> int:
    """What an account stands at, in whole units."""
    with database.read() as connection:
        return read_balance(connection, SELLER.seller_id, party, currency) // 1_000_000


def allocation(database: Database, party: Party = ACME, currency: str = "USD") -> Allocation:
    """Which payment paid which of an account's statements."""
    with database.read() as connection:
        account = SELLER.seller_id, party, currency
        return allocate(
            list_statements_due(connection, *account), list_received(connection, *account)
        )
