"""Calls that have ended, with what was decided for them: read in bulk, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.event_codec import decode_attempts
from callrouter.adapters.storage.tables import call_events, calls, cdrs
from callrouter.domain.routing.turned_away import EndedCall, PastDecision

_PAGE = 500


@dataclass(frozen=True, slots=True)
class CallPeriod:
    """Calls of a campaign, or of all for None, that arrived at or after `since`, before `until`."""

    since: datetime
    until: datetime
    campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Body:
    """The part of a stored `RouteDecided` that is read here; all of it takes twice as long."""

    decision: PastDecision


_BODY = TypeAdapter(_Body)
_PLACE = (calls.c.arrived_at, calls.c.call_sid)
_PLACE_TYPES = tuple(column.type for column in _PLACE)


def count_ended_calls(connection: Connection, seller_id: str, period: CallPeriod) -> int:
    """How many calls of a period have ended."""
    statement = sa.select(sa.func.count()).select_from(calls)
    return int(connection.execute(statement.where(*_ended(seller_id, period))).scalar_one())


def stream_ended_calls(
    connection: Connection, seller_id: str, period: CallPeriod, *, page: int = _PAGE
) -> Iterator[EndedCall]:
    """All calls of a period that have a CDR, as they arrived, in constant memory.

    Decisions by a rival machine, which nobody heard of, are left out.
    """
    statement = (
        sa.select(*_PLACE, cdrs.c.disposition, cdrs.c.attempts)
        .join_from(
            calls,
            cdrs,
            (cdrs.c.seller_id == calls.c.seller_id)
            & (cdrs.c.call_sid == calls.c.call_sid)
            & (cdrs.c.revision == calls.c.cdr_revision),
        )
        .where(*_ended(seller_id, period))
        .order_by(*_PLACE)
        .limit(page)
    )
    following = statement
    while True:
        rows = connection.execute(following).all()
        decisions = _read_decisions(connection, seller_id, [row.call_sid for row in rows])
        for _, call_sid, disposition, attempts in rows:
            own = sorted(decisions.get(call_sid, ()), key=lambda each: each.attempt)
            yield EndedCall(disposition, decode_attempts(attempts), tuple(own))
        if len(rows) < page:
            return
        last = sa.tuple_(rows[-1].arrived_at, rows[-1].call_sid, types=_PLACE_TYPES)
        following = statement.where(sa.tuple_(*_PLACE) > last)


def _ended(seller_id: str, period: CallPeriod) -> Iterator[sa.ColumnElement[bool]]:
    yield calls.c.seller_id == seller_id
    yield calls.c.arrived_at >= period.since
    yield calls.c.arrived_at < period.until
    yield calls.c.cdr_revision > 0
    if period.campaign_id is not None:
        yield calls.c.campaign_id == period.campaign_id


def _read_decisions(
    connection: Connection, seller_id: str, call_sids: Sequence[str]
) -> dict[str, list[PastDecision]]:
    """What was decided for each of these calls."""
    event = call_events.c
    statement = sa.select(event.call_sid, event.body).where(
        event.seller_id == seller_id,
        event.call_sid.in_(call_sids),
        event.kind == "route_decided",
        event.key.not_like("rival:%"),
    )
    found: dict[str, list[PastDecision]] = {}
    for call_sid, body in connection.execute(statement):
        found.setdefault(call_sid, []).append(_BODY.validate_json(body).decision)
    return found
