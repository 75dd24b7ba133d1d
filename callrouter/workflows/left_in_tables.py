"""Who else takes the calls of the live tables that route to a destination, and who looks bad."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.attempt_outcomes import read_recent_outcomes
from callrouter.adapters.storage.routing_tables import list_campaigns
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.standings import list_standings
from callrouter.adapters.storage.stops import last_closed_at, read_stops
from callrouter.domain.calls.destination_outcomes import count_outcomes
from callrouter.domain.clocks.timetable import is_open, read_wall
from callrouter.domain.errors import PolicyFileError
from callrouter.domain.health.circuit_breaker import (
    Breaker,
    BreakerSettings,
    Phase,
    Result,
    find_failing,
)
from callrouter.domain.health.stops import (
    Stop,
    StopKind,
    StopsBySubject,
    find_stop,
    group_stops,
    needs_probe,
)
from callrouter.domain.health.trip_guard import Peer, TripVerdict, weigh_trip
from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.tables.directory import Directory, breaker_settings
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.workflows.compiled import Compiled

log = structlog.get_logger()

_FIRST_LOOK, _MOST_OUTCOMES = 15, 200
_NEVER_PERCENT = 101
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ENOUGH_TO_HOLD_BACK = 3
"""Fewer calls than a destination is taken out by are enough to see that it is no help to others."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The others of each live table, by campaign, that routes to a destination or a buyer."""

    peers: Mapping[str, tuple[Peer, ...]]

    @property
    def verdict(self) -> TripVerdict:
        """Whether it may be taken out of all of them."""
        return weigh_trip(tuple(self.peers.values()))

    @property
    def all_bad(self) -> tuple[str, ...]:
        """The campaigns of which all others look bad."""
        return self._with(TripVerdict.REFUSE_ALL_BAD)

    @property
    def last_of(self) -> tuple[str, ...]:
        """The campaigns of which nobody else takes calls."""
        return self._with(TripVerdict.REFUSE_LAST)

    def _with(self, verdict: TripVerdict) -> tuple[str, ...]:
        return tuple(c for c, peers in self.peers.items() if weigh_trip((peers,)) is verdict)


def read_tables_with(
    connection: Connection,
    compiled: Compiled,
    seller_id: str,
    directory: Directory,
    destination_ids: frozenset[str],
    at: datetime,
) -> Tables:
    """The others of the live tables in which one of these destinations stands.

    Where only the overflow is one of them, or a DID is pointed at one, nobody else stands in.
    """
    view = PeerView(connection, seller_id, directory, at)
    found = {
        plan.table.campaign_id: ()
        if _is_alone(plan.table, destination_ids)
        else view.list_peers(plan, destination_ids)
        for plan in read_live_plans(connection, compiled, seller_id, directory)
        if not plan.table.destination_ids().isdisjoint(destination_ids)
    }
    return Tables(found)


def weigh_taking_out(
    connection: Connection,
    compiled: Compiled,
    seller_id: str,
    directory: Directory,
    destination_ids: frozenset[str],
    at: datetime,
) -> Tables:
    """The same for somebody who would be taken out, in a transaction that then does so.

    Where the verdict allows it, it is made again while this seller's other changes wait: or two
    that are each the other's only peer could go at the same moment.
    """
    tables = read_tables_with(connection, compiled, seller_id, directory, destination_ids, at)
    if tables.verdict is TripVerdict.TRIP:
        bump_conditions(connection, seller_id)
        tables = read_tables_with(connection, compiled, seller_id, directory, destination_ids, at)
    return tables


def read_live_plans(
    connection: Connection, compiled: Compiled, seller_id: str, directory: Directory
) -> Iterator[Plan]:
    """The live table of each campaign that has one, ready for calls.

    One that can't be understood, as a newer version's, is left out: no other campaign waits for it.
    """
    for row in list_campaigns(connection, seller_id):
        campaign_id, version = row.campaign_id, row.active_version
        if version is None:
            continue
        try:
            yield compiled.plan(connection, seller_id, campaign_id, version, directory.version)
        except PolicyFileError as error:
            log.exception("table_not_understood", seller=seller_id, reason=str(error))


def _is_alone(table: RoutingTable, destination_ids: frozenset[str]) -> bool:
    is_pointed_at = any(number.to in destination_ids for number in table.numbers)
    return is_pointed_at or not any(r.destination_id in destination_ids for r in table.routes)


