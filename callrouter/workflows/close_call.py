"""Derive a call's CDR and book it once all of it has ended; again if something late arrives."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import CallRow, ensure_and_lock_call, has_end, read_events
from callrouter.adapters.storage.cdrs import SavedCdr, save_cdr
from callrouter.adapters.storage.known_callers import note_contacts
from callrouter.domain.callers.duplicates import list_contacts
from callrouter.domain.calls.call import CallHistory, read_history
from callrouter.domain.calls.derivation import derive_from
from callrouter.domain.calls.events import CallArrived
from callrouter.domain.cdr import AttemptOutcome, Cdr
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.payability import is_payable
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.rate_call import rate_call
from callrouter.workflows.settle_call import settle_call
from callrouter.workflows.trip_breaker import note_attempt

log = structlog.get_logger()


def lock_call(
    connection: Connection, seller_id: str, known_from: CallArrived, next_sweep_at: datetime
) -> CallRow:
    """The call's row, locked until the transaction ends; made of `known_from` for a new call."""
    return ensure_and_lock_call(
        connection,
        seller_id,
        known_from.call_sid,
        known_from.received_at,
        known_from.did,
        known_from.ani,
        next_sweep_at,
    )


def close_if_over(
    connection: Connection,
    seller_id: str,
    call_sid: str,
    at: datetime,
    compiled: Compiled | None = None,
    *,
    settles: bool = True,
) -> bool:
    """Write the CDR when nothing more is expected of the call; True if it is over.

    The call's row must be locked, or two events that end together would each miss the other. A CDR
    that comes out as before makes no new revision. The last thing that its transaction does: the
    call is booked, what was reserved is settled, and others wait for those accounts and counters. A
    transaction that closes several calls leaves that (`settles`) to one of each call's own.
    `compiled` spares reading terms, and the directory where an attempt went badly.
    """
    if not has_end(connection, seller_id, call_sid):
        return False
    events = read_events(connection, seller_id, call_sid)
    history = read_history(events)
    if not history.is_over:
        return False
    cdr = derive_from(history)
    saved = save_cdr(connection, seller_id, cdr, len(events), at, is_rated=settles)
    _note_contacts(connection, seller_id, cdr, history, is_first=saved.revision == 1)
    for attempt in history.attempts:
        note_attempt(connection, seller_id, attempt, history, at, compiled)
    _log_cdr(saved)
    if settles:
        is_rated = rate_call(connection, seller_id, saved, at, compiled)
        settle_call(connection, seller_id, history, at, is_charged=is_rated)
    return True


def _log_cdr(saved: SavedCdr) -> None:
    log.info(
        "cdr_derived",
        call=saved.cdr.call_sid,
        revision=saved.revision,
        disposition=saved.cdr.disposition,
        destination=saved.cdr.destination_id,
        total_ms=saved.cdr.total_ms,
        connected_ms=saved.cdr.connected_ms,
    )


def _note_contacts(
    connection: Connection, seller_id: str, cdr: Cdr, history: CallHistory, *, is_first: bool
) -> None:
    """Remember whom the caller was connected with, and whether that had to be paid for."""
    number = read_caller(cdr.ani).number
    if number is None or (is_first and cdr.connected_ms == 0):
        return
    dials = {(a.attempt, a.destination_id): a.dial for a in history.attempts}
    payable = frozenset(
        record.destination_id
        for record in cdr.attempts
        if (dial := dials.get((record.attempt, record.destination_id))) is not None
        and dial.destination_id == record.destination_id
        and is_payable(
            dial,
            record.connected_ms,
            connected=record.outcome is AttemptOutcome.CONNECTED,
        )
    )
    contacts = list_contacts(cdr, payable)
    note_contacts(connection, seller_id, number, cdr.call_sid, contacts, is_first=is_first)
