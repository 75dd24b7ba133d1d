"""Whoever was dialled longest ago comes first; whoever never was, before all."""

from datetime import timedelta

from callrouter.domain.limits.caps import Measure
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.routing.strategies.placing import Place, Ranking


def place(planned: PlannedRoute, ranking: Ranking) -> Place:
    """By the last dial of the destination."""
    turns = [c for c in planned.own_counters if c.cap.measure is Measure.CONCURRENT]
    usage = ranking.conditions.usage
    found = (usage.get(counter.key_in(ranking.moment)) for counter in turns)
    last_at = next((each.last_at for each in found if each is not None), None)
    if last_at is None:
        return Place(float("-inf"), "never dialled yet")
    ago_s = (ranking.moment.at - last_at) / timedelta(seconds=1)
    return Place(-ago_s, f"dialled {ago_s:.0f} s ago")
