"""A routing table made ready for calls: each route with its destination, rules and counters.

Compiled once for a table and a directory; the same for every call, and knows nothing of one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from types import MappingProxyType

from callrouter.domain.callers.duplicates import NO_CALLER_RULES
from callrouter.domain.clocks.periods import Moment
from callrouter.domain.clocks.timetable import compile_hours
from callrouter.domain.limits.caps import (
    UNLIMITED,
    Claim,
    Counter,
    Measure,
    Subject,
    SubjectKind,
    compile_cap,
    watch_subject,
)
from callrouter.domain.routing.claims_book import ClaimsBook
from callrouter.domain.routing.decision import Candidate
from callrouter.domain.routing.hours_book import HoursBook
from callrouter.domain.routing.planned_route import PlannedRoute, find_unusable, make_dial
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.filters import Filter
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    Group,
    LastResort,
    Route,
    RoutingTable,
    StrategyName,
)
from callrouter.domain.tables.rules import NO_QUOTA, NO_RULES, Quota, Rules, resolve


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled table. `extra` are the destinations that are no routes: overflow, pointed at.

    `by_destination` are the routes, and where there is none what stands in for it. `tiers` are the
    routes of each priority, the lowest first.
    `fields` are those that filters ask for. `counters` are all counters of all routes, each once.
    """

    table: RoutingTable
    directory: Directory
    numbers: Mapping[str, AdvertisedNumber]
    routes: tuple[PlannedRoute, ...]
    extra: Mapping[str, PlannedRoute]
    by_destination: Mapping[str, PlannedRoute]
    tiers: tuple[tuple[PlannedRoute, ...], ...]
    publisher_counters: Mapping[str, tuple[Counter, ...]]
    fields: frozenset[str]
    counters: tuple[Counter, ...]
    knows_callers: bool
    claims_book: ClaimsBook = field(repr=False, compare=False)
    hours_book: HoursBook = field(repr=False, compare=False)

    @property
    def overflow(self) -> PlannedRoute | None:
        """The destination of last resort, if there is one."""
        end = self.table.nobody_left
        if end.resort is not LastResort.OVERFLOW:
            return None
        return self.extra[end.overflow_destination_id]

    def find_pointed(self, did: str) -> PlannedRoute | None:
        """What stands for the destination that a DID is pointed at, if it is."""
        number = self.numbers.get(did)
        return self.find_route(number.to) if number is not None and number.to else None

    def find_route(self, destination_id: str) -> PlannedRoute | None:
        """The route to a destination, or what stands in for one."""
        return self.by_destination.get(destination_id)

    def list_keys(self, moment: Moment, publisher: str) -> list[str]:
        """The key of every counter whose figures a decision at that moment may need."""
        keys = self.claims_book.open_at(moment).keys
        return [keys[id(counter)] for counter in self.list_counters(publisher)]

    def list_counters(self, publisher: str) -> tuple[Counter, ...]:
        """Every counter that a call from a publisher's number may need, each once."""
        return (*self.counters, *self.publisher_counters.get(publisher, ()))


def make_plan(table: RoutingTable, directory: Directory) -> Plan:
    """The plan by which the calls of a table are routed."""
    planner = _Planner(table, directory)
    routes = tuple(
        planner.plan_route(route, is_listed=True)
        for route in sorted(table.routes, key=lambda route: route.priority)
    )
    extra = {
        destination_id: planner.plan_route(_stand_in(table, destination_id), is_listed=False)
        for destination_id in table.destination_ids()
        if destination_id == table.nobody_left.overflow_destination_id
        or table.route_to(destination_id) is None
    }
    publishers = {
        publisher: planner.compile_quota(
            quota, Subject(SubjectKind.PUBLISHER, publisher), table.zone
        )
        for publisher, quota in table.publisher_quotas.items()
    }
    counters = tuple(_each_once((*routes, *extra.values())))
    return Plan(
        table=table,
        directory=directory,
        numbers=MappingProxyType({number.number: number for number in table.numbers}),
        routes=routes,
        extra=MappingProxyType(extra),
        tiers=tuple(tuple(tier) for _, tier in groupby(routes, key=lambda r: r.route.priority)),
        by_destination=MappingProxyType({**extra, **{r.destination_id: r for r in routes}}),
        publisher_counters=MappingProxyType(publishers),
        fields=frozenset(f.field for each in routes for f in each.rules.filters or ()),
        counters=counters,
        hours_book=HoursBook(),
        claims_book=ClaimsBook(chain(counters, *publishers.values())),
        knows_callers=table.callers != NO_CALLER_RULES or any(r.rules.duplicates for r in routes),
    )


