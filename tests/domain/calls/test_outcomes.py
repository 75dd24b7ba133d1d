from datetime import datetime

import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.calls.outcomes import (
    CallerLeg,
    caller_stayed,
    judge_attempt,
    leg_answered_at,
    leg_duration_s,
    leg_ended_at,
    read_caller_leg,
    was_bridged,
    went_on,
)
from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.routing.decision import Closing
from tests.domain.builders import (
    PRESS_1,
    arrived,
    at,
    closed,
    decided,
    dial_ended,
    ended,
    leg,
    leg_swept,
    only_attempt,
    screened,
    swept,
    whispered,
)

BUSY, NO_ANSWER, COMPLETED = LegStatus.BUSY, LegStatus.NO_ANSWER, LegStatus.COMPLETED
IN_PROGRESS, FAILED, CANCELED = LegStatus.IN_PROGRESS, LegStatus.FAILED, LegStatus.CANCELED
RINGING, UNKNOWN = LegStatus.RINGING, LegStatus.UNKNOWN

PLAIN = (arrived(), decided(1, 0))
WHISPER = (arrived(), decided(1, 0, whisper="A roofing call."))
SCREENING = (arrived(), decided(1, 0, screening=PRESS_1))


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        pytest.param(PLAIN, AttemptOutcome.RINGING, id="nothing-heard-yet"),
        pytest.param((*PLAIN, leg(1, 3, RINGING)), AttemptOutcome.RINGING, id="rings"),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, COMPLETED, bridged=True)),
            AttemptOutcome.CONNECTED,
            id="bridged",
        ),
        pytest.param((*PLAIN, dial_ended(1, 9, BUSY)), AttemptOutcome.BUSY, id="busy"),
        pytest.param((*PLAIN, dial_ended(1, 30, NO_ANSWER)), AttemptOutcome.NO_ANSWER, id="rang"),
        pytest.param(
            (*PLAIN, dial_ended(1, 2, FAILED, sid="")), AttemptOutcome.FAILED, id="failed"
        ),
        pytest.param(
            (*WHISPER, dial_ended(1, 15, COMPLETED, bridged=False)),
            AttemptOutcome.DECLINED,
            id="declined-the-whisper-though-completed",
        ),
        pytest.param(
            (*WHISPER, dial_ended(1, 15, COMPLETED, bridged=False, caller=IN_PROGRESS)),
            AttemptOutcome.DECLINED,
            id="declined-with-the-caller-answered-before",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, CANCELED, caller=NO_ANSWER)),
            AttemptOutcome.ABANDONED,
            id="abandoned-unanswered",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, CANCELED, caller=COMPLETED)),
            AttemptOutcome.ABANDONED,
            id="abandoned-after-an-answer",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, NO_ANSWER, caller=COMPLETED)),
            AttemptOutcome.ABANDONED,
            id="abandoned-but-called-no-answer",
        ),
        pytest.param(
            (*WHISPER, dial_ended(1, 9, COMPLETED, bridged=False, caller=NO_ANSWER)),
            AttemptOutcome.ABANDONED,
            id="abandoned-while-the-buyer-was-whispered-to",
        ),
        pytest.param(
            (
                *SCREENING,
                screened(1, 9, accepted=False),
                dial_ended(1, 9, COMPLETED, bridged=False, caller=NO_ANSWER),
            ),
            AttemptOutcome.DECLINED,
            id="declined-just-before-the-caller-left",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, BUSY, caller=NO_ANSWER)),
            AttemptOutcome.BUSY,
            id="busy-just-before-the-caller-left",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, FAILED, caller=NO_ANSWER, sid="")),
            AttemptOutcome.FAILED,
            id="failed-just-before-the-caller-left",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, CANCELED)),
            AttemptOutcome.NO_ANSWER,
            id="canceled-while-the-caller-waits-on",
        ),
    ],
)
def test_the_action_says_how_an_attempt_ended(
    events: tuple[CallEvent, ...], outcome: AttemptOutcome
) -> None:
    assert judge_attempt(*only_attempt(events)) is outcome


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        pytest.param(
            (*PLAIN, leg(1, 9, BUSY), dial_ended(1, 9, None, bridged=None)),
            AttemptOutcome.BUSY,
            id="leg-told-action-lost",
        ),
        pytest.param(
            (*PLAIN, leg(1, 60, COMPLETED), dial_ended(1, 60, UNKNOWN, bridged=None)),
            AttemptOutcome.DECLINED,
            id="leg-told-while-the-caller-still-hears-ringing",
        ),
        pytest.param(
            (
                *PLAIN,
                leg(1, 60, COMPLETED),
                dial_ended(1, 60, UNKNOWN, bridged=None, caller=IN_PROGRESS),
            ),
            AttemptOutcome.CONNECTED,
            id="leg-told-action-in-a-word-we-do-not-know",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, None, bridged=None, sid="")),
            AttemptOutcome.RINGING,
            id="action-lost-leg-not-told-yet",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, None, bridged=None, sid=""), swept(400)),
            AttemptOutcome.FAILED,
            id="action-lost-and-the-carrier-knows-no-leg",
        ),
        pytest.param(
            (
                *PLAIN,
                dial_ended(1, 9, None, bridged=None, caller=COMPLETED, sid=""),
                screened(1, 8, accepted=False),
                ended(9, COMPLETED),
            ),
            AttemptOutcome.DECLINED,
            id="action-lost-after-the-buyer-had-declined",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, None, bridged=None, caller=NO_ANSWER, sid="")),
            AttemptOutcome.ABANDONED,
            id="action-lost-caller-gone",
        ),
        pytest.param((*PLAIN, leg(1, 9, BUSY)), AttemptOutcome.BUSY, id="action-still-to-come"),
        pytest.param(
            (*PLAIN, leg(1, 9, CANCELED)),
            AttemptOutcome.ABANDONED,
            id="canceled-action-still-to-come",
        ),
        pytest.param(
            (*PLAIN, leg(1, 9, CANCELED), closed(2, 9, Closing.MESSAGE)),
            AttemptOutcome.NO_ANSWER,
            id="canceled-but-the-caller-heard-our-message",
        ),
        pytest.param(
            (*PLAIN, leg(1, 9, RINGING), ended(20, NO_ANSWER)),
            AttemptOutcome.ABANDONED,
            id="still-rang-when-an-unanswered-caller-left",
        ),
        pytest.param(
            (*PLAIN, leg(1, 9, RINGING), ended(20, COMPLETED)),
            AttemptOutcome.RINGING,
            id="an-answered-callers-leg-may-mean-that-they-talked",
        ),
    ],
)
def test_without_an_action_the_legs_speak(
    events: tuple[CallEvent, ...], outcome: AttemptOutcome
) -> None:
    assert judge_attempt(*only_attempt(events)) is outcome


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        pytest.param(
            (
                *PLAIN,
                swept(400, NO_ANSWER, ended=at(20)),
                leg_swept(1, 400, CANCELED, ended=at(20)),
            ),
            AttemptOutcome.ABANDONED,
            id="canceled",
        ),
        pytest.param(
            (
                *PLAIN,
                swept(400, NO_ANSWER, ended=at(20)),
                leg_swept(1, 400, NO_ANSWER, ended=at(20)),
            ),
            AttemptOutcome.ABANDONED,
            id="no-answer-at-the-callers-own-end",
        ),
        pytest.param(
            (
                *PLAIN,
                swept(400, NO_ANSWER, ended=at(45)),
                leg_swept(1, 400, NO_ANSWER, ended=at(30)),
            ),
            AttemptOutcome.NO_ANSWER,
            id="no-answer-long-before-the-callers-end",
        ),
        pytest.param(
            (*PLAIN, swept(400, NO_ANSWER), leg_swept(1, 400, NO_ANSWER)),
            AttemptOutcome.ABANDONED,
            id="no-answer-and-no-stamps",
        ),
        pytest.param(
            (*WHISPER, swept(400, NO_ANSWER, ended=at(20)), leg_swept(1, 400, ended=at(20))),
            AttemptOutcome.ABANDONED,
            id="left-during-the-whisper",
        ),
        pytest.param(
            (*WHISPER, swept(400, COMPLETED, ended=at(90)), leg_swept(1, 400, ended=at(90))),
            AttemptOutcome.CONNECTED,
            id="whispered-to-and-the-caller-was-answered",
        ),
        pytest.param(
            (
                *SCREENING,
                screened(1, 9, accepted=True),
                swept(400, COMPLETED, ended=at(90)),
                leg_swept(1, 400, ended=at(90)),
            ),
            AttemptOutcome.CONNECTED,
            id="accepted",
        ),
        pytest.param(
            (
                *SCREENING,
                screened(1, 9, accepted=True),
                swept(400, NO_ANSWER, ended=at(9)),
                leg_swept(1, 400, ended=at(9)),
            ),
            AttemptOutcome.ABANDONED,
            id="accepted-when-the-caller-had-just-gone",
        ),
        pytest.param(
            (
                *SCREENING,
                screened(1, 9, accepted=False),
                swept(400, NO_ANSWER, ended=at(10)),
                leg_swept(1, 400, ended=at(9)),
            ),
            AttemptOutcome.DECLINED,
            id="declined-when-the-caller-had-just-gone",
        ),
        pytest.param(
            (*PLAIN, swept(400, ended=at(90)), leg_swept(1, 400, ended=at(90))),
            AttemptOutcome.CONNECTED,
            id="plain",
        ),
        pytest.param(
            (*PLAIN, swept(400, NO_ANSWER, ended=at(9)), leg_swept(1, 400, BUSY, ended=at(9))),
            AttemptOutcome.BUSY,
            id="busy",
        ),
        pytest.param(
            (*PLAIN, swept(400, ended=at(90)), leg_swept(1, 400, IN_PROGRESS)),
            AttemptOutcome.RINGING,
            id="the-carrier-itself-has-no-end-for-it",
        ),
    ],
)
def test_the_carriers_records_say_what_a_skipped_action_would_have(
    events: tuple[CallEvent, ...], outcome: AttemptOutcome
) -> None:
    assert judge_attempt(*only_attempt(events)) is outcome


