"""Whether every DID of a table has somebody to take its calls at each hour of the coming week.

Goes by opening hours and by what is switched off; caps and breakers are of the moment. A filter on
what the carrier says of a caller lets some callers through; one on the DID's own publisher and tags
is decided here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callrouter.domain.clocks.timetable import Timetable, WallTime, changes_at, is_open, read_wall
from callrouter.domain.health.stops import StopCause, StopKind, StopsBySubject, find_stop, say_stop
from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.filters import TAG, CallFacts, Field, Filter, find_mismatch
from callrouter.domain.tables.routing_table import AdvertisedNumber, LastResort, RoutingTable
from callrouter.domain.tables.table_check import TableProblem, list_named_destinations

AHEAD = timedelta(days=7)
"""How far a table is looked at before it goes live."""

_OF_A_PERSON = (StopCause.PAUSED, StopCause.DOWN)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Gap:
    """The first stretch in which nobody takes the calls to `numbers`; `index` is the first's place.

    `until_at` is None where nobody opens again for as long as can be seen, or nobody could ever
    take them: then `zone` is "".
    """

    index: int
    numbers: tuple[str, ...]
    from_at: datetime
    until_at: datetime | None
    zone: str


def find_gaps(plan: Plan, at: datetime, until: datetime | None = None) -> tuple[Gap, ...]:
    """Who is left with nobody at some time from `at` on, in a week or up to `until` before that.

    DIDs that are routed alike are one gap. An overflow that is switched on, or a voicemail, takes
    every call.
    """
    if _has_last_resort(plan):
        return ()
    found: dict[tuple[Timetable, ...] | None, tuple[datetime, datetime | None] | None] = {}
    gaps: list[Gap] = []
    end = at + AHEAD if until is None else min(until, at + AHEAD)
    for members in _group_alike(plan):
        timetables = _list_timetables(plan, members[0][1])
        if timetables not in found:
            found[timetables] = _find_first(timetables, at, end)
        gap = found[timetables]
        if gap is not None:
            numbers = tuple(number.number for _, number in members)
            zone = timetables[0].zone if timetables else ""
            gaps.append(Gap(members[0][0], numbers, *gap, zone))
    return tuple(gaps)


def check_reachable(
    plan: Plan, at: datetime, until: datetime | None = None
) -> tuple[TableProblem, ...]:
    """The gaps as problems of the table; a person may want it all the same."""
    return tuple(
        TableProblem(("dids", gap.index, "number"), _say_gap(gap, at))
        for gap in find_gaps(plan, at, until)
    )


def warn_of_stops(
    table: RoutingTable, directory: Directory, stops: StopsBySubject, at: datetime
) -> tuple[TableProblem, ...]:
    """Whom a person has paused or taken down, where the table names it: it gets no call as yet."""
    return tuple(
        TableProblem(path, f"{destination_id} gets no calls: {said}")
        for path, destination_id in list_named_destinations(table)
        if (said := _say_stopped(destination_id, directory, stops, at))
    )


def _say_stopped(
    destination_id: str, directory: Directory, stops: StopsBySubject, at: datetime
) -> str:
    destination = directory.destinations.get(destination_id)
    subjects = [(StopKind.DESTINATION, destination_id)]
    if destination is not None:
        subjects.append((StopKind.BUYER, destination.buyer_id))
    standing = (each for subject in subjects for each in stops.get(subject, ()))
    stop = find_stop((each for each in standing if each.cause in _OF_A_PERSON), at)
    return say_stop(stop, at) if stop else ""


def _has_last_resort(plan: Plan) -> bool:
    if plan.table.nobody_left.resort is LastResort.VOICEMAIL:
        return True
    return plan.overflow is not None and _is_enabled(plan.overflow)


def _is_enabled(planned: PlannedRoute) -> bool:
    return planned.destination is not None and planned.destination.enabled


def _group_alike(plan: Plan) -> Iterable[list[tuple[int, AdvertisedNumber]]]:
    """The DIDs by what routes may ask of them, each with its place: thousands are a few groups."""
    asked = {name.removeprefix(TAG) for name in plan.fields if name.startswith(TAG)}
    asks_publisher = Field.PUBLISHER in plan.fields
    groups: dict[tuple[object, ...], list[tuple[int, AdvertisedNumber]]] = {}
    for index, number in enumerate(plan.table.numbers):
        tags = tuple(number.tags.get(name) for name in sorted(asked))
        key = (number.publisher if asks_publisher else None, number.to, tags)
        groups.setdefault(key, []).append((index, number))
    return groups.values()


def _list_timetables(plan: Plan, number: AdvertisedNumber) -> tuple[Timetable, ...] | None:
    """The hours of all who could take calls to a DID, each once.

    None when one of them has no hours to keep; empty when there is nobody.
    """
    timetables: dict[Timetable, None] = {}
    for planned in _list_candidates(plan, number):
        if planned.timetable is None:
            return None
        timetables[planned.timetable] = None
    return tuple(timetables)


def _list_candidates(plan: Plan, number: AdvertisedNumber) -> Iterator[PlannedRoute]:
    pointed = plan.find_pointed(number.number)
    facts = _describe(number)
    for planned in plan.routes if pointed is None else (pointed,):
        filters = tuple(f for f in planned.rules.filters or () if _is_of_number(f))
        if _is_enabled(planned) and find_mismatch(filters, facts) is None:
            yield planned


def _is_of_number(each: Filter) -> bool:
    return each.field == Field.PUBLISHER or each.field.startswith(TAG)


def _describe(number: AdvertisedNumber) -> CallFacts:
    facts: Mapping[str, str] = {
        Field.PUBLISHER: number.publisher,
        **{f"{TAG}{name}": text for name, text in number.tags.items()},
    }
    return {name: text for name, text in facts.items() if text}


def _find_first(
    timetables: tuple[Timetable, ...] | None, at: datetime, end: datetime
) -> tuple[datetime, datetime | None] | None:
    """The first stretch from `at` to `end` in which all are closed, from change to change."""
    if timetables is None:
        return None
    now = at
    while now < end:
        somebody = _find_open(timetables, now)
        if somebody is None:
            opening = [opens for t in timetables if (opens := changes_at(t, now)) is not None]
            return now, min(opening, default=None)
        closes = changes_at(somebody, now)
        if closes is None:
            return None  # open for as long as can be seen
        now = closes
    return None


def _find_open(timetables: tuple[Timetable, ...], at: datetime) -> Timetable | None:
    walls: dict[str, WallTime] = {}
    for timetable in timetables:
        wall = walls.get(timetable.zone)
        if wall is None:
            wall = walls[timetable.zone] = read_wall(timetable.zone, at)
        if is_open(timetable, wall):
            return timetable
    return None


def _say_gap(gap: Gap, at: datetime) -> str:
    others = len(gap.numbers) - 1
    whose = f"calls of {gap.numbers[0]}"
    if others:
        whose += f" and {others} other DID{'' if others == 1 else 's'} like it"
    advice = "give it a route for then, or [nobody_left] a voicemail or an overflow"
    if not gap.zone:
        return (
            f"nobody can take {whose}: every route is switched off or is not for its publisher "
            f"and tags; {advice}"
        )
    begins = "now" if gap.from_at == at else _say_time(gap.from_at, at, gap.zone)
    ends = f"to {_say_time(gap.until_at, at, gap.zone)}" if gap.until_at else "on, for good,"
    return f"nobody takes {whose} from {begins} {ends} {gap.zone}; {advice}"


def _say_time(instant: datetime, at: datetime, zone: str) -> str:
    """The weekday and the time on the wall, with the date from next week on."""
    wall = instant.astimezone(ZoneInfo(zone))
    return f"{wall:%a %H:%M}" if instant - at < _WEEK else f"{wall:%a %Y-%m-%d %H:%M}"
