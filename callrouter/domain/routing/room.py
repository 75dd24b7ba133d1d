"""Who can take calls right now: each destination of a live table, asked what any call would ask.

What depends on who calls, or on the number called, is named and not judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from callrouter.domain.callers.duplicates import (
    DuplicateThen,
    RepeatThen,
    name_duplicates,
    name_window,
)
from callrouter.domain.clocks.timetable import Timetable, changes_at, is_open, read_wall
from callrouter.domain.health.stops import Stop, StopKind, StopsBySubject, group_stops, is_in_force
from callrouter.domain.limits.caps import UNLIMITED, Counter, Subject, SubjectKind, Usage
from callrouter.domain.limits.standing import BuyerStanding, count_credit, count_day
from callrouter.domain.numbers import Caller
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Skip
from callrouter.domain.routing.eligibility import Judge
from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.tables.routing_table import WithheldCallers

_ANYBODY = CallSoFar(call_sid="", did="", caller=Caller("", None, withheld=False))
_EMPTY = Usage()
_NO_CALLS: Mapping[str, int] = MappingProxyType({})
_TURNS_AWAY = frozenset({DuplicateThen.ANOTHER_BUYER, DuplicateThen.REFUSE})


class Role(StrEnum):
    """How a destination comes to calls."""

    ROUTE = "route"
    POINTED = "pointed"
    """No route: numbers are pointed at it."""
    OVERFLOW = "overflow"
    """The last resort, which the hours and filters of a route don't hold back."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """What a counter holds now.

    `resets_at` is None where it never begins anew. `ready_at` is when its spacing lets the next
    call through, None where that is now.
    """

    counter: Counter
    usage: Usage
    resets_at: datetime | None
    ready_at: datetime | None

    @property
    def limit(self) -> int | None:
        """What it counts up to; None where it only counts."""
        limit = self.counter.cap.limit
        return None if limit >= UNLIMITED else limit

    @property
    def left(self) -> int | None:
        """What is left of the limit: 0 also where corrections went beyond it."""
        return None if self.limit is None else max(self.limit - self.usage.total, 0)


@dataclass(frozen=True, slots=True)
class HoursNow:
    """Whether the hours are open, and when (UTC) that changes, on the clocks of `zone`.

    None when it doesn't change within `timetable.HORIZON_DAYS`.
    """

    is_open: bool
    changes_at: datetime | None
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRoom:
    """Whether a destination could take a call now; `skip` says why not.

    `hours` is None where it is open round the clock. `stops` are those of the destination and of
    its buyer, also half open ones. `asks` are the rules that are left to the call. `gauges` are the
    destination's own. `live_calls` ring or talk there, of any campaign. `standing` is its buyer's.
    """

    destination_id: str
    buyer_id: str
    role: Role
    priority: int
    group_id: str
    pointed_numbers: tuple[str, ...]
    skip: Skip | None
    hours: HoursNow | None
    stops: tuple[Stop, ...]
    asks: tuple[str, ...]
    gauges: tuple[Gauge, ...]
    live_calls: int
    standing: BuyerStanding | None = None


@dataclass(frozen=True, slots=True)
class SharedRoom:
    """What several destinations share, or a publisher's calls do: its stops and counters.

    Of a buyer also how its account stands, None where it has none.
    """

    subject: Subject
    stops: tuple[Stop, ...]
    gauges: tuple[Gauge, ...]
    has_room: bool
    standing: BuyerStanding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRoom:
    """A campaign's live table at one moment; `asks` are the rules that every call is asked."""

    campaign_id: str
    table_version: int
    directory_version: int
    at: datetime
    asks: tuple[str, ...]
    destinations: tuple[DestinationRoom, ...]
    shared: tuple[SharedRoom, ...]

    @property
    def taken_by(self) -> Role | None:
        """Who could take a call now: a route, else where numbers point, else the overflow."""
        open_now = {each.role for each in self.destinations if each.skip is None}
        return next((role for role in Role if role in open_now), None)


def view_campaign(
    plan: Plan, conditions: Conditions, live_calls: Mapping[str, int] = _NO_CALLS
) -> CampaignRoom:
    """The room of a plan's destinations under `conditions`, by the rules that `decide` goes by.

    `conditions` need no caller; their usage is that of all publishers' counters too. `live_calls`
    are by destination.
    """
    looker = _Looker(plan, conditions, live_calls)
    targets = dict.fromkeys(number.to for number in plan.numbers.values() if number.to)
    pointed = [plan.extra[each] for each in targets if plan.table.route_to(each) is None]
    destinations = [looker.look(each, Role.ROUTE) for each in plan.routes]
    destinations += [looker.look(each, Role.POINTED) for each in pointed]
    if plan.overflow is not None:
        destinations.append(looker.look(plan.overflow, Role.OVERFLOW))
    return CampaignRoom(
        campaign_id=plan.table.campaign_id,
        table_version=plan.table.version,
        directory_version=plan.directory.version,
        at=conditions.at,
        asks=_list_asked_of_all(plan),
        destinations=tuple(destinations),
        shared=looker.look_at_shared(),
    )


def list_all_counters(plan: Plan) -> tuple[Counter, ...]:
    """Every counter of a plan, those of each publisher included."""
    return (*plan.counters, *(c for each in plan.publisher_counters.values() for c in each))


