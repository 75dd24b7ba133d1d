import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.numbers import Caller, read_caller
from callrouter.domain.routing.closing import close_call, refuse_number
from callrouter.domain.routing.decision import CallSoFar, Closing, Skip, SkipRule
from callrouter.domain.routing.eligibility import CARRIER_EXTRA_RING_S, SHORTEST_RING_S
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import (
    LastResort,
    Limits,
    NobodyLeft,
    Route,
    RoutingTable,
    Screening,
    WithheldCallers,
)
from tests.domain.builders import (
    ANI,
    DID,
    NUMBERS,
    PRESS_1,
    call,
    decide,
    directory,
    rank_routes,
    table,
)

ANONYMOUS = read_caller("Anonymous")
OVERFLOW = NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="spare", overflow_ring_s=40)
VOICEMAIL = NobodyLeft(LastResort.VOICEMAIL, say="Leave a message.", voicemail_max_s=90)

destination_ids = st.sampled_from(tuple(NUMBERS))
call_sids = st.text("0123456789abcdef", min_size=32, max_size=32).map(lambda x: "CA" + x)
routes = st.builds(
    Route,
    destination_ids,
    priority=st.integers(1, 4),
    weight=st.integers(1, 100),
    ring_s=st.integers(SHORTEST_RING_S, 60),
    whisper=st.sampled_from(("", "A roofing call.")),
    screening=st.sampled_from((None, PRESS_1)),
)
nobody_lefts = st.one_of(
    st.just(NobodyLeft()),
    st.just(VOICEMAIL),
    st.builds(
        NobodyLeft,
        st.just(LastResort.OVERFLOW),
        overflow_destination_id=destination_ids,
        overflow_ring_s=st.integers(SHORTEST_RING_S, 60),
    ),
)
tables = st.builds(
    RoutingTable,
    campaign_id=st.just("roofing"),
    numbers=st.just(()),
    routes=st.lists(routes, min_size=1, max_size=6, unique_by=lambda r: r.destination_id).map(
        tuple
    ),
    version=st.integers(0, 9),
    limits=st.builds(
        Limits,
        attempts=st.integers(1, 5),
        ring_s=st.integers(10, 200),
        call_s=st.integers(60, 14_400),
    ),
    nobody_left=nobody_lefts,
    withheld_callers=st.sampled_from(WithheldCallers),
)
directories = st.builds(
    lambda known, off: directory(*sorted(known), off=tuple(off)) if known else Directory(),
    st.sets(destination_ids),
    st.sets(destination_ids),
)
callers = st.sampled_from((ANI, "Anonymous", "", "+266696687", "sip:desk@example.com")).map(
    read_caller
)
calls = st.builds(
    CallSoFar,
    call_sids,
    st.just(DID),
    callers,
    publisher=st.just("radio"),
    tried=st.lists(destination_ids, max_size=5, unique=True).map(tuple),
    ring_ms=st.integers(0, 250_000),
)


@pytest.mark.parametrize(
    ("off", "so_far", "limits", "skip"),
    [
        pytest.param((), call(), Limits(), None, id="eligible"),
        pytest.param(
            (),
            call("bolt", "acme-east"),
            Limits(),
            Skip(SkipRule.ALREADY_TRIED, "attempt 2 of this call"),
            id="already-tried",
        ),
        pytest.param(
            ("acme-east",),
            call(),
            Limits(),
            Skip(SkipRule.DISABLED, "switched off in the directory"),
            id="disabled",
        ),
        pytest.param(
            (),
            call("bolt", "cosy", "dash"),
            Limits(attempts=3),
            Skip(SkipRule.ATTEMPT_LIMIT, "3 of 3 attempts used"),
            id="attempts-used-up",
        ),
        pytest.param((), call("bolt", "cosy"), Limits(attempts=3), None, id="last-attempt-left"),
        pytest.param(
            (),
            call("bolt", ring_ms=80_001),
            Limits(ring_s=90),
            Skip(SkipRule.RING_LIMIT, "80.0 s of 90 s rung"),
            id="ring-used-up-by-a-millisecond",
        ),
        pytest.param(
            (), call("bolt", ring_ms=80_000), Limits(ring_s=90), None, id="ring-just-left"
        ),
        pytest.param(
            (),
            call("bolt", "cosy", ring_ms=90_000),
            Limits(attempts=2, ring_s=90),
            Skip(SkipRule.ATTEMPT_LIMIT, "2 of 2 attempts used"),
            id="attempts-are-looked-at-before-ring",
        ),
        pytest.param(
            ("acme-east",),
            call("acme-east"),
            Limits(attempts=1),
            Skip(SkipRule.ALREADY_TRIED, "attempt 1 of this call"),
            id="the-destination's-own-reason-first",
        ),
    ],
)
def test_a_candidate_says_which_rule_passed_it_by_and_what_it_saw(
    off: tuple[str, ...], so_far: CallSoFar, limits: Limits, skip: Skip | None
) -> None:
    decision = decide(table("acme-east", limits=limits), directory(off=off), so_far)

    assert decision.candidates[0].skip == skip


