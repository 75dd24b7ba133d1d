"""The strategies by name, and the order that one of them gives."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.routing.strategies import (
    best_paying,
    least_used_cap,
    revenue_per_call,
    round_robin,
    weight,
)
from callrouter.domain.routing.strategies.placing import Placing, Ranking
from callrouter.domain.routing.strategies.weight import Dice, find_dice
from callrouter.domain.tables.routing_table import StrategyName

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
    place, dice = STRATEGIES[ranking.strategy.name], find_dice(ranking.call_sid)
    if is_preferred is None:
        return [each for tier in plan.tiers for each in _rank_tier(tier, place, ranking, dice)]
    ranked = []
    for planned, draw in zip(plan.routes, dice.draw_each(plan.routes), strict=True):
        own, route = place(planned, ranking), planned.route
        comes_later = not is_preferred(planned)
        # No two routes have one destination, so that nothing behind its name is ever compared.
        name = route.destination_id
        ranked.append((comes_later, route.priority, own.order, draw, name, planned, own))
    ranked.sort()
    return [(planned, own.figure) for *_, planned, own in ranked]


def _rank_tier(
    tier: tuple[PlannedRoute, ...], place: Placing, ranking: Ranking, dice: Dice
) -> list[tuple[PlannedRoute, str]]:
    """The same for routes of one priority of which none is preferred; most calls are such."""
    if len(tier) == 1:
        return [(tier[0], place(tier[0], ranking).figure)]
    draws = dice.draw_each(tier)
    if place is weight.place:
        drawn = sorted(zip(draws, (each.destination_id for each in tier), tier, strict=True))
        return [(planned, "") for _, _, planned in drawn]
    places = [place(planned, ranking) for planned in tier]
    ranked = sorted(
        (own.order, draw, planned.destination_id, planned, own)
        for planned, draw, own in zip(tier, draws, places, strict=True)
    )
    return [(planned, own.figure) for *_, planned, own in ranked]
