"""How buyers' accounts stood at each moment of the past, by the transitions that were written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.limits.standing import BuyerStanding, Standings


@dataclass(frozen=True, slots=True)
class StandingTurn:
    """One transition: from then on the buyer stood like that, as far as its state goes."""

    at: datetime
    standing: BuyerStanding


class StandingTimeline:
    """What mattered at a moment; asked from the earliest on."""

    def __init__(self, turns: Iterable[StandingTurn]) -> None:
        """`turns` in the order in which they were made."""
        self._turns = iter(turns)
        self._next = next(self._turns, None)
        self._standings: Standings = {}

    def find_standings(self, at: datetime) -> Standings:
        """The standings that mattered at `at`, which is no earlier than it was the last time."""
        if self._next is None or self._next.at > at:
            return self._standings
        changed = dict(self._standings)
        while self._next is not None and self._next.at <= at:
            standing = self._next.standing
            changed.pop(standing.buyer_id, None)
            if standing.matters:
                changed[standing.buyer_id] = standing
            self._next = next(self._turns, None)
        self._standings = changed
        return changed
