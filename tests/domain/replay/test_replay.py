"""Recorded calls by another table: what goes where, by what outcome, under which caps and stops."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.callers.caller_lists import ListEffect, ListEntry
from callrouter.domain.callers.duplicates import CallerRules, DuplicateAfter, DuplicateRule
from callrouter.domain.calls.destination_outcomes import CountedOutcome, DestinationOutcome
from callrouter.domain.cdr import AttemptOutcome, AttemptRecord
from callrouter.domain.clocks.periods import Period
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.limits.caps import Cap, Measure, Usage
from callrouter.domain.limits.standing import BuyerStanding, Effect
from callrouter.domain.numbers import read_caller
from callrouter.domain.replay.outcome_draws import NOBODY_KNOWS, OutcomePool
from callrouter.domain.replay.recorded import RecordedCall
from callrouter.domain.replay.remembered_callers import RememberedCallers
from callrouter.domain.replay.replayed_table import Placement, ReplayedTable
from callrouter.domain.replay.report import (
    CALLER_LEFT,
    NOBODY,
    BurstRow,
    Figures,
    Move,
    ReplayReport,
    TableTally,
    compare_runs,
    name_end,
)
from callrouter.domain.replay.standing_timeline import StandingTimeline, StandingTurn
from callrouter.domain.replay.stop_timeline import StopTimeline, StopTurn
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    Group,
    LastResort,
    NobodyLeft,
    Ring,
    Route,
    RoutingTable,
    Strategy,
    StrategyName,
)
from callrouter.domain.tables.rules import Quota, Recovery, Rules

T0 = datetime(2026, 9, 15, 17, tzinfo=UTC)
DID = "+18005550100"
CONNECTED, BUSY, ABANDONED = (
    AttemptOutcome.CONNECTED,
    AttemptOutcome.BUSY,
    AttemptOutcome.ABANDONED,
)
NAMES = ("east", "west", "north")
DIRECTORY = Directory(
    1,
    {name: Buyer(name, name, "UTC") for name in NAMES},
    {name: Destination(name, name, f"+1312555017{i}") for i, name in enumerate(NAMES)},
)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def plan(*routes: Route, **more: object) -> Plan:
    """A plan of the routes, tried in this order."""
    ordered = tuple(replace(route, priority=i + 1) for i, route in enumerate(routes))
    table = RoutingTable("flood-repair", (AdvertisedNumber(DID, "radio"),), ordered, **more)  # type: ignore[arg-type]
    return make_plan(table, DIRECTORY)


def attempt(
    destination: str, outcome: AttemptOutcome = CONNECTED, connected_ms: int = 60_000
) -> AttemptRecord:
    return AttemptRecord(
        attempt=1,
        destination_id=destination,
        buyer_id=destination,
        outcome=outcome,
        leg_sid="",
        dialed_at=T0,
        ring_ms=5_000,
        answered_ms=0,
        connected_ms=connected_ms if outcome is CONNECTED else 0,
        table_version=1,
    )


def recorded(
    seconds: float, *attempts: AttemptRecord, sid: str = "", ani: str = "", hung_up: bool = False
) -> RecordedCall:
    call = CallSoFar(
        sid or f"CA{seconds}", DID, read_caller(ani or f"+1415555{int(seconds) % 10_000:04}")
    )
    return RecordedCall(call, at(seconds), attempts, buyer_hung_up=hung_up)


def past(
    destination: str, outcome: CountedOutcome, connected_ms: int = 0
) -> tuple[DestinationOutcome, ...]:
    return (
        DestinationOutcome(
            call_sid="CA0",
            attempt=1,
            destination_id=destination,
            buyer_id=destination,
            campaign_id="flood-repair",
            dialed_at=at(-600),
            ended_at=at(-600) + timedelta(milliseconds=8_000 + connected_ms),
            outcome=outcome,
            connected_ms=connected_ms,
        ),
    )


ALWAYS = OutcomePool({name: past(name, CountedOutcome.CONNECTED, 120_000) for name in NAMES})
"""Everybody answers, and talks for two minutes."""


def run(
    made: Plan,
    pool: OutcomePool = ALWAYS,
    *,
    entries: tuple[ListEntry, ...] = (),
    used: Mapping[str, Usage] | None = None,
) -> ReplayedTable:
    callers = RememberedCallers("flood-repair", entries, asks_history=made.knows_callers)
    return ReplayedTable(made, pool, callers, used or {})


def ends(table: ReplayedTable, *calls: RecordedCall, stops: tuple[Stop, ...] = ()) -> list[str]:
    return [name_end(table.place(call, stops)) for call in calls]


def test_a_call_that_goes_where_it_went_ends_as_it_ended() -> None:
    placed = run(plan(Route("east", price_micros=35_000_000, payable_after_s=60))).place(
        recorded(0, attempt("east", connected_ms=61_000)), ()
    )
    (talk,) = placed.talks
    assert (talk.destination_id, talk.buyer_id) == ("east", "east")
    assert (talk.outcome.connected_ms, talk.revenue_micros) == (61_000, 35_000_000)
    assert not placed.is_estimate


def test_who_really_was_busy_is_busy_again_and_the_next_is_dialled() -> None:
    placed = run(plan(Route("east"), Route("west"))).place(
        recorded(0, attempt("east", BUSY), attempt("north")), ()
    )
    assert [talk.destination_id for talk in placed.talks] == ["east", "west"]
    assert placed.is_estimate  # nobody knows how it would have gone at west
    assert name_end(placed) == "west"


def test_a_caller_who_left_while_it_rang_leaves_again() -> None:
    placed = run(plan(Route("east"), Route("west"))).place(
        recorded(0, attempt("east", ABANDONED)), ()
    )
    assert len(placed.talks) == 1
    assert name_end(placed) == CALLER_LEFT


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        pytest.param(CountedOutcome.CONNECTED, "east", id="connected"),
        pytest.param(CountedOutcome.HUNG_UP, "east", id="the-buyer-hung-up"),
        pytest.param(CountedOutcome.BUSY, NOBODY, id="busy"),
        pytest.param(CountedOutcome.NOTHING, CALLER_LEFT, id="the-caller-left"),
    ],
)
def test_where_a_call_never_went_the_past_of_the_destination_tells(
    outcome: CountedOutcome, end: str
) -> None:
    pool = OutcomePool({"east": past("east", outcome, 30_000)})
    assert ends(run(plan(Route("east")), pool), recorded(0)) == [end]


def test_without_a_past_all_the_others_tell_and_without_any_it_does_not_answer() -> None:
    pool = OutcomePool({"west": past("west", CountedOutcome.CONNECTED, 30_000), "east": ()})
    assert not pool.has_past("east")
    assert pool.has_past("west")
    found = pool.find(recorded(0), "east")
    assert (found.connected, found.connected_ms, found.ring_ms) == (True, 30_000, 8_000)
    assert OutcomePool({}).find(recorded(0), "east") == NOBODY_KNOWS


def test_draws_come_in_the_shares_of_the_past_and_the_same_each_time() -> None:
    pool = OutcomePool(
        {"east": past("east", CountedOutcome.CONNECTED) * 3 + past("east", CountedOutcome.BUSY)}
    )
    calls = [recorded(i, sid=f"CA{i}") for i in range(2_000)]
    first = [pool.find(call, "east").connected for call in calls]
    assert first == [pool.find(call, "east").connected for call in calls]
    assert sum(first) / len(first) == pytest.approx(0.75, abs=0.03)


def test_a_cap_is_counted_by_the_replays_own_calls_and_tells_whom_it_turned_away() -> None:
    cap = Cap(Measure.CONNECTED, 2, Period.DAY)
    table = run(plan(Route("east", quota=Quota((cap,))), Route("west")))
    calls = [recorded(i * 300.0, attempt("east")) for i in range(4)]
    placed = [table.place(call, ()) for call in calls]
    assert [name_end(each) for each in placed] == ["east", "east", "west", "west"]
    (burst,) = placed[2].bursts
    assert (burst.subject, burst.limit, burst.period) == (
        "destination east",
        "2 connected a day",
        "day:2026-09-15",
    )
    tomorrow = recorded(86_400, attempt("east"))
    assert ends(table, tomorrow) == ["east"]


def test_what_was_used_before_the_period_counts_and_what_was_held_is_taken_as_used() -> None:
    cap = Cap(Measure.CONNECTED, 2, Period.EVER)
    made = plan(Route("east", quota=Quota((cap,), concurrency=1)), Route("west"))
    keys = [counter.key_at(T0) for counter in made.counters]
    used = {key: Usage(1, 1) for key in keys}
    assert ends(run(made, used=used), recorded(0, attempt("east"))) == ["west"]
    concurrent = {key: Usage(1, 1) for key in keys if key.startswith("concurrent")}
    assert ends(run(made, used=concurrent), recorded(0, attempt("east"))) == ["east"]


def test_a_talk_takes_its_place_for_as_long_as_it_lasts() -> None:
    table = run(plan(Route("east", quota=Quota(concurrency=1)), Route("west")))
    calls = [recorded(s, attempt("east", connected_ms=60_000)) for s in (0, 30, 66)]
    assert ends(table, *calls) == ["east", "west", "east"]


def test_spacing_is_kept() -> None:
    table = run(plan(Route("east", rules=Rules(spacing_s=10)), Route("west")))
    calls = [recorded(s, attempt("east", BUSY), attempt("west")) for s in (0, 5, 11)]
    firsts = [table.place(call, ()).talks[0].destination_id for call in calls]
    assert firsts == ["east", "west", "east"]


def test_who_was_stopped_then_gets_nothing_and_a_did_that_is_not_there_reaches_nobody() -> None:
    stop = Stop(kind=StopKind.DESTINATION, subject_id="east", cause=StopCause.PAUSED, since=T0)
    table = run(plan(Route("east"), Route("west")))
    assert ends(table, recorded(0, attempt("east")), stops=(stop,)) == ["west"]
    call = recorded(1)
    elsewhere = replace(call, call=replace(call.call, did="+18005550199"))
    placed = table.place(elsewhere, ())
    assert (placed.in_table, name_end(placed)) == (False, NOBODY)


def test_a_destination_that_the_directory_has_no_more_takes_no_call() -> None:
    gone = make_plan(
        RoutingTable("c", (AdvertisedNumber(DID),), (Route("gone"), Route("east", priority=2))),
        DIRECTORY,
    )
    assert ends(run(gone), recorded(0, attempt("gone"))) == ["east"]


def test_a_duplicate_is_known_by_the_replays_own_calls_and_by_those_before_it() -> None:
    rule = DuplicateRule(86_400, after=DuplicateAfter.CONNECTED)
    made = plan(Route("east", rules=Rules(duplicates=rule)), Route("west"))
    first, again = (recorded(s, attempt("east"), ani="+14155550123") for s in (0, 600))
    assert ends(run(made), first, again) == ["east", "west"]
    table = run(made)
    table.remember(first)
    table.remember(recorded(1, attempt("deleted"), ani="+14155550124"))
    table.remember(recorded(1, attempt("east", BUSY), ani="+14155550125"))
    assert ends(table, again) == ["west"]
    anonymous = [recorded(s, attempt("east"), ani="anonymous") for s in (0, 600)]
    assert ends(run(made), *anonymous) == ["east", "east"]


def test_while_the_first_call_lasts_the_second_is_no_duplicate_yet() -> None:
    rule = DuplicateRule(86_400, after=DuplicateAfter.CONNECTED)
    made = plan(Route("east", rules=Rules(duplicates=rule)), Route("west"))
    calls = [recorded(s, attempt("east"), ani="+14155550123") for s in (0, 30)]
    assert ends(run(made), *calls) == ["east", "east"]


def test_the_same_caller_too_soon_and_one_who_is_blocked_get_nobody() -> None:
    table = run(plan(Route("east"), callers=CallerRules(min_gap_s=30)))
    calls = [recorded(s, attempt("east"), ani="+14155550123") for s in (0, 20)]
    assert ends(table, *calls) == ["east", NOBODY]
    blocked = ListEntry(effect=ListEffect.BLOCK, pattern="+1415*", added_at=T0)
    assert ends(run(plan(Route("east")), entries=(blocked,)), calls[0]) == [NOBODY]
    other = recorded(0, attempt("east"), ani="+12125550123")
    assert ends(run(plan(Route("east")), entries=(blocked,)), other) == ["east"]


def test_in_a_ring_group_whoever_really_answered_answers() -> None:
    together = {"desks": Group("desks", Ring.TOGETHER)}
    routes = (Route("east", group_id="desks"), Route("west", group_id="desks"))
    nobody = OutcomePool({"east": past("east", CountedOutcome.BUSY)})
    made = make_plan(
        RoutingTable("c", (AdvertisedNumber(DID),), routes, groups=together), DIRECTORY
    )
    placed = run(made, nobody).place(recorded(0, attempt("west")), ())
    assert [talk.destination_id for talk in placed.talks] == ["west"]
    lost = run(made, nobody).place(recorded(0), ())
    assert name_end(lost) == NOBODY
    assert len(lost.talks) == 1


def test_in_a_ring_group_only_the_one_that_answered_used_its_cap() -> None:
    cap = Quota((Cap(Measure.CONNECTED, 1, Period.DAY),))
    together = {"desks": Group("desks", Ring.TOGETHER)}
    routes = (
        Route("east", group_id="desks", quota=cap),
        Route("west", group_id="desks", quota=cap),
    )
    made = make_plan(
        RoutingTable("c", (AdvertisedNumber(DID),), routes, groups=together), DIRECTORY
    )
    pool = OutcomePool({name: past(name, CountedOutcome.BUSY) for name in NAMES})
    calls = [
        recorded(0, attempt("west")),
        recorded(600, attempt("west")),
        recorded(1200, attempt("east")),
    ]
    assert ends(run(made, pool), *calls) == ["west", NOBODY, "east"]


def test_of_several_buyers_that_ring_together_only_the_one_that_answered_used_its_cap() -> None:
    once = Quota((Cap(Measure.CONNECTED, 1, Period.DAY),))
    made = make_plan(
        RoutingTable(
            "c",
            (AdvertisedNumber(DID),),
            (Route("east", group_id="desks"), Route("west", group_id="desks")),
            groups={"desks": Group("desks", Ring.TOGETHER)},
            buyer_quotas={"east": once, "west": once},
        ),
        DIRECTORY,
    )
    pool = OutcomePool({name: past(name, CountedOutcome.BUSY) for name in NAMES})
    calls = [
        recorded(0, attempt("west")),
        recorded(600, attempt("west")),
        recorded(1200, attempt("east")),
    ]
    assert ends(run(made, pool), *calls) == ["west", NOBODY, "east"]


@pytest.mark.parametrize(
    ("rule", "attempts", "hung_up", "talks"),
    [
        pytest.param(None, ("east",), True, ["east"], id="no-rule"),
        pytest.param(Recovery(20), ("east",), True, ["east", "west"], id="dropped"),
        pytest.param(Recovery(20), ("east", "north"), False, ["east", "west"], id="it-went-on"),
        pytest.param(Recovery(20), ("east",), False, ["east"], id="the-caller-hung-up"),
        pytest.param(Recovery(10), ("east",), True, ["east"], id="long-enough"),
    ],
)
def test_a_caller_who_was_dropped_early_goes_on_by_the_rule_of_the_table(
    rule: Recovery | None, attempts: tuple[str, ...], hung_up: bool, talks: list[str]
) -> None:
    made = plan(Route("east", rules=Rules(recovery=rule)), Route("west"))
    call = recorded(0, *(attempt(name, connected_ms=15_000) for name in attempts), hung_up=hung_up)
    placed = run(made).place(call, ())
    assert [talk.destination_id for talk in placed.talks] == talks
    assert name_end(placed) == talks[-1]


def test_recovery_ends_and_a_call_that_was_dropped_by_all_was_not_left_with_nobody() -> None:
    made = plan(*(Route(name, rules=Rules(recovery=Recovery(20))) for name in NAMES))
    drops = OutcomePool({name: past(name, CountedOutcome.HUNG_UP, 5_000) for name in NAMES})
    placed = run(made, drops).place(recorded(0), ())
    assert [talk.destination_id for talk in placed.talks] == ["east", "west"]
    lone = plan(Route("east", rules=Rules(recovery=Recovery(20))))
    dropped = run(lone, drops).place(recorded(0), ())
    assert not dropped.nobody_left
    assert name_end(dropped) == "east"


def test_revenue_per_call_is_earned_in_the_replay_itself() -> None:
    strategy = Strategy(StrategyName.REVENUE_PER_CALL, minimum_calls=1, new_share_percent=0)
    routes = (Route("east", price_micros=1_000_000), Route("west", price_micros=2_000_000))
    table = RoutingTable("c", (AdvertisedNumber(DID),), routes, strategy=strategy)
    replayed = run(make_plan(table, DIRECTORY))
    calls = [recorded(i, attempt("east", BUSY), attempt("west")) for i in range(6)]
    placed = [replayed.place(call, ()) for call in calls]
    assert placed[-1].talks[0].destination_id == "west"


def test_the_overflow_may_be_full_too() -> None:
    end = NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="west")
    full = Quota((Cap(Measure.ATTEMPTS, 1, Period.DAY),))
    made = plan(Route("east", quota=full), Route("west", quota=full), nobody_left=end)
    placed = [run(made).place(recorded(i), ()) for i in range(1)]
    table = run(made)
    found = [
        table.place(recorded(i * 600.0, attempt("east"), attempt("west")), ()) for i in range(3)
    ]
    assert name_end(placed[0]) == "east"
    assert [name_end(each) for each in found] == ["east", "west", NOBODY]
    assert {burst.subject for burst in found[2].bursts} == {"destination east", "destination west"}


def test_stops_come_and_go_as_they_were_written_down() -> None:
    def stop(cause: StopCause) -> Stop:
        return Stop(kind=StopKind.BUYER, subject_id="east", cause=cause, since=T0)

    paused, opened = stop(StopCause.PAUSED), stop(StopCause.BREAKER_OPEN)
    half = stop(StopCause.HALF_OPEN)
    subject = (StopKind.BUYER, "east")
    timeline = StopTimeline(
        [
            StopTurn(at(-5), *subject, None, paused),
            StopTurn(at(10), *subject, None, opened),
            StopTurn(at(20), *subject, StopCause.BREAKER_OPEN, half),
            StopTurn(at(30), *subject, StopCause.PAUSED, None),
        ]
    )
    found = [timeline.find_stops(at(s)) for s in (0, 15, 20, 31, 99)]
    assert found == [(paused,), (paused, opened), (paused, half), (half,), (half,)]


def compare(live: ReplayedTable, candidate: ReplayedTable, *calls: RecordedCall) -> ReplayReport:
    tallies = TableTally(), TableTally()
    moves: Counter[tuple[str, str]] = Counter()
    for call in calls:
        placed = live.place(call, ()), candidate.place(call, ())
        for tally, each in zip(tallies, placed, strict=True):
            tally.add(each)
        moves[name_end(placed[0]), name_end(placed[1])] += 1
    return compare_runs(*tallies, moves)


def test_a_report_adds_up_and_says_what_moved_where() -> None:
    live = run(plan(Route("east", price_micros=1_000_000), Route("west")))
    capped = Route("east", quota=Quota((Cap(Measure.ATTEMPTS, 1, Period.DAY),)))
    candidate = run(plan(capped, Route("west", price_micros=3_000_000)))
    report = compare(
        live,
        candidate,
        recorded(0, attempt("east")),
        recorded(600, attempt("east")),
        recorded(1200, attempt("east", ABANDONED)),
    )
    assert (report.calls, report.changed) == (3, 2)
    assert (report.live_left, report.candidate_left, report.candidate_unknown) == (0, 0, 0)
    east, west = report.rows
    assert east.live == Figures(3, 2, 120_000, 2_000_000, 0)
    assert east.candidate == Figures(1, 1, 60_000, 0, 0)
    assert west.live == Figures()
    assert west.candidate == Figures(2, 2, 240_000, 6_000_000, 2)
    assert report.moves == (Move(CALLER_LEFT, "west", 1), Move("east", "west", 1))
    assert report.bursts == (
        BurstRow("destination east", "1 attempts a day", 0, 2, "day:2026-09-15", 2),
    )


def test_a_cap_that_only_the_live_table_has_is_reported_too() -> None:
    capped = Route("east", quota=Quota((Cap(Measure.ATTEMPTS, 1, Period.DAY),)))
    live, candidate = run(plan(capped)), run(plan(Route("east")))
    report = compare(live, candidate, recorded(0, attempt("east")), recorded(600, attempt("east")))
    assert [(row.live, row.candidate, row.worst) for row in report.bursts] == [(1, 0, 1)]
    assert report.live_left == 1


def test_a_placement_of_nothing_is_no_estimate() -> None:
    assert not Placement().is_estimate


_QUOTAS = st.builds(
    Quota,
    st.lists(
        st.builds(Cap, st.sampled_from((Measure.ATTEMPTS, Measure.CONNECTED)), st.integers(1, 5)),
        max_size=2,
    ).map(tuple),
    concurrency=st.sampled_from((None, 1, 2)),
)
_ROUTES = st.lists(
    st.builds(Route, st.sampled_from(NAMES), weight=st.integers(1, 9), quota=_QUOTAS),
    min_size=1,
    max_size=3,
    unique_by=lambda route: route.destination_id,
).map(tuple)


@settings(max_examples=60, deadline=None)
@given(_ROUTES, st.lists(st.integers(0, 90), max_size=30))
def test_in_a_replay_no_cap_is_ever_overshot(routes: tuple[Route, ...], gaps: list[int]) -> None:
    table = run(make_plan(RoutingTable("c", (AdvertisedNumber(DID),), routes), DIRECTORY))
    taken: dict[str, list[str]] = {name: [] for name in NAMES}
    seconds = 0
    for number, gap in enumerate(gaps):
        seconds += gap
        placed = table.place(recorded(seconds, sid=f"CA{number}"), ())
        for talk in placed.talks:
            taken[talk.destination_id].append(f"CA{number}")
    for route in routes:
        for cap in route.quota.caps:
            assert len(taken[route.destination_id]) <= cap.limit


@settings(max_examples=60, deadline=None)
@given(_ROUTES, st.integers(0, 50), st.booleans())
def test_a_brief_decision_dials_whom_the_whole_one_dials(
    routes: tuple[Route, ...], number: int, rings_together: bool
) -> None:
    groups = {"g": Group("g", Ring.TOGETHER)}
    if rings_together:
        routes = tuple(replace(route, group_id="g") for route in routes)
    made = make_plan(RoutingTable("c", (AdvertisedNumber(DID),), routes, groups=groups), DIRECTORY)
    keys = [counter.key_at(T0) for counter in made.counters]
    usage = {key: Usage(number % (3 + i)) for i, key in enumerate(keys)}
    call = CallSoFar(f"CA{number}", DID, read_caller("+14155550123"))
    conditions = Conditions(at=T0, usage=usage)
    whole, brief = (decide(made, call, conditions, brief=b) for b in (False, True))
    assert brief == replace(whole, candidates=brief.candidates)
    assert brief.candidates == whole.candidates[: len(brief.candidates)]


def test_a_buyer_gets_no_calls_in_a_replay_while_its_account_was_suspended() -> None:
    table = run(plan(Route("east"), Route("west")))
    suspended = BuyerStanding(buyer_id="east", state="suspended", effect=Effect(takes_calls=False))
    timeline = StandingTimeline(
        (
            StandingTurn(at(50.0), suspended),
            StandingTurn(at(150.0), replace(suspended, state="good", effect=Effect())),
        )
    )

    seen = [timeline.find_standings(at(seconds)) for seconds in (0.0, 100.0, 120.0, 200.0)]

    assert [list(each) for each in seen] == [[], ["east"], ["east"], []]
    assert seen[1] is seen[2]
    call = recorded(100.0, attempt("east"), attempt("west"))
    assert [talk.destination_id for talk in table.place(call, (), seen[1]).talks] == ["west"]
