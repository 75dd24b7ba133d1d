"""A call arrives: decide, record the arrival and the decision at once, say what to dial.

The same call again gets the answer that was recorded. Without a database it is routed by the last
known good configuration.
"""

import structlog

from callrouter.adapters.storage.calls import (
    append_in,
    describe_call,
    read_decided,
    record_arrival,
)
from callrouter.adapters.twilio.twiml import render_decision
from callrouter.domain.decision import CallSoFar
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.events import CallArrived, RouteDecided
from callrouter.domain.numbers import read_caller
from callrouter.workflows.close_call import lock_call
from callrouter.workflows.decide_next import decide_by_live_table, log_decision
from callrouter.workflows.route_degraded import route_degraded
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()


def route_call(board: Switchboard, seller_id: str, arrived: CallArrived, raw: str) -> str:
    """The TwiML for a call's first request; identical for every repeat of it.

    What it returns is durable: in the database, or in the spool while that is away.
    """
    spooled = board.find_spooled(seller_id, arrived.call_sid, 1)
    if spooled is not None:
        return spooled.twiml
    try:
        return _route(board, seller_id, arrived, raw)
    except StorageUnavailableError as error:
        log.warning("routing_degraded", call=arrived.call_sid, reason=str(error))
        return route_degraded(board, seller_id, arrived, raw)


def _route(board: Switchboard, seller_id: str, arrived: CallArrived, raw: str) -> str:
    call = CallSoFar(arrived.call_sid, arrived.did, read_caller(arrived.ani))
    with board.database.quick_write() as connection:
        decision = decide_by_live_table(board.compiled, connection, seller_id, call)
        decided = RouteDecided(
            call_sid=arrived.call_sid,
            received_at=arrived.received_at,
            decision=decision,
            twiml=render_decision(decision, board.links, (), arrived.call_sid),
        )
        sweep_at = board.next_sweep_at(arrived.received_at)
        is_new = record_arrival(connection, seller_id, arrived, decided, raw, sweep_at)
    if is_new:
        log_decision(decided)
        return decided.twiml
    with board.database.read() as connection:
        first = read_decided(connection, seller_id, arrived.call_sid, 1)
    return (first or _arrive_late(board, seller_id, arrived, decided, raw)).twiml


def _arrive_late(
    board: Switchboard, seller_id: str, arrived: CallArrived, decided: RouteDecided, raw: str
) -> RouteDecided:
    """Record the arrival of a call of which something else was heard first; the decision kept."""
    sweep_at = board.next_sweep_at(arrived.received_at)
    with board.database.write() as connection:
        lock_call(connection, seller_id, arrived, sweep_at)
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
    log_decision(decided)
    return decided
