"""Calls and their events: the call path's own statements, in as few round trips as can be.

On PostgreSQL a webhook's write is one statement in autocommit; on SQLite, where a statement costs
no trip, a short transaction does the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.event_codec import decode, encode
from callrouter.adapters.storage.prepared import Prepared, Value
from callrouter.adapters.storage.statements import insert_or_skip, matches, select_fields
from callrouter.adapters.storage.tables import call_events, calls
from callrouter.domain.calls.events import CallArrived, CallEvent, RouteDecided

_Parameters: TypeAlias = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of an event: whether it is new, and how its call stood at that moment."""

    is_new: bool
    call_known: bool
    call_closed: bool


@dataclass(frozen=True, slots=True)
class CallRow:
    """What is known of a call besides its events. `cdr_revision` is 0 while it has no CDR."""

    seller_id: str
    call_sid: str
    arrived_at: datetime
    did: str
    ani: str
    campaign_id: str
    publisher: str
    closed_at: datetime | None
    cdr_revision: int
    derived_events: int
    next_sweep_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """A stored event, and the form that it was read from where there was one."""

    event: CallEvent
    raw: str | None


_OF_CALL = ("seller_id", "call_sid")
_DESCRIPTION = ("arrived_at", "did", "ani", "campaign_id", "publisher")
_insert_call = insert_or_skip(calls, *_OF_CALL, *_DESCRIPTION, "next_sweep_at")
_insert_event = insert_or_skip(call_events)
_select_call = select_fields(calls, CallRow).where(matches(calls, *_OF_CALL))
_is_closed = sa.select(calls.c.closed_at.is_not(None)).where(matches(calls, *_OF_CALL))
_ADD_CALL = Prepared(_insert_call)
_ADD_EVENT = Prepared(_insert_event)
_SELECT_CALL = Prepared(_select_call)
_LOCK_CALL = Prepared(_select_call.with_for_update())
_IS_CLOSED = Prepared(_is_closed)
_DESCRIBE_CALL = (
    sa.update(calls)
    .where(matches(calls, *_OF_CALL, prefix="of_"))
    .values({name: bindparam(name) for name in _DESCRIPTION})
)
_SELECT_EVENTS = Prepared(
    sa.select(call_events.c.kind, call_events.c.body, call_events.c.raw)
    .where(matches(call_events, *_OF_CALL))
    .order_by(call_events.c.received_at, call_events.c.key)
)
_SELECT_DECIDED = Prepared(
    sa.select(call_events.c.body).where(matches(call_events, *_OF_CALL, "key"))
)
# Keys end in the attempt's number: the longer, then the greater one is the newer.
_SELECT_NEWEST_DECIDED = Prepared(
    sa.select(call_events.c.body)
    .where(matches(call_events, *_OF_CALL), call_events.c.kind == "route_decided")
    .order_by(sa.func.length(call_events.c.key).desc(), call_events.c.key.desc())
    .limit(1)
)


def _arrival_statement() -> sa.Insert:
    """The call, and if it is new its first two events: one statement, so one commit and trip."""
    new_call = _insert_call["postgresql"].returning(calls.c.call_sid).cte("new_call")
    rows = (
        sa.select(
            *(
                bindparam(c.name if c.name in _OF_CALL else prefix + c.name, type_=c.type)
                for c in call_events.c
            )
        ).where(sa.exists(sa.select(new_call.c.call_sid)))
        for prefix in ("arrived_", "decided_")
    )
    insert = postgresql.insert(call_events).from_select(call_events.c.keys(), sa.union_all(*rows))
    return insert.on_conflict_do_nothing().returning(call_events.c.kind)


def _append_statement() -> "sa.Select[*tuple[Any, ...]]":
    """The event, whether it is new, and whether its call is closed (NULL: no such call)."""
    added = _insert_event["postgresql"].returning(call_events.c.key).cte("added")
    is_new = sa.exists(sa.select(added.c.key))
    return sa.select(is_new, _is_closed.scalar_subquery()).add_cte(added)


_TELL_OF_THE_END = ("call_ended", "call_swept", "sweep_gave_up")
_HAS_END = Prepared(
    sa.select(call_events.c.key)
    .where(
        matches(call_events, *_OF_CALL),
        sa.or_(*(call_events.c.kind == kind for kind in _TELL_OF_THE_END)),
    )
    .limit(1)
)
_RECORD_ARRIVAL = Prepared(_arrival_statement())
_APPEND_EVENT = Prepared(_append_statement())


def record_arrival(
    connection: Connection,
    seller_id: str,
    arrived: CallArrived,
    decided: RouteDecided,
    raw: str,
    next_sweep_at: datetime,
) -> bool:
    """Keep a new call with its arrival and its first decision; quick: see `Database.quick_write`.

    False when the call is known already: then nothing was written, not even a missing event.
    """
    call: _Parameters = {
        "seller_id": seller_id,
        "call_sid": arrived.call_sid,
        "arrived_at": arrived.received_at,
        "did": arrived.did,
        "ani": arrived.ani,
        "campaign_id": decided.decision.campaign_id,
        "publisher": decided.decision.publisher,
        "next_sweep_at": next_sweep_at,
    }
    events = (_row(seller_id, arrived, raw), _row(seller_id, decided, None))
    if connection.dialect.name == "postgresql":
        parameters = call | _prefix(events[0], "arrived_") | _prefix(events[1], "decided_")
        return bool(_RECORD_ARRIVAL.all(connection, parameters))
    if not _ADD_CALL.count(connection, call):
        return False
    for event in events:
        _ADD_EVENT.count(connection, event)
    return True


