"""Our calls in the columns of other systems, so that a buyer or publisher can import them.

Column names are those that each system writes itself; what it alone knows isn't made up.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from callrouter.domain.billing.margin import Booked
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.cdr import AttemptOutcome, Cdr, Disposition, HangupParty
from callrouter.domain.money import say_micros


class CallForm(StrEnum):
    """Whose columns a file has."""

    PLAIN = "plain"
    RINGBA = "ringba"
    RETREAVER = "retreaver"
    TRACKDRIVE = "trackdrive"
    TWILIO = "twilio"


@dataclass(frozen=True, slots=True)
class ToldCall:
    """A call as it is told to others: its CDR, what was booked, what each destination dials."""

    cdr: Cdr
    booked: tuple[Booked, ...]
    dials: Mapping[str, str]
    """By destination id."""

    def only_of(self, buyer_id: str) -> "ToldCall":
        """The call as this buyer may see it: what others had or got of it left out."""
        own = tuple(each for each in self.cdr.attempts if each.buyer_id == buyer_id)
        buyer = Party(Side.BUYER, buyer_id)
        return ToldCall(
            replace(self.cdr, publisher="", attempts=own),
            tuple(each for each in self.booked if each.party == buyer),
            self.dials,
        )

    def reached(self) -> str:
        """The number or address of the CDR's destination; "" for none that is known any more."""
        return self.dials.get(self.cdr.destination_id, "")

    def revenue(self) -> str:
        """What buyers are charged for the call."""
        return self._sum(Side.BUYER)

    def payout(self) -> str:
        """What the publisher gets for it; "" where there is none to be told of."""
        return self._sum(Side.PUBLISHER) if self.cdr.publisher else ""

    def _sum(self, side: Side) -> str:
        """As decimal text; with their names where a call has amounts in several currencies."""
        sums: dict[str, int] = {}
        for each in self.booked:
            if each.party.side is side:
                sums[each.currency] = sums.get(each.currency, 0) + each.amount_micros
        if len({each.currency for each in self.booked}) <= 1:
            return say_micros(sum(sums.values()))
        return " + ".join(f"{say_micros(micros)} {name}" for name, micros in sorted(sums.items()))

    def currency(self) -> str:
        """The currency of the amounts; "" without any, or with several."""
        names = {each.currency for each in self.booked}
        return names.pop() if len(names) == 1 else ""

    def is_paid(self, side: Side) -> bool:
        """Whether a side's amounts come to something."""
        return any(e.amount_micros > 0 for e in self.booked if e.party.side is side)

    def waited_ms(self) -> int:
        """From the call's arrival until somebody was joined; 0 for nobody."""
        at = self.connected_at()
        return round((at - self.cdr.started_at).total_seconds() * 1000) if at else 0

    def connected_at(self) -> datetime | None:
        """When the buyer who had the call was joined, by its own durations; None for nobody."""
        talks = [a for a in self.cdr.attempts if a.outcome is AttemptOutcome.CONNECTED]
        if not talks:
            return None
        first = min(talks, key=lambda each: each.dialed_at)
        screened_ms = max(0, first.answered_ms - first.connected_ms)
        return first.dialed_at + timedelta(milliseconds=first.ring_ms + screened_ms)


def list_columns(form: CallForm) -> tuple[str, ...]:
    """The headings of a form, in their order."""
    if form is CallForm.TWILIO:
        return tuple(field.name for field in fields(_Leg))
    return tuple(_CELLS[form])


def write_rows(call: ToldCall, form: CallForm) -> Iterator[tuple[str, ...]]:
    """The cells of each row that a call has in a form: one, but in Twilio's one for each leg."""
    if form is CallForm.TWILIO:
        yield from (astuple(leg) for leg in _list_legs(call))
    else:
        yield tuple(cell(call) for cell in _CELLS[form].values())


@dataclass(frozen=True, slots=True)
class _Leg:
    """A leg under the names of Twilio's call resource."""

    Sid: str
    ParentCallSid: str
    From: str
    To: str
    Direction: str
    Status: str
    StartTime: str
    EndTime: str
    Duration: str


def _list_legs(call: ToldCall) -> Iterator[_Leg]:
    """The caller's leg, then the buyers'; one that is answered starts when it is, as at Twilio."""
    cdr = call.cdr
    yield _Leg(
        Sid=cdr.call_sid,
        ParentCallSid="",
        From=cdr.ani,
        To=cdr.did,
        Direction="inbound",
        Status="completed",
        StartTime=_spell_rfc(cdr.started_at),
        EndTime=_spell_rfc(cdr.ended_at),
        Duration=_spell_seconds(cdr.total_ms),
    )
    for attempt in cdr.attempts:
        rung_at = attempt.dialed_at + timedelta(milliseconds=attempt.ring_ms)
        was_answered = attempt.answered_ms > 0
        yield _Leg(
            Sid=attempt.leg_sid,
            ParentCallSid=cdr.call_sid,
            From=cdr.ani,
            To=call.dials.get(attempt.destination_id, ""),
            Direction="outbound-dial",
            Status="completed" if was_answered else _LEG_STATUS.get(attempt.outcome, "canceled"),
            StartTime=_spell_rfc(rung_at if was_answered else attempt.dialed_at),
            EndTime=_spell_rfc(rung_at + timedelta(milliseconds=attempt.answered_ms)),
            Duration=_spell_seconds(attempt.answered_ms),
        )


