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
from callrouter.domain.calls.call import CallHistory, read_history
from callrouter.domain.calls.events import CallArrived, DialEnded
from callrouter.domain.errors import NoRoomError, StorageUnavailableError
from callrouter.domain.routing.decision import CallSoFar
from callrouter.workflows.close_call import close_if_over, lock_call
from callrouter.workflows.decide_next import (
    Decided,
    closing_after,
    decide_by_live_table,
    log_decision,
    make_answer,
    read_call_so_far,
)
from callrouter.workflows.reserve_room import reserve_room
from callrouter.workflows.route_degraded import advance_degraded
from callrouter.workflows.settle_call import settle_call
from callrouter.workflows.switchboard import Switchboard
from callrouter.workflows.trip_breaker import note_attempt

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
    with board.turns.take(seller_id, ended.call_sid):
        spooled = board.find_spooled(seller_id, ended.call_sid, ended.attempt + 1)
        if spooled is not None:
            return spooled.twiml
        try:
            return _advance(board, seller_id, ended, known_from, tried, raw)
        except StorageUnavailableError as error:
            log.warning("routing_degraded", call=ended.call_sid, reason=str(error))
            return advance_degraded(board, seller_id, ended, known_from, tried, raw)


def _advance(
    board: Switchboard,
    seller_id: str,
    ended: DialEnded,
    known_from: CallArrived,
    tried: tuple[str, ...],
    raw: str,
) -> str:
    """Take the step until what it needs could be reserved."""
    full: frozenset[str] = frozenset()
    while True:
        try:
            with board.database.write() as connection:
                answer = _take_step(
                    board, connection, seller_id, ended, known_from, tried, raw, full
                )
        except NoRoomError as refused:
            full |= refused.counters
            continue
        if answer is not None:
            return answer


def _take_step(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    ended: DialEnded,
    known_from: CallArrived,
    tried: tuple[str, ...],
    raw: str,
    full: frozenset[str],
) -> str | None:
    """Keep what is told and answer it; None when what came of the attempt had to be kept first.

    That is a transaction of its own: only one statement of each may touch counters, or two calls
    could wait for each other; and nobody decides by a breaker whose turn may be rolled back. The
    next time there is nothing to give back, and nothing to judge.
    """
    lock_call(connection, seller_id, known_from, board.next_sweep_at(ended.received_at))
    append_in(connection, seller_id, ended, raw)
    answered = read_decided(connection, seller_id, ended.call_sid, ended.attempt + 1)
    if answered is not None:
        close_if_over(connection, seller_id, ended.call_sid, ended.received_at, board.compiled)
        return answered.twiml
    events = (
        *read_events(connection, seller_id, ended.call_sid),
        *board.spooled_events(seller_id, ended.call_sid),
    )
    history = read_history(events)
    if _keep_outcome(board, connection, seller_id, ended, history):
        return None
    call = read_call_so_far(history, known_from, tried)
    found = _decide(board, connection, seller_id, ended, call, history, full)
    decided = make_answer(board.links, ended.call_sid, ended.received_at, found, call.tried)
    append_in(connection, seller_id, decided, None)
    if found.claims:
        reserve_room(connection, seller_id, decided, found)
    else:
        close_if_over(connection, seller_id, ended.call_sid, ended.received_at, board.compiled)
    log_decision(decided)
    return decided.twiml


def _keep_outcome(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    ended: DialEnded,
    history: CallHistory,
) -> bool:
    """Keep what came of the attempt, for its destinations and for the counters; True for news."""
    at = ended.received_at
    judged = [
        note_attempt(connection, seller_id, rung, history, at, board.compiled)
        for rung in history.attempts
        if rung.attempt == ended.attempt
    ]
    return settle_call(connection, seller_id, history, at) or any(judged)


def _decide(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    ended: DialEnded,
    call: CallSoFar,
    history: CallHistory,
    full: frozenset[str],
) -> Decided:
    last = history.decisions[-1].decision if history.decisions else None
    closing = closing_after(history, ended.attempt, call)
    if closing is not None:
        found = Decided(closing)
    else:
        found = decide_by_live_table(
            board.compiled, connection, seller_id, call, ended.received_at, last, full=full
        )
    return replace(found, decision=replace(found.decision, attempt=ended.attempt + 1))