def append_event(db: Database, seller_id: str, event: CallEvent, raw: str | None) -> Appended:
    """Keep an event, once however often it comes; durable once this has returned.

    A call that somebody is closing at this moment may still look open: its CDR then lacks the
    event until `sweeps.find_stale_cdrs` finds it.
    """
    row = _row(seller_id, event, raw)
    with db.single() as connection:
        if db.is_postgresql:
            [(is_new, is_closed)] = _APPEND_EVENT.all(connection, row)
        else:
            is_new = _ADD_EVENT.count(connection, row) == 1
            found = _IS_CLOSED.first(connection, row)
            is_closed = found[0] if found else None
    return Appended(is_new, call_known=is_closed is not None, call_closed=bool(is_closed))


def append_in(connection: Connection, seller_id: str, event: CallEvent, raw: str | None) -> bool:
    """Keep an event within a transaction; False when it was there already."""
    row = _row(seller_id, event, raw)
    return _ADD_EVENT.count(connection, row) == 1


def ensure_and_lock_call(
    connection: Connection,
    seller_id: str,
    call_sid: str,
    arrived_at: datetime,
    did: str,
    ani: str,
    next_sweep_at: datetime,
    *,
    campaign_id: str = "",
    publisher: str = "",
) -> CallRow:
    """The call as it stands, locked until the transaction ends; made of the arguments if unknown.

    A call that was known before it arrived with a decision gets these with `describe_call`.
    """
    parameters: _Parameters = {
        "seller_id": seller_id,
        "call_sid": call_sid,
        "arrived_at": arrived_at,
        "did": did,
        "ani": ani,
        "campaign_id": campaign_id,
        "publisher": publisher,
        "next_sweep_at": next_sweep_at,
    }
    row = _LOCK_CALL.first(connection, parameters)
    if row is None:
        _ADD_CALL.count(connection, parameters)
        [row] = _LOCK_CALL.all(connection, parameters)
    return CallRow(*row)


def describe_call(
    connection: Connection,
    seller_id: str,
    call_sid: str,
    *,
    arrived_at: datetime,
    did: str,
    ani: str,
    campaign_id: str,
    publisher: str,
) -> None:
    """Say anew what a call is, for one whose arrival came after another of its events."""
    connection.execute(
        _DESCRIBE_CALL,
        {
            "of_seller_id": seller_id,
            "of_call_sid": call_sid,
            "arrived_at": arrived_at,
            "did": did,
            "ani": ani,
            "campaign_id": campaign_id,
            "publisher": publisher,
        },
    )


def read_call(connection: Connection, seller_id: str, call_sid: str) -> CallRow | None:
    """The call as it stands, or None when this seller has no such call."""
    parameters = {"seller_id": seller_id, "call_sid": call_sid}
    row = _SELECT_CALL.first(connection, parameters)
    return None if row is None else CallRow(*row)


def read_events(connection: Connection, seller_id: str, call_sid: str) -> tuple[CallEvent, ...]:
    """All events of a call in the order in which they were received; empty for an unknown call."""
    return tuple(row.event for row in read_event_rows(connection, seller_id, call_sid))


def read_event_rows(connection: Connection, seller_id: str, call_sid: str) -> tuple[EventRow, ...]:
    """All events of a call with their raw forms, in the order in which they were received."""
    parameters = {"seller_id": seller_id, "call_sid": call_sid}
    return tuple(
        EventRow(decode(kind, body), raw)
        for kind, body, raw in _SELECT_EVENTS.all(connection, parameters)
    )


def has_end(connection: Connection, seller_id: str, call_sid: str) -> bool:
    """Whether anything was heard yet of the end of the caller's leg; cheaper than to read all."""
    parameters = {"seller_id": seller_id, "call_sid": call_sid}
    return _HAS_END.first(connection, parameters) is not None


def read_decided(
    connection: Connection, seller_id: str, call_sid: str, attempt: int | None
) -> RouteDecided | None:
    """What was decided as attempt `attempt`, or last of all for None; None when nothing was."""
    parameters = {"seller_id": seller_id, "call_sid": call_sid, "key": f"decided:{attempt}"}
    statement = _SELECT_NEWEST_DECIDED if attempt is None else _SELECT_DECIDED
    row = statement.first(connection, parameters)
    if row is None:
        return None
    event = decode("route_decided", row[0])
    return event if isinstance(event, RouteDecided) else None


def _row(seller_id: str, event: CallEvent, raw: str | None) -> _Parameters:
    return {
        "seller_id": seller_id,
        "call_sid": event.call_sid,
        "key": event.key,
        "kind": event.kind,
        "received_at": event.received_at,
        "body": encode(event),
        "raw": raw,
    }


def _prefix(row: Mapping[str, Value], prefix: str) -> _Parameters:
    return {prefix + name: value for name, value in row.items()}
