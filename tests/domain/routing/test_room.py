"""The room board: who can take calls at one moment, by the very rules that decisions go by."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.callers.duplicates import (
    CallerRules,
    DuplicateRule,
    DuplicateThen,
    RepeatRule,
    RepeatThen,
)
from callrouter.domain.clocks.hours import DAY_MIN, Hours, Window
from callrouter.domain.clocks.periods import Period
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.limits.caps import Cap, Measure, Subject, SubjectKind, Usage
from callrouter.domain.limits.standing import BuyerStanding, CreditLine, Effect
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, SkipRule
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import make_plan
from callrouter.domain.routing.room import (
    CampaignRoom,
    DestinationRoom,
    Role,
    SharedRoom,
    list_all_counters,
    view_campaign,
)
from callrouter.domain.routing.room_words import say_hours, say_taken_by
from callrouter.domain.tables.filters import Filter, Operator
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    Group,
    LastResort,
    NobodyLeft,
    Route,
    RoutingTable,
    WithheldCallers,
)
from callrouter.domain.tables.rules import Quota, Rules
from tests.domain.builders import ANI, CALL_SID, DID, T0, at, directory, table

AT_NOON = Rules(hours=Hours(tuple(Window(day, 12 * 60, 18 * 60) for day in range(7))))
"""T0 is 17:00 in UTC, which is the zone of every buyer here."""
AT_NIGHT = Rules(hours=Hours(tuple(Window(day, 20 * 60, 4 * 60) for day in range(7))))
NEVER = Rules(hours=Hours(()))
ALWAYS = Rules(hours=Hours(tuple(Window(day, 0, DAY_MIN) for day in range(7))))
TWO_A_DAY = Quota((Cap(Measure.CONNECTED, 2, Period.DAY),))
IN_TEXAS = Filter("state", Operator.EQUAL, ("TX",))
TODAY = "connected/day:2026-09-15/in:roofing"
OVERFLOW = NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="spare")


def look(
    of_table: RoutingTable, *stops: Stop, usage: dict[str, Usage] | None = None
) -> CampaignRoom:
    conditions = Conditions(at=T0, usage=usage or {}, stops=stops)
    return view_campaign(make_plan(of_table, directory(off=("dash",))), conditions)


def look_at(route: Route, *stops: Stop, usage: dict[str, Usage] | None = None) -> DestinationRoom:
    return look(table(route), *stops, usage=usage).destinations[0]


def stop(
    cause: StopCause, kind: StopKind = StopKind.DESTINATION, subject_id: str = "acme-east"
) -> Stop:
    until = at(600) if cause is StopCause.BREAKER_OPEN else None
    return Stop(kind=kind, subject_id=subject_id, cause=cause, since=at(-60), until=until)


def find_shared(room: CampaignRoom, kind: SubjectKind, subject_id: str) -> SharedRoom:
    return next(each for each in room.shared if each.subject == Subject(kind, subject_id))


@pytest.mark.parametrize(
    ("route", "stops", "usage", "rule"),
    [
        pytest.param(Route("acme-east"), (), {}, None, id="nothing in the way"),
        pytest.param(Route("acme-east", rules=AT_NOON), (), {}, None, id="open"),
        pytest.param(Route("acme-east", rules=AT_NIGHT), (), {}, SkipRule.CLOSED, id="closed"),
        pytest.param(Route("dash"), (), {}, SkipRule.DISABLED, id="switched off"),
        pytest.param(Route("gone"), (), {}, SkipRule.NOT_IN_DIRECTORY, id="unknown"),
        pytest.param(
            Route("acme-east"), (stop(StopCause.PAUSED),), {}, SkipRule.STOPPED, id="paused"
        ),
        pytest.param(
            Route("acme-east"),
            (stop(StopCause.DOWN, StopKind.BUYER, "acme"),),
            {},
            SkipRule.STOPPED,
            id="its buyer is down",
        ),
        pytest.param(
            Route("acme-east"), (stop(StopCause.HALF_OPEN),), {}, None, id="half open, to be tried"
        ),
        pytest.param(
            Route("acme-east"),
            (stop(StopCause.HALF_OPEN),),
            {"probe/destination:acme-east": Usage(held=1)},
            SkipRule.STOPPED,
            id="half open, being tried",
        ),
        pytest.param(
            Route("acme-east", quota=TWO_A_DAY),
            (),
            {f"{TODAY}/destination:acme-east": Usage(1, 1)},
            SkipRule.FULL,
            id="full",
        ),
        pytest.param(
            Route("acme-east", rules=Rules(filters=(IN_TEXAS,))), (), {}, None, id="a filter"
        ),
    ],
)
def test_a_destination_can_take_calls_unless_a_rule_that_needs_no_caller_says_no(
    route: Route, stops: tuple[Stop, ...], usage: dict[str, Usage], rule: SkipRule | None
) -> None:
    skip = look_at(route, *stops, usage=usage).skip

    assert (None if skip is None else skip.rule) == rule


def test_rules_that_need_a_caller_are_named_instead() -> None:
    once = DuplicateRule(3600, then=DuplicateThen.ANOTHER_BUYER)
    asks = look_at(Route("bolt", rules=Rules(filters=(IN_TEXAS,), duplicates=once))).asks
    known = DuplicateRule(3600, then=DuplicateThen.SAME_BUYER)

    assert asks == ("state == TX", "no duplicate: payable with its buyer, window 1 hour")
    assert look_at(Route("bolt", rules=Rules(duplicates=known))).asks == ()


def test_rules_of_the_campaign_about_its_callers_are_named_once() -> None:
    strict = replace(
        table("bolt"),
        withheld_callers=WithheldCallers.REFUSE,
        callers=CallerRules(min_gap_s=30, repeats=RepeatRule(600, RepeatThen.REFUSE)),
    )
    lenient = replace(strict, callers=CallerRules(repeats=RepeatRule(600, RepeatThen.SAME_BUYER)))

    assert look(strict).asks == (
        "no withheld caller",
        "not too soon: window 30 seconds",
        "no repeat: window 10 minutes",
    )
    assert look(lenient).asks == ("no withheld caller",)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(Rules(), "round the clock", id="no hours at all"),
        pytest.param(AT_NOON, "open until 18:00 UTC", id="open"),
        pytest.param(AT_NIGHT, "closed until 20:00 UTC", id="closed"),
        pytest.param(ALWAYS, "open", id="never changes"),
        pytest.param(NEVER, "closed", id="never opens"),
    ],
)
def test_the_next_change_of_hours_is_told(rules: Rules, said: str) -> None:
    assert say_hours(look_at(Route("bolt", rules=rules)).hours, T0) == said


def test_a_counter_tells_what_is_used_held_and_left_and_when_it_begins_anew() -> None:
    usage = {
        f"{TODAY}/destination:bolt": Usage(1, 0),
        "concurrent/ever/destination:bolt": Usage(0, 1, at(-10)),
    }
    route = Route("bolt", quota=replace(TWO_A_DAY, concurrency=3), rules=Rules(spacing_s=30))

    day, at_once = look_at(route, usage=usage).gauges

    assert (day.limit, day.left, day.resets_at) == (2, 1, datetime(2026, 9, 16, tzinfo=UTC))
    assert (at_once.limit, at_once.left, at_once.resets_at) == (3, 2, None)
    assert (day.ready_at, at_once.ready_at) == (None, T0 + timedelta(seconds=20))


def test_what_only_counts_has_no_limit_and_an_overshot_one_has_nothing_left() -> None:
    spaced = look_at(Route("bolt", rules=Rules(spacing_s=30)))
    overshot = look_at(
        Route("bolt", quota=TWO_A_DAY), usage={f"{TODAY}/destination:bolt": Usage(3)}
    )

    assert [(gauge.limit, gauge.left) for gauge in spaced.gauges] == [(None, None)]
    assert [gauge.left for gauge in overshot.gauges] == [0]


def test_a_stop_that_has_ended_is_not_shown_and_a_half_open_breaker_is() -> None:
    over = replace(stop(StopCause.DOWN), until=at(-1))
    half_open = stop(StopCause.HALF_OPEN)

    assert look_at(Route("acme-east"), over, half_open).stops == (half_open,)


def test_the_overflow_is_asked_neither_for_its_hours_nor_for_its_filters() -> None:
    closed = Rules(filters=(IN_TEXAS,), hours=AT_NIGHT.hours)
    room = look(table(Route("spare", rules=closed), "dash", nobody_left=OVERFLOW))

    listed, off, last = room.destinations
    assert (listed.role, off.role, last.role) == (Role.ROUTE, Role.ROUTE, Role.OVERFLOW)
    assert (listed.skip is None, last.skip is None) == (False, True)
    assert (last.hours, last.asks) == (None, ())


def test_a_destination_that_numbers_are_pointed_at_is_there_too() -> None:
    to_spare = AdvertisedNumber("+18005550101", to="spare")
    to_bolt = AdvertisedNumber("+18005550102", to="bolt")
    pointed = replace(
        table("bolt", nobody_left=OVERFLOW), numbers=(AdvertisedNumber(DID), to_spare, to_bolt)
    )

    assert [
        (each.destination_id, each.role, each.pointed_numbers)
        for each in look(pointed).destinations
    ] == [
        ("bolt", Role.ROUTE, ("+18005550102",)),
        ("spare", Role.POINTED, ("+18005550101",)),
        ("spare", Role.OVERFLOW, ()),
    ]


def test_calls_in_progress_are_told_of_each_destination() -> None:
    plan = make_plan(table("bolt", "dash"), directory())

    room = view_campaign(plan, Conditions(at=T0), {"bolt": 3})

    assert [each.live_calls for each in room.destinations] == [3, 0]


TO_SPARE = (AdvertisedNumber("+18005550101", to="spare"),)


@pytest.mark.parametrize(
    ("of_table", "taken_by", "said"),
    [
        pytest.param(
            table("bolt", "dash", nobody_left=OVERFLOW), Role.ROUTE, "takes calls", id="a route"
        ),
        pytest.param(
            replace(table("dash", nobody_left=OVERFLOW), numbers=TO_SPARE),
            Role.POINTED,
            "takes calls to pointed numbers only",
            id="where a number points",
        ),
        pytest.param(
            table("dash", nobody_left=OVERFLOW),
            Role.OVERFLOW,
            "takes calls by its overflow only",
            id="the overflow",
        ),
        pytest.param(table("dash"), None, "takes no calls", id="nobody"),
    ],
)
def test_a_campaign_takes_calls_as_far_as_somebody_of_it_does(
    of_table: RoutingTable, taken_by: Role | None, said: str
) -> None:
    room = look(of_table)

    assert room.taken_by == taken_by
    assert say_taken_by(room) == said


def test_what_is_shared_stands_once_with_its_stops_and_counters() -> None:
    shared = replace(
        table(Route("acme-east", group_id="west"), Route("acme-west", group_id="west"), "bolt"),
        numbers=(AdvertisedNumber(DID, "radio"), AdvertisedNumber("+18005550101", "tv")),
        quota=TWO_A_DAY,
        buyer_quotas={"acme": Quota(concurrency=1)},
        groups={"west": Group("west", quota=TWO_A_DAY)},
        publisher_quotas={"tv": TWO_A_DAY},
    )
    usage = {"concurrent/ever/buyer:acme": Usage(0, 1)}
    room = look(shared, stop(StopCause.PAUSED, StopKind.PUBLISHER, "radio"), usage=usage)

    assert [str(each.subject.kind) for each in room.shared] == [
        "buyer", "group", "campaign", "publisher", "publisher",
    ]  # fmt: skip
    assert not find_shared(room, SubjectKind.BUYER, "acme").has_room
    assert find_shared(room, SubjectKind.GROUP, "roofing.west").has_room
    radio = find_shared(room, SubjectKind.PUBLISHER, "radio")
    assert (radio.has_room, len(radio.stops), radio.gauges) == (False, 1, ())
    assert find_shared(room, SubjectKind.PUBLISHER, "tv").has_room


def test_all_counters_include_those_of_every_publisher() -> None:
    of_two = replace(
        table(Route("bolt", quota=TWO_A_DAY)),
        publisher_quotas={"radio": TWO_A_DAY, "tv": TWO_A_DAY},
    )

    kinds = [
        counter.subject.subject_id for counter in list_all_counters(make_plan(of_two, directory()))
    ]
    assert kinds == ["bolt", "radio", "tv"]


@given(
    rules=st.sampled_from((Rules(), AT_NOON, AT_NIGHT, NEVER)),
    destination=st.sampled_from(("acme-east", "dash", "gone")),
    stops=st.lists(
        st.sampled_from((stop(StopCause.PAUSED), stop(StopCause.HALF_OPEN))), max_size=2
    ),
    used=st.integers(0, 3),
    probing=st.booleans(),
)
def test_the_board_and_a_decision_about_a_plain_call_never_disagree(
    rules: Rules, destination: str, stops: list[Stop], used: int, probing: bool
) -> None:
    plan = make_plan(
        table(Route(destination, rules=rules, quota=TWO_A_DAY)), directory(off=("dash",))
    )
    usage = {f"{TODAY}/destination:{destination}": Usage(used)}
    if probing:
        usage["probe/destination:acme-east"] = Usage(held=1)
    conditions = Conditions(at=T0, usage=usage, stops=tuple(stops))

    seen = view_campaign(plan, conditions).destinations[0].skip
    decided = (
        decide(plan, CallSoFar(CALL_SID, DID, read_caller(ANI)), conditions).candidates[0].skip
    )

    assert seen == decided


def test_how_a_buyers_account_stands_is_shown_with_what_is_used_of_its_credit() -> None:
    account = "account-USD/ever/buyer:acme"
    credit = CreditLine(limit_micros=100_000_000, currency="USD")
    acme = BuyerStanding(buyer_id="acme", state="watched", reason="late", credit=credit)
    dash = BuyerStanding(buyer_id="bolt", state="suspended", effect=Effect(takes_calls=False))
    usage = {account: Usage(40_000_000, 20_000_000)}
    conditions = Conditions(at=T0, usage=usage, standings={"acme": acme, "bolt": dash})

    room = view_campaign(make_plan(table("acme-east", "bolt"), directory()), conditions)

    east, bolt = room.destinations
    assert (east.skip, east.standing) == (None, acme)
    assert bolt.skip is not None
    assert bolt.skip.rule is SkipRule.STANDING
    of_acme = find_shared(room, SubjectKind.BUYER, "acme")
    assert of_acme.has_room
    assert [gauge.left for gauge in of_acme.gauges] == [40_000_000]
    of_bolt = find_shared(room, SubjectKind.BUYER, "bolt")
    assert (of_bolt.has_room, of_bolt.standing, of_bolt.gauges) == (False, dash, ())
