"""What a call was when several phones rang at once: one has it, the others don't."""

from dataclasses import replace

import pytest

from callrouter.domain.calls.derivation import derive
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.cdr import AttemptOutcome, ConnectedSource, Disposition, HangupParty
from tests.domain.builders import (
    PRESS_1,
    arrived,
    dial,
    ended,
    ring_group,
    screened,
    swept,
    whispered,
)
from tests.domain.calls.test_attempt_grouping import BOLT, EAST, GROUP, SCREENING, WEST, over, rung

BUSY, COMPLETED, CANCELED = LegStatus.BUSY, LegStatus.COMPLETED, LegStatus.CANCELED
IN_PROGRESS, RINGING, NO_ANSWER = LegStatus.IN_PROGRESS, LegStatus.RINGING, LegStatus.NO_ANSWER
FAILED = LegStatus.FAILED
PAIR = (arrived(), ring_group(1, 0, dial(EAST), dial(WEST)))
TAKEN = (
    rung(WEST, 1, RINGING),
    rung(WEST, 20, IN_PROGRESS),
    rung(WEST, 80, COMPLETED, duration_s=60),
    over(80.2, "CAacme-west"),
    ended(80.5, duration_s=60),
)


def outcome_of(destination: str, *events: CallEvent) -> AttemptOutcome:
    cdr = derive(events)
    assert derive(reversed(events)) == cdr
    return next(a.outcome for a in cdr.attempts if a.destination_id == destination)


def test_the_phone_that_had_the_call_decides_what_the_call_was() -> None:
    cdr = derive((*GROUP, *TAKEN, rung(EAST, 20, CANCELED), rung(BOLT, 3, BUSY)))

    assert cdr.attempt_outcomes() == "acme-east:elsewhere acme-west:connected bolt:busy"
    assert (cdr.disposition, cdr.hangup_party) == (Disposition.CONNECTED, HangupParty.CALLEE)
    assert (cdr.destination_id, cdr.buyer_id, cdr.count_attempts()) == (WEST, "acme", 1)
    assert (cdr.connected_ms, cdr.connected_source) == (60_000, ConnectedSource.CARRIER_LEG)
    assert (cdr.ring_ms, cdr.answered_ms, cdr.total_ms) == (20_000, 60_000, 80_000)
    assert [a.attempt for a in cdr.attempts] == [1, 1, 1]
    assert [a.ring_ms for a in cdr.attempts] == [20_000, 20_000, 3_000]


def test_when_nobody_has_it_the_longest_ringing_is_what_the_caller_waited() -> None:
    cdr = derive(
        (
            *PAIR,
            rung(EAST, 4, BUSY),
            rung(WEST, 30, NO_ANSWER),
            over(30.1, "CAacme-west", bridged=False, status=NO_ANSWER),
            ended(33, NO_ANSWER),
        )
    )

    assert cdr.attempt_outcomes() == "acme-east:busy acme-west:no_answer"
    assert (cdr.disposition, cdr.ring_ms, cdr.connected_ms) == (Disposition.NO_ANSWER, 30_000, 0)