class _Looker:
    def __init__(self, plan: Plan, conditions: Conditions, live_calls: Mapping[str, int]) -> None:
        self._live_calls = live_calls
        self._plan = plan
        self._conditions = conditions
        self._at = conditions.at
        self._stops: StopsBySubject = group_stops(conditions.stops)
        self._judge = Judge(plan, _ANYBODY, conditions)

    def look(self, planned: PlannedRoute, role: Role) -> DestinationRoom:
        judge, is_last = self._judge, role is Role.OVERFLOW
        destination_id, timetable = planned.destination_id, planned.timetable
        return DestinationRoom(
            destination_id=destination_id,
            buyer_id=planned.buyer_id,
            role=role,
            priority=planned.route.priority,
            group_id=planned.route.group_id,
            pointed_numbers=tuple(
                number.number
                for number in self._plan.numbers.values()
                if number.to == destination_id and not is_last
            ),
            skip=(judge.find_skip_at_last if is_last else judge.find_skip_of_anybody)(planned),
            hours=None if is_last or timetable is None else _read_hours(timetable, self._at),
            stops=(
                *self._find_stops(StopKind.DESTINATION, destination_id),
                *self._find_stops(StopKind.BUYER, planned.buyer_id),
            ),
            asks=() if is_last else _list_asked(planned),
            gauges=self._read_gauges(planned.own_counters),
            live_calls=self._live_calls.get(destination_id, 0),
            standing=self._conditions.standings.get(planned.buyer_id),
        )

    def look_at_shared(self) -> tuple[SharedRoom, ...]:
        """Buyers, groups and the campaign itself where they count, publishers, whoever is stopped.

        Each once, in that order.
        """
        found: dict[Subject, dict[Counter, None]] = {}
        for planned in (*self._plan.routes, *self._plan.extra.values()):
            if planned.buyer_id:
                found.setdefault(Subject(SubjectKind.BUYER, planned.buyer_id), {})
            for counter in planned.shared_counters:
                found.setdefault(counter.subject, {})[counter] = None
        named = {each.publisher for each in self._plan.numbers.values() if each.publisher}
        for publisher in sorted(named | self._plan.publisher_counters.keys()):
            own = self._plan.publisher_counters.get(publisher, ())
            found[Subject(SubjectKind.PUBLISHER, publisher)] = dict.fromkeys(own)
        rooms = (self._look_at(subject, tuple(own)) for subject, own in found.items())
        return tuple(
            sorted(
                (room for room in rooms if room.gauges or room.stops or room.standing),
                key=lambda room: (_ORDER.index(room.subject.kind), room.subject.subject_id),
            )
        )

    def _look_at(self, subject: Subject, counters: Sequence[Counter]) -> SharedRoom:
        kind = _STOPPED.get(subject.kind)
        stops = () if kind is None else self._find_stops(kind, subject.subject_id)
        standing = None
        if subject.kind is SubjectKind.BUYER:
            standing = self._conditions.standings.get(subject.subject_id)
        if standing is not None:
            zone = self._plan.directory.zone_of_buyer(standing.buyer_id)
            own = (count_day(standing, zone), count_credit(standing))
            counters = (*counters, *(counter for counter in own if counter is not None))
        usage, moment = self._conditions.usage, self._judge.moment
        return SharedRoom(
            subject,
            stops,
            self._read_gauges(counters),
            has_room=not any(is_in_force(stop, self._at) for stop in stops)
            and (standing is None or standing.effect.takes_calls)
            and all(
                counter.has_room(usage.get(counter.key_in(moment), _EMPTY), self._at)
                for counter in counters
            ),
            standing=standing,
        )

    def _find_stops(self, kind: StopKind, subject_id: str) -> tuple[Stop, ...]:
        """Those that stand still; the clock process writes down later that one has ended."""
        stops = self._stops.get((kind, subject_id), ())
        return tuple(stop for stop in stops if stop.is_breaker or is_in_force(stop, self._at))

    def _read_gauges(self, counters: Iterable[Counter]) -> tuple[Gauge, ...]:
        usage, moment = self._conditions.usage, self._judge.moment
        gauges = []
        for counter in counters:
            counted = usage.get(counter.key_in(moment), _EMPTY)
            ready_at = counter.ready_at(counted)
            waits = ready_at is not None and ready_at > self._at
            resets_at = counter.resets_at(self._at)
            gauges.append(Gauge(counter, counted, resets_at, ready_at if waits else None))
        return tuple(gauges)


_ORDER = (SubjectKind.BUYER, SubjectKind.GROUP, SubjectKind.CAMPAIGN, SubjectKind.PUBLISHER)
_STOPPED = {SubjectKind.BUYER: StopKind.BUYER, SubjectKind.PUBLISHER: StopKind.PUBLISHER}


def _read_hours(timetable: Timetable, at: datetime) -> HoursNow:
    open_now = is_open(timetable, read_wall(timetable.zone, at))
    return HoursNow(open_now, changes_at(timetable, at), timetable.zone)


def _list_asked(planned: PlannedRoute) -> tuple[str, ...]:
    """The route's rules that no answer is known to before somebody calls."""
    asked = [str(each) for each in planned.rules.filters or ()]
    duplicates = planned.rules.duplicates
    if duplicates is not None and duplicates.then in _TURNS_AWAY:
        asked.append(f"no duplicate: {name_duplicates(duplicates)}")
    return tuple(asked)


def _list_asked_of_all(plan: Plan) -> tuple[str, ...]:
    table, asked = plan.table, []
    if table.withheld_callers is WithheldCallers.REFUSE:
        asked.append("no withheld caller")
    if table.callers.min_gap_s:
        asked.append(f"not too soon: {name_window(table.callers.min_gap_s)}")
    repeats = table.callers.repeats
    if repeats is not None and repeats.then is RepeatThen.REFUSE:
        asked.append(f"no repeat: {name_window(repeats.window_s)}")
    return tuple(asked)
