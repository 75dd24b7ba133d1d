"""Derive a call's CDR once all of it has ended, and again whenever something late arrives."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import CallRow, ensure_and_lock_call, has_end, read_events
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.domain.call import read_history
from callrouter.domain.derivation import derive_from
from callrouter.domain.events import CallArrived

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


def close_if_over(connection: Connection, seller_id: str, call_sid: str, at: datetime) -> bool:
    """Write the CDR when nothing more is expected of the call; True if it is over.

    The call's row must be locked, or two events that end together would each miss the other. A CDR
    that comes out as before makes no new revision.
    """
    if not has_end(connection, seller_id, call_sid):
        return False
    events = read_events(connection, seller_id, call_sid)
    history = read_history(events)
    if not history.is_over:
        return False
    cdr = derive_from(history)
    revision = save_cdr(connection, seller_id, cdr, len(events), at)
    log.info(
        "cdr_derived",
        call=call_sid,
        revision=revision,
        disposition=cdr.disposition,
        destination=cdr.destination_id,
        total_ms=cdr.total_ms,
        connected_ms=cdr.connected_ms,
    )
    return True
