"""What a carrier's own records say of calls and numbers: where callbacks were lost, for audits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callrouter.domain.calls.events import LegStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierLeg:
    """One leg as the carrier's records have it; instants in whole seconds."""

    leg_sid: str
    dial_string: str
    status: LegStatus
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierCall:
    """The caller's leg and every leg that was dialled for it."""

    caller_leg: CarrierLeg
    buyer_legs: tuple[CarrierLeg, ...]


class LegDirection(StrEnum):
    """Which way a leg went, seen from the account."""

    INBOUND = "inbound"
    DIALLED = "dialled"
    """To a buyer, for a call that had come in."""
    OTHER = "other"
    """Placed through the API, or of a SIP trunk: nothing of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierRecord:
    """One leg in the carrier's list of an account's calls, with what it cost.

    `call_sid` is the caller's leg that it belongs to, its own if it is that. `duration_s` counts
    from the answer; None where nobody answered. `cost_micros` is positive, None until the carrier
    has put a price on it, `currency` is "" until then. Instants in whole seconds.
    """

    call_sid: str
    leg_sid: str
    direction: LegDirection
    caller: str
    dial_string: str
    status: LegStatus
    started_at: datetime
    ended_at: datetime | None
    duration_s: int | None
    cost_micros: int | None
    currency: str

    @property
    def is_callers_leg(self) -> bool:
        """Whether the call came in, or was placed, on this leg; the others were dialled for it."""
        return self.call_sid == self.leg_sid

    @property
    def awaits_price(self) -> bool:
        """Whether a price is still to come: only a leg that was answered has one for certain."""
        return self.cost_micros is None and self.status is LegStatus.COMPLETED


@dataclass(frozen=True, slots=True)
class CarrierRequest:
    """A request that the carrier made about a call: to which URL, without its query; the answer.

    None for a figure that it doesn't tell: there was no answer then.
    """

    url: str
    status: int | None
    took_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSetup:
    """How a DID is configured at the carrier; "" where nothing is set.

    With a `trunk_sid` or else a `voice_application_sid` its calls go there, whatever its URLs say:
    https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
    """

    number: str
    voice_url: str
    fallback_url: str
    status_url: str
    voice_application_sid: str = ""
    trunk_sid: str = ""
