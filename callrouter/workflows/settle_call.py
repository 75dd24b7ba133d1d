"""Give back, or count for good, what the dials of a call had reserved, as soon as it is known."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.settlements import settle
from callrouter.domain.call import CallHistory
from callrouter.domain.dial_outcomes import list_dial_outcomes
from callrouter.domain.events import LegProgressed, LegStatus
from callrouter.domain.reservations import DialOutcome, ReservationState

log = structlog.get_logger()

_UNANSWERED = frozenset({LegStatus.BUSY, LegStatus.NO_ANSWER, LegStatus.FAILED, LegStatus.CANCELED})


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


def release_unanswered(connection: Connection, seller_id: str, leg: LegProgressed) -> None:
    """Give back what a phone of a ring group had reserved that will not answer any more.

    The others of the group go on ringing, or one of them talks: that may be for hours. As
    `settle_call`, the last statement of its transaction.
    """
    if leg.status not in _UNANSWERED:
        return
    decided = read_decided(connection, seller_id, leg.call_sid, leg.attempt)
    if decided is None or not decided.reserves or not decided.decision.also:
        return
    outcome = DialOutcome(
        attempt=leg.attempt, destination_id=leg.destination_id, connected=False, payable=False
    )
    settle(connection, seller_id, leg.call_sid, [outcome], leg.received_at)
