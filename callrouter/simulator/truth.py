"""What really happened to a call, seen from the carrier: the yardstick for the router's CDR."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ROUNDING = timedelta(milliseconds=1)
"""The router keeps whole milliseconds; whether it cuts or rounds, it is off by less than one."""


class AttemptOutcome(StrEnum):
    """What an attempt came to."""

    CONNECTED = "connected"
    ELSEWHERE = "elsewhere"
    """Another phone, rung by the same <Dial>, had the call."""
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Disposition(StrEnum):
    """What a call came to; the first that is true, in this order, wins."""

    CONNECTED = "connected"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    NO_DESTINATION = "no_destination"
    NOT_IN_SERVICE = "not_in_service"


class HangupParty(StrEnum):
    """Who ended the conversation, or the call when there was none."""

    CALLER = "caller"
    CALLEE = "callee"
    ROUTER = "router"


@dataclass(frozen=True, slots=True)
class Violation:
    """Something the router did that the carrier can't accept, with the carrier's error code."""

    code: int
    url: str
    problem: str


@dataclass(frozen=True, slots=True)
class Window:
    """Two virtual instants between which something happened at the router."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class IntervalMs:
    """The whole milliseconds, both ends included, that a duration may have."""

    low: int
    high: int

    @classmethod
    def exactly(cls, seconds: int) -> "IntervalMs":
        """A duration that the carrier itself gave in whole seconds."""
        return cls(seconds * 1000, seconds * 1000)

    @classmethod
    def since(cls, began: Window, ended_at: datetime) -> "IntervalMs":
        """From a stamp that the router took inside `began` to a reported end; never negative.

        The stamp is at most a millisecond off (see ROUNDING), which widens both ends; a part of
        a millisecond is cut from the inside, since only whole ones are compared.
        """
        millisecond = timedelta(milliseconds=1)
        low = -((began.latest - ended_at + ROUNDING) // millisecond)
        high = (ended_at - began.earliest + ROUNDING) // millisecond
        return cls(max(0, low), max(0, high))

    def __contains__(self, milliseconds: int) -> bool:
        return self.low <= milliseconds <= self.high

    def __add__(self, other: "IntervalMs") -> "IntervalMs":
        return IntervalMs(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low / 1000:.3f}"
        return f"{self.low / 1000:.3f}..{self.high / 1000:.3f}"


NO_TIME = IntervalMs(0, 0)


@dataclass(frozen=True, slots=True)
class AttemptTruth:
    """One dialling of one phone. What the router ordered and the carrier never dialled is none.

    `leg_seconds` is the carrier's own figure for the leg, from its answer to its end. `bridged`
    holds the instants between which the router learned of the bridge: one and the same for a leg
    bridged at its answer; for a screened leg from sending the key that accepted to its answer;
    with a whisper only, from asking for the whisper to the bridge; with digits, from the answer on.
    `dial` is the same for all that one <Dial> rang. `also_right` are outcomes that fit as well,
    where the router can't tell them from `outcome` by what it was told.
    """

    dial_string: str
    leg_sid: str
    outcome: AttemptOutcome
    ended_at: datetime
    dial: int
    leg_seconds: int = 0
    bridged: Window | None = None
    screened: bool = False
    whispered: bool = False
    keyed: bool = False
    also_right: frozenset[AttemptOutcome] = frozenset()


@dataclass(frozen=True, slots=True)
class CallTruth:
    """One call. All instants are virtual; those that were reported are whole seconds.

    `first_webhook`: from sending the first webhook to the first 2xx answer to it or to the
    fallback; None when none came. `total` and `connected` hold the durations that the router may
    come to from what it was told; `total_if_looked_up` is the one it must come to when it took
    the call's start from the REST API, where `started_at` is earlier than its own stamp.
    `also_right` are dispositions as true as `disposition`, where two words fit one call.
    """

    call_sid: str
    did: str
    caller: str
    started_at: datetime
    first_webhook: Window | None
    ended_at: datetime
    attempts: tuple[AttemptTruth, ...]
    disposition: Disposition
    hangup_party: HangupParty
    total: IntervalMs
    total_if_looked_up: IntervalMs
    connected: IntervalMs = NO_TIME
    also_right: frozenset[Disposition] = frozenset()
    violations: tuple[Violation, ...] = ()
    caller_heard_error: bool = False
    accepted_webhooks: int = 0
    retries: int = 0
    fallbacks: int = 0
    slowest_answer_ms: int = 0
