"""What a routing decision says: the candidates, why each was passed by, what is dialled or said.

Values only; how they come about is known in `next_destination` and `closing`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from callrouter.domain.numbers import Caller
from callrouter.domain.tables.routing_table import Screening
from callrouter.domain.tables.rules import Recovery


class SkipRule(StrEnum):
    """Why a candidate was passed by."""

    ALREADY_TRIED = "already_tried"
    DISABLED = "disabled"
    NOT_IN_DIRECTORY = "not_in_directory"
    WITHHELD_CALLER = "withheld_caller"
    ATTEMPT_LIMIT = "attempt_limit"
    RING_LIMIT = "ring_limit"
    STOPPED = "stopped"
    STANDING = "standing"
    BLOCKED = "blocked"
    TOO_SOON = "too_soon"
    REPEAT = "repeat"
    DUPLICATE = "duplicate"
    POINTED_ELSEWHERE = "pointed_elsewhere"
    CLOSED = "closed"
    FILTERED = "filtered"
    FULL = "full"
    CREDIT = "credit"
    UNCOUNTED = "uncounted"


@dataclass(frozen=True, slots=True)
class Skip:
    """The rule that passed a candidate by, and the value that it saw.

    `subject` is the very filter, cap, stop or window, without what it saw: what rules are told
    apart by when they are counted. It is "" where the rule's name says all, and in decisions that
    were recorded before there was one; it says nothing that `saw` doesn't, so that it isn't
    compared.
    """

    rule: SkipRule
    saw: str
    subject: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route as this decision ranked it; `skip` is None for those that could have been dialled.

    `figure` is what the table's strategy saw of it, in words.
    """

    destination_id: str
    buyer_id: str
    priority: int
    weight: int
    skip: Skip | None = None
    overflow: bool = False
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Dial:
    """What to dial: everything that the carrier must be told of the chosen route.

    `caller_id` is None when the caller's own number is passed on. Price, threshold and recovery are
    kept with it, since a call ends by the terms that it began with.
    """

    destination_id: str
    buyer_id: str
    dial_string: str
    ring_s: int
    call_s: int
    caller_id: str | None
    whisper: str = ""
    screening: Screening | None = None
    overflow: bool = False
    send_digits: str = ""
    sip_header: str = ""
    price_micros: int | None = None
    payable_after_s: int | None = None
    recovery: Recovery | None = None


class Closing(StrEnum):
    """How we end our part of a call instead of dialling."""

    MESSAGE = "message"
    VOICEMAIL = "voicemail"
    NOT_IN_SERVICE = "not_in_service"
    CONNECTED = "connected"
    CALLER_GONE = "caller_gone"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: what is dialled as attempt `attempt`, or how the call is closed, and why.

    Exactly one of `dial` and `closing` is set. `candidates` has every route of the table, best
    first, with the reason of each that was passed by; the overflow comes last where it was asked.
    `also` is rung at the same time as `dial` (a ring group); the first to answer has the call.
    """

    attempt: int
    campaign_id: str
    publisher: str
    table_version: int
    directory_version: int
    candidates: tuple[Candidate, ...]
    dial: Dial | None = None
    closing: Closing | None = None
    say: str = ""
    language: str = "en-US"
    voicemail_max_s: int = 0
    also: tuple[Dial, ...] = ()

    @property
    def dials(self) -> tuple[Dial, ...]:
        """Everybody who is rung by this decision, `dial` first; empty when nobody is."""
        return () if self.dial is None else (self.dial, *self.also)


@dataclass(frozen=True, slots=True)
class CallSoFar:
    """What `decide` must know of a call: its id, both numbers, and what was tried already.

    `attempts_made` is None when each of `tried` was an attempt by itself; a group that rings
    together is one for all of its destinations.
    """

    call_sid: str
    did: str
    caller: Caller
    publisher: str = ""
    tried: tuple[str, ...] = ()
    ring_ms: int = 0
    attempts_made: int | None = None
    caller_state: str = ""
    caller_zip: str = ""
    caller_country: str = ""

    @property
    def attempts(self) -> int:
        """How many attempts there were."""
        return len(self.tried) if self.attempts_made is None else self.attempts_made