def test_a_destination_that_the_directory_lacks_is_skipped_with_the_version_that_was_read() -> None:
    decision = decide(table("acme-east"), directory("bolt", version=12), call())

    (candidate,) = decision.candidates
    assert candidate.skip == Skip(SkipRule.NOT_IN_DIRECTORY, "not in directory version 12")
    assert candidate.buyer_id == ""


def test_a_destination_that_was_switched_off_for_a_reason_says_the_reason() -> None:
    known = directory("acme-east")
    off = replace(known.destinations["acme-east"], enabled=False, note="moving house until Monday")
    noted = replace(known, destinations={"acme-east": off})

    (candidate,) = decide(table("acme-east"), noted, call()).candidates

    assert candidate.skip == Skip(SkipRule.DISABLED, "moving house until Monday")


@pytest.mark.parametrize(
    ("from_", "saw"),
    [
        pytest.param("Anonymous", "caller id 'Anonymous'", id="word"),
        pytest.param("+266696687", "caller id '+266696687'", id="keypad"),
        pytest.param("", "caller id ''", id="empty"),
    ],
)
def test_a_table_may_refuse_callers_who_withhold_their_number(from_: str, saw: str) -> None:
    refusing = replace(table("acme-east", "bolt"), withheld_callers=WithheldCallers.REFUSE)

    decision = decide(refusing, directory(), call(caller=read_caller(from_)))

    assert {c.skip for c in decision.candidates} == {Skip(SkipRule.WITHHELD_CALLER, saw)}
    assert decision.closing is Closing.MESSAGE


@pytest.mark.parametrize(
    ("resort"), [pytest.param(OVERFLOW, id="overflow"), pytest.param(VOICEMAIL, id="voicemail")]
)
def test_a_refused_caller_hears_the_message_whatever_the_last_resort(resort: NobodyLeft) -> None:
    refusing = replace(
        table("acme-east", nobody_left=resort), withheld_callers=WithheldCallers.REFUSE
    )

    decision = decide(refusing, directory(), call(caller=ANONYMOUS))

    assert (decision.closing, decision.say, decision.dial) == (Closing.MESSAGE, resort.say, None)
    assert [c.destination_id for c in decision.candidates] == ["acme-east"]


def test_a_table_that_refuses_withheld_callers_takes_all_others() -> None:
    refusing = replace(table("acme-east"), withheld_callers=WithheldCallers.REFUSE)

    assert decide(refusing, directory(), call()).dial is not None


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        pytest.param(read_caller(ANI), None, id="a-number-is-passed-on"),
        pytest.param(ANONYMOUS, DID, id="withheld"),
        pytest.param(read_caller("+7378742833"), DID, id="withheld-by-keypad"),
        pytest.param(read_caller("sip:desk@example.com"), DID, id="sip-address"),
        pytest.param(read_caller("client:alice"), DID, id="client"),
        pytest.param(read_caller("555"), DID, id="raw-digits"),
    ],
)
def test_a_caller_without_a_number_is_shown_with_the_number_that_was_dialled(
    caller: Caller, shown: str | None
) -> None:
    decision = decide(table("acme-east"), directory(), call(caller=caller))

    assert decision.dial is not None
    assert decision.dial.caller_id == shown


