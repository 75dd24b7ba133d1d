"""Which rule of which route turned how many calls away, and what that cost: for the seller to see.

Counts recorded decisions of calls that have ended; where those are kept isn't known here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from callrouter.domain.cdr import AttemptOutcome, AttemptRecord, Disposition
from callrouter.domain.routing.decision import Dial, Skip, SkipRule
from callrouter.domain.routing.payability import is_payable
from callrouter.domain.tables.routing_table import RoutingTable


@dataclass(frozen=True, slots=True)
class PastCandidate:
    """A destination that a decision saw, and why it was passed by."""

    destination_id: str
    buyer_id: str
    skip: Skip | None = None


@dataclass(frozen=True, slots=True)
class PastDecision:
    """As much of a recorded decision as is counted here."""

    attempt: int
    campaign_id: str
    table_version: int
    candidates: tuple[PastCandidate, ...]
    dial: Dial | None = None
    also: tuple[Dial, ...] = ()


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that has its CDR, with every decision that was made for it."""

    disposition: Disposition
    attempts: tuple[AttemptRecord, ...]
    decisions: tuple[PastDecision, ...]

    @property
    def is_untaken(self) -> bool:
        """Whether it is known that nobody took it; of an unresolved call that isn't."""
        return self.disposition not in (Disposition.CONNECTED, Disposition.UNRESOLVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """What one rule did to one route.

    `calls` were turned away by it, each counted once; `untaken` of them nobody took. At most they
    cost `at_most_micros`: their price, had each been sold and payable. `unpriced` of them had no
    price. `estimate_micros` takes only the share that was payable of what the route was dialled
    for in the same period; None where it wasn't dialled.
    """

    campaign_id: str
    destination_id: str
    buyer_id: str
    rule: SkipRule
    subject: str
    currency: str
    calls: int
    untaken: int
    unpriced: int
    at_most_micros: int
    estimate_micros: int | None
    dials: int
    payable: int


class _Rule(NamedTuple):
    """A key that is hashed for each candidate: a tuple of texts takes a tenth of the time."""

    campaign_id: str
    destination_id: str
    buyer_id: str
    rule: str
    subject: str
    currency: str


@dataclass(slots=True)
class _Sums:
    calls: int = 0
    untaken: int = 0
    unpriced: int = 0
    at_most_micros: int = 0


@dataclass(slots=True)
class _Dials:
    dials: int = 0
    payable: int = 0


class TurnedAwayCount:
    """Counts call by call; takes as much memory as there are routes and rules, however many calls.

    `table_of` gives the table of a campaign's version.
    """

    def __init__(self, table_of: Callable[[str, int], RoutingTable]) -> None:
        self._table_of = table_of
        self._prices: dict[tuple[str, int], tuple[str, Mapping[str, int | None]]] = {}
        self._rules: dict[_Rule, _Sums] = {}
        self._dials: dict[tuple[str, str], _Dials] = {}
        self.calls = 0
        """How many calls were counted."""
        self.untaken = 0
        """How many of all calls nobody took, whatever the reason."""

    def add(self, call: EndedCall) -> None:
        """Count one call that has ended."""
        is_untaken = call.is_untaken
        self.calls += 1
        self.untaken += is_untaken
        self._add_dials(call)
        for rule, price in self._find_rules(call).items():
            sums = self._rules.get(rule)
            if sums is None:
                sums = self._rules[rule] = _Sums()
            sums.calls += 1
            if is_untaken:
                sums.untaken += 1
                sums.unpriced += price is None
                sums.at_most_micros += price or 0

    def list_rules(self) -> tuple[TurnedAway, ...]:
        """What was counted, the dearest first."""
        found = (self._sum_up(rule, sums) for rule, sums in self._rules.items())
        return tuple(
            sorted(
                found,
                key=lambda each: (
                    -each.at_most_micros,
                    -each.untaken,
                    -each.calls,
                    each.campaign_id,
                    each.destination_id,
                    each.rule,
                    each.subject,
                ),
            )
        )

    def _find_rules(self, call: EndedCall) -> dict[_Rule, int | None]:
        """The rules that turned this call away, each with the route's price; once each.

        A route that was dialled, though an earlier attempt had passed it by, turned nobody away.
        """
        dialled = {attempt.destination_id for attempt in call.attempts}
        found: dict[_Rule, int | None] = {}
        for decision in call.decisions:
            if not decision.candidates:
                continue  # not made by a table: it may name none
            campaign_id = decision.campaign_id
            currency, prices = self._read_prices(decision)
            for candidate in decision.candidates:
                skip, destination_id = candidate.skip, candidate.destination_id
                if skip is None or skip.rule is SkipRule.ALREADY_TRIED or destination_id in dialled:
                    continue
                rule = _Rule(
                    campaign_id,
                    destination_id,
                    candidate.buyer_id,
                    skip.rule.value,
                    skip.subject,
                    currency,
                )
                found.setdefault(rule, prices.get(destination_id))
        return found

    def _add_dials(self, call: EndedCall) -> None:
        campaigns = {decision.attempt: decision.campaign_id for decision in call.decisions}
        dials = {
            (decision.attempt, dial.destination_id): dial
            for decision in call.decisions
            if decision.dial is not None
            for dial in (decision.dial, *decision.also)
        }
        for record in call.attempts:
            dial = dials.get((record.attempt, record.destination_id))
            if dial is None:
                continue
            campaign_id = campaigns[record.attempt]
            sums = self._dials.setdefault((campaign_id, record.destination_id), _Dials())
            connected = record.outcome is AttemptOutcome.CONNECTED
            sums.dials += 1
            sums.payable += is_payable(dial, record.connected_ms, connected=connected)

    def _read_prices(self, decision: PastDecision) -> tuple[str, Mapping[str, int | None]]:
        version = (decision.campaign_id, decision.table_version)
        if version not in self._prices:
            table = self._table_of(*version)
            prices = {route.destination_id: route.price_micros for route in table.routes}
            self._prices[version] = (table.currency, prices)
        return self._prices[version]

    def _sum_up(self, rule: _Rule, sums: _Sums) -> TurnedAway:
        dialled = self._dials.get((rule.campaign_id, rule.destination_id), _Dials())
        return TurnedAway(
            campaign_id=rule.campaign_id,
            destination_id=rule.destination_id,
            buyer_id=rule.buyer_id,
            rule=SkipRule(rule.rule),
            subject=rule.subject,
            currency=rule.currency,
            calls=sums.calls,
            untaken=sums.untaken,
            unpriced=sums.unpriced,
            at_most_micros=sums.at_most_micros,
            estimate_micros=(
                sums.at_most_micros * dialled.payable // dialled.dials if dialled.dials else None
            ),
            dials=dialled.dials,
            payable=dialled.payable,
        )
