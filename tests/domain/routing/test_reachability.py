from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.clocks.hours import ALL_WEEK, Hours, Window
from callrouter.domain.clocks.timetable import is_open, read_wall
from callrouter.domain.health.stops import Stop, StopCause, StopKind, group_stops
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.routing.reachability import AHEAD, check_reachable, find_gaps, warn_of_stops
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.filters import Field, Filter, Operator
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    LastResort,
    NobodyLeft,
    Route,
    RoutingTable,
)
from callrouter.domain.tables.rules import Rules
from callrouter.domain.tables.table_check import TableProblem

DID = "+18005550100"
CHICAGO = "America/Chicago"
TUESDAY_NOON = datetime(2026, 9, 15, 17, tzinfo=UTC)
"""In Chicago."""
OFFICE = tuple(Window(day, 8 * 60, 18 * 60) for day in range(5))
SATURDAY_MORNING = Window(5, 8 * 60, 12 * 60)
NIGHTS = tuple(Window(day, 18 * 60, 8 * 60) for day in range(7))
MUTE = NobodyLeft()


def route(destination: str, windows: tuple[Window, ...] | None = None, *filters: Filter) -> Route:
    hours = Hours(windows) if windows is not None else None
    return Route(destination, rules=Rules(hours=hours, filters=filters or None))


def plan(
    *routes: Route,
    numbers: tuple[AdvertisedNumber, ...] = (AdvertisedNumber(DID),),
    end: NobodyLeft = MUTE,
    switched_off: tuple[str, ...] = (),
) -> Plan:
    names = {r.destination_id for r in routes} | {end.overflow_destination_id, "extra"} - {""}
    return make_plan(
        RoutingTable("flood-repair", numbers, routes, nobody_left=end),
        Directory(
            1,
            MappingProxyType({"acme": Buyer("acme", "Acme", CHICAGO)}),
            MappingProxyType(
                {
                    name: Destination(
                        name, "acme", "+13125550171", enabled=name not in switched_off
                    )
                    for name in names
                }
            ),
        ),
    )


def said(made: Plan, at: datetime = TUESDAY_NOON) -> list[str]:
    return [problem.message.partition(";")[0] for problem in check_reachable(made, at)]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(plan(route("east")), None, id="no-hours"),
        pytest.param(plan(route("east", ALL_WEEK)), None, id="round-the-clock"),
        pytest.param(
            plan(route("east", (*OFFICE, SATURDAY_MORNING))),
            "from Tue 18:00 to Wed 08:00",
            id="closed-at-night",
        ),
        pytest.param(
            plan(route("east", OFFICE), route("west", NIGHTS)),
            "from Sat 08:00 to Sat 18:00",
            id="two-that-leave-the-weekend",
        ),
        pytest.param(
            plan(route("east", OFFICE), route("west", (*NIGHTS, Window(5, 480, 1080)))),
            "from Sun 08:00 to Sun 18:00",
            id="the-first-hole-is-named",
        ),
        pytest.param(
            plan(
                route("east", OFFICE),
                route("west", (*NIGHTS, Window(5, 480, 1080), Window(6, 480, 1080))),
            ),
            None,
            id="three-shifts-without-a-hole",
        ),
        pytest.param(
            plan(route("east", OFFICE), end=NobodyLeft(LastResort.VOICEMAIL)),
            None,
            id="a-voicemail-answers",
        ),
        pytest.param(
            plan(
                route("east", OFFICE),
                end=NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="night"),
            ),
            None,
            id="an-overflow-answers",
        ),
        pytest.param(
            plan(
                route("east", OFFICE),
                end=NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="night"),
                switched_off=("night",),
            ),
            "from Tue 18:00 to Wed 08:00",
            id="an-overflow-that-is-off-does-not",
        ),
        pytest.param(
            plan(route("east", OFFICE), route("west"), switched_off=("west",)),
            "from Tue 18:00 to Wed 08:00",
            id="who-is-switched-off-does-not-count",
        ),
    ],
)
def test_the_first_hour_with_nobody_is_named(made: Plan, expected: str | None) -> None:
    sentence = f"nobody takes calls of {DID} {expected} {CHICAGO}"
    assert said(made) == ([sentence] if expected else [])


def test_a_hole_that_has_begun_is_from_now_and_one_without_end_says_so() -> None:
    at_night = TUESDAY_NOON + timedelta(hours=10)
    (sentence,) = said(plan(route("east", OFFICE)), at_night)
    assert sentence == f"nobody takes calls of {DID} from now to Wed 08:00 {CHICAGO}"
    never = replace(route("east"), rules=Rules(hours=Hours(())))
    assert said(plan(never)) == [f"nobody takes calls of {DID} from now on, for good, {CHICAGO}"]


def test_what_begins_when_the_table_is_not_live_any_more_is_no_hole() -> None:
    office = plan(route("east", OFFICE))
    closes_at = TUESDAY_NOON + timedelta(hours=6)
    assert find_gaps(office, TUESDAY_NOON, closes_at) == ()
    assert find_gaps(office, TUESDAY_NOON, closes_at + timedelta(seconds=1)) != ()
    assert find_gaps(plan(route("e", ALL_WEEK)), TUESDAY_NOON, closes_at + 9 * AHEAD) == ()