def _spell_iso(at: datetime | None) -> str:
    if at is None:
        return ""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _spell_rfc(at: datetime) -> str:
    """RFC 2822 with +0000, as Twilio's REST API writes instants."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0))


def _spell_epoch_ms(at: datetime | None) -> str:
    return "" if at is None else str(int(at.timestamp()) * 1000 + at.microsecond // 1000)


def _spell_seconds(ms: int) -> str:
    """Whole seconds, the rest cut off: others count so."""
    return str(ms // 1000)


def _spell_truth(is_so: bool) -> str:
    return "true" if is_so else "false"


def _is_connected(call: ToldCall) -> str:
    return _spell_truth(call.cdr.disposition is Disposition.CONNECTED)


def _is_charged(call: ToldCall) -> str:
    return _spell_truth(call.is_paid(Side.BUYER))


def _is_paid_out(call: ToldCall) -> str:
    return _spell_truth(call.is_paid(Side.PUBLISHER))


_ENDED_BY_RINGBA = {
    HangupParty.CALLER: "Caller",
    HangupParty.CALLEE: "Target",
    HangupParty.ROUTER: "System",
    HangupParty.UNKNOWN: "",
}
_LEG_STATUS = {
    AttemptOutcome.BUSY: "busy",
    AttemptOutcome.NO_ANSWER: "no-answer",
    AttemptOutcome.FAILED: "failed",
}
_Cells: TypeAlias = Mapping[str, Callable[[ToldCall], str]]
_PLAIN: _Cells = {
    "call_id": lambda call: call.cdr.call_sid,
    "start": lambda call: _spell_iso(call.cdr.started_at),
    "connected_at": lambda call: _spell_iso(call.connected_at()),
    "end": lambda call: _spell_iso(call.cdr.ended_at),
    "caller": lambda call: call.cdr.ani,
    "dialed_number": lambda call: call.cdr.did,
    "destination": lambda call: call.cdr.destination_id,
    "destination_number": ToldCall.reached,
    "total_seconds": lambda call: f"{call.cdr.total_ms / 1000:.3f}",
    "connected_seconds": lambda call: f"{call.cdr.connected_ms / 1000:.3f}",
    "status": lambda call: call.cdr.disposition,
    "amount": ToldCall.revenue,
    "currency": ToldCall.currency,
}
_RINGBA: _Cells = {
    "campaignName": lambda call: call.cdr.campaign_id,
    "publisherName": lambda call: call.cdr.publisher,
    "targetName": lambda call: call.cdr.destination_id,
    "targetNumber": ToldCall.reached,
    "buyer": lambda call: call.cdr.buyer_id,
    "inboundCallId": lambda call: call.cdr.call_sid,
    "callDt": lambda call: _spell_epoch_ms(call.cdr.started_at),
    "inboundPhoneNumber": lambda call: call.cdr.ani,
    "number": lambda call: call.cdr.did,
    "callCompletedDt": lambda call: _spell_epoch_ms(call.cdr.ended_at),
    "callConnectionDt": lambda call: _spell_epoch_ms(call.connected_at()),
    "endCallSource": lambda call: _ENDED_BY_RINGBA[call.cdr.hangup_party],
    "hasConnected": _is_connected,
    "callLengthInSeconds": lambda call: _spell_seconds(call.cdr.total_ms),
    "connectedCallLengthInSeconds": lambda call: _spell_seconds(call.cdr.connected_ms),
    "timeToConnectInSeconds": lambda call: _spell_seconds(call.waited_ms()),
    "hasConverted": _is_charged,
    "hasPayout": _is_paid_out,
    "conversionAmount": ToldCall.revenue,
    "payoutAmount": ToldCall.payout,
}
_RETREAVER: _Cells = {
    "uuid": lambda call: call.cdr.call_sid,
    "caller": lambda call: call.cdr.ani,
    "dialed_number": lambda call: call.cdr.did,
    "status": lambda _: "finished",
    "start_time": lambda call: _spell_iso(call.cdr.started_at),
    "forwarded_time": lambda call: _spell_iso(call.connected_at()),
    "end_time": lambda call: _spell_iso(call.cdr.ended_at),
    "total_duration": lambda call: _spell_seconds(call.cdr.total_ms),
    "dialed_call_duration": lambda call: _spell_seconds(call.cdr.connected_ms),
    "time_to_connect_in_seconds": lambda call: _spell_seconds(call.waited_ms()),
    "connected": _is_connected,
    "converted": _is_charged,
    "receivable": _is_charged,
    "payable": _is_paid_out,
    "revenue": ToldCall.revenue,
    "payout": ToldCall.payout,
    "target_name": lambda call: call.cdr.destination_id,
    "hung_up_by": lambda call: _ENDED_BY_RINGBA[call.cdr.hangup_party].lower(),
}
_TRACKDRIVE: _Cells = {
    "uuid": lambda call: call.cdr.call_sid,
    "created_at": lambda call: _spell_iso(call.cdr.started_at),
    "ended_at": lambda call: _spell_iso(call.cdr.ended_at),
    "caller_number": lambda call: call.cdr.ani,
    "number": lambda call: call.cdr.did,
    "offer": lambda call: call.cdr.campaign_id,
    "traffic_source": lambda call: call.cdr.publisher,
    "buyer": lambda call: call.cdr.buyer_id,
    "forwarding_number": ToldCall.reached,
    "status": lambda call: call.cdr.disposition,
    "total_duration": lambda call: _spell_seconds(call.cdr.total_ms),
    "answered_duration": lambda call: _spell_seconds(call.cdr.connected_ms),
    "buyer_converted": _is_charged,
    "revenue": ToldCall.revenue,
    "payout": ToldCall.payout,
    "hangup_by": lambda call: call.cdr.hangup_party,
}
_CELLS: Mapping[CallForm, _Cells] = MappingProxyType(
    {
        CallForm.PLAIN: _PLAIN,
        CallForm.RINGBA: _RINGBA,
        CallForm.RETREAVER: _RETREAVER,
        CallForm.TRACKDRIVE: _TRACKDRIVE,
    }
)
