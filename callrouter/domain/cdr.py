"""The call detail record: what a call was, in the figures that money and tie-out are built on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Disposition(StrEnum):
    """How a call ended for the seller; the first in this order that is true.

    DECLINED to FAILED mean that every attempt ended unbridged while the caller stayed: the
    furthest that any attempt got, a person who declined being further than a phone that rang out.
    """

    CONNECTED = "connected"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    NO_DESTINATION = "no_destination"
    NOT_IN_SERVICE = "not_in_service"
    UNRESOLVED = "unresolved"


class AttemptOutcome(StrEnum):
    """How one attempt ended; RINGING while nothing says that it did."""

    CONNECTED = "connected"
    ELSEWHERE = "elsewhere"
    """Another destination, rung at the same time, had the call."""
    ABANDONED = "abandoned"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    RINGING = "ringing"


class HangupParty(StrEnum):
    """Who ended the call: the caller, the buyer's side, or we with our last answer."""

    CALLER = "caller"
    CALLEE = "callee"
    ROUTER = "router"
    UNKNOWN = "unknown"


class ConnectedSource(StrEnum):
    """Where the connected time was read from; the order is the order of trust."""

    CARRIER_LEG = "carrier_leg"
    """The buyer leg's own CallDuration, in whole seconds (its status callback)."""
    CARRIER_REST = "carrier_rest"
    """The same, read from the REST API by the sweep."""
    CARRIER_DIAL = "carrier_dial"
    """DialCallDuration of the Dial action."""
    CARRIER_CALL = "carrier_call"
    """The caller leg's CallDuration, which starts at the bridge (answerOnBridge)."""
    EVENT_TIMES = "event_times"
    """From the bridge to the leg's end by event times (screened calls)."""
    NONE = "none"
    """Nobody was connected, or no source is left."""


class CdrFlag(StrEnum):
    """What finance should know of how a CDR came about."""

    DEGRADED = "degraded"
    """Routed by last known good while the database was away."""
    SWEPT = "swept"
    """A lost callback was read from the REST API instead."""
    OVERFLOW = "overflow"
    """The destination was the table's overflow."""
    FALLBACK = "fallback"
    """Twilio asked the fallback URL at least once."""
    DURATION_GAP = "duration_gap"
    """Our figure for connected time and the carrier's differ by more than a second."""
    CLOCK_GAP = "clock_gap"
    """The carrier's clock and ours disagree by more than a second about this call."""
    DURATION_MISSING = "duration_missing"
    """Somebody was connected, but no source says for how long.

    After a whisper the buyer's leg may still bound it: then that is the figure, and it is too long.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One destination that was dialled; of a ring group each has one, with the same `attempt`.

    `answered_ms` counts from the buyer's answer, whisper included.
    """

    attempt: int
    destination_id: str
    buyer_id: str
    outcome: AttemptOutcome
    leg_sid: str
    dialed_at: datetime
    ring_ms: int
    answered_ms: int
    connected_ms: int
    table_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """One call as one row; durations in milliseconds, instants aware UTC.

    `destination_id` is the connected destination, the last if there were several, else the last
    attempted, else empty. `connected_ms` never exceeds `total_ms`. `ring_ms` is what the caller
    waited: of a ring group the time until it was answered, else the longest of its phones.
    """

    call_sid: str
    started_at: datetime
    ended_at: datetime
    campaign_id: str
    publisher: str
    did: str
    ani: str
    buyer_id: str
    destination_id: str
    attempts: tuple[AttemptRecord, ...]
    disposition: Disposition
    hangup_party: HangupParty
    total_ms: int
    ring_ms: int
    answered_ms: int
    connected_ms: int
    connected_source: ConnectedSource
    table_version: int
    flags: tuple[CdrFlag, ...]

    def count_attempts(self) -> int:
        """How many attempts there were; a ring group is one."""
        return len({attempt.attempt for attempt in self.attempts})

    def attempt_outcomes(self) -> str:
        """The attempts in a word each, as in `acme-east:busy bolt-west:connected`."""
        return " ".join(f"{a.destination_id}:{a.outcome}" for a in self.attempts)
