"""Keep what the carrier's records say of a call as events, marked as swept; close it by them."""

from datetime import datetime

from callrouter.adapters.storage.calls import append_in
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import CallArrived, CallEvent, CallSwept, LegSwept
from callrouter.domain.carrier.carrier_records import CarrierCall
from callrouter.workflows.close_call import close_if_over, lock_call


def read_as_events(
    call_sid: str, told: CarrierCall, now: datetime, *, did: str = "", ani: str = ""
) -> tuple[CallEvent, ...]:
    """What the carrier said, as events; none while any leg of the call is still up.

    `did` and `ani` are for a call of which nothing else is known.
    """
    if not all(leg.status.is_final for leg in (told.caller_leg, *told.buyer_legs)):
        return ()
    caller_leg = CallSwept(
        call_sid=call_sid,
        received_at=now,
        status=told.caller_leg.status,
        started_at=told.caller_leg.started_at,
        ended_at=told.caller_leg.ended_at,
        duration_s=told.caller_leg.duration_s,
        did=did,
        ani=ani,
    )
    return (
        *(
            LegSwept(
                call_sid=call_sid,
                received_at=now,
                leg_sid=leg.leg_sid,
                dial_string=leg.dial_string,
                status=leg.status,
                started_at=leg.started_at,
                ended_at=leg.ended_at,
                duration_s=leg.duration_s,
            )
            for leg in told.buyer_legs
        ),
        caller_leg,
    )


def keep_swept(
    database: Database,
    seller_id: str,
    arrived_at: datetime,
    events: tuple[CallEvent, ...],
    *,
    did: str = "",
    ani: str = "",
) -> bool:
    """Append events that tell the end of a call, and derive its CDR; whether that is written.

    A call that isn't known yet is made of `arrived_at`, `did` and `ani`.
    """
    last = events[-1]
    known_from = CallArrived(call_sid=last.call_sid, received_at=arrived_at, did=did, ani=ani)
    with database.write() as connection:
        call = lock_call(connection, seller_id, known_from, last.received_at)
        if call.closed_at is not None and close_if_over(
            connection, seller_id, last.call_sid, last.received_at
        ):
            return True  # its webhooks came while the carrier was being asked
        for event in events:
            append_in(connection, seller_id, event, None)
        return close_if_over(connection, seller_id, last.call_sid, last.received_at)
