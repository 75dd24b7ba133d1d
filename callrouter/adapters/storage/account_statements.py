"""Statements: what the next one would take, how one is closed, and the heads of closed ones.

Whoever adds entries holds the account, as does for a moment, at the end, whoever closes a
statement. Which entries are open is told by the last statement alone: those booked at its end or
later, and those that were added after it was closed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.ledger_tables import (
    ledger_entries,
    statement_entries,
    statements,
)
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.statement import Statement

_ACCOUNT = ("seller_id", "side", "party_id", "currency")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_of = ledger_entries.c
_heads = statements.c


@dataclass(frozen=True, slots=True)
class Account:
    """What a seller and a party owe each other in one currency."""

    seller_id: str
    party: Party
    currency: str

    def owns(self, table: sa.FromClause) -> sa.ColumnElement[bool]:
        """The condition that a row of `table` belongs to the account."""
        return sa.and_(
            table.c.seller_id == self.seller_id,
            table.c.side == self.party.side,
            table.c.party_id == self.party.party_id,
            table.c.currency == self.currency,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The entries of an account that no statement has, booked before `before`.

    `after` is the end of the last statement's period and `through` the last entry that there was
    when it was closed; `first` is the lowest number of an open entry, `last` the account's highest.
    The sums are what a statement of them would have.
    """

    before: datetime
    after: datetime | None
    through: int
    first: int
    last: int
    first_booked_at: datetime
    entries: int
    opening_micros: int
    amount_micros: int
    payments_micros: int

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """Which entries of the account they are."""
        return sa.and_(
            _of.number >= self.first,
            _of.number <= self.last,
            _of.booked_at < self.before,
            sa.or_(_of.booked_at >= (self.after or _BEGINNING), _of.number > self.through),
        )


def find_last_end(connection: Connection, account: Account) -> datetime | None:
    """The end of the period of the account's last statement; None when it has none."""
    end: datetime | None = connection.execute(
        sa.select(sa.func.max(_heads.period_ends_at)).where(account.owns(statements))
    ).scalar_one()
    return end


def find_first_open(connection: Connection, account: Account) -> datetime | None:
    """When the earliest of the open entries was booked; None when no entry is open."""
    after, through, _ = _read_last(connection, account)
    open_ = _select_open(account, after, through, None)
    first: datetime | None = connection.execute(
        sa.select(sa.func.min(open_.c.booked_at))
    ).scalar_one()
    return first


def find_open(connection: Connection, account: Account, before: datetime) -> Open | None:
    """What a statement that ends at `before` would take; None when there is nothing."""
    after, through, balance = _read_last(connection, account)
    open_ = _select_open(account, after, through, before)
    back = ledger_entries.alias()
    is_money = sa.or_(open_.c.kind == EntryKind.PAYMENT, back.c.kind == EntryKind.PAYMENT)
    entries, first, first_booked_at, payments, everything = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.min(open_.c.number),
            sa.func.min(open_.c.booked_at),
            _sum(sa.case((is_money, open_.c.amount_micros), else_=0)),
            _sum(open_.c.amount_micros),
        ).select_from(
            open_.outerjoin(back, account.owns(back) & (back.c.number == open_.c.reverses))
        )
    ).one()
    if not entries:
        return None
    return Open(
        before=before,
        after=after,
        through=through,
        first=first,
        last=_find_last_number(connection, account),
        first_booked_at=first_booked_at,
        entries=entries,
        opening_micros=balance,
        amount_micros=everything - payments,
        payments_micros=payments,
    )


def count_statements(connection: Connection, seller_id: str, party: Party, like: str) -> int:
    """How many statements of a party, in whatever currency, have numbers that begin with `like`."""
    count: int = connection.execute(
        sa.select(sa.func.count()).where(
            _heads.seller_id == seller_id,
            _heads.side == party.side,
            _heads.party_id == party.party_id,
            _heads.number.startswith(like, autoescape=True),
        )
    ).scalar_one()
    return count


def link_entries(
    connection: Connection, account: Account, number: str, found: Open, *, after: int = 0
) -> int:
    """Put the entries found open, with numbers greater than `after`, onto the statement `number`.

    How many; an entry that another statement has by now is left to it. The statement itself may
    follow. Doesn't need the account: whoever closes the same entries waits here.
    """
    taken = sa.select(
        *(_of[name] for name in _ACCOUNT), _of.number, sa.literal(number, sa.Text)
    ).where(account.owns(ledger_entries), found.condition, _of.number > after)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    inserted = connection.execute(
        insert(statement_entries)
        .from_select([*_ACCOUNT, "entry", "statement"], taken)
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )
    return inserted.rowcount


