"""Bring the events that were spooled during an outage into the database, in order, each once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import append_in, describe_call, read_decided
from callrouter.adapters.storage.spool import SpooledEvent
from callrouter.adapters.storage.sweeps import CallKey, make_due
from callrouter.domain.calls.events import CallArrived, RouteDecided
from callrouter.workflows.close_call import close_if_over, lock_call
from callrouter.workflows.rate_due_calls import rate_and_settle
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()


def drain_spool(board: Switchboard) -> int:
    """Move everything; the number of events moved. What is there already is left as it is.

    Raises StorageUnavailableError when the database is (again) away; what was moved stays moved.
    """
    drained = board.spool.drain(lambda batch: _apply(board, batch))
    if drained.applied or drained.refused:
        log.info("spool_drained", events=drained.applied, refused=drained.refused)
    return drained.applied


def _apply(board: Switchboard, batch: Sequence[SpooledEvent]) -> None:
    now = board.clock.now()
    by_call: dict[tuple[str, str], list[SpooledEvent]] = {}
    for entry in batch:
        by_call.setdefault((entry.seller_id, entry.event.call_sid), []).append(entry)
    # In one order everywhere, so that two machines that drain can't block each other.
    calls = sorted(by_call.items())
    with board.database.unhurried().write() as connection:
        closed = [
            _ensure_call(connection, seller_id, entries, board.next_sweep_at(now))
            for (seller_id, _), entries in calls
        ]
        for entry in batch:
            _append(connection, entry)
        for ((seller_id, call_sid), _), was_closed in zip(calls, closed, strict=True):
            is_over = close_if_over(
                connection, seller_id, call_sid, now, board.compiled, settles=False
            )
            if not is_over and was_closed:
                # Its CDR is out of date, and what would complete it was lost: the carrier knows.
                make_due(connection, CallKey(seller_id, call_sid, now), now)
    for (seller_id, call_sid), _ in calls:
        with board.database.unhurried().write() as connection:
            rate_and_settle(connection, seller_id, call_sid, now, board.compiled)


def _append(connection: Connection, entry: SpooledEvent) -> None:
    """Keep an event; a decision that differs from the one kept before is kept as its rival."""
    event = entry.event
    if append_in(connection, entry.seller_id, event, entry.raw):
        return
    if isinstance(event, RouteDecided):
        kept = read_decided(connection, entry.seller_id, event.call_sid, event.decision.attempt)
        if kept is not None and kept.decision != event.decision:
            append_in(connection, entry.seller_id, replace(event, rival=True), entry.raw)


def _ensure_call(
    connection: Connection,
    seller_id: str,
    entries: Sequence[SpooledEvent],
    next_sweep_at: datetime,
) -> bool:
    """Lock the call, described by what was spooled if nobody did yet; True if it has a CDR."""
    events = [entry.event for entry in entries]
    arrived = next((e for e in events if isinstance(e, CallArrived)), None)
    decided = next((e for e in events if isinstance(e, RouteDecided)), None)
    named = max(entries, key=lambda entry: bool(entry.did))
    unknown = CallArrived(
        call_sid=events[0].call_sid,
        received_at=min(event.received_at for event in events),
        did=named.did,
        ani=named.ani,
    )
    row = lock_call(connection, seller_id, arrived or unknown, next_sweep_at)
    if not row.campaign_id and (arrived is not None or decided is not None):
        describe_call(
            connection,
            seller_id,
            row.call_sid,
            arrived_at=arrived.received_at if arrived else row.arrived_at,
            did=arrived.did if arrived else row.did,
            ani=arrived.ani if arrived else row.ani,
            campaign_id=decided.decision.campaign_id if decided else "",
            publisher=decided.decision.publisher if decided else "",
        )
    return row.closed_at is not None