def _stand_in(table: RoutingTable, destination_id: str) -> Route:
    """A route to the overflow, or to where a DID is pointed: plain, but what is counted counts."""
    listed = table.route_to(destination_id)
    if listed is None:
        return Route(destination_id)
    return Route(
        destination_id,
        price_micros=listed.price_micros,
        payable_after_s=listed.payable_after_s,
        group_id=listed.group_id,
        quota=listed.quota,
    )


class _Planner:
    """Plans the routes of one table; what several have alike of counters, filters is one object."""

    def __init__(self, table: RoutingTable, directory: Directory) -> None:
        self._table = table
        self._directory = directory
        self._counters: dict[Counter, Counter] = {}
        self._filters: dict[tuple[Filter, ...], tuple[Filter, ...]] = {}
        self._shared: dict[tuple[Counter, ...], tuple[Counter, ...]] = {}

    def plan_route(self, route: Route, *, is_listed: bool) -> PlannedRoute:
        table, directory = self._table, self._directory
        destination = directory.destinations.get(route.destination_id)
        buyer_id = destination.buyer_id if destination else ""
        buyer = directory.buyers.get(buyer_id)
        zone = buyer.zone if buyer else table.zone
        rules = resolve(table.rules, table.buyer_rules.get(buyer_id, NO_RULES), route.rules)
        if rules.filters:
            rules = replace(rules, filters=self._filters.setdefault(rules.filters, rules.filters))
        group = table.groups.get(route.group_id)
        return PlannedRoute(
            route=route,
            destination=destination,
            buyer_id=buyer_id,
            rules=rules,
            timetable=compile_hours(rules.hours, zone) if rules.hours is not None else None,
            group=group,
            own_counters=self._count_destination(route, rules, zone),
            shared_counters=self._count_shared(buyer_id, zone, group),
            candidate=Candidate(route.destination_id, buyer_id, route.priority, route.weight),
            dial=make_dial(table, route, rules, destination),
            unusable=find_unusable(directory, destination),
            is_listed=is_listed,
        )

    def compile_quota(self, quota: Quota, subject: Subject, zone: str) -> tuple[Counter, ...]:
        table = self._table
        counters = [
            compile_cap(cap, subject, table.campaign_id, zone, currency=table.currency)
            for cap in quota.caps
        ]
        if quota.concurrency is not None:
            counters.append(watch_subject(subject, limit=quota.concurrency))
        return tuple(self._counters.setdefault(counter, counter) for counter in counters)

    def _count_shared(self, buyer_id: str, zone: str, group: Group | None) -> tuple[Counter, ...]:
        table = self._table
        buyer = Subject(SubjectKind.BUYER, buyer_id)
        campaign = Subject(SubjectKind.CAMPAIGN, table.campaign_id)
        counters = self.compile_quota(table.buyer_quotas.get(buyer_id, NO_QUOTA), buyer, zone)
        if group is not None:
            # A group is its table's own, and two tables may use one name.
            subject = Subject(SubjectKind.GROUP, f"{table.campaign_id}.{group.group_id}")
            counters += self.compile_quota(group.quota, subject, table.zone)
        counters += self.compile_quota(table.quota, campaign, table.zone)
        return self._shared.setdefault(counters, counters)

    def _count_destination(self, route: Route, rules: Rules, zone: str) -> tuple[Counter, ...]:
        subject = Subject(SubjectKind.DESTINATION, route.destination_id)
        counters = self.compile_quota(Quota(route.quota.caps), subject, zone)
        limit = route.quota.concurrency
        takes_turns = self._table.strategy.name is StrategyName.ROUND_ROBIN
        if limit is None and not rules.spacing_s and not takes_turns:
            return counters
        watched = watch_subject(
            subject,
            spacing_s=rules.spacing_s or 0,
            limit=UNLIMITED if limit is None else limit,
        )
        return (*counters, self._counters.setdefault(watched, watched))


def _each_once(routes: Iterable[PlannedRoute]) -> Iterator[Counter]:
    seen: set[Counter] = set()
    for planned in routes:
        for counter in (*planned.own_counters, *planned.shared_counters):
            if counter not in seen:
                seen.add(counter)
                yield counter


def make_probe_claim(destination_id: str) -> Claim:
    """What the one call at a time takes that tries a destination whose breaker is half open."""
    return Claim(f"probe/destination:{destination_id}", Measure.CONCURRENT, amount=1, limit=1)
