"""What happened to a call, as immutable facts: kept for ever, the only source of CDRs.

Each event's `key` names it within its call, so that a webhook that comes twice is one event.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import Decision


class LegStatus(StrEnum):
    """A call's state in Twilio's words (Call resource, `status`; webhooks, `CallStatus`)."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"
    """A word that Twilio's documentation doesn't have; the raw form keeps it."""

    @property
    def is_final(self) -> bool:
        """Whether a leg in this state has ended."""
        return self in _FINAL


_FINAL = frozenset(
    {
        LegStatus.COMPLETED,
        LegStatus.BUSY,
        LegStatus.NO_ANSWER,
        LegStatus.FAILED,
        LegStatus.CANCELED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived:
    """A call reached us: the first webhook of a CallSid, whichever URL it came to."""

    kind: Literal["call_arrived"] = "call_arrived"
    call_sid: str
    received_at: datetime
    did: str
    ani: str
    caller_state: str = ""
    caller_zip: str = ""
    caller_country: str = ""
    degraded: bool = False

    @property
    def key(self) -> str:
        """One arrival a call."""
        return "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecided:
    """Our own answer at one step of the call, with the exact TwiML that was sent.

    `conditions` are those that the decision depended on; None when it depended on none but the
    time. `reserves` tells whether it took anything of a counter.
    `rival`: another machine, cut off from the first, answered the same step differently.
    """

    kind: Literal["route_decided"] = "route_decided"
    call_sid: str
    received_at: datetime
    decision: Decision
    twiml: str
    degraded: bool = False
    rival: bool = False
    conditions: Conditions | None = None
    reserves: bool = False

    @property
    def key(self) -> str:
        """One decision an attempt, and one rival to it."""
        return f"{'rival' if self.rival else 'decided'}:{self.decision.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEnded:
    """Twilio's Dial action request: how attempt `attempt` ended, and how the caller stands.

    `bridged` is None where Twilio left DialBridged out. `status` None means that the fallback URL
    was asked instead, so that nothing is known but that the attempt is over.
    """

    kind: Literal["dial_ended"] = "dial_ended"
    call_sid: str
    received_at: datetime
    attempt: int
    destination_id: str = ""
    status: LegStatus | None
    bridged: bool | None
    duration_s: int | None
    leg_sid: str = ""
    caller_status: LegStatus

    @property
    def key(self) -> str:
        """One end an attempt; a lost action never stands in the way of the real one."""
        return f"dial_{'ended' if self.status else 'lost'}:{self.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegProgressed:
    """A status callback of a buyer's leg. `occurred_at` is the carrier's stamp, whole seconds."""

    kind: Literal["leg_progressed"] = "leg_progressed"
    call_sid: str
    received_at: datetime
    attempt: int
    destination_id: str = ""
    leg_sid: str
    status: LegStatus
    occurred_at: datetime | None
    duration_s: int | None
    sip_code: int | None = None

    @property
    def key(self) -> str:
        """One event a leg and status."""
        return f"leg:{self.leg_sid}:{self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperStarted:
    """The buyer's phone was answered and Twilio asks what to whisper to it."""

    kind: Literal["whisper_started"] = "whisper_started"
    call_sid: str
    received_at: datetime
    attempt: int
    destination_id: str = ""
    leg_sid: str

    @property
    def key(self) -> str:
        """One whisper a leg."""
        return f"whisper:{self.leg_sid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningAnswered:
    """The buyer pressed a key at the screening prompt; `accepted` bridges the two."""

    kind: Literal["screening_answered"] = "screening_answered"
    call_sid: str
    received_at: datetime
    attempt: int
    destination_id: str = ""
    leg_sid: str
    accepted: bool

    @property
    def key(self) -> str:
        """One answer a leg."""
        return f"screening:{self.leg_sid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailRecorded:
    """The caller left a message with us (not with a buyer)."""

    kind: Literal["voicemail_recorded"] = "voicemail_recorded"
    call_sid: str
    received_at: datetime
    duration_s: int
    recording_url: str = ""
    caller_hung_up: bool = False

    @property
    def key(self) -> str:
        """One message a call."""
        return "voicemail"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackAsked:
    """Twilio could not fetch or run one of our answers, and asked the fallback URL."""

    kind: Literal["fallback_asked"] = "fallback_asked"
    call_sid: str
    received_at: datetime
    error_code: str
    error_url: str

    @property
    def key(self) -> str:
        """One event an error and URL."""
        return f"fallback:{self.error_code}:{self.error_url}"[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The number's status callback: the caller's leg is over. `duration_s` counts from answer."""

    kind: Literal["call_ended"] = "call_ended"
    call_sid: str
    received_at: datetime
    status: LegStatus
    occurred_at: datetime | None
    duration_s: int | None

    @property
    def key(self) -> str:
        """One event a status."""
        return f"ended:{self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSwept:
    """What the carrier's REST API says of the caller's leg; asked because no end had arrived.

    `did` and `ani` are told of a call of which nothing else was ever heard.
    """

    kind: Literal["call_swept"] = "call_swept"
    call_sid: str
    received_at: datetime
    status: LegStatus
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None
    did: str = ""
    ani: str = ""

    @property
    def key(self) -> str:
        """One answer a call."""
        return "swept"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSwept:
    """What the carrier's REST API says of a buyer's leg."""

    kind: Literal["leg_swept"] = "leg_swept"
    call_sid: str
    received_at: datetime
    leg_sid: str
    dial_string: str
    status: LegStatus
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None

    @property
    def key(self) -> str:
        """One answer a leg."""
        return f"swept:{self.leg_sid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepGaveUp:
    """The carrier's REST API does not know the call: its end will never be known."""

    kind: Literal["sweep_gave_up"] = "sweep_gave_up"
    call_sid: str
    received_at: datetime
    reason: str

    @property
    def key(self) -> str:
        """One surrender a call."""
        return "gave_up"


CallEvent: TypeAlias = (
    CallArrived
    | RouteDecided
    | DialEnded
    | LegProgressed
    | WhisperStarted
    | ScreeningAnswered
    | VoicemailRecorded
    | FallbackAsked
    | CallEnded
    | CallSwept
    | LegSwept
    | SweepGaveUp
)
