"""A call arrives: decide, record the arrival and the decision at once, say what to dial.

The same call again gets the answer that was recorded. Without a database it is routed by the last
known good configuration.
"""

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import (
    append_in,
    describe_call,
    read_decided,
    record_arrival,
)
from callrouter.domain.calls.events import CallArrived, RouteDecided
from callrouter.domain.errors import NoRoomError, StorageUnavailableError
from callrouter.workflows.close_call import lock_call
from callrouter.workflows.decide_next import (
    Decided,
    begin_call,
    decide_by_live_table,
    log_decision,
    make_answer,
)
from callrouter.workflows.reserve_room import reserve_room
from callrouter.workflows.route_degraded import route_degraded
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()


def route_call(board: Switchboard, seller_id: str, arrived: CallArrived, raw: str) -> str:
    """The TwiML for a call's first request; identical for every repeat of it.

    What it returns is durable: in the database, or in the spool while that is away.
    """
    with board.turns.take(seller_id, arrived.call_sid):
        spooled = board.find_spooled(seller_id, arrived.call_sid, 1)
        if spooled is not None:
            return spooled.twiml
        try:
            return _route(board, seller_id, arrived, raw)
        except StorageUnavailableError as error:
            log.warning("routing_degraded", call=arrived.call_sid, reason=str(error))
            return route_degraded(board, seller_id, arrived, raw)


def _route(board: Switchboard, seller_id: str, arrived: CallArrived, raw: str) -> str:
    """Decide until what it takes could be reserved; each time more is known to be full."""
    call = begin_call(arrived)
    full: frozenset[str] = frozenset()
    while True:
        with board.database.quick_write() as connection:
            found = decide_by_live_table(
                board.compiled, connection, seller_id, call, arrived.received_at, full=full
            )
            decided = make_answer(board.links, arrived.call_sid, arrived.received_at, found, ())
            if not found.claims and _record(board, connection, seller_id, arrived, decided, raw):
                log_decision(decided)
                return decided.twiml
        try:
            return _reserve_and_record(board, seller_id, arrived, found, decided, raw).twiml
        except NoRoomError as refused:
            full |= refused.counters


def _reserve_and_record(
    board: Switchboard,
    seller_id: str,
    arrived: CallArrived,
    found: Decided,
    decided: RouteDecided,
    raw: str,
) -> RouteDecided:
    """Keep the decision with its reservations, unless one is known; the one that counts.

    Raises NoRoomError when something was taken by others meanwhile; nothing is kept then.
    """
    with board.database.write() as connection:
        if not _record(board, connection, seller_id, arrived, decided, raw):
            first = read_decided(connection, seller_id, arrived.call_sid, 1)
            first = first or _record_late(board, connection, seller_id, arrived, decided, raw)
            if first is not None:
                return first
        reserve_room(connection, seller_id, decided, found)
    log_decision(decided)
    return decided


def _record(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    arrived: CallArrived,
    decided: RouteDecided,
    raw: str,
) -> bool:
    sweep_at = board.next_sweep_at(arrived.received_at)
    return record_arrival(connection, seller_id, arrived, decided, raw, sweep_at)


def _record_late(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    arrived: CallArrived,
    decided: RouteDecided,
    raw: str,
) -> RouteDecided | None:
    """Record the arrival of a call of which something else was heard first.

    Nothing is recorded where another request was quicker: then its decision, which counts.
    """
    lock_call(connection, seller_id, arrived, board.next_sweep_at(arrived.received_at))
    first = read_decided(connection, seller_id, arrived.call_sid, 1)
    if first is not None:
        return first
    append_in(connection, seller_id, arrived, raw)
    append_in(connection, seller_id, decided, None)
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
    return None
