"""By weight alone: a draw in which each route's weight is its share of the calls.

The dice are the call's id and the destination's name, so that a decision can be made again, and
leaving one route out never reorders the others.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from math import log

from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.routing.strategies.placing import Place, Ranking

_ANYWHERE = Place(0.0)
_SIDES = 2**64 + 1


def place(planned: PlannedRoute, ranking: Ranking) -> Place:  # noqa: ARG001 - as all strategies
    """Nobody before anybody: the tie falls to the draw."""
    return _ANYWHERE


class Dice:
    """The draws of one call."""

    __slots__ = ("_call", "_rolls")

    def __init__(self, call_sid: str) -> None:
        self._call = f"{call_sid} ".encode()
        self._rolls: dict[str, float] = {}

    def roll(self, name: str) -> float:
        """A number above 0 and up to 1, the same for the same name each time."""
        rolled = self._rolls.get(name)
        if rolled is None:
            digest = blake2b(self._call + name.encode(), digest_size=8).digest()
            rolled = self._rolls[name] = (int.from_bytes(digest) + 1) / _SIDES
        return rolled

    def draw_each(self, routes: Iterable[PlannedRoute]) -> list[float]:
        """A place for each, such that the chance to be the smallest is the share of the weights.

        Efraimidis and Spirakis, Weighted random sampling with a reservoir (2006).
        """
        rolls, roll, draws = self._rolls, self.roll, []
        for planned in routes:
            route = planned.route
            name = route.destination_id
            rolled = rolls.get(name) or roll(name)
            draws.append(-log(rolled) / route.weight)
        return draws


@lru_cache(maxsize=64)
def find_dice(call_sid: str) -> Dice:
    """The dice of a call; remembered, since its further attempts and other tables roll the same."""
    return Dice(call_sid)
