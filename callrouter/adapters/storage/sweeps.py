"""Calls that need another look: those of which no end was reported, and those with late events."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.tables import call_events, calls


@dataclass(frozen=True, slots=True)
class CallKey:
    """A call, whose it is, and when it arrived."""

    seller_id: str
    call_sid: str
    arrived_at: datetime


_KEY = (calls.c.seller_id, calls.c.call_sid, calls.c.arrived_at)
_NOW = bindparam("now", type_=calls.c.next_sweep_at.type)
# As a CTE it runs once. Rows that are locked are being claimed by somebody else: they are skipped.
_due = (
    sa.select(calls.c.seller_id, calls.c.call_sid)
    .where(calls.c.next_sweep_at <= _NOW)
    .order_by(calls.c.next_sweep_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    sa.update(calls)
    .where(
        sa.tuple_(calls.c.seller_id, calls.c.call_sid).in_(
            sa.select(_due.c.seller_id, _due.c.call_sid)
        ),
        calls.c.next_sweep_at <= _NOW,
    )
    .values(next_sweep_at=bindparam("retry_at"))
    .returning(*_KEY)
)
_EVENTS_NOW = (
    sa.select(sa.func.count())
    .select_from(call_events)
    .where(call_events.c.seller_id == calls.c.seller_id, call_events.c.call_sid == calls.c.call_sid)
    .scalar_subquery()
)


def claim_calls_to_sweep(
    connection: Connection, now: datetime, retry_at: datetime, limit: int
) -> tuple[CallKey, ...]:
    """Calls whose time for a look has come, the oldest first; nobody else gets them.

    At most `limit` of those that are longest due. They are due again at `retry_at`, unless they
    are closed before. Within a transaction.
    """
    rows = connection.execute(_CLAIM, {"now": now, "retry_at": retry_at, "limit": limit}).all()
    return tuple(sorted((CallKey(*row) for row in rows), key=lambda call: call.arrived_at))


def find_stale_cdrs(connection: Connection, since: datetime, limit: int) -> tuple[CallKey, ...]:
    """Calls closed at or after `since` that have other events than their CDR was derived from."""
    stale = (
        sa.select(*_KEY)
        .where(calls.c.closed_at >= since, calls.c.derived_events != _EVENTS_NOW)
        .order_by(calls.c.closed_at)
        .limit(limit)
    )
    return tuple(CallKey(*row) for row in connection.execute(stale))


def hasten_sweeps(connection: Connection, at: datetime) -> None:
    """Make every open call due at `at`, whenever its time for a look was. Within a transaction."""
    later = calls.c.next_sweep_at > at
    connection.execute(sa.update(calls).where(later).values(next_sweep_at=at))


def make_due(connection: Connection, call: CallKey, at: datetime) -> None:
    """Make a call due at `at` that isn't due at any time, as none is that has a CDR."""
    of_call = (calls.c.seller_id == call.seller_id) & (calls.c.call_sid == call.call_sid)
    connection.execute(
        sa.update(calls).where(of_call, calls.c.next_sweep_at.is_(None)).values(next_sweep_at=at)
    )
