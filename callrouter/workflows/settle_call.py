"""Give back, or count for good, what the dials of a call had reserved, as soon as it is known."""

from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.settlements import settle
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.dial_outcomes import list_dial_outcomes
from callrouter.domain.calls.events import LegProgressed, LegStatus
from callrouter.domain.limits.caps import name_buyer
from callrouter.domain.limits.reservations import DialOutcome, ReservationState

log = structlog.get_logger()

_UNANSWERED = frozenset({LegStatus.BUSY, LegStatus.NO_ANSWER, LegStatus.FAILED, LegStatus.CANCELED})


def settle_call(
    connection: Connection,
    seller_id: str,
    history: CallHistory,
    at: datetime,
    *,
    is_charged: bool = False,
) -> bool:
    """Settle what is known by now of a call's reservations; True if anything moved.

    The last statement of its transaction, and the only one that touches counters: others wait for
    them until the COMMIT. Told again it moves nothing. `is_charged` once what the call costs is on
    its buyers' accounts, be it by this transaction: what was held there is given back then.
    """
    if not any(decided.reserves for decided in history.decisions):
        return False
    call_sid = history.decisions[0].call_sid
    outcomes = list_dial_outcomes(history)
    if is_charged:
        outcomes = tuple(replace(outcome, is_charged=True) for outcome in outcomes)
    moved = settle(connection, seller_id, call_sid, outcomes, at)
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
    dials = decided.decision.dials
    buyers = [dial.buyer_id for dial in dials]
    # What a buyer counts for all of its phones is held as long as another one of them may answer.
    alone = (d.buyer_id for d in dials if d.destination_id == leg.destination_id)
    names = [leg.destination_id, *(name_buyer(b) for b in alone if buyers.count(b) == 1)]
    outcomes = [
        DialOutcome(attempt=leg.attempt, destination_id=name, connected=False, payable=False)
        for name in names
    ]
    settle(connection, seller_id, leg.call_sid, outcomes, leg.received_at)
