"""The carrier's own list of calls, as a test writes it, and CDRs to compare it with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_records import CarrierRecord, CarrierRequest, LegDirection
from callrouter.domain.cdr import (
    AttemptOutcome,
    AttemptRecord,
    Cdr,
    ConnectedSource,
    Disposition,
    HangupParty,
)
from tests.switchboards import DID, T0
from tests.twilio_side import ANI, CALL_SID

CDR_SID, LEG_SID = "CA1", "CA2"


def attempt(leg_sid: str = LEG_SID, number: int = 1, answered_ms: int = 60_000) -> AttemptRecord:
    """An attempt that talked for a minute."""
    return AttemptRecord(
        attempt=number,
        destination_id="acme-east",
        buyer_id="acme",
        outcome=AttemptOutcome.CONNECTED,
        leg_sid=leg_sid,
        dialed_at=T0,
        ring_ms=5_000,
        answered_ms=answered_ms,
        connected_ms=answered_ms,
        table_version=1,
    )


def cdr(*attempts: AttemptRecord, total_ms: int = 66_000, did: str = DID) -> Cdr:
    """A call of 66 s to acme-east."""
    return Cdr(
        call_sid=CDR_SID,
        started_at=T0,
        ended_at=T0 + timedelta(milliseconds=total_ms),
        campaign_id="flood-repair",
        publisher="radio-kx",
        did=did,
        ani="+14155550123",
        buyer_id="acme",
        destination_id="acme-east",
        attempts=attempts,
        disposition=Disposition.CONNECTED,
        hangup_party=HangupParty.CALLER,
        total_ms=total_ms,
        ring_ms=5_000,
        answered_ms=60_000,
        connected_ms=60_000,
        connected_source=ConnectedSource.CARRIER_LEG,
        table_version=1,
        flags=(),
    )


def record(
    leg_sid: str = CALL_SID,
    *,
    call_sid: str = CALL_SID,
    at: datetime = T0,
    status: LegStatus = LegStatus.COMPLETED,
    lasted_s: int | None = 100,
    duration_s: int | None = 90,
    dial_string: str = "",
    cost_micros: int | None = 22_000,
    direction: LegDirection | None = None,
) -> CarrierRecord:
    """A leg: the caller's when it has the call's sid."""
    is_callers = leg_sid == call_sid
    usual = LegDirection.INBOUND if is_callers else LegDirection.DIALLED
    return CarrierRecord(
        call_sid=call_sid,
        leg_sid=leg_sid,
        direction=direction or usual,
        caller=ANI,
        dial_string=dial_string or (DID if is_callers else "+12125550171"),
        status=status,
        started_at=at,
        ended_at=None if lasted_s is None else at + timedelta(seconds=lasted_s),
        duration_s=duration_s,
        cost_micros=cost_micros,
        currency="USD" if cost_micros is not None else "",
    )


@dataclass
class FakeBooks:
    """Lists what it is given, by the day on which each leg started; in pages of two."""

    records: list[CarrierRecord] = field(default_factory=list)
    unlisted: Mapping[str, tuple[CarrierRecord, ...]] = field(default_factory=dict)
    fails: Exception | None = None
    listed: list[date] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    requests: tuple[CarrierRequest, ...] = ()

    def stream_records(self, day: date) -> Iterator[tuple[CarrierRecord, ...]]:
        self.listed.append(day)
        own = [each for each in self.records if each.started_at.date() == day]
        for start in range(0, len(own), 2):
            yield tuple(own[start : start + 2])
        if self.fails is not None:
            raise self.fails

    def fetch_records(self, call_sid: str) -> tuple[CarrierRecord, ...]:
        self.fetched.append(call_sid)
        if self.fails is not None:
            raise self.fails
        of_call = tuple(each for each in self.records if each.call_sid == call_sid)
        return of_call or self.unlisted.get(call_sid, ())

    def list_requests(self, call_sid: str) -> tuple[CarrierRequest, ...]:
        if self.fails is not None:
            raise self.fails
        return self.requests if call_sid else ()