@pytest.mark.parametrize(
    ("own", "outcome"),
    [
        pytest.param((rung(EAST, 20, CANCELED),), AttemptOutcome.ELSEWHERE, id="canceled"),
        pytest.param((rung(EAST, 2, CANCELED),), AttemptOutcome.ELSEWHERE, id="canceled-early"),
        pytest.param((rung(EAST, 19, NO_ANSWER),), AttemptOutcome.ELSEWHERE, id="ends-with-bridge"),
        pytest.param((rung(EAST, 17, NO_ANSWER),), AttemptOutcome.NO_ANSWER, id="rang-out-before"),
        pytest.param((rung(EAST, 19, BUSY),), AttemptOutcome.BUSY, id="busy-at-any-time"),
        pytest.param((rung(EAST, 19, FAILED),), AttemptOutcome.FAILED, id="failed-at-any-time"),
        pytest.param(
            (rung(EAST, 20, COMPLETED, duration_s=9),), AttemptOutcome.ELSEWHERE, id="too-late"
        ),
        pytest.param(
            (rung(EAST, 10, COMPLETED, duration_s=3),), AttemptOutcome.DECLINED, id="hung-up-before"
        ),
        pytest.param(
            (
                screened(1, 19, accepted=False, destination=EAST, sid="CAacme-east"),
                rung(EAST, 19, COMPLETED, duration_s=3),
            ),
            AttemptOutcome.DECLINED,
            id="pressed-another-key",
        ),
        pytest.param((), AttemptOutcome.ELSEWHERE, id="never-heard-of"),
        pytest.param((rung(EAST, 1, RINGING),), AttemptOutcome.ELSEWHERE, id="end-not-heard-of"),
        pytest.param((swept(400),), AttemptOutcome.FAILED, id="unknown-to-the-records"),
    ],
)
def test_a_phone_that_had_not_the_call_has_its_own_end_where_it_came_before(
    own: tuple[CallEvent, ...], outcome: AttemptOutcome
) -> None:
    assert outcome_of(EAST, *PAIR, *TAKEN, *own) is outcome


def test_without_stamps_a_phone_that_was_picked_up_had_not_the_call_for_anothers_sake() -> None:
    unstamped = replace(rung(EAST, 10, COMPLETED), occurred_at=None)

    assert outcome_of(EAST, *PAIR, *TAKEN, unstamped) is AttemptOutcome.ELSEWHERE


def test_of_two_that_are_screened_only_the_one_that_accepts_is_joined() -> None:
    cdr = derive(
        (
            arrived(),
            SCREENING,
            rung(EAST, 5, IN_PROGRESS),
            whispered(1, 5.1, destination=EAST, sid="CAacme-east"),
            rung(WEST, 7, IN_PROGRESS),
            whispered(1, 7.1, destination=WEST, sid="CAacme-west"),
            screened(1, 12, accepted=True, destination=WEST, sid="CAacme-west"),
            rung(EAST, 12, COMPLETED, duration_s=7),
            rung(WEST, 72, COMPLETED, duration_s=65),
            over(72.2, "CAacme-west"),
            ended(72.5, duration_s=60),
        )
    )

    assert cdr.attempt_outcomes() == "acme-east:elsewhere acme-west:connected"
    assert (cdr.connected_ms, cdr.connected_source) == (60_000, ConnectedSource.EVENT_TIMES)
    assert [a.answered_ms for a in cdr.attempts] == [7_000, 65_000]
    assert (cdr.ring_ms, cdr.answered_ms) == (7_000, 72_000)


@pytest.mark.parametrize("has_action", [True, False], ids=["told", "not told"])
def test_a_caller_who_leaves_abandons_those_that_still_ring(has_action: bool) -> None:
    action = over(15, "CAacme-west", bridged=False, status=CANCELED)
    gone = replace(action, caller_status=NO_ANSWER)
    cdr = derive(
        (
            *GROUP,
            rung(EAST, 3, BUSY),
            rung(WEST, 15, CANCELED),
            rung(BOLT, 8, COMPLETED, duration_s=2),
            *((gone,) if has_action else ()),
            ended(15.5, NO_ANSWER),
        )
    )

    assert cdr.attempt_outcomes() == "acme-east:busy acme-west:abandoned bolt:declined"
    assert (cdr.disposition, cdr.hangup_party) == (Disposition.ABANDONED, HangupParty.CALLER)


def test_after_a_mere_whisper_what_ended_since_the_answer_may_be_the_carriers_doing() -> None:
    whispering = ring_group(1, 0, dial(EAST, screening=PRESS_1), dial(WEST, whisper="A call."))
    talk = (arrived(), whispering, *TAKEN, whispered(1, 20.1, destination=WEST, sid="CAacme-west"))

    assert outcome_of(EAST, *talk, rung(EAST, 17, COMPLETED)) is AttemptOutcome.DECLINED
    assert outcome_of(EAST, *talk, rung(EAST, 19, COMPLETED)) is AttemptOutcome.ELSEWHERE
