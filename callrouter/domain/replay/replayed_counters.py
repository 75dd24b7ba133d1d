"""The counters of a replay: what its own calls have used so far, and hold at the moment."""

from collections.abc import Mapping
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from callrouter.domain.limits.caps import DialClaims, Usage
from callrouter.domain.limits.reservations import DialOutcome, ReservationState, settle_measure

_UNUSED = Usage()


class ReplayedCounters:
    """Usage by counter key. What is reserved counts until `settle_until` comes to its end."""

    def __init__(self, used: Mapping[str, Usage]) -> None:
        """Begin with what was `used` before the first call; what was held then is taken as used."""
        self.usage: dict[str, Usage] = {
            key: Usage(each.total, 0, each.last_at)
            for key, each in used.items()
            if not key.startswith("concurrent/")
        }
        self._ends: list[tuple[datetime, int, tuple[DialClaims, ...], dict[str, DialOutcome]]] = []
        self._order = count()

    def reserve(self, claims: tuple[DialClaims, ...], at: datetime) -> None:
        """Take what a dial takes."""
        for dial in claims:
            for claim in dial.claims:
                before = self.usage.get(claim.key, _UNUSED)
                self.usage[claim.key] = Usage(before.used, before.held + claim.amount, at)

    def settle_at(
        self, at: datetime, claims: tuple[DialClaims, ...], outcomes: dict[str, DialOutcome]
    ) -> None:
        """Convert or release it then; `outcomes` by destination, "" for the attempt as a whole."""
        heappush(self._ends, (at, next(self._order), claims, outcomes))

    def settle_until(self, at: datetime) -> None:
        """Let end whatever ends by `at`."""
        while self._ends and self._ends[0][0] <= at:
            _, _, claims, outcomes = heappop(self._ends)
            for dial in claims:
                outcome = outcomes[dial.destination_id]
                for claim in dial.claims:
                    converts = settle_measure(claim.measure, outcome) is ReservationState.CONVERTED
                    before = self.usage[claim.key]
                    used = before.used + (claim.amount if converts else 0)
                    held = before.held - claim.amount
                    self.usage[claim.key] = Usage(used, held, before.last_at)
