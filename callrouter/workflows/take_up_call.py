"""Take up a call that the carrier has and we have not closed: by the sweep's events, marked so."""

from callrouter.adapters.storage.engine import Database
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg, CarrierRecord
from callrouter.workflows.keep_swept import keep_swept, read_as_events
from callrouter.workflows.ports import Clock


def take_up_call(
    database: Database, clock: Clock, seller_id: str, records: tuple[CarrierRecord, ...]
) -> str:
    """Write the CDR of a call by its records; what was done, in words.

    `records` are all legs of the call, as `CarrierBooks.fetch_records` gives them. Nobody decided
    where the call went, or the decision was lost: such a CDR has no campaign, and isn't charged.
    """
    caller = next((record for record in records if record.is_callers_leg), None)
    if caller is None:
        return "not taken up: the carrier doesn't have it any more"
    told = CarrierCall(
        caller_leg=_as_leg(caller),
        buyer_legs=tuple(_as_leg(record) for record in records if record is not caller),
    )
    did, ani = caller.dial_string, caller.caller
    events = read_as_events(caller.call_sid, told, clock.now(), did=did, ani=ani)
    if not events:
        return "not taken up: it has not ended yet"
    is_closed = keep_swept(database, seller_id, caller.started_at, events, did=did, ani=ani)
    return "taken up: its CDR is written" if is_closed else "taken up: the sweep will close it"


def _as_leg(record: CarrierRecord) -> CarrierLeg:
    return CarrierLeg(
        leg_sid=record.leg_sid,
        dial_string=record.dial_string,
        status=record.status,
        started_at=record.started_at,
        ended_at=record.ended_at,
        duration_s=record.duration_s,
    )
