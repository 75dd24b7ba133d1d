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


def _insert_statement(dialect: str) -> Any:
    """An entry with the account's next number, unless its reference is there already; the number.

    Only that is passed by: a second reversal of an entry is an error.
    """
    number = sa.select(sa.func.coalesce(sa.func.max(_of.number), 0) + 1).where(_IN_ACCOUNT)
    values = [
        number.scalar_subquery() if c.name == "number" else bindparam(c.name, type_=c.type)
        for c in _of
    ]
    insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[dialect]
    rows = insert(ledger_entries).from_select(_of.keys(), sa.select(*values).where(sa.true()))
    skipping = rows.on_conflict_do_nothing(index_elements=[*_ACCOUNT, "reference"])
    return skipping.returning(_of.number)


def _count_statement(amount: sa.ColumnElement[int]) -> sa.Update:
    """An account's balance grows by an amount."""
    return (
        sa.update(cap_counters)
        .where(matches(cap_counters, "seller_id", "counter", prefix="of_"))
        .values(used=cap_counters.c.used + amount)
    )


def _add_statement() -> "sa.Select[tuple[int]]":
    """PostgreSQL: both at once; no row where the reference is there already."""
    added = _insert_statement("postgresql").cte("added")
    counted = _count_statement(bindparam("amount_micros", type_=sa.BigInteger))
    counted = counted.where(sa.exists(sa.select(added.c.number)))
    return sa.select(added.c.number).add_cte(counted.cte("counted"))


_ADD = Prepared({"postgresql": _add_statement(), "sqlite": _insert_statement("sqlite")})
_COUNT = Prepared(_count_statement(bindparam("amount_micros", type_=sa.BigInteger)))
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
    entries = []
    for posting in postings:
        values = {f.name: getattr(posting, f.name) for f in fields(Posting) if f.name != "party"}
        row = _key(seller_id, posting.party, posting.currency) | values | {"posted_at": at}
        row |= {"of_seller_id": seller_id}
        row |= {"of_counter": account_key(posting.party, posting.currency)}
        added = _ADD.first(connection, row)
        if added is not None:
            entries.append(Entry(party=posting.party, **values, number=added[0], posted_at=at))
            if connection.dialect.name == "sqlite":
                _COUNT.count(connection, row)
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


def read_row(row: Sequence[Any]) -> Entry:
    """A row of `SELECT_ENTRY` as an entry."""
    side, party_id, *values = row
    return Entry(party=Party(side, party_id), **dict(zip(_FIELDS, values, strict=True)))
