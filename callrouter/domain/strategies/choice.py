"""The strategies by name, and the order that one of them gives."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from callrouter.domain.plan import Plan
from callrouter.domain.planned_route import PlannedRoute
from callrouter.domain.routing_table import StrategyName
from callrouter.domain.strategies import (
    best_paying,
    least_used_cap,
    revenue_per_call,
    round_robin,
    weight,
)
from callrouter.domain.strategies.placing import Placing, Ranking
from callrouter.domain.strategies.weight import find_dice

STRATEGIES: Mapping[StrategyName, Placing] = MappingProxyType(
    {
        StrategyName.WEIGHT: weight.place,
        StrategyName.BEST_PAYING: best_paying.place,
        StrategyName.REVENUE_PER_CALL: revenue_per_call.place,
        StrategyName.ROUND_ROBIN: round_robin.place,
        StrategyName.LEAST_USED_CAP: least_used_cap.place,
    }
)


def rank_routes(
    plan: Plan, ranking: Ranking, is_preferred: Callable[[PlannedRoute], bool] | None
) -> list[tuple[PlannedRoute, str]]:
    """The plan's routes in the order in which this call would try them, each with its figure.

    Those that are preferred come first; then the lower priority; then the strategy's place; then a
    draw by weight.
    """
    place = STRATEGIES[ranking.strategy.name]
    draws = find_dice(ranking.call_sid).draw_each(plan.routes)
    ranked = []
    for planned, draw in zip(plan.routes, draws, strict=True):
        route, own = planned.route, place(planned, ranking)
        comes_later = is_preferred is None or not is_preferred(planned)
        # No two routes have one destination, so that nothing behind its name is ever compared.
        name = route.destination_id
        ranked.append((comes_later, route.priority, own.order, draw, name, planned, own))
    ranked.sort()
    return [(planned, own.figure) for *_, planned, own in ranked]
