import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.calls.recovery import may_recover
from callrouter.domain.tables.rules import Recovery
from tests.domain.builders import (
    PRESS_1,
    arrived,
    decided,
    dial,
    dial_ended,
    leg,
    screened,
    whispered,
)

COMPLETED, IN_PROGRESS, BUSY = LegStatus.COMPLETED, LegStatus.IN_PROGRESS, LegStatus.BUSY
UNDER_20 = Recovery(under_s=20)
DROPPED = dial_ended(1, 16.4, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=6)


def talked(seconds: int | None) -> CallEvent:
    return dial_ended(1, 90, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=seconds)


def recovers(*events: CallEvent, attempt: int = 1) -> bool:
    history = read_history((arrived(), *events))
    (this,) = (a for a in history.attempts if a.attempt == attempt)
    return may_recover(this, history)


def test_a_talk_that_the_destination_ended_early_is_recovered() -> None:
    assert recovers(decided(1, 0, recovery=UNDER_20), DROPPED)


def test_a_route_without_the_rule_recovers_nothing() -> None:
    assert not recovers(decided(1, 0), DROPPED)
    assert not recovers(DROPPED)


@pytest.mark.parametrize(
    ("seconds", "recovered"),
    [
        pytest.param(0, True, id="no second at all"),
        pytest.param(19, True, id="one below"),
        pytest.param(20, False, id="the very second"),
        pytest.param(None, False, id="nobody knows how long"),
    ],
)
def test_early_is_below_the_seconds_of_the_rule(seconds: int | None, recovered: bool) -> None:
    assert recovers(decided(1, 0, recovery=UNDER_20), talked(seconds)) is recovered


@pytest.mark.parametrize(
    "caller",
    [
        pytest.param(LegStatus.COMPLETED, id="hung up"),
        pytest.param(LegStatus.NO_ANSWER, id="was never answered"),
        pytest.param(LegStatus.UNKNOWN, id="nobody knows"),
    ],
)
def test_a_caller_who_is_not_known_to_be_there_is_not_recovered(caller: LegStatus) -> None:
    ended = dial_ended(1, 16.4, COMPLETED, bridged=True, caller=caller, duration_s=6)

    assert not recovers(decided(1, 0, recovery=UNDER_20), ended)


def test_a_talk_that_our_own_time_limit_ended_is_not_recovered() -> None:
    assert not recovers(decided(1, 0, recovery=UNDER_20, call_s=6), DROPPED)


def test_an_attempt_that_was_not_bridged_is_no_talk_to_recover() -> None:
    assert not recovers(
        decided(1, 0, recovery=UNDER_20), dial_ended(1, 16.4, COMPLETED, caller=IN_PROGRESS)
    )
    assert not recovers(decided(1, 0, recovery=UNDER_20), leg(1, 10, IN_PROGRESS))


def test_a_screened_talk_counts_from_the_key_by_our_clock() -> None:
    rule = Recovery(under_s=5)
    talk = (
        decided(1, 0, screening=PRESS_1, recovery=rule),
        whispered(1, 10.1),
        screened(1, 14, accepted=True),
    )

    assert recovers(*talk, dial_ended(1, 18.9, COMPLETED, bridged=True, caller=IN_PROGRESS))
    assert not recovers(*talk, dial_ended(1, 19.0, COMPLETED, bridged=True, caller=IN_PROGRESS))


def test_after_a_mere_whisper_its_seconds_count_too_since_nothing_says_when_it_ended() -> None:
    rule = Recovery(under_s=10)
    talk = (decided(1, 0, whisper="A roofing call.", recovery=rule), whispered(1, 10.1))

    assert recovers(*talk, talked(9))
    assert not recovers(*talk, talked(10))


@pytest.mark.parametrize(
    ("most", "recovered"),
    [pytest.param(1, False, id="once"), pytest.param(2, True, id="twice")],
)
def test_a_call_is_recovered_no_more_often_than_the_rule_allows(most: int, recovered: bool) -> None:
    rule = Recovery(under_s=20, most=most)
    events = (
        decided(1, 0, recovery=rule),
        DROPPED,
        decided(2, 16.4, "bolt", recovery=rule),
        dial_ended(2, 30, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=3),
    )

    assert recovers(*events, attempt=1)
    assert recovers(*events, attempt=2) is recovered


def test_an_earlier_attempt_that_was_not_bridged_is_no_recovery() -> None:
    assert recovers(
        decided(1, 0, recovery=UNDER_20),
        dial_ended(1, 5, BUSY),
        decided(2, 5, "bolt", recovery=UNDER_20),
        dial_ended(2, 30, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=3),
        attempt=2,
    )


def test_an_earlier_attempt_that_nobody_remembers_counts_as_recovered() -> None:
    drop = dial_ended(2, 30, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=3)

    assert not recovers(decided(2, 16.4, "bolt", recovery=UNDER_20), drop, attempt=2)
    rule = Recovery(under_s=20, most=2)
    assert recovers(decided(2, 16.4, "bolt", recovery=rule), drop, attempt=2)


def test_an_attempt_whose_decision_is_away_is_judged_by_what_it_presumably_was() -> None:
    history = read_history((arrived(), DROPPED))
    (attempt,) = history.attempts

    assert may_recover(attempt, history, dial(recovery=UNDER_20))
    assert not may_recover(attempt, history, dial(recovery=UNDER_20, call_s=6))
    assert not may_recover(attempt, history, dial())
