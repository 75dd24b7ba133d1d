"""Caps and the counters that they are counted on: which counter a call would use, and its room.

A counter is a text key that holds figures for one period; where they are kept isn't known here.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from callrouter.domain.clocks.periods import Moment, Period, find_next_start

UNLIMITED = 2**62
"""The limit of a counter that only counts: for spacing, round robin, and the board."""

_PERIODS = tuple(Period)


class Measure(StrEnum):
    """What a cap counts: calls, or micro-units of money for REVENUE and the two of CREDIT.

    ATTEMPTS are dials, whatever came of them; CONCURRENT are dials and talks in progress. CREDIT is
    what a call may add to its buyer's account, until it is charged or not connected; with
    ATTEMPT_CREDIT until it is charged, as it may be when nobody was connected. No table has caps of
    these.
    """

    ATTEMPTS = "attempts"
    CONNECTED = "connected"
    PAYABLE = "payable"
    REVENUE = "revenue"
    CONCURRENT = "concurrent"
    CREDIT = "credit"
    ATTEMPT_CREDIT = "attempt_credit"


ON_ACCOUNTS = frozenset({Measure.CREDIT, Measure.ATTEMPT_CREDIT})
"""The measures of what is held on buyers' accounts."""


class SubjectKind(StrEnum):
    """Whose calls a cap limits."""

    DESTINATION = "destination"
    BUYER = "buyer"
    GROUP = "group"
    PUBLISHER = "publisher"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Subject:
    """One destination, buyer, group, publisher or campaign."""

    kind: SubjectKind
    subject_id: str


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` calls, or micro-units for REVENUE, in each `period`.

    It counts the calls of the campaign whose table says it, or those of all campaigns with
    `across_campaigns`. For CONCURRENT both play no role: a desk's telephones are physical.
    """

    measure: Measure
    limit: int
    period: Period = Period.EVER
    across_campaigns: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a counter holds: `used` is final, `held` is reserved by calls in progress.

    `last_at` is the last instant at which anything was reserved on it.
    """

    used: int = 0
    held: int = 0
    last_at: datetime | None = None

    @property
    def total(self) -> int:
        """All that counts against a limit."""
        return self.used + self.held


@dataclass(frozen=True, slots=True)
class Claim:
    """What one dial takes of one counter: `amount`, if `limit` leaves room for it.

    It is refused too while the counter's last reservation is less than `spacing_s` seconds old.
    """

    key: str
    measure: Measure
    amount: int
    limit: int
    spacing_s: int = 0


@dataclass(frozen=True, slots=True)
class DialClaims:
    """All that one destination takes when it is dialled.

    What destinations that ring together share, such as their group's cap, is claimed once, with
    "" for the destination; what the caps of one of several buyers count, with `name_buyer`.
    """

    destination_id: str
    claims: tuple[Claim, ...]


def name_buyer(buyer_id: str) -> str:
    """What stands for a destination where one of several buyers that ring together is meant."""
    return f"buyer:{buyer_id}"


@dataclass(frozen=True, slots=True)
class Counter:
    """A cap compiled for its subject: the place where its calls are counted.

    `campaign_id` is "" when it counts over all campaigns. Periods begin on the clocks of `zone`
    (IANA). `spacing_s` is the least time between two dials, `currency` that of money.
    `limit` is the cap's; `is_money` tells that a dial takes what it is worth, not 1.
    """

    cap: Cap
    subject: Subject
    campaign_id: str = ""
    zone: str = "UTC"
    spacing_s: int = 0
    currency: str = ""
    limit: int = field(init=False, repr=False, compare=False)
    is_money: bool = field(init=False, repr=False, compare=False)
    _place: int = field(init=False, repr=False, compare=False)
    _before: str = field(init=False, repr=False, compare=False)
    _behind: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scope = f"/in:{self.campaign_id}" if self.campaign_id else ""
        subject = f"/{self.subject.kind}:{self.subject.subject_id}"
        object.__setattr__(self, "limit", self.cap.limit)
        is_account = self.cap.measure in ON_ACCOUNTS
        is_money = is_account or self.cap.measure is Measure.REVENUE
        object.__setattr__(self, "is_money", is_money)
        object.__setattr__(self, "_place", _PERIODS.index(self.cap.period))
        # Campaigns may differ in their currency, and amounts of two can't be added up.
        of_currency = f"-{self.currency}" if self.is_money and not scope and self.currency else ""
        name = "account" if is_account else self.cap.measure
        object.__setattr__(self, "_before", f"{name}{of_currency}/")
        object.__setattr__(self, "_behind", scope + subject)

    def key_in(self, moment: Moment) -> str:
        """The key under which calls of that moment are counted.

        `connected/day:2026-11-26/destination:acme-east`, or in one campaign only
        `connected/day:2026-11-26/in:flood-repair/destination:acme-east`. Revenue over all campaigns
        is counted by currency, as in `revenue-USD/ever/buyer:acme`; a buyer's account is
        `account-USD/ever/buyer:acme`. Ids are slugs, so that no two counters share a key.
        """
        return self._before + moment.names(self.zone)[self._place] + self._behind

    def key_at(self, at: datetime) -> str:
        """The same for an instant of which nothing else is asked."""
        return self.key_in(Moment(at))

    def resets_at(self, at: datetime) -> datetime | None:
        """When the key of `at` gives way to the next one, in UTC; None when it never does."""
        return find_next_start(self.cap.period, self.zone, at)

    def claim(self, key: str, amount: int = 1) -> Claim:
        """What a dial takes, under the key of its moment; `amount` is its price for REVENUE."""
        return Claim(key, self.cap.measure, amount, self.limit, self.spacing_s)

    def ready_at(self, usage: Usage) -> datetime | None:
        """When the spacing lets the next dial through; None when there is nothing to wait for."""
        if not self.spacing_s or usage.last_at is None:
            return None
        return usage.last_at + timedelta(seconds=self.spacing_s)

    def has_room(self, usage: Usage, at: datetime, amount: int = 1) -> bool:
        """Whether a dial at `at` that takes `amount` fits: what storage decides for good."""
        if usage.total + amount > self.cap.limit:
            return False
        ready_at = self.ready_at(usage)
        return ready_at is None or ready_at <= at


def compile_cap(
    cap: Cap,
    subject: Subject,
    campaign_id: str,
    zone: str,
    *,
    spacing_s: int = 0,
    currency: str = "",
) -> Counter:
    """The counter of `cap` as the table of `campaign_id` says it for `subject`.

    Where several tables limit one subject across campaigns they must give the same `zone`: they
    count on one counter, each with its own limit.
    """
    is_concurrent = cap.measure is Measure.CONCURRENT
    if is_concurrent:
        cap = Cap(Measure.CONCURRENT, cap.limit)
    scope = "" if is_concurrent or cap.across_campaigns else campaign_id
    return Counter(cap, subject, scope, zone, spacing_s, currency)


def watch_subject(subject: Subject, *, spacing_s: int = 0, limit: int = UNLIMITED) -> Counter:
    """The counter of `subject`'s calls at once, with or without a limit.

    It also knows when the last dial was: for spacing, and for turns that are taken in order.
    """
    return Counter(Cap(Measure.CONCURRENT, limit), subject, spacing_s=spacing_s)


def merge_claims(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """What one destination takes, each counter once: of several claims the strictest figures."""
    merged: dict[str, Claim] = {}
    for claim in claims:
        other = merged.get(claim.key)
        merged[claim.key] = (
            claim if other is None else _tighten(claim, other, max(claim.amount, other.amount))
        )
    return tuple(merged.values())


def add_claims(claim: Claim | None, other: Claim) -> Claim:
    """What two destinations take of one counter together; None for one that takes nothing."""
    return other if claim is None else _tighten(claim, other, claim.amount + other.amount)


def _tighten(claim: Claim, other: Claim, amount: int) -> Claim:
    return Claim(
        claim.key,
        claim.measure,
        amount,
        min(claim.limit, other.limit),
        max(claim.spacing_s, other.spacing_s),
    )
