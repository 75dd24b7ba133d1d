"""Whoever has the largest share of its fullest cap left comes first; without a cap, before all."""

from callrouter.domain.limits.caps import UNLIMITED, Usage
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.routing.strategies.placing import Place, Ranking

_EMPTY = Usage()


def place(planned: PlannedRoute, ranking: Ranking) -> Place:
    """By how full the fullest of the route's caps is."""
    counters = (*planned.own_counters, *planned.shared_counters)
    usage, moment = ranking.conditions.usage, ranking.moment
    shares = [
        usage.get(counter.key_in(moment), _EMPTY).total / counter.cap.limit
        for counter in counters
        if counter.cap.limit < UNLIMITED
    ]
    if not shares:
        return Place(0.0, "no cap")
    fullest = max(shares)
    return Place(fullest, f"{100 * fullest:.0f} % of its fullest cap used")