@pytest.mark.parametrize(
    ("events", "bridged"),
    [
        pytest.param(
            (*WHISPER, dial_ended(1, 9, NO_ANSWER, bridged=True)), True, id="dial-bridged-decides"
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, COMPLETED, bridged=False, caller=IN_PROGRESS)),
            False,
            id="dial-bridged-decides-against",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, COMPLETED, bridged=None, caller=IN_PROGRESS)),
            True,
            id="missing-on-a-plain-completed-dial",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, COMPLETED, bridged=None, caller=RINGING)),
            False,
            id="missing-while-the-caller-still-hears-ringing",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, COMPLETED, bridged=None, caller=NO_ANSWER)),
            False,
            id="missing-and-the-caller-was-never-answered",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, COMPLETED, bridged=None, caller=COMPLETED), ended(60, BUSY)),
            False,
            id="missing-and-the-callers-end-says-never-answered",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, NO_ANSWER, bridged=None)), False, id="missing-on-no-answer"
        ),
        pytest.param(
            (*WHISPER, dial_ended(1, 60, COMPLETED, bridged=None, caller=COMPLETED)),
            True,
            id="missing-after-a-whisper-and-the-caller-had-been-answered",
        ),
        pytest.param(
            (*WHISPER, dial_ended(1, 60, COMPLETED, bridged=None, caller=UNKNOWN)),
            False,
            id="missing-after-a-whisper-before-the-callers-end-is-known",
        ),
        pytest.param(
            (
                *WHISPER,
                dial_ended(1, 60, COMPLETED, bridged=None, caller=UNKNOWN),
                closed(2, 60, Closing.CONNECTED),
                ended(61),
            ),
            True,
            id="missing-after-a-whisper-and-the-callers-end-says-answered",
        ),
        pytest.param(
            (
                *WHISPER,
                dial_ended(1, 12, COMPLETED, bridged=None, caller=UNKNOWN),
                closed(2, 12, Closing.MESSAGE),
                ended(20),
            ),
            False,
            id="missing-after-a-whisper-and-it-was-our-message-that-answered-the-caller",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, None, bridged=None, caller=IN_PROGRESS)),
            True,
            id="action-and-legs-end-lost-but-the-caller-was-answered",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, None, bridged=None, caller=RINGING)),
            False,
            id="action-and-legs-end-lost-while-the-caller-still-hears-ringing",
        ),
        pytest.param(
            (
                *SCREENING,
                screened(1, 9, accepted=True),
                dial_ended(1, 60, COMPLETED, bridged=None, caller=IN_PROGRESS),
            ),
            True,
            id="missing-after-the-buyer-accepted",
        ),
        pytest.param(
            (
                *SCREENING,
                screened(1, 9, accepted=False),
                dial_ended(1, 60, COMPLETED, bridged=None, caller=IN_PROGRESS),
            ),
            False,
            id="missing-after-the-buyer-declined",
        ),
        pytest.param(
            (*SCREENING, dial_ended(1, 60, COMPLETED, bridged=None, caller=RINGING)),
            False,
            id="missing-and-the-buyer-pressed-nothing",
        ),
        pytest.param(
            (*SCREENING, dial_ended(1, 60, COMPLETED, bridged=None, caller=IN_PROGRESS)),
            True,
            id="missing-as-the-key-press-is-but-the-caller-was-answered",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, BUSY, bridged=None, caller=IN_PROGRESS)),
            False,
            id="missing-on-a-busy-dial-of-an-answered-caller",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 60, None, bridged=None, caller=UNKNOWN)),
            False,
            id="action-and-legs-end-lost-and-the-callers-state-too",
        ),
    ],
)
def test_only_a_bridge_is_a_bridge(events: tuple[CallEvent, ...], bridged: bool) -> None:
    assert was_bridged(*only_attempt(events)) is bridged


