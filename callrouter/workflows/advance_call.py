"""An attempt is over: hang up after a talk, or dial the next by the table that is live now.

The same request again gets the answer that was recorded. A call that nobody here remembers goes on
by what its URL carries.
"""

from dataclasses import replace

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import (
    append_in,
    read_decided,
    read_events,
)
from callrouter.adapters.twilio.twiml import render_decision
from callrouter.domain.call import CallHistory, read_history
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.events import CallArrived, DialEnded, RouteDecided
from callrouter.workflows.close_call import close_if_over, lock_call
from callrouter.workflows.decide_next import (
    closing_after,
    decide_by_live_table,
    log_decision,
    read_call_so_far,
)
from callrouter.workflows.route_degraded import advance_degraded
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()


def advance_call(
    board: Switchboard,
    seller_id: str,
    ended: DialEnded,
    known_from: CallArrived,
    tried: tuple[str, ...],
    raw: str,
) -> str:
    """The TwiML that follows attempt `ended.attempt`; identical for every repeat of the request.

    `known_from` is what this request itself says of the call, for one that was never heard of;
    `tried` are the destinations that its URL says were dialled.
    """
    spooled = board.find_spooled(seller_id, ended.call_sid, ended.attempt + 1)
    if spooled is not None:
        return spooled.twiml
    try:
        with board.database.write() as connection:
            return _advance(board, connection, seller_id, ended, known_from, tried, raw)
    except StorageUnavailableError as error:
        log.warning("routing_degraded", call=ended.call_sid, reason=str(error))
        return advance_degraded(board, seller_id, ended, known_from, tried, raw)


def _advance(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    ended: DialEnded,
    known_from: CallArrived,
    tried: tuple[str, ...],
    raw: str,
) -> str:
    lock_call(connection, seller_id, known_from, board.next_sweep_at(ended.received_at))
    append_in(connection, seller_id, ended, raw)
    answered = read_decided(connection, seller_id, ended.call_sid, ended.attempt + 1)
    if answered is not None:
        close_if_over(connection, seller_id, ended.call_sid, ended.received_at)
        return answered.twiml
    events = (
        *read_events(connection, seller_id, ended.call_sid),
        *board.spooled_events(seller_id, ended.call_sid),
    )
    decided = _decide(board, connection, seller_id, ended, known_from, tried, read_history(events))
    append_in(connection, seller_id, decided, None)
    close_if_over(connection, seller_id, ended.call_sid, ended.received_at)
    log_decision(decided)
    return decided.twiml


def _decide(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    ended: DialEnded,
    known_from: CallArrived,
    tried: tuple[str, ...],
    history: CallHistory,
) -> RouteDecided:
    call = read_call_so_far(history, known_from, tried)
    last = history.decisions[-1].decision if history.decisions else None
    decision = closing_after(history, ended.attempt, call) or decide_by_live_table(
        board.compiled, connection, seller_id, call, last
    )
    decision = replace(decision, attempt=ended.attempt + 1)
    return RouteDecided(
        call_sid=ended.call_sid,
        received_at=ended.received_at,
        decision=decision,
        twiml=render_decision(decision, board.links, call.tried, ended.call_sid),
    )