def test_a_hole_that_ends_after_the_week_has_a_date() -> None:
    closed = Hours(closed_on=tuple(date(2026, 9, day) for day in range(21, 30)))
    (sentence,) = said(plan(Route("east", rules=Rules(hours=closed))))
    assert sentence.endswith(f"from Mon 00:00 to Wed 2026-09-30 00:00 {CHICAGO}")


def test_dids_that_are_routed_alike_are_one_problem_at_the_first_of_them() -> None:
    numbers = tuple(AdvertisedNumber(f"+1800555{i:04}", f"publisher-{i}") for i in range(100))
    (problem,) = check_reachable(plan(route("east", OFFICE), numbers=numbers), TUESDAY_NOON)
    assert problem.key_path == ("dids", 0, "number")
    assert "calls of +18005550000 and 99 other DIDs like it from" in problem.message


def test_dids_that_a_filter_tells_apart_are_problems_of_their_own() -> None:
    numbers = (AdvertisedNumber(DID, "radio"), AdvertisedNumber("+18005550101", "tv"))
    either = Filter(Field.PUBLISHER, Operator.IN, ("radio", "tv"))
    found = find_gaps(plan(route("east", OFFICE, either), numbers=numbers), TUESDAY_NOON)
    assert [(gap.index, gap.numbers) for gap in found] == [(0, (DID,)), (1, ("+18005550101",))]


@pytest.mark.parametrize(
    ("each", "lost"),
    [
        pytest.param(Filter(Field.PUBLISHER, Operator.EQUAL, ("tv",)), True, id="publisher"),
        pytest.param(Filter("tag.region", Operator.EQUAL, ("west",)), True, id="tag"),
        pytest.param(Filter("tag.season", Operator.EQUAL, ("wet",)), True, id="no-such-tag"),
        pytest.param(Filter("tag.region", Operator.EQUAL, ("east",)), False, id="its-tag"),
        pytest.param(Filter(Field.STATE, Operator.EQUAL, ("TX",)), False, id="some-caller"),
    ],
)
def test_a_filter_on_the_did_itself_decides_and_one_on_callers_lets_some_in(
    each: Filter, lost: bool
) -> None:
    number = AdvertisedNumber(DID, "radio", tags={"region": "east"})
    made = plan(route("east", None, each), numbers=(number,))
    assert [gap.until_at for gap in find_gaps(made, TUESDAY_NOON)] == ([None] if lost else [])
    if lost:
        assert said(made) == [
            f"nobody can take calls of {DID}: every route is switched off or is not for its "
            "publisher and tags"
        ]


def test_a_pointed_did_is_reached_only_where_it_points() -> None:
    numbers = (AdvertisedNumber(DID, to="west"), AdvertisedNumber("+18005550101", to="extra"))
    made = plan(route("east"), route("west", OFFICE), numbers=numbers)
    assert [gap.numbers for gap in find_gaps(made, TUESDAY_NOON)] == [(DID,)]


_WINDOWS = st.lists(
    st.builds(Window, st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1440)), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_WINDOWS, min_size=1, max_size=3))
def test_before_the_hole_somebody_is_open_and_within_it_nobody(week: list[list[Window]]) -> None:
    made = plan(*(route(f"d{i}", tuple(windows)) for i, windows in enumerate(week)))
    tables = [each.timetable for each in made.routes if each.timetable]

    def somebody(at: datetime) -> bool:
        return any(is_open(t, read_wall(t.zone, at)) for t in tables)

    step = timedelta(minutes=29)
    end = TUESDAY_NOON + AHEAD
    gap = next(iter(find_gaps(made, TUESDAY_NOON)), None)
    at = TUESDAY_NOON
    while at < end:
        if gap is None or at < gap.from_at:
            assert somebody(at)
        elif gap.until_at is None or at < gap.until_at:
            assert not somebody(at)
        at += step
    if gap is not None and gap.until_at is not None:
        assert somebody(gap.until_at)


STOPS: Mapping[str, Stop] = {
    "paused": Stop(
        kind=StopKind.BUYER,
        subject_id="acme",
        cause=StopCause.PAUSED,
        since=TUESDAY_NOON,
        author="ann",
    ),
    "down": Stop(
        kind=StopKind.DESTINATION,
        subject_id="east",
        cause=StopCause.DOWN,
        since=TUESDAY_NOON,
        reason="flooded",
    ),
    "breaker": Stop(
        kind=StopKind.DESTINATION,
        subject_id="east",
        cause=StopCause.BREAKER_OPEN,
        since=TUESDAY_NOON,
    ),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("paused", "paused by ann since 17:00 UTC", id="its-buyer-is-paused"),
        pytest.param("down", "down since 17:00 UTC: flooded", id="it-is-down"),
        pytest.param("breaker", None, id="a-breaker-is-of-the-moment"),
    ],
)
def test_whom_a_person_stopped_is_warned_of(name: str, expected: str | None) -> None:
    made = plan(route("east"))
    found = warn_of_stops(made.table, made.directory, group_stops([STOPS[name]]), TUESDAY_NOON)
    path = ("routes", 0, "destination")
    assert found == ((TableProblem(path, f"east gets no calls: {expected}"),) if expected else ())
    assert warn_of_stops(made.table, Directory(), {}, TUESDAY_NOON) == ()
