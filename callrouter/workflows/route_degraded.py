"""Route by the last known good configuration while the database is away; spool what happened.

A caller never hears that: whatever fails here too, there is still something to say.
"""

from dataclasses import replace

import structlog

from callrouter.adapters.storage.spool import SpooledEvent
from callrouter.adapters.twilio.twiml import render_decision
from callrouter.domain.call import read_history
from callrouter.domain.closing import apologize
from callrouter.domain.decision import CallSoFar, Decision
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.events import CallArrived, CallEvent, DialEnded, RouteDecided
from callrouter.domain.numbers import read_caller
from callrouter.workflows.decide_next import (
    closing_after,
    decide_by_known_good,
    log_decision,
    read_call_so_far,
)
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()


def route_degraded(board: Switchboard, seller_id: str, arrived: CallArrived, raw: str) -> str:
    """The TwiML for a call's first request, decided without the database."""
    call = CallSoFar(arrived.call_sid, arrived.did, read_caller(arrived.ani))
    decided = _decided(board, arrived, _decide(board, seller_id, call), ())
    return _keep(board, seller_id, replace(arrived, degraded=True), raw, decided).twiml


def advance_degraded(
    board: Switchboard,
    seller_id: str,
    ended: DialEnded,
    known_from: CallArrived,
    tried: tuple[str, ...],
    raw: str,
) -> str:
    """The TwiML after an attempt, decided without the database: by the spool and the URL alone."""
    history = read_history((*board.spooled_events(seller_id, ended.call_sid), ended))
    call = read_call_so_far(history, known_from, tried)
    decision = closing_after(history, ended.attempt, call) or _decide(board, seller_id, call)
    decided = _decided(board, known_from, replace(decision, attempt=ended.attempt + 1), call.tried)
    return _keep(board, seller_id, ended, raw, decided).twiml


def _decide(board: Switchboard, seller_id: str, call: CallSoFar) -> Decision:
    """By the last known good configuration; an apology when not even that can be used."""
    try:
        # The database may be readable all the same: only a lock was not to be had in time.
        board.known_good.refresh_at_once()
        return decide_by_known_good(board.compiled, board.known_good.current, seller_id, call)
    except Exception:
        log.exception("last_known_good_broke", call=call.call_sid)
        return apologize(call)


def _decided(
    board: Switchboard, arrived: CallArrived, decision: Decision, tried: tuple[str, ...]
) -> RouteDecided:
    return RouteDecided(
        call_sid=arrived.call_sid,
        received_at=arrived.received_at,
        decision=decision,
        twiml=render_decision(decision, board.links, tried, arrived.call_sid),
        degraded=True,
    )


def _keep(
    board: Switchboard, seller_id: str, event: CallEvent, raw: str, decided: RouteDecided
) -> RouteDecided:
    """Spool a webhook with our answer to it; the decision that counts, which may be an earlier one.

    When not even the disk can be written the caller still comes first: it all goes to the log.
    """
    entries = [SpooledEvent(seller_id, event, raw), SpooledEvent(seller_id, decided, None)]
    try:
        _, is_new = board.keep_in_spool(entries)
        if not is_new:
            attempt = decided.decision.attempt
            first = board.spool.find_decided(seller_id, decided.call_sid, attempt)
            return first or decided
    except StorageUnavailableError as error:
        log.exception("events_lost", call=event.call_sid, lost=repr(entries), reason=str(error))
    log_decision(decided)
    return decided
