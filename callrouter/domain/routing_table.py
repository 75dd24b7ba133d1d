"""A campaign's routing table: who may get its calls, in what order, under what limits.

Immutable; a change is a new version. Knows nothing of files or of how a table is stored.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class AdvertisedNumber:
    """A DID of the campaign and the publisher who advertises it ("" when nobody does)."""

    number: str
    publisher: str = ""


@dataclass(frozen=True, slots=True)
class Screening:
    """The buyer must press `digit` within `wait_s` seconds of hearing `prompt`, or is passed by."""

    prompt: str
    digit: str = "1"
    wait_s: int = 8


@dataclass(frozen=True, slots=True)
class Route:
    """An entry of the table: a destination with its place in the order.

    The lower `priority` is dialled first; within one priority, `weight` is the share of calls.
    `ring_s` is how long the carrier is told to let it ring.
    """

    destination_id: str
    priority: int = 1
    weight: int = 1
    ring_s: int = 25
    whisper: str = ""
    screening: Screening | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use up: attempts, ring seconds over all of them, seconds connected."""

    attempts: int = 4
    ring_s: int = 90
    call_s: int = 14_400


class LastResort(StrEnum):
    """What a caller gets when nobody is left to dial."""

    MESSAGE = "message"
    OVERFLOW = "overflow"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class NobodyLeft:
    """The end of the table: a spoken message, a destination of last resort, or a voicemail."""

    resort: LastResort = LastResort.MESSAGE
    say: str = "We are sorry, nobody can take your call right now. Please try again later."
    overflow_destination_id: str = ""
    overflow_ring_s: int = 25
    voicemail_max_s: int = 120


class WithheldCallers(StrEnum):
    """Whether callers who hide their number are routed."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """One version of a campaign's routing table; version 0 is a draft that was never stored."""

    campaign_id: str
    numbers: tuple[AdvertisedNumber, ...]
    routes: tuple[Route, ...]
    version: int = 0
    limits: Limits = Limits()
    nobody_left: NobodyLeft = NobodyLeft()
    withheld_callers: WithheldCallers = WithheldCallers.ACCEPT
    language: str = "en-US"

    def destination_ids(self) -> frozenset[str]:
        """Every destination that this table can dial, the overflow's included."""
        named = {route.destination_id for route in self.routes}
        if self.nobody_left.overflow_destination_id:
            named.add(self.nobody_left.overflow_destination_id)
        return frozenset(named)

    def route_to(self, destination_id: str) -> Route | None:
        """The route whose destination this is, if any."""
        return next((r for r in self.routes if r.destination_id == destination_id), None)