def test_a_caller_who_was_answered_by_an_earlier_bridge_proves_no_later_one() -> None:
    history = read_history(
        (
            *PLAIN,
            dial_ended(1, 16, COMPLETED, bridged=True, caller=IN_PROGRESS),
            decided(2, 16, "bolt", whisper="A roofing call."),
            dial_ended(2, 40, COMPLETED, bridged=None, caller=IN_PROGRESS),
        )
    )

    assert [was_bridged(attempt, history) for attempt in history.attempts] == [True, False]


@pytest.mark.parametrize(
    ("events", "stayed"),
    [
        pytest.param(PLAIN, None, id="open"),
        pytest.param((*PLAIN, dial_ended(1, 9, BUSY)), True, id="action-says-there"),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, BUSY, caller=COMPLETED)), False, id="action-says-gone"
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, BUSY, caller=UNKNOWN)), None, id="action-says-nonsense"
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, BUSY, caller=UNKNOWN), closed(2, 9, Closing.VOICEMAIL)),
            True,
            id="got-our-voicemail",
        ),
        pytest.param(
            (*PLAIN, leg(1, 60, COMPLETED), ended(60)), False, id="both-legs-ended-together"
        ),
        pytest.param((*PLAIN, leg(1, 58, COMPLETED), ended(60)), False, id="two-seconds-apart"),
        pytest.param((*PLAIN, leg(1, 57, COMPLETED), ended(60)), True, id="three-seconds-apart"),
        pytest.param((*PLAIN, leg(1, 61, COMPLETED), ended(60)), False, id="leg-ended-after"),
        pytest.param(
            (*PLAIN, leg(1, 30, COMPLETED, stamp=None), ended(60)), False, id="leg-without-a-stamp"
        ),
        pytest.param(
            (*PLAIN, leg(1, 30, COMPLETED), ended(60, stamp=None)), False, id="end-without-a-stamp"
        ),
    ],
)
def test_whether_the_caller_stayed_is_told_by_the_action_else_by_the_stamps(
    events: tuple[CallEvent, ...], stayed: bool | None
) -> None:
    assert caller_stayed(*only_attempt(events)) is stayed


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param((), False, id="nothing"),
        pytest.param((closed(2, 9, Closing.MESSAGE),), True, id="message"),
        pytest.param((closed(2, 9, Closing.VOICEMAIL),), True, id="voicemail"),
        pytest.param((closed(2, 9, Closing.NOT_IN_SERVICE),), True, id="not-in-service"),
        pytest.param((closed(2, 9, Closing.CONNECTED),), False, id="hang-up-after-a-talk"),
        pytest.param((closed(2, 9, Closing.CALLER_GONE),), False, id="hang-up-on-nobody"),
    ],
)
def test_a_call_went_on_when_we_answered_something_for_a_waiting_caller(
    later: tuple[CallEvent, ...], expected: bool
) -> None:
    attempt, history = only_attempt((*PLAIN, leg(1, 9, BUSY), *later))

    assert went_on(attempt, history) is expected


