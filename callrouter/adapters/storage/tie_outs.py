"""Tie-outs: one row each, made first, and finished once all of its lines are there.

Lines are written in many transactions, so that nobody waits for a million of them; a tie-out that
was stopped half-way is never shown, and cleared away when the buyer's next one begins.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.statements import insert_or_skip, matches
from callrouter.adapters.storage.tie_out_tables import tie_outs
from callrouter.adapters.storage.types import UtcDateTime
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutRow:
    """A tie-out's own row, in the columns' order; `number` counts the seller's from 1.

    It compares the calls of `buyer_id` that began from `since` to before `until` with `files` (the
    buyer's file numbers). `mapping`, `clock`, `measure`, `totals` and `notices` are JSON texts.
    `supersedes` is the earlier tie-out of the same buyer and period.
    """

    number: int
    buyer_id: str
    since: datetime
    until: datetime
    zone: str
    currency: str
    files: tuple[int, ...]
    mapping: str
    clock: str
    measure: str
    totals: str
    notices: str
    lines: int
    supersedes: int | None
    author: str
    made_at: datetime


_of = tie_outs.c
_FIELDS = tuple(f.name for f in fields(TieOutRow))
_SELECT = sa.select(*(_of[name] for name in _FIELDS)).where(
    matches(tie_outs, "seller_id"), _of.finished_at.is_not(None)
)
_later = tie_outs.alias("later")
_STANDS = ~sa.exists().where(
    _later.c.seller_id == _of.seller_id,
    _later.c.supersedes == _of.number,
    _later.c.finished_at.is_not(None),
)
_NEXT = sa.select(sa.func.coalesce(sa.func.max(_of.number), bindparam("none")) + 1).where(
    matches(tie_outs, "seller_id")
)
_INSERT = insert_or_skip(tie_outs)
_FINISH = (
    sa.update(tie_outs)
    .where(matches(tie_outs, "seller_id", "number", prefix="of_"))
    .values(finished_at=bindparam("at", type_=UtcDateTime))
)
_UNFINISHED = sa.select(_of.number).where(
    matches(tie_outs, "seller_id", "buyer_id"),
    _of.finished_at.is_(None),
    _of.made_at < bindparam("before", type_=UtcDateTime),
)
_REMOVE = sa.delete(tie_outs).where(
    matches(tie_outs, "seller_id", "number"), _of.finished_at.is_(None)
)


def begin_tie_out(connection: Connection, seller_id: str, row: TieOutRow) -> int:
    """Make a tie-out's row, unfinished, under the seller's next number, whatever its own.

    Raises ChangedUnderneathError when others were quicker each time.
    """
    values: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
    values |= {"seller_id": seller_id, "files": json.dumps(row.files), "finished_at": None}
    for _ in range(_TRIES):
        number: int = connection.execute(_NEXT, {"seller_id": seller_id, "none": 0}).scalar_one()
        insert = _INSERT[connection.dialect.name]
        if connection.execute(insert, values | {"number": number}).rowcount == 1:
            return number
    raise ChangedUnderneathError("other tie-outs were begun just now; repeat it")


def finish_tie_out(connection: Connection, seller_id: str, number: int, at: datetime) -> None:
    """Show a tie-out from now on: all of its lines are there."""
    named = {"of_seller_id": seller_id, "of_number": number, "at": at}
    if connection.execute(_FINISH, named).rowcount != 1:
        raise ChangedUnderneathError(f"tie-out {number} was cleared away while it was written")


def list_unfinished(
    connection: Connection, seller_id: str, buyer_id: str, before: datetime
) -> tuple[int, ...]:
    """The buyer's tie-outs that were begun before an instant and have not been finished."""
    named = {"seller_id": seller_id, "buyer_id": buyer_id, "before": before}
    return tuple(connection.execute(_UNFINISHED, named).scalars())


def remove_unfinished(connection: Connection, seller_id: str, number: int) -> None:
    """Remove the row of a tie-out that was never finished; one that was stays."""
    connection.execute(_REMOVE, {"seller_id": seller_id, "number": number})


def read_tie_out(connection: Connection, seller_id: str, number: int) -> TieOutRow:
    """A finished tie-out by its number. Raises NotFoundError when the seller has none such."""
    statement = _SELECT.where(_of.number == number)
    row = connection.execute(statement, {"seller_id": seller_id}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no tie-out {number}")
    return _read(row)


def list_tie_outs(
    connection: Connection,
    seller_id: str,
    buyer_id: str | None = None,
    *,
    only_standing: bool = False,
    limit: int | None = None,
) -> tuple[TieOutRow, ...]:
    """Finished tie-outs, the newest first; `only_standing`: those that no other supersedes."""
    statement = _SELECT.order_by(_of.number.desc()).limit(limit)
    if buyer_id is not None:
        statement = statement.where(_of.buyer_id == buyer_id)
    if only_standing:
        statement = statement.where(_STANDS)
    return tuple(_read(row) for row in connection.execute(statement, {"seller_id": seller_id}))


def find_standing(
    connection: Connection, seller_id: str, buyer_id: str, since: datetime, until: datetime
) -> TieOutRow | None:
    """The newest tie-out of a buyer and exactly this period; None when there is none."""
    statement = (
        _SELECT.where(_of.buyer_id == buyer_id, _of.since == since, _of.until == until)
        .order_by(_of.number.desc())
        .limit(1)
    )
    row = connection.execute(statement, {"seller_id": seller_id}).one_or_none()
    return None if row is None else _read(row)


def _read(row: Sequence[Any]) -> TieOutRow:
    values = dict(zip(_FIELDS, row, strict=True))
    values["files"] = tuple(json.loads(values["files"]))
    return TieOutRow(**values)