def save_statement(connection: Connection, account: Account, head: Statement, found: Open) -> None:
    """Keep the head of a statement over the entries that were found open, which are linked to it.

    Within a transaction that has locked the account since before they were found. The database
    refuses a number that the seller has given already.
    """
    connection.execute(
        sa.insert(statements).values(
            seller_id=account.seller_id,
            side=account.party.side,
            party_id=account.party.party_id,
            currency=account.currency,
            number=head.number,
            period_starts_at=head.starts_at,
            period_ends_at=head.ends_at,
            closed_at=head.closed_at,
            closed_by=head.author,
            due_on=head.due_on,
            amount_micros=head.amount_micros,
            payments_micros=head.payments_micros,
            entries=head.entries,
            through_entry=found.last,
            zone=head.zone,
            agreement_version=head.agreement_version,
        )
    )


def read_statement(connection: Connection, seller_id: str, number: str) -> Statement | None:
    """A closed statement by its number; None when the seller has none with it."""
    row = connection.execute(
        _select_heads().where(_heads.seller_id == seller_id, _heads.number == number)
    ).one_or_none()
    return None if row is None else _read(row)


def list_statements(
    connection: Connection,
    seller_id: str,
    party: Party | None,
    limit: int,
    *,
    currency: str | None = None,
) -> tuple[Statement, ...]:
    """At most `limit` closed statements, of one party and currency or of all, the newest first."""
    wanted = _select_heads().where(_heads.seller_id == seller_id)
    if party is not None:
        wanted = wanted.where(_heads.side == party.side, _heads.party_id == party.party_id)
    if currency is not None:
        wanted = wanted.where(_heads.currency == currency)
    newest_first = (_heads.closed_at.desc(), _heads.number.desc())
    return tuple(
        _read(row) for row in connection.execute(wanted.order_by(*newest_first).limit(limit))
    )


def _read_last(connection: Connection, account: Account) -> tuple[datetime | None, int, int]:
    """Where the last statement ends, its last entry, and what is due by all statements."""
    row = connection.execute(
        sa.select(
            sa.func.max(_heads.period_ends_at),
            sa.func.coalesce(sa.func.max(_heads.through_entry), 0),
            _sum(_heads.amount_micros + _heads.payments_micros),
        ).where(account.owns(statements))
    ).one()
    return row[0], row[1], row[2]


def _select_open(
    account: Account, after: datetime | None, through: int, before: datetime | None
) -> sa.Subquery:
    """The open entries by two ranges of two indexes.

    As one condition it would be read from all entries that the account ever had.
    """
    mine = sa.select(_of.number, _of.booked_at, _of.kind, _of.amount_micros, _of.reverses).where(
        account.owns(ledger_entries)
    )
    since = after or _BEGINNING
    booked = mine.where(_of.booked_at >= since)
    # Not the bare column, or SQLite would look these up by it: all that the account ever had.
    booked_at = sa.func.coalesce(_of.booked_at, _of.booked_at)
    added = mine.where(_of.number > through, booked_at < since)
    if before is not None:
        booked = booked.where(_of.booked_at < before)
        added = added.where(booked_at < before)
    return sa.union_all(booked, added).subquery()


def _select_heads() -> "sa.Select[*tuple[Any, ...]]":
    earlier = statements.alias("earlier")
    opening = (
        sa.select(_sum(earlier.c.amount_micros + earlier.c.payments_micros))
        .where(
            *(earlier.c[name] == _heads[name] for name in _ACCOUNT),
            earlier.c.period_ends_at < _heads.period_ends_at,
        )
        .scalar_subquery()
    )
    return sa.select(statements, opening.label("opening_micros"))


def _read(row: "sa.Row[*tuple[Any, ...]]") -> Statement:
    return Statement(
        party=Party(row.side, row.party_id),
        currency=row.currency,
        number=row.number,
        zone=row.zone,
        starts_at=row.period_starts_at,
        ends_at=row.period_ends_at,
        closed_at=row.closed_at,
        due_on=row.due_on,
        agreement_version=row.agreement_version,
        opening_micros=row.opening_micros,
        amount_micros=row.amount_micros,
        payments_micros=row.payments_micros,
        entries=row.entries,
        author=row.closed_by,
    )


def _find_last_number(connection: Connection, account: Account) -> int:
    number: int = connection.execute(
        sa.select(sa.func.max(_of.number)).where(account.owns(ledger_entries))
    ).scalar_one()
    return number


def _sum(amount: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """0 for no rows; PostgreSQL would else answer with decimals."""
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)