def test_the_lower_priority_is_dialled_first_whatever_the_weights() -> None:
    mixed = table(Route("acme-east", priority=2, weight=100), Route("bolt", priority=1, weight=1))

    firsts = {rank_routes(mixed, f"CA{n:032x}")[0].destination_id for n in range(200)}

    assert firsts == {"bolt"}


def test_weights_are_met_over_many_calls() -> None:
    shares = {"acme-east": 5, "bolt": 3, "cosy": 1, "dash": 1}
    weighted = table(*(Route(d, weight=weight) for d, weight in shares.items()))
    draws = 4_000

    firsts = Counter(rank_routes(weighted, f"CA{n:032x}")[0].destination_id for n in range(draws))

    for destination, weight in shares.items():
        share = weight / sum(shares.values())
        five_sigma = 5 * math.sqrt(draws * share * (1 - share))
        assert abs(firsts[destination] - draws * share) < five_sigma


def test_weights_are_met_again_among_those_that_are_left() -> None:
    weighted = table(Route("acme-east", weight=6), Route("bolt", weight=3), Route("cosy", weight=1))
    orders = [
        [r.destination_id for r in rank_routes(weighted, f"CA{n:032x}")] for n in range(4_000)
    ]
    after_acme = [order[1] for order in orders if order[0] == "acme-east"]

    share = after_acme.count("bolt") / len(after_acme)

    assert share == pytest.approx(0.75, abs=0.03)


@given(tables, call_sids)
def test_the_same_call_draws_the_same_order(a_table: RoutingTable, sid: str) -> None:
    again = replace(a_table, routes=tuple(reversed(a_table.routes)))

    assert rank_routes(a_table, sid) == rank_routes(a_table, sid)
    assert rank_routes(again, sid) == rank_routes(a_table, sid)


@given(tables, call_sids, st.data())
def test_leaving_a_route_out_never_reorders_the_others(
    a_table: RoutingTable, sid: str, data: st.DataObject
) -> None:
    left_out = data.draw(st.sampled_from(a_table.routes))
    smaller = replace(a_table, routes=tuple(r for r in a_table.routes if r is not left_out))

    assert rank_routes(smaller, sid) == [r for r in rank_routes(a_table, sid) if r is not left_out]


def test_two_calls_may_draw_different_orders() -> None:
    even = table("acme-east", "bolt", "cosy", "dash")

    orders = {tuple(rank_routes(even, f"CA{n:032x}")) for n in range(300)}

    assert len(orders) == math.factorial(4)


@given(tables, directories, calls)
def test_the_same_inputs_give_an_equal_decision(
    a_table: RoutingTable, known: Directory, so_far: CallSoFar
) -> None:
    assert decide(a_table, known, so_far) == decide(replace(a_table), replace(known), so_far)


@given(tables, directories, calls)
def test_exactly_one_of_dial_and_closing_is_set(
    a_table: RoutingTable, known: Directory, so_far: CallSoFar
) -> None:
    decision = decide(a_table, known, so_far)

    assert (decision.dial is None) is (decision.closing is not None)


@given(tables, directories, calls)
def test_whoever_is_dialled_is_known_enabled_and_not_yet_tried(
    a_table: RoutingTable, known: Directory, so_far: CallSoFar
) -> None:
    decision = decide(a_table, known, so_far)

    if decision.dial is not None:
        destination = known.destinations[decision.dial.destination_id]
        assert destination.enabled
        assert destination.destination_id not in so_far.tried
        assert destination.dial == decision.dial.dial_string
        assert destination.buyer_id == decision.dial.buyer_id


