"""Accounts: entries that are added once each, and what an account stands at.

An account is a party and a currency. Whoever adds entries holds the account's row among the
counters until the end of the transaction: entries get their numbers one after the other, and what
was there before can be read and relied on. Accounts are locked in the order of their keys, in one
statement. A transaction that goes on to settle a call's reservations locks these first
(`lock_reservations`), then accounts, then the rest, since that is the order in which `settle` and
the release of expired leases take them.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.cap_tables import cap_counters
from callrouter.adapters.storage.ledger_tables import (
    IS_OF_CALL,
    ledger_entries,
    statement_entries,
)
from callrouter.adapters.storage.prepared import Prepared, Value
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.types import UtcDateTime
from callrouter.domain.billing.ledger import Entry, Posting, account_key, read_account_key
from callrouter.domain.billing.party import Party

AccountId: TypeAlias = tuple[Party, str]
"""A party and a currency."""

_ACCOUNT = ("seller_id", "side", "party_id", "currency")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_of = ledger_entries.c
_FIELDS = tuple(f.name for f in fields(Entry) if f.name != "party")
SELECT_ENTRY = sa.select(_of.side, _of.party_id, *(_of[name] for name in _FIELDS))
"""The columns of `read_row`."""


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What an account stands at: the sum of its entries, and what calls in progress hold."""

    party: Party
    currency: str
    balance_micros: int
    held_micros: int


def _lock_statement() -> Mapping[str, Any]:
    keys = bindparam("keys", type_=sa.Text)
    nothing = sa.literal_column("0", sa.BigInteger)
    columns = (cap_counters.c.seller_id, cap_counters.c.counter)
    names = [column.name for column in cap_counters.c]
    seller = bindparam("seller_id", type_=columns[0].type)
    never = bindparam("never", type_=UtcDateTime)
    of_postgresql = sa.func.json_array_elements_text(sa.cast(keys, sa.JSON)).table_valued("value")
    of_sqlite = sa.func.json_each(keys).table_valued("value")
    statements = {}
    for dialect, insert, rows in (
        ("postgresql", postgresql.insert, of_postgresql),
        ("sqlite", sqlite.insert, of_sqlite),
    ):
        wanted = sa.select(seller, rows.c.value, nothing, nothing, never).where(sa.true())
        upsert = insert(cap_counters).from_select(names, wanted.order_by(rows.c.value))
        statements[dialect] = upsert.on_conflict_do_update(
            index_elements=list(columns), set_={"used": cap_counters.c.used}
        )
    return statements


_LOCK = Prepared(_lock_statement())
_LAST_NUMBER = Prepared(
    sa.select(_of.number)
    .where(matches(ledger_entries, *_ACCOUNT))
    .order_by(_of.number.desc())
    .limit(1)
)
_IN_ACCOUNT = matches(ledger_entries, *_ACCOUNT)
# Only the same reference again is passed by: a second reversal of an entry is an error.
_INSERT = Prepared(
    {
        dialect: insert(ledger_entries)
        .values({c.name: bindparam(c.name) for c in ledger_entries.c})
        .on_conflict_do_nothing(index_elements=[*_ACCOUNT, "reference"])
        for dialect, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
    }
)
_ADD = Prepared(
    sa.update(cap_counters)
    .where(matches(cap_counters, "seller_id", "counter", prefix="of_"))
    .values(used=cap_counters.c.used + bindparam("amount", type_=sa.BigInteger))
)
_READ_ENTRY = Prepared(SELECT_ENTRY.where(_IN_ACCOUNT, _of.number == bindparam("number")))
_READ_REFERENCE = Prepared(SELECT_ENTRY.where(_IN_ACCOUNT, _of.reference == bindparam("reference")))
_READ_REVERSAL = Prepared(SELECT_ENTRY.where(_IN_ACCOUNT, _of.reverses == bindparam("number")))
_OF_CALL = Prepared(
    SELECT_ENTRY.where(matches(ledger_entries, "seller_id", "call_sid"), IS_OF_CALL).order_by(
        _of.side, _of.party_id, _of.currency, _of.number
    )
)
_BALANCE = Prepared(
    sa.select(cap_counters.c.used, cap_counters.c.held).where(
        matches(cap_counters, "seller_id", "counter")
    )
)
_ACCOUNTS = Prepared(
    sa.select(cap_counters.c.counter, cap_counters.c.used, cap_counters.c.held)
    .where(
        matches(cap_counters, "seller_id"),
        cap_counters.c.counter.like(sa.literal_column("'account-%'")),
    )
    .order_by(cap_counters.c.counter)
)
_STATEMENT_OF = Prepared(
    sa.select(statement_entries.c.statement).where(matches(statement_entries, *_ACCOUNT, "entry"))
)


def lock_account(connection: Connection, seller_id: str, party: Party, currency: str) -> None:
    """Hold an account, made if need be, until the transaction ends; several: `lock_accounts`."""
    lock_accounts(connection, seller_id, [(party, currency)])


