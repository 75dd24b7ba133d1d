"""Whoever earned most for each call it was offered, lately, comes first.

A destination without enough calls has no figure yet: in a share of all calls it is tried before the
others, else after them. Which calls those are is drawn by the call's id.
"""

from callrouter.domain.money import say_amount
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.routing.strategies.placing import Place, Ranking
from callrouter.domain.routing.strategies.weight import find_dice

_NO_CALLS = 0


def place(planned: PlannedRoute, ranking: Ranking) -> Place:
    """By what the destination's last attempts earned on average."""
    strategy = ranking.strategy
    earned = ranking.conditions.earnings.get(planned.destination_id)
    calls = earned.calls if earned else _NO_CALLS
    # No more than are looked at can be wanted of them.
    wanted = min(strategy.minimum_calls, strategy.over_calls)
    if earned is None or calls < wanted:
        tried_first = find_dice(ranking.call_sid).roll("new destinations") * 100
        goes_first = tried_first <= strategy.new_share_percent
        said = f"{calls} of {wanted} calls that a figure needs"
        return Place(float("-inf"), f"{said}; tried first") if goes_first else Place(1.0, said)
    average = earned.micros / calls
    said = f"{say_amount(round(average), ranking.currency)} a call over the last {calls}"
    return Place(-average, said)
