"""Ask the carrier about calls whose end was never reported, and keep what it says as events.

The REST API is asked outside any transaction; what it says is marked as swept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sweeps import CallKey, claim_calls_to_sweep
from callrouter.domain.calls.events import CallEvent, SweepGaveUp
from callrouter.domain.carrier.carrier_records import CarrierCall
from callrouter.domain.errors import (
    CallrouterError,
    CarrierUnavailableError,
    StorageUnavailableError,
)
from callrouter.workflows.keep_swept import keep_swept, read_as_events
from callrouter.workflows.ports import Carrier, Clock

log = structlog.get_logger()

GIVE_UP_AFTER = timedelta(hours=24)
"""A call that the carrier doesn't know this long after its arrival will never have an end."""
_MOST_CALLS = 200
_ENOUGH_FAILURES = 2
"""A carrier that failed for so many calls of a seller isn't asked about the rest in this sweep: the
other sellers would wait for a time-out each. One may be the call's own, and come again each time.
"""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: calls that were due, closed, and left: still going on or not told yet."""

    asked: int = 0
    closed: int = 0
    left: int = 0


def sweep_open_calls(
    database: Database,
    carrier_of: Callable[[str], Carrier],
    clock: Clock,
    retry_after: timedelta,
) -> Swept:
    """Ask about every call whose time for it has come, at most a few hundred in one go.

    `carrier_of` gives a seller's carrier; it is called once a seller. A call that is still going
    on, or that the carrier can't tell of now, is asked about again after `retry_after`; a carrier
    in trouble delays the other sellers' calls by two of its time-outs, no more.
    """
    now = clock.now()
    with database.write() as connection:
        claims = claim_calls_to_sweep(connection, now, now + retry_after, _MOST_CALLS)
    closed = 0
    for seller_id in sorted({claim.seller_id for claim in claims}):
        own = [claim for claim in claims if claim.seller_id == seller_id]
        closed += _sweep_seller(database, carrier_of, clock, seller_id, own)
    swept = Swept(asked=len(claims), closed=closed, left=len(claims) - closed)
    if claims:
        log.info("swept", asked=swept.asked, closed=swept.closed, left=swept.left)
    return swept


def _sweep_seller(
    database: Database,
    carrier_of: Callable[[str], Carrier],
    clock: Clock,
    seller_id: str,
    claims: Sequence[CallKey],
) -> int:
    """Ask about the calls of one seller, the oldest first; how many were closed."""
    try:
        carrier = carrier_of(seller_id)
    except StorageUnavailableError:
        raise
    except CallrouterError as error:
        log.warning("sweep_postponed", seller=seller_id, calls=len(claims), reason=str(error))
        return 0
    closed = postponed = 0
    reason = ""
    for position, claim in enumerate(claims, start=1):
        try:
            told = carrier.fetch_call(claim.call_sid)
        except CarrierUnavailableError as error:
            postponed, reason = postponed + 1, f"{claim.call_sid}: {error}"
            if postponed == _ENOUGH_FAILURES:
                postponed += len(claims) - position
                break
            continue
        events = _as_events(claim, told, clock.now())
        if events and keep_swept(database, seller_id, claim.arrived_at, events):
            closed += 1
    if postponed:
        log.warning("sweep_postponed", seller=seller_id, calls=postponed, reason=reason)
    return closed


def _as_events(claim: CallKey, told: CarrierCall | None, now: datetime) -> tuple[CallEvent, ...]:
    """What the carrier said, as events; none while any leg of the call is still up."""
    if told is not None:
        return read_as_events(claim.call_sid, told, now)
    if now - claim.arrived_at < GIVE_UP_AFTER:
        return ()
    reason = "the carrier knows no such call"
    return (SweepGaveUp(call_sid=claim.call_sid, received_at=now, reason=reason),)
