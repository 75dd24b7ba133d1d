"""Keep what the carrier reports of a call, once, durably; close the call when it was the last."""

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import (
    append_event,
    append_in,
)
from callrouter.adapters.storage.spool import SpooledEvent
from callrouter.domain.calls.events import CallArrived, CallEnded, CallEvent, LegProgressed
from callrouter.domain.errors import StorageUnavailableError
from callrouter.workflows.close_call import close_if_over, lock_call
from callrouter.workflows.settle_call import release_unanswered
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()


def record_event(
    board: Switchboard, seller_id: str, event: CallEvent, known_from: CallArrived, raw: str
) -> None:
    """Append the event; on return it is durable, in the database or in the spool.

    `known_from` is what the request says of the call, for one that was never heard of. Raises
    StorageUnavailableError when neither can be written.
    """
    try:
        if may_end_call(event):
            with board.database.write() as connection:
                _append_and_close(board, connection, seller_id, event, known_from, raw)
            return
        appended = append_event(board.database, seller_id, event, raw)
        if not appended.call_known or (appended.is_new and appended.call_closed):
            with board.database.write() as connection:
                _append_and_close(board, connection, seller_id, event, known_from, raw)
    except StorageUnavailableError as error:
        log.warning("event_spooled", call=event.call_sid, event_key=event.key, reason=str(error))
        entry = SpooledEvent(seller_id, event, raw, did=known_from.did, ani=known_from.ani)
        board.keep_in_spool([entry])


def record_for_listener(
    board: Switchboard, seller_id: str, event: CallEvent, known_from: CallArrived, raw: str
) -> None:
    """The same where somebody waits for an answer: with nowhere to write, it goes to the log."""
    try:
        record_event(board, seller_id, event, known_from, raw)
    except StorageUnavailableError as error:
        lost = {"event_key": event.key, "lost": repr(event), "raw": raw}
        log.exception("events_lost", call=event.call_sid, reason=str(error), **lost)


def may_end_call(event: CallEvent) -> bool:
    """Whether a CDR may be due after this event: a leg or the call has ended."""
    return isinstance(event, CallEnded | LegProgressed) and event.status.is_final


def _append_and_close(
    board: Switchboard,
    connection: Connection,
    seller_id: str,
    event: CallEvent,
    known_from: CallArrived,
    raw: str,
) -> None:
    lock_call(connection, seller_id, known_from, board.next_sweep_at(event.received_at))
    append_in(connection, seller_id, event, raw)
    at, compiled = event.received_at, board.compiled
    is_over = close_if_over(connection, seller_id, event.call_sid, at, compiled)
    if not is_over and isinstance(event, LegProgressed):
        release_unanswered(connection, seller_id, event)