def test_a_call_went_on_to_a_further_attempt_but_not_from_it() -> None:
    history = read_history((*PLAIN, decided(2, 9, "bolt")))

    assert [went_on(attempt, history) for attempt in history.attempts] == [True, False]


@pytest.mark.parametrize(
    ("events", "caller_leg"),
    [
        pytest.param((), CallerLeg(None, None, None), id="up"),
        pytest.param(
            (ended(60.7, duration_s=50),), CallerLeg(COMPLETED, at(60), 50), id="status-callback"
        ),
        pytest.param(
            (ended(60.7, duration_s=50, stamp=None),),
            CallerLeg(COMPLETED, at(60.7), 50),
            id="callback-without-a-stamp",
        ),
        pytest.param(
            (swept(400, NO_ANSWER, ended=at(60), duration_s=0),),
            CallerLeg(NO_ANSWER, at(60), 0),
            id="swept",
        ),
        pytest.param(
            (swept(400, NO_ANSWER),), CallerLeg(NO_ANSWER, None, None), id="swept-without-an-end"
        ),
        pytest.param(
            (ended(60.7, stamp=None), swept(400, ended=at(59), duration_s=49)),
            CallerLeg(COMPLETED, at(59), 49),
            id="gaps-filled-by-the-sweep",
        ),
        pytest.param(
            (ended(60, duration_s=50), swept(400, BUSY, ended=at(59), duration_s=49)),
            CallerLeg(COMPLETED, at(60), 50),
            id="callback-before-sweep",
        ),
        pytest.param(
            (ended(60, duration_s=0), swept(400, duration_s=49)),
            CallerLeg(COMPLETED, at(60), 0),
            id="zero-is-a-figure",
        ),
    ],
)
def test_the_callers_leg_is_read_from_its_callback_else_from_the_sweep(
    events: tuple[CallEvent, ...], caller_leg: CallerLeg
) -> None:
    assert read_caller_leg(read_history((arrived(), *events))) == caller_leg


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        pytest.param((), None, id="nobody-says"),
        pytest.param((dial_ended(1, 60, COMPLETED, duration_s=48),), 48, id="action"),
        pytest.param(
            (dial_ended(1, 60, COMPLETED, duration_s=48), leg_swept(1, 400, duration_s=49)),
            49,
            id="sweep-before-action",
        ),
        pytest.param(
            (
                dial_ended(1, 60, COMPLETED, duration_s=48),
                leg_swept(1, 400, duration_s=49),
                leg(1, 60, COMPLETED, duration_s=50),
            ),
            50,
            id="leg-before-all",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED), dial_ended(1, 60, COMPLETED, duration_s=48)),
            48,
            id="leg-without-a-duration",
        ),
        pytest.param(
            (leg(1, 9, BUSY, duration_s=0), dial_ended(1, 9, BUSY, duration_s=3)),
            0,
            id="zero-is-a-figure",
        ),
    ],
)
def test_a_legs_seconds_are_the_carriers_own_count(
    events: tuple[CallEvent, ...], seconds: int | None
) -> None:
    assert leg_duration_s(only_attempt((*PLAIN, *events))[0]) == seconds


