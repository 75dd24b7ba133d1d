from dataclasses import replace
from typing import Any

import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.destination_outcomes import (
    CountedOutcome,
    DestinationOutcome,
    count_outcome,
    count_outcomes,
    may_be_failure,
    read_outcome,
)
from callrouter.domain.calls.events import CallEvent, LegProgressed, LegStatus, RouteDecided
from callrouter.domain.health.circuit_breaker import BreakerSettings, Side
from tests.domain.builders import (
    PRESS_1,
    arrived,
    at,
    decided,
    dial_ended,
    ended,
    leg,
    leg_swept,
    only_attempt,
    swept,
)

COMPLETED, IN_PROGRESS, CANCELED = LegStatus.COMPLETED, LegStatus.IN_PROGRESS, LegStatus.CANCELED
PLAIN = (arrived(), decided(1, 0))
SCREENING = (arrived(), decided(1, 0, screening=PRESS_1))


def with_dial(*also: str, ring_s: int = 25, **terms: Any) -> RouteDecided:
    """A decision that dials acme-east, and rings `also` at the same time."""
    plain = decided(1, 0)
    dial = plain.decision.dial
    assert dial is not None
    dial = replace(dial, ring_s=ring_s, **terms)
    others = tuple(replace(dial, destination_id=other, buyer_id=other) for other in also)
    return replace(plain, decision=replace(plain.decision, dial=dial, also=others))


SHORT_RING = with_dial(ring_s=9)


@pytest.mark.parametrize(
    ("events", "outcome", "connected_ms"),
    [
        pytest.param((*PLAIN, dial_ended(1, 9, LegStatus.BUSY)), CountedOutcome.BUSY, 0, id="busy"),
        pytest.param(
            (*PLAIN, dial_ended(1, 30, LegStatus.NO_ANSWER)), CountedOutcome.NO_ANSWER, 0, id="rang"
        ),
        pytest.param(
            (arrived(), SHORT_RING, dial_ended(1, 12, LegStatus.NO_ANSWER)),
            CountedOutcome.NOTHING,
            0,
            id="rang-too-short-a-time",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 30, CANCELED)),
            CountedOutcome.NOTHING,
            0,
            id="canceled-with-the-caller-there",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 2, LegStatus.FAILED, sid="")),
            CountedOutcome.FAILED,
            0,
            id="failed",
        ),
        pytest.param(
            (*SCREENING, dial_ended(1, 15, COMPLETED, bridged=False)),
            CountedOutcome.DECLINED,
            0,
            id="nobody-pressed-the-digit",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, CANCELED, caller=LegStatus.NO_ANSWER)),
            CountedOutcome.NOTHING,
            0,
            id="the-caller-left",
        ),
        pytest.param(
            (
                *PLAIN,
                leg(1, 13, COMPLETED, duration_s=3),
                dial_ended(1, 13, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=3),
            ),
            CountedOutcome.HUNG_UP,
            3000,
            id="joined-and-the-buyer-hung-up",
        ),
        pytest.param(
            (
                *PLAIN,
                leg(1, 13, COMPLETED, duration_s=3),
                dial_ended(1, 13, COMPLETED, bridged=True, caller=COMPLETED, duration_s=3),
            ),
            CountedOutcome.CONNECTED,
            3000,
            id="joined-and-the-caller-hung-up",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 13, COMPLETED, bridged=True, caller=IN_PROGRESS)),
            CountedOutcome.CONNECTED,
            0,
            id="joined-nobody-knows-how-long",
        ),
    ],
)
def test_an_attempt_counts_by_what_it_says_of_the_destination(
    events: tuple[CallEvent, ...], outcome: CountedOutcome, connected_ms: int
) -> None:
    attempt, history = only_attempt(events)

    read = read_outcome(attempt, history, at(100))
    assert read is not None

    assert (read.outcome, read.connected_ms) == (outcome, connected_ms)
    assert (read.destination_id, read.buyer_id, read.campaign_id) == (
        "acme-east",
        "acme",
        "roofing",
    )
    assert (read.attempt, read.dialed_at) == (1, at(0))
    assert read.ended_at <= at(100)


def test_an_attempt_that_still_rings_has_no_outcome() -> None:
    attempt, history = only_attempt((*PLAIN, leg(1, 3, LegStatus.RINGING)))

    assert read_outcome(attempt, history, at(4)) is None


def test_an_attempt_that_nothing_of_ours_explains_has_no_outcome() -> None:
    attempt, history = only_attempt((leg_swept(1, 90, LegStatus.BUSY), swept(90)))

    assert read_outcome(attempt, history, at(100)) is None


def test_a_carrier_clock_that_is_ahead_doesnt_put_an_end_into_the_future() -> None:
    late = (leg(1, 9, LegStatus.BUSY, stamp=at(900)), dial_ended(1, 9, LegStatus.BUSY))
    attempt, history = only_attempt((*PLAIN, *late))

    read = read_outcome(attempt, history, at(9))
    assert read is not None

    assert read.ended_at == at(9)


@pytest.mark.parametrize(("heard", "ended_at"), [(21, 21), (90_000, 25)])
def test_an_end_that_nobody_stamped_was_when_it_had_rung_long_enough_at_the_latest(
    heard: int, ended_at: int
) -> None:
    events = (*PLAIN, ended(20, LegStatus.NO_ANSWER, stamp=None))
    attempt, history = only_attempt(events)

    read = read_outcome(attempt, history, at(heard))
    assert read is not None

    assert (read.outcome, read.ended_at) == (CountedOutcome.NOTHING, at(ended_at))