class PeerView:
    """The destinations of one seller at one instant, each looked at once."""

    def __init__(
        self, connection: Connection, seller_id: str, directory: Directory, at: datetime
    ) -> None:
        self._connection = connection
        self._seller_id = seller_id
        self._directory = directory
        self._at = at
        self._stops: StopsBySubject = group_stops(read_stops(connection, seller_id))
        self._suspended = frozenset(
            each.standing.buyer_id
            for each in list_standings(connection, seller_id)
            if not each.standing.effect.takes_calls
        )
        self._seen: dict[str, Peer] = {}

    def list_peers(self, plan: Plan, but: frozenset[str]) -> tuple[Peer, ...]:
        """The destinations of the table's routes besides some; closed ones take no calls."""
        return tuple(
            peer if self._is_open(route) else replace(peer, takes_calls=False)
            for route in plan.routes
            if route.destination_id not in but
            for peer in (self.look_at(route.destination_id),)
        )

    def list_kept_out(self, plan: Plan) -> tuple[Stop, ...]:
        """The breakers without which a destination of the table would take calls now."""
        return tuple(
            breaker
            for route in plan.routes
            if route.destination is not None and route.destination.enabled and self._is_open(route)
            for breaker in self._find_lone_breaker(route)
        )

    def _find_lone_breaker(self, route: PlannedRoute) -> tuple[Stop, ...]:
        own, others = self._find_stops(route.destination_id, route.buyer_id)
        if route.buyer_id in self._suspended:
            return ()
        if find_stop((*(s for s in own if not s.is_breaker), *others), self._at) is not None:
            return ()
        return tuple(stop for stop in own if stop.is_breaker)

    def _find_stops(
        self, destination_id: str, buyer_id: str
    ) -> tuple[tuple[Stop, ...], tuple[Stop, ...]]:
        """The destination's own stops, and its buyer's."""
        return (
            self._stops.get((StopKind.DESTINATION, destination_id), ()),
            self._stops.get((StopKind.BUYER, buyer_id), ()),
        )

    def _is_open(self, route: PlannedRoute) -> bool:
        timetable = route.timetable
        return timetable is None or is_open(timetable, read_wall(timetable.zone, self._at))

    def look_at(self, destination_id: str) -> Peer:
        """Whether a destination takes calls, and whether its own last ones went badly."""
        peer = self._seen.get(destination_id)
        if peer is None:
            peer = self._seen[destination_id] = self._look(destination_id)
        return peer

    def _look(self, destination_id: str) -> Peer:
        destination = self._directory.destinations.get(destination_id)
        if destination is None or not destination.enabled:
            return Peer(destination_id, takes_calls=False, looks_bad=False)
        if destination.buyer_id in self._suspended:
            return Peer(destination_id, takes_calls=False, looks_bad=False)
        own, others = self._find_stops(destination_id, destination.buyer_id)
        takes_calls = find_stop((*own, *others), self._at) is None
        if any(stop.is_breaker for stop in own):
            is_probed = needs_probe(own, self._at)
            return Peer(destination_id, takes_calls=takes_calls and not is_probed, looks_bad=True)
        return Peer(destination_id, takes_calls, takes_calls and self._looks_bad(destination_id))

    def _looks_bad(self, destination_id: str) -> bool:
        """Whether it would be taken out by fewer calls; mostly told by its newest few."""
        settings = breaker_settings(self._directory, destination_id)
        fewer = min(settings.minimum_sample, _ENOUGH_TO_HOLD_BACK)
        settings = replace(settings, minimum_sample=fewer)
        closed_at = last_closed_at(self._connection, self._seller_id, destination_id)
        breaker = Breaker(Phase.CLOSED, closed_at)
        newest = self._read_results(destination_id, settings, _FIRST_LOOK)
        last = max(newest, key=lambda each: each.ended_at, default=None)
        if last is not None and last.failed is None and last.dialed_at >= (closed_at or _LONG_AGO):
            return False  # its last call went well
        in_row = replace(settings, buyer_percent=_NEVER_PERCENT, carrier_percent=_NEVER_PERCENT)
        if find_failing(breaker, newest, in_row, self._at) is not None:
            return True
        results = self._read_results(destination_id, settings, _MOST_OUTCOMES)
        return find_failing(breaker, results, settings, self._at) is not None

    def _read_results(
        self, destination_id: str, settings: BreakerSettings, most: int
    ) -> tuple[Result, ...]:
        """How its newest outcomes count."""
        since = self._at - timedelta(seconds=settings.window_s)
        outcomes = read_recent_outcomes(
            self._connection, self._seller_id, destination_id, since, most
        )
        return count_outcomes(outcomes, settings)
