"""The lines of statements, closed or only drafted: page by page, and what they come to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.account_statements import Account, Open
from callrouter.adapters.storage.ledger_tables import ledger_entries, statement_entries
from callrouter.domain.billing.ledger import Entry, EntryKind
from callrouter.domain.billing.statement import Line, Tally

_PAGE = 2000
_of = ledger_entries.c
_FIELDS = tuple(f.name for f in fields(Entry) if f.name != "party")
_OF_CALLS = (EntryKind.CHARGE, EntryKind.PAYOUT)


@dataclass(frozen=True, slots=True)
class Selection:
    """The lines of the closed statement `number`, or those of the open entries `found`."""

    account: Account
    number: str
    found: Open | None = None

    def source(self, back: sa.FromClause) -> sa.FromClause:
        """The entries, each with the one that it takes back, if any."""
        entries: sa.FromClause = ledger_entries
        if self.found is None:
            entries = statement_entries.join(
                ledger_entries,
                self.account.owns(ledger_entries) & (_of.number == statement_entries.c.entry),
            )
        return entries.outerjoin(back, self.account.owns(back) & (back.c.number == _of.reverses))

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """Which of them are the lines."""
        if self.found is not None:
            return sa.and_(self.account.owns(ledger_entries), self.found.condition)
        owns = self.account.owns(statement_entries)
        return sa.and_(owns, statement_entries.c.statement == self.number)

    @property
    def order(self) -> "sa.Column[int]":
        """What the lines are ordered by, of the table that an index leads through."""
        return _of.number if self.found is not None else statement_entries.c.entry

    @property
    def before_first(self) -> int:
        """A number before that of the first line."""
        return 0 if self.found is None else self.found.first - 1


def stream_lines(
    connection: Connection, selection: Selection, *, of_calls: bool | None = None
) -> Iterator[Line]:
    """The lines in the order of their entries' numbers, in constant memory.

    `of_calls`: those that charge, pay or take back a call, or all the others; both for None.
    """
    back = ledger_entries.alias()
    is_call = _is_call(back)
    wanted = sa.select(*(_of[name] for name in _FIELDS), back.c.kind.label("taken_back"))
    wanted = wanted.select_from(selection.source(back)).where(selection.condition)
    if of_calls is not None:
        wanted = wanted.where(is_call if of_calls else ~is_call)
    wanted = wanted.where(selection.order > bindparam("after", type_=sa.BigInteger))
    wanted = wanted.order_by(selection.order).limit(_PAGE)
    after = selection.before_first
    while True:
        rows = connection.execute(wanted, {"after": after}).all()
        for *values, taken_back in rows:
            entry = Entry(party=selection.account.party, **dict(zip(_FIELDS, values, strict=True)))
            yield Line(entry, taken_back)
        if len(rows) < _PAGE:
            return
        after = rows[-1].number


def tally_lines(connection: Connection, selection: Selection) -> tuple[Tally, ...]:
    """What the lines come to, as `domain.billing.statement.tally` has it."""
    back = ledger_entries.alias()
    is_call = _is_call(back)
    kind = sa.case((back.c.kind == EntryKind.PAYMENT, back.c.kind), else_=_of.kind)
    calls = sa.case((_of.kind.in_(_OF_CALLS), 1), (back.c.kind.in_(_OF_CALLS), -1), else_=0)
    nothing = sa.literal_column("''", sa.Text)
    groups = (
        kind,
        is_call,
        sa.case((is_call, _of.campaign_id), else_=nothing),
        sa.case((is_call, _of.destination_id), else_=nothing),
        sa.and_(is_call, _of.amount_micros != 0),
    )
    each = sa.select(
        *(group.label(f"group_{i}") for i, group in enumerate(groups)),
        calls.label("calls"),
        (calls * _of.total_ms).label("total_ms"),
        (calls * _of.connected_ms).label("connected_ms"),
        _of.amount_micros,
    ).select_from(selection.source(back))
    lines = each.where(selection.condition).subquery()
    keys = tuple(lines.c[f"group_{i}"] for i in range(len(groups)))
    sums = (lines.c[name] for name in ("calls", "total_ms", "connected_ms", "amount_micros"))
    rows = connection.execute(
        sa.select(
            *keys, sa.func.count(), *(sa.cast(sa.func.sum(s), sa.BigInteger) for s in sums)
        ).group_by(*keys)
    )
    return tuple(_read_tally(row) for row in rows)


def _read_tally(row: Sequence[Any]) -> Tally:
    kind, is_call, campaign_id, destination_id, is_payable, entries, *sums = row
    calls, total_ms, connected_ms, amount_micros = sums
    return Tally(
        kind=EntryKind(kind),
        is_call=bool(is_call),
        campaign_id=campaign_id,
        destination_id=destination_id,
        is_payable=bool(is_payable),
        entries=entries,
        calls=calls,
        total_ms=total_ms,
        connected_ms=connected_ms,
        amount_micros=amount_micros,
    )


def _is_call(back: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether an entry charges or pays a call, or takes such an entry back."""
    taken_back = sa.func.coalesce(back.c.kind, "")
    return sa.or_(_of.kind.in_(_OF_CALLS), taken_back.in_([str(kind) for kind in _OF_CALLS]))
