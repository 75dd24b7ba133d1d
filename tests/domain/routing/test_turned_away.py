"""Which rule turned how many calls away: each call once, and what that is said to have cost."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.cdr import AttemptOutcome, AttemptRecord, Disposition
from callrouter.domain.routing.decision import Skip, SkipRule
from callrouter.domain.routing.turned_away import (
    EndedCall,
    PastCandidate,
    PastDecision,
    TurnedAway,
    TurnedAwayCount,
)
from callrouter.domain.tables.routing_table import Route, RoutingTable
from tests.domain.builders import T0, buyer_of, dial, table

TEXAN = Skip(SkipRule.FILTERED, "state == TX: state is OK", "state == TX")
YOUNG = Skip(SkipRule.FILTERED, "zip > 5: zip is 4", "zip > 5")
FULL = Skip(SkipRule.FULL, "cap 50/50 connected today", "50 connected a day")
TRIED = Skip(SkipRule.ALREADY_TRIED, "attempt 1 of this call")
NOBODY, TALKED = Disposition.NO_DESTINATION, Disposition.CONNECTED
PRICES = {7: 40_000_000, 8: 30_000_000, 9: None}


def table_of(campaign_id: str, version: int) -> RoutingTable:
    priced = Route("acme-east", price_micros=PRICES[version], payable_after_s=60)
    return replace(
        table(priced, Route("bolt", price_micros=9_000_000)),
        campaign_id=campaign_id,
        version=version,
    )


def decision(
    skips: dict[str, Skip | None], *, attempt: int = 1, version: int = 7, dialled: str = ""
) -> PastDecision:
    return PastDecision(
        attempt=attempt,
        campaign_id="roofing",
        table_version=version,
        candidates=tuple(
            PastCandidate(destination, buyer_of(destination), skip)
            for destination, skip in skips.items()
        ),
        dial=replace(dial(dialled), payable_after_s=60) if dialled else None,
    )


def call(
    disposition: Disposition, *decisions: PastDecision, attempts: Sequence[AttemptRecord] = ()
) -> EndedCall:
    return EndedCall(disposition, tuple(attempts), decisions)


def attempt(destination: str, connected_s: int = 0, *, number: int = 1) -> AttemptRecord:
    return AttemptRecord(
        attempt=number,
        destination_id=destination,
        buyer_id=buyer_of(destination),
        outcome=AttemptOutcome.CONNECTED if connected_s else AttemptOutcome.BUSY,
        leg_sid="",
        dialed_at=T0,
        ring_ms=0,
        answered_ms=connected_s * 1000,
        connected_ms=connected_s * 1000,
        table_version=7,
    )


def count(*calls: EndedCall) -> tuple[TurnedAway, ...]:
    counted = TurnedAwayCount(table_of)
    for each in calls:
        counted.add(each)
    return counted.list_rules()


def say(each: TurnedAway) -> tuple[str, str, int, int]:
    return (each.destination_id, each.subject, each.calls, each.untaken)


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        pytest.param((), [], id="no call"),
        pytest.param((call(TALKED, decision({"bolt": None})),), [], id="nobody turned away"),
        pytest.param(
            (call(TALKED, decision({"acme-east": TEXAN})),),
            [("acme-east", "state == TX", 1, 0)],
            id="turned away, and taken by another",
        ),
        pytest.param(
            (call(NOBODY, decision({"acme-east": TEXAN, "bolt": FULL})),),
            [("acme-east", "state == TX", 1, 1), ("bolt", "50 connected a day", 1, 1)],
            id="each route by its own rule",
        ),
        pytest.param(
            (
                call(NOBODY, decision({"acme-east": TEXAN})),
                call(NOBODY, decision({"acme-east": YOUNG})),
                call(NOBODY, decision({"acme-east": TEXAN})),
            ),
            [("acme-east", "state == TX", 2, 2), ("acme-east", "zip > 5", 1, 1)],
            id="two filters of one route apart",
        ),
        pytest.param(
            (
                call(
                    NOBODY,
                    decision({"acme-east": TEXAN}),
                    decision({"acme-east": TEXAN}, attempt=2),
                ),
            ),
            [("acme-east", "state == TX", 1, 1)],
            id="once a call, however many attempts it had",
        ),
        pytest.param(
            (call(NOBODY, decision({"acme-east": FULL}), decision({"acme-east": TEXAN})),),
            [("acme-east", "state == TX", 1, 1), ("acme-east", "50 connected a day", 1, 1)],
            id="by each of two rules in turn",
        ),
        pytest.param(
            (call(NOBODY, decision({"bolt": TRIED}), attempts=[attempt("acme-east")]),),
            [],
            id="tried before is no rule",
        ),
        pytest.param(
            (call(NOBODY, decision({"bolt": FULL}), attempts=[attempt("bolt", number=2)]),),
            [],
            id="dialled in a later attempt",
        ),
        pytest.param(
            (call(Disposition.UNRESOLVED, decision({"bolt": FULL})),),
            [("bolt", "50 connected a day", 1, 0)],
            id="nobody knows whether it was taken",
        ),
        pytest.param(
            (call(NOBODY, decision({}, version=0)),), [], id="decided without asking a table"
        ),
        pytest.param(
            (call(Disposition.VOICEMAIL, decision({"bolt": FULL})),),
            [("bolt", "50 connected a day", 1, 1)],
            id="a voicemail is no buyer",
        ),
    ],
)
def test_a_rule_counts_the_calls_that_it_kept_from_its_route(
    calls: tuple[EndedCall, ...], said: list[tuple[str, str, int, int]]
) -> None:
    assert [say(each) for each in count(*calls)] == said


def test_a_call_that_nobody_took_cost_at_most_the_price_that_its_table_had() -> None:
    [texan] = count(
        call(NOBODY, decision({"acme-east": TEXAN}, version=7)),
        call(NOBODY, decision({"acme-east": TEXAN}, version=8)),
        call(NOBODY, decision({"acme-east": TEXAN}, version=9)),
        call(TALKED, decision({"acme-east": TEXAN}, version=7)),
    )

    assert (texan.at_most_micros, texan.currency) == (70_000_000, "USD")
    assert (texan.untaken, texan.unpriced) == (3, 1)


def test_an_overflow_that_is_no_route_has_no_price() -> None:
    [spare] = count(call(NOBODY, decision({"spare": FULL})))

    assert (spare.at_most_micros, spare.unpriced) == (0, 1)


def test_the_estimate_takes_the_share_of_the_route_s_dials_that_were_payable() -> None:
    sold = decision({"acme-east": None}, dialled="acme-east")
    [texan] = count(
        call(NOBODY, decision({"acme-east": TEXAN})),
        call(NOBODY, decision({"acme-east": TEXAN})),
        call(TALKED, sold, attempts=[attempt("acme-east", 60)]),
        call(TALKED, sold, attempts=[attempt("acme-east", 59)]),
        call(NOBODY, sold, attempts=[attempt("acme-east")]),
        call(NOBODY, decision({}), attempts=[attempt("acme-east", 300)]),
    )

    assert (texan.payable, texan.dials) == (1, 3)
    assert (texan.at_most_micros, texan.estimate_micros) == (80_000_000, 26_666_666)


def test_without_a_dial_there_is_no_estimate() -> None:
    [texan] = count(call(NOBODY, decision({"acme-east": TEXAN})))

    assert (texan.dials, texan.estimate_micros) == (0, None)


def test_the_dearest_rule_comes_first() -> None:
    cheap = call(NOBODY, decision({"bolt": FULL}))
    dear = call(NOBODY, decision({"acme-east": TEXAN}))

    assert [each.destination_id for each in count(cheap, cheap, dear)] == ["acme-east", "bolt"]


def test_all_calls_are_counted_and_how_many_of_them_nobody_took() -> None:
    counted = TurnedAwayCount(table_of)
    for disposition in (TALKED, NOBODY, Disposition.BUSY, Disposition.UNRESOLVED):
        counted.add(call(disposition))

    assert (counted.calls, counted.untaken) == (4, 2)


skips = st.sampled_from((None, TEXAN, YOUNG, FULL, TRIED))
calls = st.builds(
    call,
    st.sampled_from(Disposition),
    st.builds(
        decision,
        st.fixed_dictionaries({"acme-east": skips, "bolt": skips}),
        version=st.sampled_from(tuple(PRICES)),
    ),
    attempts=st.lists(st.sampled_from((attempt("bolt"), attempt("acme-east", 90))), max_size=1),
)


@settings(max_examples=50)
@given(st.lists(calls, max_size=8), st.randoms())
def test_no_order_of_calls_makes_a_difference_and_no_rule_costs_more_than_its_calls(
    seen: list[EndedCall], chance: random.Random
) -> None:
    shuffled = list(seen)
    chance.shuffle(shuffled)

    found = count(*seen)

    assert count(*shuffled) == found
    for each in found:
        assert 0 <= each.unpriced <= each.untaken <= each.calls <= len(seen)
        assert each.at_most_micros <= (each.untaken - each.unpriced) * 40_000_000