def test_a_destination_that_the_carrier_dialled_against_our_decision_has_no_known_buyer() -> None:
    end = dial_ended(1, 9, LegStatus.BUSY, destination="bolt")
    attempt, history = only_attempt((*PLAIN, end))

    read = read_outcome(attempt, history, at(9))
    assert read is not None

    assert (read.destination_id, read.buyer_id) == ("bolt", "")


@pytest.mark.parametrize(
    ("connected_s", "payable_after_s", "revenue_micros"),
    [(59, 60, 0), (60, 60, 25_000_000), (1, None, 25_000_000)],
)
def test_a_talk_that_was_long_enough_earned_the_price_of_its_route(
    connected_s: int, payable_after_s: int | None, revenue_micros: int
) -> None:
    priced = with_dial(price_micros=25_000_000, payable_after_s=payable_after_s)
    end = dial_ended(1, 99, COMPLETED, bridged=True, caller=COMPLETED, duration_s=connected_s)
    attempt, history = only_attempt((arrived(), priced, end))

    read = read_outcome(attempt, history, at(100))
    assert read is not None

    assert read.revenue_micros == revenue_micros


TOGETHER = (arrived(), with_dial("bolt", "cosy"))


def rung(destination: str, status: LegStatus) -> LegProgressed:
    return leg(1, 30, status, sid=f"CA{destination}", destination=destination)


@pytest.mark.parametrize(
    ("events", "outcomes"),
    [
        pytest.param(
            (
                *TOGETHER,
                rung("acme-east", LegStatus.NO_ANSWER),
                rung("bolt", LegStatus.BUSY),
                rung("cosy", LegStatus.FAILED),
                dial_ended(1, 30, LegStatus.NO_ANSWER, sid=""),
            ),
            {
                "acme-east": CountedOutcome.NO_ANSWER,
                "bolt": CountedOutcome.BUSY,
                "cosy": CountedOutcome.FAILED,
            },
            id="each-that-rang-by-its-own-leg",
        ),
        pytest.param(
            (
                *TOGETHER,
                rung("acme-east", LegStatus.NO_ANSWER),
                rung("bolt", LegStatus.CANCELED),
                dial_ended(1, 9, CANCELED, caller=LegStatus.NO_ANSWER, sid=""),
            ),
            dict.fromkeys(("acme-east", "bolt", "cosy"), CountedOutcome.NOTHING),
            id="nothing-of-any-when-the-caller-left",
        ),
        pytest.param(
            (
                *TOGETHER,
                rung("acme-east", CANCELED),
                dial_ended(
                    1,
                    99,
                    COMPLETED,
                    bridged=True,
                    caller=COMPLETED,
                    duration_s=60,
                    destination="bolt",
                ),
            ),
            {
                "acme-east": CountedOutcome.NOTHING,
                "bolt": CountedOutcome.CONNECTED,
                "cosy": CountedOutcome.NOTHING,
            },
            id="only-the-one-who-took-it",
        ),
    ],
)
def test_of_phones_that_ring_together_each_counts_by_its_own_leg(
    events: tuple[CallEvent, ...], outcomes: dict[str, CountedOutcome]
) -> None:
    history = read_history(events)

    told = [read_outcome(attempt, history, at(100)) for attempt in history.attempts]

    read = [each for each in told if each is not None]
    assert {each.destination_id: each.outcome for each in read} == outcomes
    assert {each.buyer_id for each in read} == {
        "acme" if destination == "acme-east" else destination for destination in outcomes
    }


def outcome(counted: CountedOutcome, connected_s: float = 0) -> DestinationOutcome:
    return DestinationOutcome(
        call_sid="CA1",
        attempt=1,
        destination_id="acme-east",
        buyer_id="acme",
        campaign_id="roofing",
        dialed_at=at(0),
        ended_at=at(9),
        outcome=counted,
        connected_ms=round(connected_s * 1000),
    )


@pytest.mark.parametrize(
    ("counted", "connected_s", "failed", "word"),
    [
        (CountedOutcome.BUSY, 0, Side.BUYER, "busy"),
        (CountedOutcome.NO_ANSWER, 0, Side.BUYER, "no answer"),
        (CountedOutcome.DECLINED, 0, Side.BUYER, "declined"),
        (CountedOutcome.FAILED, 0, Side.CARRIER, "failed"),
        (CountedOutcome.HUNG_UP, 4.9, Side.BUYER, "early drop"),
        (CountedOutcome.HUNG_UP, 5, None, "hung_up"),
        (CountedOutcome.CONNECTED, 5, None, "connected"),
    ],
)
def test_each_outcome_speaks_for_the_destination_or_against_one_side(
    counted: CountedOutcome, connected_s: float, failed: Side | None, word: str
) -> None:
    ended = outcome(counted, connected_s)

    result = count_outcome(ended, BreakerSettings(early_drop_s=5))

    assert result is not None
    assert (result.failed, result.word) == (failed, word)
    assert failed is None or may_be_failure(ended)


@pytest.mark.parametrize(("connected_s", "may_be"), [(299.9, True), (300, False)])
def test_a_talk_longer_than_any_early_drop_can_be_no_failure(
    connected_s: float, may_be: bool
) -> None:
    assert may_be_failure(outcome(CountedOutcome.HUNG_UP, connected_s)) is may_be


@pytest.mark.parametrize(
    ("counted", "connected_s"), [(CountedOutcome.NOTHING, 0), (CountedOutcome.CONNECTED, 4.9)]
)
def test_a_caller_who_left_says_nothing(counted: CountedOutcome, connected_s: float) -> None:
    ended = outcome(counted, connected_s)

    assert count_outcome(ended, BreakerSettings(early_drop_s=5)) is None
    assert not may_be_failure(ended)
    assert count_outcomes([ended, outcome(CountedOutcome.BUSY)], BreakerSettings()) == (
        count_outcome(outcome(CountedOutcome.BUSY), BreakerSettings()),
    )