@given(tables, directories, calls)
def test_every_route_is_a_candidate_once_and_the_first_without_a_reason_is_dialled(
    a_table: RoutingTable, known: Directory, so_far: CallSoFar
) -> None:
    decision = decide(a_table, known, so_far)

    ranked = [
        (r.destination_id, r.priority, r.weight) for r in rank_routes(a_table, so_far.call_sid)
    ]
    by_route = [c for c in decision.candidates if not c.overflow]
    assert [(c.destination_id, c.priority, c.weight) for c in by_route] == ranked
    for candidate in decision.candidates:
        destination = known.destinations.get(candidate.destination_id)
        assert candidate.buyer_id == (destination.buyer_id if destination else "")
    assert all(c.skip is None or c.skip.saw for c in decision.candidates)
    eligible = [c.destination_id for c in decision.candidates if c.skip is None]
    assert eligible[:1] == ([decision.dial.destination_id] if decision.dial else [])


@given(tables, directories, calls)
def test_the_overflow_is_asked_last_and_only_when_no_route_is_left(
    a_table: RoutingTable, known: Directory, so_far: CallSoFar
) -> None:
    decision = decide(a_table, known, so_far)

    overflows = [c for c in decision.candidates if c.overflow]
    if overflows:
        assert overflows == [decision.candidates[-1]]
        assert (overflows[0].priority, overflows[0].weight) == (0, 0)
        assert all(c.skip is not None for c in decision.candidates[:-1])
    if decision.dial is not None and decision.dial.overflow:
        assert overflows
        assert overflows[0].skip is None


@given(tables, directories, calls)
def test_a_decision_names_the_versions_that_it_was_made_by(
    a_table: RoutingTable, known: Directory, so_far: CallSoFar
) -> None:
    decision = decide(a_table, known, so_far)

    assert (decision.table_version, decision.directory_version) == (a_table.version, known.version)
    assert (decision.campaign_id, decision.publisher) == ("roofing", "radio")
    assert decision.attempt == len(so_far.tried) + 1


@given(tables, directories, calls)
def test_failing_over_to_the_end_keeps_to_the_limits_of_the_table(
    a_table: RoutingTable, known: Directory, so_far: CallSoFar
) -> None:
    """Each attempt rings for as long as the carrier may let it: `timeout` and about 5 s more."""
    so_far = replace(so_far, tried=(), ring_ms=0)
    dialled = []
    while (dial := decide(a_table, known, so_far).dial) is not None:
        dialled.append(dial)
        rung_s = dial.ring_s + CARRIER_EXTRA_RING_S
        so_far = replace(
            so_far,
            tried=(*so_far.tried, dial.destination_id),
            ring_ms=so_far.ring_ms + rung_s * 1000,
        )

    assert all(dial.ring_s >= SHORTEST_RING_S for dial in dialled)
    by_route = [dial for dial in dialled if not dial.overflow]
    longest_s = sum(dial.ring_s + CARRIER_EXTRA_RING_S for dial in by_route)
    assert longest_s <= a_table.limits.ring_s
    assert len(by_route) <= a_table.limits.attempts
    assert [dial.overflow for dial in dialled].count(True) <= 1
    assert not any(before.overflow for before, _ in pairwise(dialled))
    assert len({dial.destination_id for dial in dialled}) == len(dialled)


def test_an_attempt_is_told_to_ring_only_for_what_the_limit_has_left() -> None:
    short = table(Route("acme-east", ring_s=30), limits=Limits(ring_s=60))

    decision = decide(short, directory(), call("bolt", ring_ms=34_200))

    assert decision.dial is not None
    assert decision.dial.ring_s == 60 - 35 - CARRIER_EXTRA_RING_S


def test_the_dial_carries_what_its_route_and_the_limits_say() -> None:
    route = Route(
        "bolt", ring_s=20, whisper="A roofing call.", screening=Screening("Press 5.", "5")
    )

    dial = decide(table(route, limits=Limits(call_s=3600)), directory(), call()).dial

    assert dial is not None
    assert (dial.ring_s, dial.call_s, dial.overflow) == (20, 3600, False)
    assert (dial.whisper, dial.screening) == (route.whisper, route.screening)


