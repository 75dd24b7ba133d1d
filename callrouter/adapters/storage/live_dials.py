"""Which destinations are ringing or talking right now, by the events of the calls in progress."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.tables import call_events, calls
from callrouter.domain.calls.events import LegStatus


@dataclass(frozen=True, slots=True)
class _Dial:
    destination_id: str


@dataclass(frozen=True, slots=True)
class _Decision:
    attempt: int
    dial: _Dial | None = None
    also: tuple[_Dial, ...] = ()


@dataclass(frozen=True, slots=True)
class _Decided:
    decision: _Decision


@dataclass(frozen=True, slots=True)
class _OfAttempt:
    attempt: int
    destination_id: str = ""


_DECIDED = TypeAdapter(_Decided)
_OF_ATTEMPT = TypeAdapter(_OfAttempt)
_event = call_events.c
_ENDED_LEG = sa.and_(
    _event.kind == "leg_progressed",
    sa.or_(*(_event.key.like(f"leg:%:{status}") for status in LegStatus if status.is_final)),
)
_open_calls = sa.select(calls.c.call_sid).where(
    matches(calls, "seller_id"), calls.c.closed_at.is_(None)
)
_EVENTS_OF_OPEN_CALLS = Prepared(
    # Not a join: SQLite would begin with the events, of all calls that there ever were.
    sa.select(_event.call_sid, _event.kind, _event.body).where(
        matches(call_events, "seller_id"),
        _event.call_sid.in_(_open_calls),
        sa.or_(
            sa.and_(_event.kind == "route_decided", _event.key.not_like("rival:%")),
            _event.kind == "dial_ended",
            _ENDED_LEG,
        ),
    )
)


def count_live_dials(connection: Connection, seller_id: str) -> Mapping[str, int]:
    """How many calls each destination rings or talks with, over all campaigns; none for 0.

    Told by the attempts of which no end is known. A call whose end got lost counts until it is
    swept.
    """
    dialled: set[tuple[str, int, str]] = set()
    ended_attempts: set[tuple[str, int]] = set()
    ended_legs: set[tuple[str, int, str]] = set()
    for call_sid, kind, body in _EVENTS_OF_OPEN_CALLS.all(connection, {"seller_id": seller_id}):
        if kind == "route_decided":
            decision = _DECIDED.validate_json(body).decision
            dials = () if decision.dial is None else (decision.dial, *decision.also)
            dialled |= {(call_sid, decision.attempt, dial.destination_id) for dial in dials}
            continue
        of = _OF_ATTEMPT.validate_json(body)
        if kind == "dial_ended" or not of.destination_id:
            ended_attempts.add((call_sid, of.attempt))
        else:
            ended_legs.add((call_sid, of.attempt, of.destination_id))
    return Counter(
        destination_id
        for call_sid, attempt, destination_id in dialled - ended_legs
        if (call_sid, attempt) not in ended_attempts
    )
