"""Recorded calls of a campaign for a replay: arrival and latest CDR, page by page, oldest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from pydantic_core import from_json
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.event_codec import decode, decode_attempts
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.tables import call_events, calls, cdrs
from callrouter.domain.calls.events import RouteDecided
from callrouter.domain.cdr import HangupParty
from callrouter.domain.numbers import read_caller
from callrouter.domain.replay.recorded import RecordedCall
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Period:
    """The calls of a campaign that arrived from `since` to before `until`."""

    seller_id: str
    campaign_id: str
    since: datetime
    until: datetime


class RecordedRow(NamedTuple):
    """A recorded call as it is kept; `arrival` and `attempts` are JSON texts."""

    call_sid: str
    arrived_at: datetime
    did: str
    ani: str
    publisher: str
    arrival: str | None
    attempts: str
    hangup_party: str


_IN_PERIOD = sa.and_(
    matches(calls, "seller_id", "campaign_id"),
    calls.c.arrived_at >= bindparam("since", type_=calls.c.arrived_at.type),
    calls.c.arrived_at < bindparam("until", type_=calls.c.arrived_at.type),
    calls.c.cdr_revision > 0,
)
_COUNT = sa.select(sa.func.count()).select_from(calls).where(_IN_PERIOD)
_PLACE = sa.tuple_(calls.c.arrived_at, calls.c.call_sid)
_LIST = (
    sa.select(
        calls.c.call_sid,
        calls.c.arrived_at,
        calls.c.did,
        calls.c.ani,
        calls.c.publisher,
        call_events.c.body,
        cdrs.c.attempts,
        cdrs.c.hangup_party,
    )
    .join_from(
        calls,
        cdrs,
        (cdrs.c.seller_id == calls.c.seller_id)
        & (cdrs.c.call_sid == calls.c.call_sid)
        & (cdrs.c.revision == calls.c.cdr_revision),
    )
    .outerjoin(
        call_events,
        (call_events.c.seller_id == calls.c.seller_id)
        & (call_events.c.call_sid == calls.c.call_sid)
        & (call_events.c.key == "arrived"),
    )
    .where(_IN_PERIOD)
    .order_by(calls.c.arrived_at, calls.c.call_sid)
    .limit(bindparam("limit"))
)
_LIST_AFTER = _LIST.where(
    sa.tuple_(
        bindparam("after_at", type_=calls.c.arrived_at.type),
        bindparam("after_sid", type_=sa.Text),
    )
    < _PLACE
)
_FIRST_DECIDED = (
    sa.select(call_events.c.body)
    .join_from(
        calls,
        call_events,
        (call_events.c.seller_id == calls.c.seller_id)
        & (call_events.c.call_sid == calls.c.call_sid)
        & (call_events.c.key == "decided:1"),
    )
    .where(_IN_PERIOD)
    .order_by(calls.c.arrived_at, calls.c.call_sid)
    .limit(1)
)


def count_recorded(connection: Connection, period: Period) -> int:
    """How many calls of the period are over."""
    found: int = connection.execute(_COUNT, _parameters(period)).scalar_one()
    return found


def stream_recorded(
    connection: Connection, period: Period, *, page: int = _PAGE
) -> Iterator[tuple[RecordedRow, ...]]:
    """The calls of the period that are over, the oldest first, in pages of constant memory.

    As rows, for `read_recorded`: they are cheap to hand to another process.
    """
    parameters = {**_parameters(period), "limit": page}
    statement = _LIST
    while True:
        rows = connection.execute(statement, parameters).all()
        if rows:
            yield tuple(RecordedRow(*row) for row in rows)
        if len(rows) < page:
            return
        parameters |= {"after_at": rows[-1].arrived_at, "after_sid": rows[-1].call_sid}
        statement = _LIST_AFTER


def read_first_conditions(connection: Connection, period: Period) -> Conditions | None:
    """What the first decision of the period depended on; None when it depended on nothing."""
    body = connection.execute(_FIRST_DECIDED, _parameters(period)).scalar_one_or_none()
    event = decode("route_decided", body) if body else None
    return event.conditions if isinstance(event, RouteDecided) else None


def _parameters(period: Period) -> dict[str, object]:
    return {
        "seller_id": period.seller_id,
        "campaign_id": period.campaign_id,
        "since": period.since,
        "until": period.until,
    }


def read_recorded(row: RecordedRow) -> RecordedCall:
    """The call of a row."""
    # The arrival's body by hand: of its fields three are wanted, and there are many calls.
    arrival = from_json(row.arrival) if row.arrival else {}
    return RecordedCall(
        CallSoFar(
            call_sid=row.call_sid,
            did=row.did,
            caller=read_caller(row.ani),
            publisher=row.publisher,
            caller_state=arrival.get("caller_state", ""),
            caller_zip=arrival.get("caller_zip", ""),
            caller_country=arrival.get("caller_country", ""),
        ),
        row.arrived_at,
        decode_attempts(row.attempts),
        buyer_hung_up=row.hangup_party == HangupParty.CALLEE,
    )