def test_the_overflow_rings_by_its_own_figure_without_whisper_when_the_limits_are_used_up() -> None:
    spent = table(
        Route("acme-east", whisper="A roofing call."),
        limits=Limits(attempts=1, ring_s=30),
        nobody_left=OVERFLOW,
    )

    decision = decide(spent, directory(), call("acme-east", ring_ms=30_000))

    assert decision.dial is not None
    assert (decision.dial.destination_id, decision.dial.overflow) == ("spare", True)
    assert (decision.dial.ring_s, decision.dial.whisper) == (40, "")
    assert decision.candidates[-1].overflow


def test_the_overflow_may_be_a_route_that_the_limits_kept_from_being_dialled() -> None:
    spent = table(
        "acme-east",
        Route("spare", priority=2, ring_s=20, whisper="A roofing call."),
        limits=Limits(attempts=1),
        nobody_left=OVERFLOW,
    )

    decision = decide(spent, directory(), call("acme-east"))

    assert [(c.destination_id, c.overflow, c.skip is None) for c in decision.candidates] == [
        ("acme-east", False, False),
        ("spare", False, False),
        ("spare", True, True),
    ]
    assert decision.dial is not None
    assert (decision.dial.ring_s, decision.dial.whisper) == (40, "")


@pytest.mark.parametrize(
    ("known", "tried", "skip"),
    [
        pytest.param(
            directory(),
            ("acme-east", "spare"),
            Skip(SkipRule.ALREADY_TRIED, "attempt 2 of this call"),
            id="tried",
        ),
        pytest.param(
            directory(off=("spare",)),
            ("acme-east",),
            Skip(SkipRule.DISABLED, "switched off in the directory"),
            id="off",
        ),
        pytest.param(
            directory("acme-east"),
            ("acme-east",),
            Skip(SkipRule.NOT_IN_DIRECTORY, "not in directory version 3"),
            id="unknown",
        ),
    ],
)
def test_an_overflow_that_cannot_be_dialled_says_why_and_the_caller_hears_the_message(
    known: Directory, tried: tuple[str, ...], skip: Skip
) -> None:
    decision = decide(table("acme-east", nobody_left=OVERFLOW), known, call(*tried))

    assert decision.candidates[-1].overflow
    assert decision.candidates[-1].skip == skip
    assert (decision.closing, decision.say) == (Closing.MESSAGE, OVERFLOW.say)


def test_a_voicemail_takes_over_with_its_greeting_and_its_length() -> None:
    decision = decide(table("acme-east", nobody_left=VOICEMAIL), directory(), call("acme-east"))

    assert decision.closing is Closing.VOICEMAIL
    assert (decision.say, decision.voicemail_max_s) == ("Leave a message.", 90)


def test_a_withheld_caller_who_is_accepted_may_leave_a_message_too() -> None:
    decision = decide(
        table("acme-east", nobody_left=VOICEMAIL), directory(), call("acme-east", caller=ANONYMOUS)
    )

    assert decision.closing is Closing.VOICEMAIL


def test_a_number_of_no_campaign_is_not_in_service() -> None:
    decision = refuse_number(call("bolt"), directory_version=4)

    assert (decision.closing, decision.dial) == (Closing.NOT_IN_SERVICE, None)
    assert (decision.attempt, decision.directory_version, decision.candidates) == (2, 4, ())
    assert (decision.table_version, refuse_number(call()).directory_version) == (0, 0)


def test_closing_a_call_keeps_the_campaign_and_versions_of_its_last_decision() -> None:
    last = decide(table("acme-east"), directory(), call())

    decision = close_call(call("acme-east"), Closing.CONNECTED, last)

    assert (decision.closing, decision.dial, decision.attempt) == (Closing.CONNECTED, None, 2)
    assert decision.campaign_id == last.campaign_id
    assert decision.publisher == last.publisher
    assert (decision.table_version, decision.directory_version) == (7, 3)


def test_closing_a_call_of_which_no_decision_is_known_names_no_campaign() -> None:
    decision = close_call(call("acme-east"), Closing.CALLER_GONE, None)

    assert (decision.closing, decision.campaign_id, decision.publisher) == (
        Closing.CALLER_GONE,
        "",
        "",
    )
    assert (decision.table_version, decision.directory_version) == (0, 0)
