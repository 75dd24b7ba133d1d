"""Route by the last known good configuration while the database is away; spool what happened.

A caller never hears that: whatever fails here too, there is still something to say.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from callrouter.adapters.storage.spool import SpooledEvent
from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallArrived, CallEvent, DialEnded, RouteDecided
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.routing.closing import apologize
from callrouter.domain.routing.decision import CallSoFar, Dial
from callrouter.workflows.decide_next import (
    Decided,
    begin_call,
    closing_after,
    decide_by_known_good,
    decide_by_last_used,
    log_decision,
    make_answer,
    presume_dial,
    read_call_so_far,
)
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()


def route_degraded(board: Switchboard, seller_id: str, arrived: CallArrived, raw: str) -> str:
    """The TwiML for a call's first request, decided without the database; as told before, if so."""
    told = _find_told(board, seller_id, arrived.call_sid, 1)
    if told is not None:
        return told
    found = _decide(board, seller_id, begin_call(arrived), arrived.received_at)
    decided = _decided(board, arrived, found, ())
    return _keep(board, seller_id, replace(arrived, degraded=True), raw, decided).twiml


def advance_degraded(
    board: Switchboard,
    seller_id: str,
    ended: DialEnded,
    known_from: CallArrived,
    tried: tuple[str, ...],
    raw: str,
) -> str:
    """The TwiML after an attempt, decided without the database: by the spool and the URL alone.

    A request that was answered before gets that answer, where it can still be read.
    """
    told = _find_told(board, seller_id, ended.call_sid, ended.attempt + 1)
    if told is not None:
        return told
    history = read_history((*board.spooled_events(seller_id, ended.call_sid), ended))
    call = read_call_so_far(history, known_from, tried)
    presumed = _presume(board, seller_id, call, ended.destination_id)
    closing = closing_after(history, ended.attempt, call, presumed)
    found = Decided(closing) if closing else _decide(board, seller_id, call, ended.received_at)
    found = replace(found, decision=replace(found.decision, attempt=ended.attempt + 1))
    decided = _decided(board, known_from, found, call.tried)
    return _keep(board, seller_id, ended, raw, decided).twiml


def _find_told(board: Switchboard, seller_id: str, call_sid: str, attempt: int) -> str | None:
    """The answer that was recorded: the database may be readable, though nobody can write there."""
    try:
        decided = board.find_decided(seller_id, call_sid, attempt)
    except Exception:
        log.exception("recorded_answer_broke", call=call_sid)
        return None
    return decided.twiml if decided else None


def _decide(board: Switchboard, seller_id: str, call: CallSoFar, at: datetime) -> Decided:
    """By the last known good configuration, or else what served last; at worst an apology."""
    # The database may be readable all the same: only a lock was not to be had in time.
    board.known_good.refresh_at_once()
    known = board.known_good.current
    for decide in (decide_by_known_good, decide_by_last_used):
        try:
            return decide(board.compiled, known, seller_id, call, at)
        except Exception:
            log.exception("last_known_good_broke", call=call.call_sid)
    return Decided(apologize(call))


def _presume(
    board: Switchboard, seller_id: str, call: CallSoFar, destination_id: str
) -> Dial | None:
    try:
        known = board.known_good.current
        return presume_dial(board.compiled, known, seller_id, call, destination_id)
    except Exception:
        log.exception("last_known_good_broke", call=call.call_sid)
        return None


def _decided(
    board: Switchboard, arrived: CallArrived, found: Decided, tried: tuple[str, ...]
) -> RouteDecided:
    answer = make_answer(board.links, arrived.call_sid, arrived.received_at, found, tried)
    return replace(answer, degraded=True)


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
