"""Scheduled changes: kept, found when they are due, each ended exactly once."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.schedule_tables import scheduled_changes
from callrouter.adapters.storage.statements import matches, select_fields
from callrouter.domain.errors import NotFoundError
from callrouter.domain.tables.scheduled_change import ChangeState, ScheduledChange

MOST_AT_ONCE = 100
"""How many due changes `list_due` gives at most; the rest come the next time."""

_OF_CHANGE = ("seller_id", "change_id")
_SELECT = select_fields(scheduled_changes, ScheduledChange)
_IS_PENDING = scheduled_changes.c.state == ChangeState.PENDING
_NEXT_ID = sa.select(sa.func.coalesce(sa.func.max(scheduled_changes.c.change_id), 0) + 1).where(
    matches(scheduled_changes, "seller_id")
)
_DUE = (
    _SELECT.where(_IS_PENDING, scheduled_changes.c.due_at <= bindparam("at"))
    .order_by(*(scheduled_changes.c[name] for name in ("due_at", "seller_id", "change_id")))
    .limit(MOST_AT_ONCE)
)
_OF_CAMPAIGN = _SELECT.where(
    matches(scheduled_changes, "seller_id", "campaign_id"), _IS_PENDING
).order_by(scheduled_changes.c.change_id)
_OF_SELLER = _SELECT.where(matches(scheduled_changes, "seller_id")).order_by(
    scheduled_changes.c.due_at.desc(), scheduled_changes.c.change_id.desc()
)
_END = (
    sa.update(scheduled_changes)
    .where(matches(scheduled_changes, *_OF_CHANGE, prefix="of_"), _IS_PENDING)
    .values(
        {
            name: bindparam(name, type_=scheduled_changes.c[name].type)
            for name in ("state", "ended_at", "outcome")
        }
    )
    .execution_options(preserve_rowcount=True)
)


def add_change(connection: Connection, change: ScheduledChange) -> ScheduledChange:
    """Keep a new change under its seller's next id; the change with that id.

    Within a transaction that has raised the change counter, which makes other ones wait.
    """
    parameters = {"seller_id": change.seller_id}
    change = replace(change, change_id=connection.execute(_NEXT_ID, parameters).scalar_one())
    row = {f.name: getattr(change, f.name) for f in fields(change)}
    connection.execute(
        sa.insert(scheduled_changes), {**row, "numbers": json.dumps(dict(change.numbers))}
    )
    return change


def end_change(
    connection: Connection,
    change: ScheduledChange,
    state: ChangeState,
    at: datetime,
    outcome: str = "",
) -> bool:
    """Say what became of a pending change; False when it has ended already, whoever did that.

    Of two transactions that end it at once the second waits for the first, and gets False.
    """
    named = {"of_seller_id": change.seller_id, "of_change_id": change.change_id}
    ended = {"state": state, "ended_at": at, "outcome": outcome}
    return connection.execute(_END, {**named, **ended}).rowcount == 1


def note_replaced(connection: Connection, change: ScheduledChange, version: int | None) -> None:
    """Say of a swap that is being done what was live before it."""
    connection.execute(
        sa.update(scheduled_changes).where(_is(change)).values(replaced_version=version)
    )


def keep_numbers(
    connection: Connection, change: ScheduledChange, numbers: Mapping[str, str]
) -> None:
    """Have a change be about these numbers alone."""
    connection.execute(
        sa.update(scheduled_changes).where(_is(change)).values(numbers=json.dumps(dict(numbers)))
    )


def list_due(connection: Connection, at: datetime) -> tuple[ScheduledChange, ...]:
    """The pending changes of all sellers whose time has come, the oldest first."""
    return tuple(_read(row) for row in connection.execute(_DUE, {"at": at}))


def list_pending(
    connection: Connection, seller_id: str, campaign_id: str
) -> tuple[ScheduledChange, ...]:
    """The pending changes of a campaign, as they were scheduled."""
    parameters = {"seller_id": seller_id, "campaign_id": campaign_id}
    return tuple(_read(row) for row in connection.execute(_OF_CAMPAIGN, parameters))


def list_changes(
    connection: Connection, seller_id: str, *, pending_only: bool
) -> tuple[ScheduledChange, ...]:
    """A seller's changes, those that are due last first."""
    statement = _OF_SELLER.where(_IS_PENDING) if pending_only else _OF_SELLER
    return tuple(_read(row) for row in connection.execute(statement, {"seller_id": seller_id}))


def read_change(connection: Connection, seller_id: str, change_id: int) -> ScheduledChange:
    """One change. Raises NotFoundError when the seller has none of that id."""
    statement = _SELECT.where(matches(scheduled_changes, *_OF_CHANGE))
    parameters = {"seller_id": seller_id, "change_id": change_id}
    row = connection.execute(statement, parameters).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no scheduled change {change_id}")
    return _read(row)


def _is(change: ScheduledChange) -> sa.ColumnElement[bool]:
    return sa.and_(
        scheduled_changes.c.seller_id == change.seller_id,
        scheduled_changes.c.change_id == change.change_id,
    )


def _read(row: "sa.Row[*tuple[object, ...]]") -> ScheduledChange:
    values = dict(row._mapping)
    return ScheduledChange(**{**values, "numbers": json.loads(str(values["numbers"]))})
