"""Bring the events that were spooled during an outage into the database, in order, each once."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import append_in, describe_call
from callrouter.adapters.storage.spool import SpooledEvent
from callrouter.domain.events import CallArrived, RouteDecided
from callrouter.workflows.close_call import close_if_over, lock_call
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
        for (seller_id, _), entries in calls:
            _ensure_call(connection, seller_id, entries, board.next_sweep_at(now))
        for entry in batch:
            append_in(connection, entry.seller_id, entry.event, entry.raw)
        for (seller_id, call_sid), _ in calls:
            close_if_over(connection, seller_id, call_sid, now)


def _ensure_call(
    connection: Connection,
    seller_id: str,
    entries: Sequence[SpooledEvent],
    next_sweep_at: datetime,
) -> None:
    """The call's row, locked; with what its spooled arrival and decision say, if nobody did yet."""
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
    if arrived is None or decided is None or row.campaign_id:
        return
    describe_call(
        connection,
        seller_id,
        arrived.call_sid,
        arrived_at=arrived.received_at,
        did=arrived.did,
        ani=arrived.ani,
        campaign_id=decided.decision.campaign_id,
        publisher=decided.decision.publisher,
    )
