"""What buyers' accounts mean for a decision: who is passed by, who ranks later, what is claimed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from callrouter.domain.clocks.periods import moment_at
from callrouter.domain.limits.cap_words import name_limit, say_usage
from callrouter.domain.limits.caps import ON_ACCOUNTS, Claim, Counter, Usage
from callrouter.domain.limits.standing import (
    BuyerStanding,
    Standings,
    count_credit,
    count_day,
    name_account,
    say_credit,
    say_standing,
)
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import Skip, SkipRule
from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.tables.routing_table import WhenUncounted

_EMPTY = Usage()
_NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Account:
    """One buyer's standing with what of it is the same for all of its destinations.

    `prices` are the worst cases that were worked out already, by destination; "" stands for those
    that no terms name.
    """

    standing: BuyerStanding
    day: Counter | None
    key: str
    used: int
    named: frozenset[str]
    prices: dict[str, int | None] = field(default_factory=dict)


class AccountJudge:
    """Judges the candidates of one decision by their buyers' accounts."""

    def __init__(self, plan: Plan, conditions: Conditions) -> None:
        self._plan = plan
        self._conditions = conditions
        self._moment = moment_at(conditions.at)
        self._accounts: dict[str, _Account] = {}

    def find_skip(self, planned: PlannedRoute) -> Skip | None:
        """Why the buyer's account keeps this call from the candidate; None when it doesn't."""
        account = self._find_account(planned.buyer_id)
        if account is None:
            return None
        standing = account.standing
        if not standing.effect.takes_calls:
            return Skip(SkipRule.STANDING, say_standing(standing), standing.state)
        if not self._conditions.counts:
            return self._skip_uncounted(standing)
        return self._skip_day(account) or self._skip_credit(account, planned)

    def put_later(self, ranked: list[tuple[PlannedRoute, str]]) -> list[tuple[PlannedRoute, str]]:
        """The ranked candidates with those behind all others whose buyers' state says so."""
        standings = self._conditions.standings
        later = {s.buyer_id for s in standings.values() if s.effect.ranks_later}
        if not later:
            return ranked
        behind = [
            (planned, "; ".join(filter(None, (figure, self._say_later(planned)))))
            for planned, figure in ranked
            if planned.buyer_id in later
        ]
        return [each for each in ranked if each[0].buyer_id not in later] + behind

    def list_claims(self, planned: PlannedRoute) -> Iterator[Claim]:
        """What a dial takes of its buyer's account and of the day's calls."""
        account = self._find_account(planned.buyer_id)
        if account is None:
            return
        if account.day is not None:
            yield account.day.claim(account.day.key_in(self._moment))
        amount, credit = self._price(account, planned), account.standing.credit
        if credit is not None and amount:
            yield Claim(account.key, credit.measure, amount, credit.limit_micros)

    def _find_account(self, buyer_id: str) -> _Account | None:
        account = self._accounts.get(buyer_id)
        if account is None:
            standing = self._conditions.standings.get(buyer_id)
            if standing is not None:
                account = self._accounts[buyer_id] = self._open(standing)
        return account

    def _open(self, standing: BuyerStanding) -> _Account:
        credit = standing.credit
        key = name_account(credit.currency, standing.buyer_id) if credit else ""
        return _Account(
            standing,
            day=count_day(standing, self._plan.directory.zone_of_buyer(standing.buyer_id)),
            key=key,
            used=self._conditions.usage.get(key, _EMPTY).total,
            named=frozenset(each.destination_id for each in credit.prices) if credit else _NONE,
        )

    def _say_later(self, planned: PlannedRoute) -> str:
        return f"later, {say_standing(self._conditions.standings[planned.buyer_id])}"

    def _skip_uncounted(self, standing: BuyerStanding) -> Skip | None:
        if self._plan.table.limits.when_uncounted is WhenUncounted.DIAL:
            return None
        if standing.credit is None and standing.effect.most_per_day is None:
            return None
        said = "its buyer's account can't be read while the database is away"
        return Skip(SkipRule.UNCOUNTED, said)

    def _skip_day(self, account: _Account) -> Skip | None:
        counter, standing = account.day, account.standing
        if counter is None:
            return None
        counted = self._conditions.usage.get(counter.key_in(self._moment), _EMPTY)
        if counter.has_room(counted, self._moment.at):
            return None
        saw = f"{say_standing(standing)}; {say_usage(counter, counted, self._moment.at)}"
        return Skip(SkipRule.STANDING, saw, f"{standing.state}, {name_limit(counter, counted)}")

    def _skip_credit(self, account: _Account, planned: PlannedRoute) -> Skip | None:
        credit, amount = account.standing.credit, self._price(account, planned)
        if credit is None or account.used + amount <= credit.limit_micros:
            return None
        saw = say_credit(credit.limit_micros, account.used, credit.currency, amount)
        subject = "prepaid balance" if credit.limit_micros == 0 else "credit limit"
        return Skip(SkipRule.CREDIT, saw, subject)

    def _price(self, account: _Account, planned: PlannedRoute) -> int:
        """The most that a call on this route may cost: by terms, or else what the table says."""
        credit, table = account.standing.credit, self._plan.table
        if credit is None:
            return 0
        name = planned.destination_id if planned.destination_id in account.named else ""
        if name not in account.prices:
            account.prices[name] = credit.find_price(
                table.campaign_id, name, table.limits.call_s, self._moment.at
            )
        priced = account.prices[name]
        return (planned.route.price_micros or 0) if priced is None else priced


def list_account_counters(plan: Plan, standings: Standings, at: datetime) -> dict[str, Counter]:
    """The counters of these accounts, by their keys at that instant."""
    found: dict[str, Counter] = {}
    for standing in standings.values():
        zone = plan.directory.zone_of_buyer(standing.buyer_id)
        for counter in (count_day(standing, zone), count_credit(standing)):
            if counter is not None:
                found[counter.key_at(at)] = counter
    return found


def find_dearest(plan: Plan, standings: Standings, at: datetime) -> dict[str, int]:
    """The most that one call by the plan takes of each account, by the account's key."""
    judge = AccountJudge(plan, Conditions(at=at, standings=standings))
    found: dict[str, int] = {}
    for planned in (*plan.routes, *plan.extra.values()):
        for claim in judge.list_claims(planned):
            if claim.measure in ON_ACCOUNTS:
                found[claim.key] = max(found.get(claim.key, 0), claim.amount)
    return found
