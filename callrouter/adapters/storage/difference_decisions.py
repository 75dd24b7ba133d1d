"""Decisions about lines of tie-outs: added, never changed; the last of a line counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.dispute_tables import difference_decisions
from callrouter.domain.tie_out.settlement import Decision, Moved

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRow:
    """One decision; `number` counts a line's from 1, the amounts are the steps posted with it."""

    tie_out: int
    line_no: int
    number: int
    decision: Decision
    agreed_micros: int
    buyer_micros: int
    publisher_micros: int
    reason: str
    author: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A line's last decision, and what all of them together have moved."""

    last: DecidedRow
    moved: Moved


_of = difference_decisions.c
_FIELDS = tuple(f.name for f in fields(DecidedRow))


def add_decisions(connection: Connection, seller_id: str, rows: Sequence[DecidedRow]) -> None:
    """Add decisions; within a transaction that holds the buyer's account."""
    if rows:
        values = [
            {name: getattr(row, name) for name in _FIELDS} | {"seller_id": seller_id}
            for row in rows
        ]
        connection.execute(sa.insert(difference_decisions), values)


def read_decided(
    connection: Connection, seller_id: str, tie_out: int, line_nos: Sequence[int]
) -> Mapping[int, Decided]:
    """What was decided about these lines, by line; without those of which nothing was."""
    found: dict[int, Decided] = {}
    for some in _split(line_nos):
        statement = (
            sa.select(*(_of[name] for name in _FIELDS))
            .where(_of.seller_id == seller_id, _of.tie_out == tie_out, _of.line_no.in_(some))
            .order_by(_of.line_no, _of.number)
        )
        for row in connection.execute(statement):
            decided = DecidedRow(**dict(zip(_FIELDS, row, strict=True)))
            found[decided.line_no] = _add(found.get(decided.line_no), decided)
    return found


def list_decisions(
    connection: Connection, seller_id: str, tie_out: int, line_no: int
) -> tuple[DecidedRow, ...]:
    """Every decision about one line, in order."""
    statement = (
        sa.select(*(_of[name] for name in _FIELDS))
        .where(_of.seller_id == seller_id, _of.tie_out == tie_out, _of.line_no == line_no)
        .order_by(_of.number)
    )
    rows = connection.execute(statement)
    return tuple(DecidedRow(**dict(zip(_FIELDS, row, strict=True))) for row in rows)


def _add(known: Decided | None, row: DecidedRow) -> Decided:
    before = known.moved if known else Moved()
    return Decided(
        row,
        Moved(
            before.buyer_micros + row.buyer_micros, before.publisher_micros + row.publisher_micros
        ),
    )


def _split(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