def lock_accounts(connection: Connection, seller_id: str, accounts: Collection[AccountId]) -> None:
    """Hold several accounts, made if need be, until the transaction ends, in the order of keys."""
    keys = sorted({account_key(*account) for account in accounts})
    if keys:
        _LOCK.count(connection, {"seller_id": seller_id, "keys": json.dumps(keys), "never": _NEVER})


def post(
    connection: Connection, seller_id: str, postings: Sequence[Posting], at: datetime
) -> tuple[Entry, ...]:
    """Add entries in their order; those that are new, with their numbers.

    One whose reference its account has already is left as it was. The accounts are locked here,
    all of one transaction in one go. Raises the database's error for what breaks a rule of the
    table: the sign of a kind, a second reversal.
    """
    lock_accounts(connection, seller_id, [(p.party, p.currency) for p in postings])
    return post_locked(connection, seller_id, postings, at)


def post_locked(
    connection: Connection, seller_id: str, postings: Sequence[Posting], at: datetime
) -> tuple[Entry, ...]:
    """The same for accounts that this transaction has locked already."""
    accounts = list(dict.fromkeys((p.party, p.currency) for p in postings))
    last = {account: read_last(connection, seller_id, account) for account in accounts}
    entries = []
    for posting in postings:
        account = posting.party, posting.currency
        entry = _as_entry(posting, last[account] + 1, at)
        row = {name: getattr(entry, name) for name in _FIELDS}
        if _INSERT.count(connection, _key(seller_id, *account) | row):
            last[account] += 1
            entries.append(entry)
    for account in accounts:
        amount = sum(e.amount_micros for e in entries if (e.party, e.currency) == account)
        if amount:
            of = {"of_seller_id": seller_id, "of_counter": account_key(*account)}
            _ADD.count(connection, of | {"amount": amount})
    return tuple(entries)


def read_entry(
    connection: Connection, seller_id: str, party: Party, currency: str, number: int
) -> Entry | None:
    """One entry by its number; None when there is none."""
    return _read_one(_READ_ENTRY, connection, seller_id, party, currency, number=number)


def read_by_reference(
    connection: Connection, seller_id: str, party: Party, currency: str, reference: str
) -> Entry | None:
    """The entry that an account has under a reference; None when it has none."""
    return _read_one(_READ_REFERENCE, connection, seller_id, party, currency, reference=reference)


def read_reversal(
    connection: Connection, seller_id: str, party: Party, currency: str, number: int
) -> Entry | None:
    """The reversal of an entry; None while nothing takes it back."""
    return _read_one(_READ_REVERSAL, connection, seller_id, party, currency, number=number)


def read_statement_of(connection: Connection, seller_id: str, entry: Entry) -> str:
    """The number of the closed statement in which an entry stands; "" while it is in none."""
    key = _key(seller_id, entry.party, entry.currency) | {"entry": entry.number}
    row = _STATEMENT_OF.first(connection, key)
    return row[0] if row else ""


def find_entries_of_call(
    connection: Connection, seller_id: str, call_sid: str
) -> tuple[Entry, ...]:
    """All entries of a call, of every party; by account, in the order of their numbers."""
    rows = _OF_CALL.all(connection, {"seller_id": seller_id, "call_sid": call_sid})
    return tuple(read_row(row) for row in rows)


def read_balance(connection: Connection, seller_id: str, party: Party, currency: str) -> int:
    """The sum of an account's entries, in micro-units; positive while something is due."""
    key = {"seller_id": seller_id, "counter": account_key(party, currency)}
    row = _BALANCE.first(connection, key)
    return row[0] if row else 0


def list_accounts(connection: Connection, seller_id: str) -> tuple[AccountBalance, ...]:
    """Every account of a seller that was ever used, with what it stands at; by its key."""
    found = []
    for counter, used, held in _ACCOUNTS.all(connection, {"seller_id": seller_id}):
        account = read_account_key(counter)
        if account is not None:
            found.append(AccountBalance(*account, used, held))
    return tuple(found)


def read_last(connection: Connection, seller_id: str, account: AccountId) -> int:
    """The number of an account's newest entry; 0 while it has none."""
    row = _LAST_NUMBER.first(connection, _key(seller_id, *account))
    return row[0] if row else 0


def _read_one(
    statement: Prepared,
    connection: Connection,
    seller_id: str,
    party: Party,
    currency: str,
    **more: Value,
) -> Entry | None:
    row = statement.first(connection, _key(seller_id, party, currency) | more)
    return None if row is None else read_row(row)


def _key(seller_id: str, party: Party, currency: str) -> dict[str, Value]:
    return {
        "seller_id": seller_id,
        "side": party.side,
        "party_id": party.party_id,
        "currency": currency,
    }


def _as_entry(posting: Posting, number: int, at: datetime) -> Entry:
    values = {f.name: getattr(posting, f.name) for f in fields(Posting)}
    return Entry(**values, number=number, posted_at=at)


def read_row(row: Sequence[Any]) -> Entry:
    """A row of `SELECT_ENTRY` as an entry."""
    side, party_id, *values = row
    return Entry(party=Party(side, party_id), **dict(zip(_FIELDS, values, strict=True)))
