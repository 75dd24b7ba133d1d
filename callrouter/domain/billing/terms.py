"""What a party has agreed to: which calls are paid for, and how much; dated, per campaign.

Values only: what a call comes to is worked out in `rating`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callrouter.domain.billing.party import Party
from callrouter.domain.clocks.hours import Hours


class Clock(StrEnum):
    """Which time of a call terms count."""

    CONNECTED = "connected"
    """Caller and buyer joined: the buyer's own system calls it total."""
    ANSWERED = "answered"
    """From the buyer's answer on, a whisper included."""
    TOTAL = "total"
    """From the call's arrival to the caller's hang-up."""


class Operator(StrEnum):
    """How the counted time is compared with a threshold."""

    AT_LEAST = ">="
    MORE_THAN = ">"


class Rounding(StrEnum):
    """How milliseconds become the seconds that are compared and paid for; EXACT keeps them."""

    EXACT = "exact"
    FLOOR = "floor"
    CEILING = "ceiling"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class Band:
    """A flat price from `after_s` on; the highest that is reached replaces those below it."""

    after_s: int
    price_micros: int


@dataclass(frozen=True, slots=True)
class PerMinute:
    """A price by the minute, from `after_s` on; the first `first_s` whole, then in steps."""

    price_micros: int
    first_s: int
    next_s: int
    after_s: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """A publisher's share of what buyers were charged for the call, in parts per million."""

    parts_per_million: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One agreed set of rules, in force from `starts_at` to before `ends_at` (None: open).

    "" for `campaign_id` or `destination_id` stands for any; the more specific terms win. Exactly
    one of `bands`, `per_minute`, `per_attempt_micros` and `share` is set. `duplicate_window_s`: a
    caller for whom was paid within it isn't paid for again. `most_per_day` paid calls a day, on the
    clocks of the agreement's zone. `hours` are those in which a call must begin to be paid for.
    """

    starts_at: datetime
    ends_at: datetime | None
    currency: str
    campaign_id: str = ""
    destination_id: str = ""
    clock: Clock = Clock.CONNECTED
    operator: Operator = Operator.AT_LEAST
    rounding: Rounding = Rounding.EXACT
    bands: tuple[Band, ...] = ()
    per_minute: PerMinute | None = None
    per_attempt_micros: int | None = None
    share: Share | None = None
    hours: Hours | None = None
    duplicate_window_s: int = 0
    most_per_day: int | None = None


class Cycle(StrEnum):
    """How long the period of a statement is; CUSTOM ones are only closed by hand."""

    WEEK = "week"
    HALF_MONTH = "half_month"
    MONTH = "month"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Credit:
    """How far a buyer may owe before it gets no more calls.

    `limit_micros` is 0 for who pays in advance: such a buyer spends what it has paid.
    """

    limit_micros: int
    currency: str

    @property
    def is_prepaid(self) -> bool:
        """Whether calls are paid for in advance."""
        return self.limit_micros == 0


class TheirTime(StrEnum):
    """Which time of a buyer's own records is held against ours."""

    TOTAL = "total"
    TALK = "talk"
    BILLED = "billed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutTerms:
    """What was agreed on how a buyer's records are held against ours.

    Seconds may differ by `tolerance_ms` and count as rounding. A difference is raised within
    `dispute_days` of the period's end (None: at any time). `zone` is the one that their stamps are
    said to be in ("": nothing is said), `their_time` the column that counts (None: their total,
    unless the calls themselves show that another one is meant).
    """

    tolerance_ms: int = 1000
    dispute_days: int | None = None
    zone: str = ""
    their_time: TheirTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """All that one party has agreed to, as of one version.

    `zone` is the party's (IANA): its days, and its statements' midnights. A statement is due
    `net_days` after its closing date. Without `credit` exposure isn't limited.
    """

    party: Party
    version: int
    zone: str
    terms: tuple[Terms, ...]
    cycle: Cycle = Cycle.MONTH
    net_days: int = 30
    credit: Credit | None = None
    name: str = ""
    email: str = ""
    address: tuple[str, ...] = ()
    tie_out: TieOutTerms = TieOutTerms()
