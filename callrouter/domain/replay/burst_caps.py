"""Which caps keep a call from where it would have gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from callrouter.domain.clocks.periods import Moment
from callrouter.domain.limits.cap_words import name_limit
from callrouter.domain.limits.caps import Counter, Usage
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import Decision, SkipRule
from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute

_EMPTY = Usage()


@dataclass(frozen=True, slots=True)
class Burst:
    """A limit without room: whose it is, how it is said, and the period in which it was full."""

    subject: str
    limit: str
    period: str


def find_bursts(plan: Plan, decision: Decision, conditions: Conditions) -> Iterator[Burst]:
    """The limits by which candidates were passed by that rank before the one that is dialled."""
    dialled = decision.dial.destination_id if decision.dial else None
    moment: Moment | None = None
    for candidate in decision.candidates:
        if candidate.destination_id == dialled:
            return
        if candidate.skip is None or candidate.skip.rule is not SkipRule.FULL:
            continue
        moment = moment or Moment(conditions.at)
        planned = plan.overflow if candidate.overflow else plan.find_route(candidate.destination_id)
        assert planned is not None  # noqa: S101 - the decision was made by this plan
        yield from _find_full(plan, planned, decision.publisher, conditions, moment)


def _find_full(
    plan: Plan, planned: PlannedRoute, publisher: str, conditions: Conditions, moment: Moment
) -> Iterator[Burst]:
    """The first of a route's counters that has no room; a decision names no other."""
    counters: tuple[Counter, ...] = (
        *planned.own_counters,
        *planned.shared_counters,
        *plan.publisher_counters.get(publisher, ()),
    )

    def measure(counter: Counter) -> tuple[str, Usage, int]:
        key = counter.key_in(moment)
        return key, conditions.usage.get(key, _EMPTY), planned.amount_of(counter)

    full = (c for c in counters if not c.has_room(measure(c)[1], moment.at, measure(c)[2]))
    for counter in islice(full, 1):
        key, counted, amount = measure(counter)
        subject = f"{counter.subject.kind} {counter.subject.subject_id}"
        yield Burst(subject, name_limit(counter, counted, amount), key.split("/")[1])
