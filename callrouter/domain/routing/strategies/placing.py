"""What a strategy may look at, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from callrouter.domain.clocks.periods import Moment
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.tables.routing_table import Strategy


@dataclass(frozen=True, slots=True)
class Ranking:
    """One decision's ranking: the strategy, the call's id as its dice, and what stood then."""

    strategy: Strategy
    call_sid: str
    currency: str
    moment: Moment
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Place:
    """Where a route comes: the smaller `order` first; `figure` says why, in words."""

    order: float
    figure: str = ""


Placing: TypeAlias = Callable[[PlannedRoute, Ranking], Place]
