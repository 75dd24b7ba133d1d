"""A campaign's routing table: who may get its calls, in what order, under what limits.

Immutable; a change is a new version. Knows nothing of files or of how a table is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from callrouter.domain.callers.duplicates import NO_CALLER_RULES, CallerRules
from callrouter.domain.tables.rules import NO_QUOTA, NO_RULES, Quota, Rules

NO_TAGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AdvertisedNumber:
    """A DID of the campaign and the publisher who advertises it ("" when nobody does).

    `to`: every call to it goes to this destination alone, as long as it stands ("": by the routes).
    `tags` are words of the seller's own, for filters.
    """

    number: str
    publisher: str = ""
    to: str = ""
    tags: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)


@dataclass(frozen=True, slots=True)
class Screening:
    """The buyer must press `digit` within `wait_s` seconds of hearing `prompt`, or is passed by."""

    prompt: str
    digit: str = "1"
    wait_s: int = 8


@dataclass(frozen=True, slots=True)
class Route:
    """An entry of the table: a destination with its place in the order.

    The lower `priority` is dialled first; within one priority the strategy decides, and `weight`
    is the share of calls where it leaves a tie. `ring_s` is how long the carrier is told to let it
    ring. `price_micros` is paid for a call that was connected for `payable_after_s` at least; None
    where the table doesn't say. `send_digits` are keyed in the buyer's menu after the answer (w is
    a pause of half a second, W of one). `sip_header` is the header that tells a SIP destination the
    call's id.
    """

    destination_id: str
    priority: int = 1
    weight: int = 1
    ring_s: int = 25
    whisper: str = ""
    screening: Screening | None = None
    price_micros: int | None = None
    payable_after_s: int | None = None
    group_id: str = ""
    send_digits: str = ""
    sip_header: str = ""
    rules: Rules = NO_RULES
    quota: Quota = NO_QUOTA


class Ring(StrEnum):
    """How the routes of a group are dialled."""

    IN_TURN = "in_turn"
    """A hunt group: one after the other, as any routes; what it counts is shared."""
    TOGETHER = "together"
    """A ring group: all at once, up to ten; the first to answer has the call."""


@dataclass(frozen=True, slots=True)
class Group:
    """Routes that belong together."""

    group_id: str
    ring: Ring = Ring.IN_TURN
    quota: Quota = NO_QUOTA


class StrategyName(StrEnum):
    """What decides between routes of one priority; whatever it leaves tied falls to weight."""

    WEIGHT = "weight"
    BEST_PAYING = "best_paying"
    REVENUE_PER_CALL = "revenue_per_call"
    ROUND_ROBIN = "round_robin"
    LEAST_USED_CAP = "least_used_cap"


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy and, for revenue per call, what it is measured on.

    Over the last `over_calls` attempts of a destination, once there were `minimum_calls`; of those
    without that many yet, one is put first in `new_share_percent` of all calls.
    """

    name: StrategyName = StrategyName.WEIGHT
    over_calls: int = 100
    minimum_calls: int = 20
    new_share_percent: int = 10


class WhenUncounted(StrEnum):
    """What becomes of a capped route while the database is away and nothing can be counted."""

    SKIP = "skip"
    DIAL = "dial"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use up: attempts, ring seconds over all of them, seconds connected."""

    attempts: int = 4
    ring_s: int = 90
    call_s: int = 14_400
    when_uncounted: WhenUncounted = WhenUncounted.SKIP


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
    """One version of a campaign's routing table; version 0 is a draft that was never stored.

    `zone` is where the days of the campaign, of its groups and of its publishers begin; a buyer's
    and a destination's begin in the buyer's own. `currency` is that of every price.
    """

    campaign_id: str
    numbers: tuple[AdvertisedNumber, ...]
    routes: tuple[Route, ...]
    version: int = 0
    limits: Limits = Limits()
    nobody_left: NobodyLeft = NobodyLeft()
    withheld_callers: WithheldCallers = WithheldCallers.ACCEPT
    language: str = "en-US"
    zone: str = "UTC"
    currency: str = "USD"
    strategy: Strategy = Strategy()
    callers: CallerRules = NO_CALLER_RULES
    rules: Rules = NO_RULES
    quota: Quota = NO_QUOTA
    buyer_rules: Mapping[str, Rules] = field(default_factory=lambda: MappingProxyType({}))
    buyer_quotas: Mapping[str, Quota] = field(default_factory=lambda: MappingProxyType({}))
    publisher_quotas: Mapping[str, Quota] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[str, Group] = field(default_factory=lambda: MappingProxyType({}))

    def destination_ids(self) -> frozenset[str]:
        """Every destination that this table can dial, the overflow's included."""
        named = {route.destination_id for route in self.routes}
        if self.nobody_left.overflow_destination_id:
            named.add(self.nobody_left.overflow_destination_id)
        named.update(number.to for number in self.numbers if number.to)
        return frozenset(named)

    def route_to(self, destination_id: str) -> Route | None:
        """The route whose destination this is, if any."""
        return next((r for r in self.routes if r.destination_id == destination_id), None)
