from dataclasses import replace

import pytest

from callrouter.domain.circuit_breaker import BreakerSettings, Side
from callrouter.domain.destination_outcomes import (
    CountedOutcome,
    DestinationOutcome,
    count_outcome,
    count_outcomes,
    is_failure,
    read_outcome,
)
from callrouter.domain.events import CallEvent, LegStatus
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
SHORT_RING = decided(1, 0)
assert SHORT_RING.decision.dial is not None
SHORT_RING = replace(
    SHORT_RING,
    decision=replace(SHORT_RING.decision, dial=replace(SHORT_RING.decision.dial, ring_s=9)),
)


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


def test_an_end_that_nobody_stamped_is_when_it_was_heard_of() -> None:
    events = (*PLAIN, ended(20, LegStatus.NO_ANSWER, stamp=None))
    attempt, history = only_attempt(events)

    read = read_outcome(attempt, history, at(21))

    assert read is not None
    assert (read.outcome, read.ended_at) == (CountedOutcome.NOTHING, at(21))


def test_a_destination_that_the_carrier_dialled_against_our_decision_has_no_known_buyer() -> None:
    end = dial_ended(1, 9, LegStatus.BUSY, destination="bolt")
    attempt, history = only_attempt((*PLAIN, end))

    read = read_outcome(attempt, history, at(9))

    assert read is not None
    assert (read.destination_id, read.buyer_id) == ("bolt", "")


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
    assert is_failure(ended, BreakerSettings()) is (failed is not None)


@pytest.mark.parametrize(
    ("counted", "connected_s"), [(CountedOutcome.NOTHING, 0), (CountedOutcome.CONNECTED, 4.9)]
)
def test_a_caller_who_left_says_nothing(counted: CountedOutcome, connected_s: float) -> None:
    ended = outcome(counted, connected_s)

    assert count_outcome(ended, BreakerSettings(early_drop_s=5)) is None
    assert not is_failure(ended, BreakerSettings(early_drop_s=5))
    assert count_outcomes([ended, outcome(CountedOutcome.BUSY)], BreakerSettings()) == (
        count_outcome(outcome(CountedOutcome.BUSY), BreakerSettings()),
    )
