"""Disputes: which lines of a tie-out were raised together, and every change of their state."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.dispute_tables import (
    dispute_changes,
    dispute_lines,
    disputes,
)
from callrouter.adapters.storage.statements import insert_or_skip, select_fields
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError
from callrouter.domain.tie_out.disputes import Dispute, DisputeState

_TRIES = 5
_of = disputes.c
_line = dispute_lines.c
_FIELDS = tuple(f.name for f in fields(Dispute))
_SELECT = sa.select(*(_of[name] for name in _FIELDS))
_INSERT = insert_or_skip(disputes)
_INSERT_LINE = insert_or_skip(dispute_lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeChange:
    """One change of a dispute: the state it has since, its owner, what was said, by whom."""

    number: int
    state: DisputeState
    owner: str
    note: str
    author: str
    changed_at: datetime


def add_dispute(connection: Connection, seller_id: str, dispute: Dispute, author: str) -> int:
    """Keep a new dispute under the seller's next number, whatever its own; that number.

    Raises ChangedUnderneathError when others were quicker each time.
    """
    values = {name: getattr(dispute, name) for name in _FIELDS} | {"seller_id": seller_id}
    last = sa.select(sa.func.coalesce(sa.func.max(_of.number), 0)).where(_of.seller_id == seller_id)
    for _ in range(_TRIES):
        number: int = connection.execute(last).scalar_one() + 1
        insert = _INSERT[connection.dialect.name]
        if connection.execute(insert, values | {"number": number}).rowcount == 1:
            _note(connection, seller_id, number, dispute, author, dispute.opened_at)
            return number
    raise ChangedUnderneathError("other disputes were opened just now; repeat it")


def change_dispute(
    connection: Connection,
    seller_id: str,
    before: Dispute,
    after: Dispute,
    author: str,
    at: datetime,
) -> None:
    """Put `after` in the place of `before`, which must still be as it was read.

    Raises ChangedUnderneathError when somebody else changed it.
    """
    update = (
        sa.update(disputes)
        .where(
            _of.seller_id == seller_id,
            _of.number == before.number,
            _of.state == before.state,
            _of.owner == before.owner,
        )
        .values(state=after.state, owner=after.owner, note=after.note)
    )
    if connection.execute(update).rowcount != 1:
        raise ChangedUnderneathError(f"somebody changed dispute {before.number}; look again")
    _note(connection, seller_id, before.number, after, author, at)


def add_lines(
    connection: Connection, seller_id: str, dispute: Dispute, line_nos: Sequence[int]
) -> int:
    """Put lines of the dispute's tie-out into it; how many were in no dispute before."""
    insert = _INSERT_LINE[connection.dialect.name]
    added = 0
    for line_no in line_nos:
        row = {"tie_out": dispute.tie_out, "line_no": line_no, "dispute": dispute.number}
        added += connection.execute(insert, row | {"seller_id": seller_id}).rowcount
    return added


def read_dispute(connection: Connection, seller_id: str, number: int) -> Dispute:
    """A dispute by its number. Raises NotFoundError when the seller has none such."""
    statement = _SELECT.where(_of.seller_id == seller_id, _of.number == number)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no dispute {number}")
    return Dispute(**dict(zip(_FIELDS, row, strict=True)))


def list_disputes(
    connection: Connection, seller_id: str, buyer_id: str | None = None, limit: int = 100
) -> tuple[Dispute, ...]:
    """At most `limit` disputes, the newest first."""
    statement = _SELECT.where(_of.seller_id == seller_id).order_by(_of.number.desc()).limit(limit)
    if buyer_id is not None:
        statement = statement.where(_of.buyer_id == buyer_id)
    rows = connection.execute(statement)
    return tuple(Dispute(**dict(zip(_FIELDS, row, strict=True))) for row in rows)


def list_line_numbers(connection: Connection, seller_id: str, dispute: int) -> tuple[int, ...]:
    """The numbers of a dispute's lines, in order."""
    statement = (
        sa.select(_line.line_no)
        .where(_line.seller_id == seller_id, _line.dispute == dispute)
        .order_by(_line.line_no)
    )
    return tuple(connection.execute(statement).scalars())


def list_changes(connection: Connection, seller_id: str, dispute: int) -> tuple[DisputeChange, ...]:
    """Everything that became of a dispute, in order."""
    change = dispute_changes.c
    statement = (
        select_fields(dispute_changes, DisputeChange)
        .where(change.seller_id == seller_id, change.dispute == dispute)
        .order_by(change.number)
    )
    names = tuple(f.name for f in fields(DisputeChange))
    rows = connection.execute(statement)
    return tuple(DisputeChange(**dict(zip(names, row, strict=True))) for row in rows)


def _note(
    connection: Connection,
    seller_id: str,
    number: int,
    dispute: Dispute,
    author: str,
    at: datetime,
) -> None:
    change = dispute_changes.c
    last = sa.select(sa.func.coalesce(sa.func.max(change.number), 0)).where(
        change.seller_id == seller_id, change.dispute == number
    )
    row = {
        "seller_id": seller_id,
        "dispute": number,
        "number": connection.execute(last).scalar_one() + 1,
        "state": dispute.state,
        "owner": dispute.owner,
        "note": dispute.note,
        "author": author,
        "changed_at": at,
    }
    connection.execute(sa.insert(dispute_changes), row)
