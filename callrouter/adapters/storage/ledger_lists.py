"""Lists of an account's entries, each with the statement that it stands in; page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.ledger import SELECT_ENTRY, read_row
from callrouter.adapters.storage.ledger_tables import ledger_entries, statement_entries, statements
from callrouter.domain.billing.ledger import Entry, EntryKind
from callrouter.domain.billing.party import Party

_PAGE = 1000
_ACCOUNT = ("seller_id", "side", "party_id", "currency")
_of = ledger_entries.c


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An entry, and the number of the closed statement that it stands in, "" for none."""

    entry: Entry
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries are wanted; None wants all. Booked from `since` to before `until`."""

    kind: EntryKind | None = None
    call_sid: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERY_ENTRY = EntryFilter()

_LINES = SELECT_ENTRY.add_columns(statement_entries.c.statement).outerjoin(
    statement_entries,
    sa.and_(
        *(statement_entries.c[name] == _of[name] for name in _ACCOUNT),
        statement_entries.c.entry == _of.number,
    ),
)


def list_newest(
    connection: Connection,
    seller_id: str,
    party: Party,
    currency: str,
    wanted: EntryFilter,
    limit: int,
    before: int | None = None,
) -> tuple[LedgerLine, ...]:
    """At most `limit` entries of an account, the newest first, with numbers less than `before`."""
    statement = _LINES.where(_is_of(seller_id, party, currency), *_conditions(wanted))
    if before is not None:
        statement = statement.where(_of.number < before)
    rows = connection.execute(statement.order_by(_of.number.desc()).limit(limit))
    return tuple(_read(row) for row in rows)


def stream_lines(
    connection: Connection,
    seller_id: str,
    party: Party,
    currency: str,
    wanted: EntryFilter = EVERY_ENTRY,
    *,
    page: int = _PAGE,
) -> Iterator[LedgerLine]:
    """All entries of an account that are wanted, in the order of their numbers; constant memory."""
    statement = _LINES.where(_is_of(seller_id, party, currency), *_conditions(wanted))
    after = 0
    while True:
        rows = connection.execute(
            statement.where(_of.number > after).order_by(_of.number).limit(page)
        )
        lines = [_read(row) for row in rows]
        yield from lines
        if len(lines) < page:
            return
        after = lines[-1].entry.number


def read_due_dates(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> Mapping[str, date]:
    """The due day of each closed statement of an account, by its number."""
    rows = connection.execute(
        sa.select(statements.c.number, statements.c.due_on).where(
            statements.c.seller_id == seller_id,
            statements.c.side == party.side,
            statements.c.party_id == party.party_id,
            statements.c.currency == currency,
        )
    )
    return {row.number: row.due_on for row in rows}


def _is_of(seller_id: str, party: Party, currency: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        _of.seller_id == seller_id,
        _of.side == party.side,
        _of.party_id == party.party_id,
        _of.currency == currency,
    )


def _conditions(wanted: EntryFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.kind is not None:
        yield _of.kind == wanted.kind
    if wanted.call_sid is not None:
        yield _of.call_sid == wanted.call_sid
    if wanted.since is not None:
        yield _of.booked_at >= wanted.since
    if wanted.until is not None:
        yield _of.booked_at < wanted.until


def _read(row: "sa.Row[*tuple[object, ...]]") -> LedgerLine:
    *entry, statement = row
    return LedgerLine(read_row(entry), str(statement or ""))
