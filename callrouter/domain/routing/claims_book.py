"""What a dial on each route of a plan takes of which counters, worked out once for each period."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from callrouter.domain.clocks.periods import Moment
from callrouter.domain.limits.caps import Claim, Counter, DialClaims, merge_claims
from callrouter.domain.routing.planned_route import PlannedRoute


@dataclass(frozen=True, slots=True)
class Taking:
    """What one dial takes of a counter."""

    claim: Claim
    counter: Counter


Takings: TypeAlias = tuple[Taking, ...]


class ClaimsPage:
    """A plan's counters as long as none of their periods ends; a route is known by its identity."""

    __slots__ = ("_alone", "_own", "_shared", "keys")

    def __init__(self, keys: Mapping[int, str]) -> None:
        """`keys` has the key of each counter, by the counter's identity."""
        self.keys = keys
        self._own: dict[int, Takings] = {}
        self._shared: dict[int, Takings] = {}
        self._alone: dict[tuple[int, str], tuple[DialClaims, ...]] = {}

    def list_own(self, planned: PlannedRoute) -> Takings:
        """What a dial takes of the counters of its destination."""
        found = self._own.get(id(planned))
        if found is None:
            found = self._own[id(planned)] = self.take(planned, planned.own_counters)
        return found

    def list_shared(self, planned: PlannedRoute) -> Takings:
        """What a dial takes of the counters that a ring group takes once."""
        found = self._shared.get(id(planned))
        if found is None:
            found = self._shared[id(planned)] = self.take(planned, planned.shared_counters)
        return found

    def take(self, planned: PlannedRoute, counters: Iterable[Counter]) -> Takings:
        """What a dial on a route takes of such counters."""
        return tuple(
            Taking(counter.claim(self.keys[id(counter)], planned.amount_of(counter)), counter)
            for counter in counters
        )

    def list_alone(
        self, planned: PlannedRoute, publisher: str, counters: Iterable[Counter]
    ) -> tuple[DialClaims, ...]:
        """All that a dial takes which rings nobody else; `counters` are the publisher's."""
        place = (id(planned), publisher)
        found = self._alone.get(place)
        if found is None:
            shared = (*self.list_shared(planned), *self.take(planned, counters))
            all_claims = (
                DialClaims(planned.destination_id, list_claims_of(self.list_own(planned))),
                DialClaims("", merge_claims(list_claims_of(shared))),
            )
            found = self._alone[place] = tuple(each for each in all_claims if each.claims)
        return found


class ClaimsBook:
    """The page for a moment; a new one only when a period begins somewhere."""

    def __init__(self, counters: Iterable[Counter]) -> None:
        """`counters` are all of a plan, each once."""
        self._counters = tuple(counters)
        self._zones = sorted({counter.zone for counter in self._counters})
        self._known: tuple[object, object, ClaimsPage] = (None, None, ClaimsPage({}))

    def open_at(self, moment: Moment) -> ClaimsPage:
        """The page that holds in that moment."""
        known_minute, known_periods, page = self._known
        if known_minute != moment.minute:  # no period begins within one
            periods = tuple(moment.names(zone) for zone in self._zones)
            if known_periods != periods:
                page = ClaimsPage({id(each): each.key_in(moment) for each in self._counters})
            self._known = (moment.minute, periods, page)
        return page


def list_claims_of(takings: Takings) -> tuple[Claim, ...]:
    """The claims, as they are told to storage."""
    return tuple(taking.claim for taking in takings)
