"""The strategies by name, and the order that one of them gives."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from callrouter.domain.plan import Plan, PlannedRoute
from callrouter.domain.routing_table import StrategyName
from callrouter.domain.strategies import (
    best_paying,
    least_used_cap,
    revenue_per_call,
    round_robin,
    weight,
)
from callrouter.domain.strategies.placing import Placing, Ranking
from callrouter.domain.strategies.weight import Dice

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
    plan: Plan, ranking: Ranking, is_preferred: Callable[[PlannedRoute], bool]
) -> list[tuple[PlannedRoute, str]]:
    """The plan's routes in the order in which this call would try them, each with its figure.

    Those that are preferred come first; then the lower priority; then the strategy's place; then a
    draw by weight.
    """
    place = STRATEGIES[ranking.strategy.name]
    dice = Dice(ranking.call_sid)
    ranked = []
    for planned in plan.routes:
        route, own = planned.route, place(planned, ranking)
        draw = dice.draw(route.destination_id, route.weight)
        key = (not is_preferred(planned), route.priority, own.order, draw, route.destination_id)
        ranked.append((key, planned, own.figure))
    ranked.sort(key=lambda entry: entry[0])
    return [(planned, figure) for _, planned, figure in ranked]