@pytest.mark.parametrize(
    ("events", "instant"),
    [
        pytest.param((), None, id="up"),
        pytest.param((leg(1, 60.4, COMPLETED),), at(60), id="stamp"),
        pytest.param((leg_swept(1, 400, ended=at(59)),), at(59), id="swept"),
        pytest.param((leg_swept(1, 400),), None, id="swept-without-an-end"),
        pytest.param((dial_ended(1, 60.3, COMPLETED),), at(60.3), id="action"),
        pytest.param((leg(1, 60.4, COMPLETED, stamp=None),), at(60.4), id="callback-arrived"),
        pytest.param(
            (dial_ended(1, 60.9, COMPLETED), leg(1, 60.4, COMPLETED, stamp=None)),
            at(60.4),
            id="told-first",
        ),
        pytest.param(
            (dial_ended(1, 60.3, COMPLETED), leg_swept(1, 400, ended=at(59))),
            at(59),
            id="stamp-before-arrival",
        ),
    ],
)
def test_a_legs_end_is_the_carriers_stamp_else_when_we_were_first_told(
    events: tuple[CallEvent, ...], instant: datetime | None
) -> None:
    assert leg_ended_at(only_attempt((*PLAIN, *events))[0]) == instant


@pytest.mark.parametrize(
    ("events", "instant"),
    [
        pytest.param((leg(1, 3, RINGING),), None, id="never"),
        pytest.param((leg(1, 30, NO_ANSWER, duration_s=0),), None, id="rang-out"),
        pytest.param((leg(1, 10.4, IN_PROGRESS),), at(10), id="stamp"),
        pytest.param((leg(1, 60, COMPLETED, duration_s=50),), at(10), id="end-less-duration"),
        pytest.param(
            (leg_swept(1, 400, ended=at(60), duration_s=49),), at(11), id="swept-end-less-duration"
        ),
        pytest.param(
            (dial_ended(1, 60.3, COMPLETED, duration_s=50),), at(10.3), id="action-less-duration"
        ),
        pytest.param((leg(1, 60, COMPLETED), whispered(1, 10.6)), at(10.6), id="whisper-asked"),
        pytest.param(
            (leg(1, 10.9, IN_PROGRESS, stamp=None), leg(1, 60, COMPLETED, duration_s=50)),
            at(10),
            id="callback-without-a-stamp-and-a-duration",
        ),
        pytest.param(
            (leg(1, 10.9, IN_PROGRESS, stamp=None), whispered(1, 10.6)), at(10.6), id="told-first"
        ),
    ],
)
def test_a_legs_answer_is_the_carriers_stamp_else_its_end_less_its_duration(
    events: tuple[CallEvent, ...], instant: datetime | None
) -> None:
    assert leg_answered_at(only_attempt((*PLAIN, *events))[0]) == instant
