"""What the call path knows of a buyer's account: its state, what that means for calls, its credit.

How a state comes about, and what a call comes to once it is over, is known elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from callrouter.domain.clocks.periods import Period
from callrouter.domain.limits.caps import Cap, Counter, Measure, Subject, SubjectKind
from callrouter.domain.money import MICROS, say_micros

PRICE_MARGIN = timedelta(minutes=10)
"""A call is paid for by the terms of its arrival; it may be dialled so long after that."""

_CENT = MICROS // 100


@dataclass(frozen=True, slots=True)
class Effect:
    """What a state means for a buyer's calls; without any it is only told of.

    `ranks_later`: its destinations are tried after all others. `most_per_day`: so many connected
    calls a day, on the buyer's clocks and over all campaigns. Without `takes_calls` it gets none.
    """

    ranks_later: bool = False
    most_per_day: int | None = None
    takes_calls: bool = True


NO_EFFECT = Effect()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPrice:
    """The most that a call may cost by one set of terms, in force before `ends_at` (None: open).

    "" for `campaign_id` or `destination_id` stands for any. A call costs `flat_micros`; where it is
    paid by the minute, also `per_minute_micros` for its talk and `extra_s`: what is billed beyond
    the talk, as by rounding up to the next increment.
    """

    starts_at: datetime
    ends_at: datetime | None = None
    campaign_id: str = ""
    destination_id: str = ""
    flat_micros: int = 0
    per_minute_micros: int = 0
    extra_s: int = 0

    def is_in_force(self, at: datetime) -> bool:
        """Whether a call that begins at `at` may be paid for by these terms."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def find_dearest(self, longest_s: int) -> int:
        """What a talk of `longest_s` seconds costs at most, in micro-units; whole cents."""
        if not self.per_minute_micros:
            return self.flat_micros
        micros = self.flat_micros * 60 + self.per_minute_micros * (longest_s + self.extra_s)
        return -(-micros // (60 * _CENT)) * _CENT


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLine:
    """How far a buyer may owe, and what each call could add to that.

    `limit_micros` is 0 for who pays in advance: what is owed is below 0 then. `prices` are in the
    account's `currency`. With `pays_attempts` a call is charged even when nobody is connected.
    """

    limit_micros: int
    currency: str
    prices: tuple[CallPrice, ...] = ()
    pays_attempts: bool = False

    @property
    def measure(self) -> Measure:
        """What a dial's claim on the account is given back by."""
        return Measure.ATTEMPT_CREDIT if self.pays_attempts else Measure.CREDIT

    def find_price(
        self, campaign_id: str, destination_id: str, longest_s: int, at: datetime
    ) -> int | None:
        """What a call that is dialled at `at` may cost at most; None where no terms say.

        Of the terms that hold the more specific ones count; where others take over within minutes
        the dearer, since the call may have come before.
        """
        fitting = [
            price
            for price in self.prices
            if price.campaign_id in ("", campaign_id)
            and price.destination_id in ("", destination_id)
        ]
        changes = len(fitting) > 1 or any(price.ends_at is not None for price in fitting)
        instants = (at - PRICE_MARGIN, at, at + PRICE_MARGIN) if changes else (at,)
        in_force = (_find_in_force(fitting, instant) for instant in instants)
        found = [price for price in in_force if price is not None]
        if not found and self.pays_attempts:
            # It may be one of several attempts, for which another destination's terms pay.
            of_campaign = (p for p in self.prices if p.campaign_id in ("", campaign_id))
            return max((p.flat_micros for p in of_campaign if p.is_in_force(at)), default=None)
        return max((price.find_dearest(longest_s) for price in found), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerStanding:
    """One buyer's account as its calls see it.

    `state` is one of the seller's own ladder, `reason` says in words with figures why it is that.
    Without `credit` nothing is reserved: there is no limit.
    """

    buyer_id: str
    state: str
    effect: Effect = NO_EFFECT
    reason: str = ""
    credit: CreditLine | None = None

    @property
    def matters(self) -> bool:
        """Whether any call could turn out differently by it."""
        return self.effect != NO_EFFECT or self.credit is not None


Standings = Mapping[str, BuyerStanding]
"""Standings by buyer."""


def name_account(currency: str, buyer_id: str) -> str:
    """The key of the counter that a buyer's account is: what is owed, and what calls may add."""
    return f"account-{currency}/{Period.EVER}/{SubjectKind.BUYER}:{buyer_id}"


def count_credit(standing: BuyerStanding) -> Counter | None:
    """The account as a counter with the credit limit; None without one."""
    credit = standing.credit
    if credit is None:
        return None
    return _count_on_account(standing.buyer_id, credit.currency, credit.limit_micros)


def count_day(standing: BuyerStanding, zone: str) -> Counter | None:
    """What counts the connected calls of a day that a state limits; None when it doesn't.

    The same counter as a table's own cap of the buyer across campaigns: whichever is less counts.
    """
    most = standing.effect.most_per_day
    if most is None:
        return None
    cap = Cap(Measure.CONNECTED, most, Period.DAY, across_campaigns=True)
    return Counter(cap, Subject(SubjectKind.BUYER, standing.buyer_id), zone=zone)


def say_standing(standing: BuyerStanding) -> str:
    """The state and its reason, as in "suspended: 12 days overdue, 830.00 USD owed"."""
    return f"{standing.state}: {standing.reason}" if standing.reason else standing.state


def say_credit(limit_micros: int, used_micros: int, currency: str, amount_micros: int) -> str:
    """Why a call doesn't fit: "credit 4950.00 of 5000.00 USD used, this call may cost 75.00".

    Who pays in advance has no credit: "balance 40.00 USD, this call may cost 75.00".
    """
    costs = f"this call may cost {say_micros(amount_micros)}"
    if limit_micros == 0:
        return f"balance {say_micros(-used_micros)} {currency}, {costs}"
    used = f"{say_micros(used_micros)} of {say_micros(limit_micros)} {currency}"
    return f"credit {used} used, {costs}"


def _count_on_account(buyer_id: str, currency: str, limit: int) -> Counter:
    cap = Cap(Measure.CREDIT, limit, across_campaigns=True)
    return Counter(cap, Subject(SubjectKind.BUYER, buyer_id), currency=currency)


def _find_in_force(prices: Iterable[CallPrice], at: datetime) -> CallPrice | None:
    """Of the terms in force the most specific: a destination's before a campaign's."""
    in_force = (price for price in prices if price.is_in_force(at))
    return max(in_force, key=lambda p: (p.destination_id, p.campaign_id, p.starts_at), default=None)
