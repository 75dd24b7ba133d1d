"""What a carrier's own records say of calls and numbers; read when callbacks were lost."""

from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.events import LegStatus


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
