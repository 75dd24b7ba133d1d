"""Whoever pays most for a call comes first; a route without a price comes last."""

from callrouter.domain.money import say_amount
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.routing.strategies.placing import Place, Ranking


def place(planned: PlannedRoute, ranking: Ranking) -> Place:
    """By the route's price."""
    price = planned.route.price_micros
    if price is None:
        return Place(0.0, "no price")
    return Place(-price, f"pays {say_amount(price, ranking.currency)}")
