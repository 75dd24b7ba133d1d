"""Give back, or count for good, what the dials of a call had reserved, as soon as it is known."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.settlements import settle
from callrouter.domain.call import CallHistory
from callrouter.domain.dial_outcomes import list_dial_outcomes
from callrouter.domain.reservations import ReservationState

log = structlog.get_logger()


def settle_call(connection: Connection, seller_id: str, history: CallHistory, at: datetime) -> bool:
    """Settle what is known by now of a call's reservations; True if anything moved.

    The last statement of its transaction, and the only one that touches counters: others wait for
    them until the COMMIT. Told again it moves nothing.
    """
    if not any(decided.reserves for decided in history.decisions):
        return False
    call_sid = history.decisions[0].call_sid
    moved = settle(connection, seller_id, call_sid, list_dial_outcomes(history), at)
    for each in moved:
        if each.is_correction and each.became is ReservationState.CONVERTED:
            log.warning(
                "counted_late",
                call=call_sid,
                attempt=each.attempt,
                counter=each.counter,
                amount=each.amount,
            )
    return bool(moved)
