from dataclasses import replace

import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.derivation import derive, derive_from
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.cdr import (
    AttemptOutcome,
    CdrFlag,
    ConnectedSource,
    Disposition,
    HangupParty,
)
from callrouter.domain.routing.decision import Closing
from tests.domain.builders import (
    ANI,
    CALL_SID,
    DID,
    NUMBERS,
    PRESS_1,
    arrived,
    at,
    closed,
    decided,
    degraded,
    dial_ended,
    ended,
    fallback_asked,
    gave_up,
    leg,
    leg_sid,
    leg_swept,
    recorded,
    screened,
    swept,
    whispered,
)

BUSY, NO_ANSWER, COMPLETED = LegStatus.BUSY, LegStatus.NO_ANSWER, LegStatus.COMPLETED
IN_PROGRESS, FAILED, CANCELED = LegStatus.IN_PROGRESS, LegStatus.FAILED, LegStatus.CANCELED
RINGING = LegStatus.RINGING

PLAIN = (arrived(), decided(1, 0))
WHISPER = (arrived(), decided(1, 0, whisper="A roofing call."))
SCREENING = (arrived(), decided(1, 0, screening=PRESS_1))
MESSAGE = (closed(2, 30, Closing.MESSAGE), ended(38, duration_s=8))


def rang_out(attempt: int, seconds: float) -> tuple[CallEvent, ...]:
    return (leg(attempt, seconds, NO_ANSWER), dial_ended(attempt, seconds, NO_ANSWER))


def was_busy(attempt: int, seconds: float) -> tuple[CallEvent, ...]:
    return (leg(attempt, seconds, BUSY), dial_ended(attempt, seconds, BUSY))


def talked(attempt: int, start: int, end: int, *, by_caller: bool = False) -> tuple[CallEvent, ...]:
    """A plain leg that was answered at `start` and ended at `end`."""
    caller = COMPLETED if by_caller else IN_PROGRESS
    spoken_s = end - start
    return (
        leg(attempt, start, IN_PROGRESS),
        leg(attempt, end, COMPLETED, duration_s=spoken_s),
        dial_ended(attempt, end, COMPLETED, bridged=True, caller=caller, duration_s=spoken_s),
    )


def declined(attempt: int, start: int, end: int) -> tuple[CallEvent, ...]:
    """A leg that was answered at `start` and hung up at `end` without being bridged."""
    spoken_s = end - start
    return (
        leg(attempt, start, IN_PROGRESS),
        leg(attempt, end, COMPLETED, duration_s=spoken_s),
        dial_ended(attempt, end, COMPLETED, bridged=False, duration_s=spoken_s),
    )


def test_a_plain_call_in_all_its_figures() -> None:
    cdr = derive(
        (
            *PLAIN,
            *was_busy(1, 3),
            decided(2, 3.5, "bolt", table_version=8),
            *talked(2, 10, 130),
            closed(3, 130.2, Closing.CONNECTED, table_version=8),
            ended(130.4, duration_s=120),
        )
    )

    assert (cdr.call_sid, cdr.did, cdr.ani) == (CALL_SID, DID, ANI)
    assert (cdr.campaign_id, cdr.publisher, cdr.table_version) == ("roofing", "radio", 8)
    assert (cdr.destination_id, cdr.buyer_id) == ("bolt", "bolt")
    assert cdr.attempt_outcomes() == "acme-east:busy bolt:connected"
    assert (cdr.started_at, cdr.ended_at, cdr.total_ms) == (at(0), at(130), 130_000)
    assert (cdr.ring_ms, cdr.answered_ms, cdr.connected_ms) == (3_000 + 6_500, 120_000, 120_000)
    assert (cdr.disposition, cdr.hangup_party) == (Disposition.CONNECTED, HangupParty.CALLEE)
    assert (cdr.connected_source, cdr.flags) == (ConnectedSource.CARRIER_LEG, ())
    first, second = cdr.attempts
    assert (first.attempt, first.buyer_id, first.leg_sid) == (1, "acme", leg_sid(1))
    assert (first.dialed_at, first.table_version) == (at(0), 7)
    assert (second.dialed_at, second.table_version) == (at(3.5), 8)
    assert (second.ring_ms, second.answered_ms, second.connected_ms) == (6_500, 120_000, 120_000)


@pytest.mark.parametrize(
    ("events", "disposition"),
    [
        pytest.param((*PLAIN, *talked(1, 5, 65), ended(65)), Disposition.CONNECTED, id="connected"),
        pytest.param(
            (
                *PLAIN,
                *talked(1, 5, 11),
                decided(2, 11, "bolt"),
                dial_ended(2, 20, CANCELED, caller=COMPLETED),
                ended(20),
            ),
            Disposition.CONNECTED,
            id="connected-before-abandoned",
        ),
        pytest.param(
            (
                arrived(),
                closed(1, 0, Closing.VOICEMAIL),
                recorded(20, 1, caller_hung_up=True),
                ended(20),
            ),
            Disposition.VOICEMAIL,
            id="voicemail-of-a-second",
        ),
        pytest.param(
            (
                *PLAIN,
                *rang_out(1, 30),
                closed(2, 30, Closing.VOICEMAIL),
                recorded(60, 12),
                ended(60),
            ),
            Disposition.VOICEMAIL,
            id="voicemail-before-no-answer",
        ),
        pytest.param(
            (
                *PLAIN,
                *rang_out(1, 30),
                closed(2, 30, Closing.VOICEMAIL),
                recorded(60, 0),
                ended(60),
            ),
            Disposition.NO_ANSWER,
            id="a-recording-of-nothing-is-no-voicemail",
        ),
        pytest.param(
            (*PLAIN, leg(1, 9, CANCELED), dial_ended(1, 9, CANCELED, caller=NO_ANSWER), ended(9)),
            Disposition.ABANDONED,
            id="abandoned-while-it-rang",
        ),
        pytest.param(
            (
                *WHISPER,
                leg(1, 9, COMPLETED),
                dial_ended(1, 9, COMPLETED, caller=NO_ANSWER),
                ended(9, NO_ANSWER),
            ),
            Disposition.ABANDONED,
            id="abandoned-while-the-buyer-was-whispered-to",
        ),
        pytest.param(
            (*PLAIN, *was_busy(1, 3), decided(2, 3, "bolt"), ended(3, NO_ANSWER)),
            Disposition.ABANDONED,
            id="abandoned-before-the-second-was-dialled",
        ),
        pytest.param(
            (
                *PLAIN,
                leg(1, 3, BUSY),
                dial_ended(1, 3, BUSY, caller=NO_ANSWER),
                closed(2, 3, Closing.CALLER_GONE),
                ended(3),
            ),
            Disposition.ABANDONED,
            id="abandoned-when-the-first-was-just-busy",
        ),
        pytest.param(
            (*PLAIN, swept(400, NO_ANSWER, ended=at(3)), leg_swept(1, 400, BUSY, ended=at(3))),
            Disposition.ABANDONED,
            id="the-same-by-the-records",
        ),
        pytest.param((*PLAIN, ended(1, NO_ANSWER)), Disposition.ABANDONED, id="never-dialled"),
        pytest.param((arrived(), ended(1, NO_ANSWER)), Disposition.ABANDONED, id="never-answered"),
        pytest.param(
            (arrived(), swept(400, NO_ANSWER)), Disposition.ABANDONED, id="never-answered-swept"
        ),
        pytest.param(
            (arrived(), ended(1, CANCELED)), Disposition.ABANDONED, id="never-answered-canceled"
        ),
        pytest.param(
            (arrived(), ended(20, COMPLETED, duration_s=9)),
            Disposition.UNRESOLVED,
            id="answered-by-somebody-else-than-us",
        ),
        pytest.param(
            (arrived(), ended(1, FAILED)), Disposition.UNRESOLVED, id="failed-before-we-answered"
        ),
        pytest.param(
            (leg(1, 9, RINGING), ended(20, NO_ANSWER)),
            Disposition.ABANDONED,
            id="abandoned-while-it-rang-though-our-decision-is-unknown",
        ),
        pytest.param(
            (arrived(), closed(1, 0, Closing.CALLER_GONE), ended(1)),
            Disposition.ABANDONED,
            id="gone-says-our-own-answer",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, CANCELED, caller=NO_ANSWER), gave_up(90_000)),
            Disposition.ABANDONED,
            id="abandoned-though-the-carrier-forgot-the-call",
        ),
        pytest.param(
            (*WHISPER, *declined(1, 5, 12), *MESSAGE), Disposition.DECLINED, id="declined"
        ),
        pytest.param((*PLAIN, *rang_out(1, 30), *MESSAGE), Disposition.NO_ANSWER, id="no-answer"),
        pytest.param((*PLAIN, *was_busy(1, 30), *MESSAGE), Disposition.BUSY, id="busy"),
        pytest.param(
            (*PLAIN, dial_ended(1, 2, FAILED, sid=""), *MESSAGE), Disposition.FAILED, id="failed"
        ),
        pytest.param(
            (
                *WHISPER,
                *declined(1, 5, 12),
                decided(2, 12, "bolt"),
                *rang_out(2, 42),
                decided(3, 42, "cosy"),
                *was_busy(3, 45),
                decided(4, 45, "dash"),
                dial_ended(4, 46, FAILED, sid=""),
                closed(5, 46, Closing.MESSAGE),
                ended(54),
            ),
            Disposition.DECLINED,
            id="the-furthest-that-any-attempt-got",
        ),
        pytest.param(
            (
                *PLAIN,
                dial_ended(1, 2, FAILED, sid=""),
                decided(2, 2, "bolt"),
                *was_busy(2, 5),
                closed(3, 5, Closing.MESSAGE),
                ended(13),
            ),
            Disposition.BUSY,
            id="busy-is-further-than-failed",
        ),
        pytest.param(
            (*PLAIN, leg(1, 20, CANCELED), dial_ended(1, 20, CANCELED), *MESSAGE),
            Disposition.NO_ANSWER,
            id="canceled-by-an-operator-while-the-caller-stayed",
        ),
        pytest.param(
            (arrived(), closed(1, 0, Closing.MESSAGE), ended(8)),
            Disposition.NO_DESTINATION,
            id="nobody-eligible",
        ),
        pytest.param(
            (arrived(), closed(1, 0, Closing.VOICEMAIL), ended(8)),
            Disposition.NO_DESTINATION,
            id="nobody-eligible-and-nothing-said",
        ),
        pytest.param(
            (arrived(), closed(1, 0, Closing.NOT_IN_SERVICE), ended(8)),
            Disposition.NOT_IN_SERVICE,
            id="number-of-no-campaign",
        ),
        pytest.param((arrived(), gave_up(90_000)), Disposition.UNRESOLVED, id="given-up"),
        pytest.param(
            (*PLAIN, leg(1, 3, RINGING), gave_up(90_000)),
            Disposition.UNRESOLVED,
            id="given-up-while-it-rang",
        ),
        pytest.param((*PLAIN, gave_up(90_000)), Disposition.UNRESOLVED, id="given-up-undialled"),
        pytest.param(
            (
                *PLAIN,
                *was_busy(1, 3),
                decided(2, 3, "bolt"),
                leg(2, 5, RINGING),
                gave_up(90_000),
            ),
            Disposition.UNRESOLVED,
            id="given-up-while-the-second-rang",
        ),
        pytest.param(
            (*PLAIN, leg(1, 9, CANCELED)), Disposition.ABANDONED, id="canceled-and-nothing-else-yet"
        ),
        pytest.param((*PLAIN, leg(1, 3, RINGING)), Disposition.UNRESOLVED, id="still-rings"),
        pytest.param(PLAIN, Disposition.UNRESOLVED, id="just-decided"),
        pytest.param(
            (*PLAIN, leg(1, 3, RINGING), ended(60, COMPLETED, duration_s=50)),
            Disposition.UNRESOLVED,
            id="answered-by-nobody-knows-whom",
        ),
    ],
)
def test_the_disposition_is_the_first_of_the_list_that_is_true(
    events: tuple[CallEvent, ...], disposition: Disposition
) -> None:
    assert derive(events).disposition is disposition


@pytest.mark.parametrize(
    ("events", "party"),
    [
        pytest.param((*PLAIN, *talked(1, 5, 65), ended(65)), HangupParty.CALLEE, id="buyer"),
        pytest.param(
            (*PLAIN, *talked(1, 5, 65, by_caller=True), ended(65)), HangupParty.CALLER, id="caller"
        ),
        pytest.param(
            (*PLAIN, leg(1, 65, COMPLETED, duration_s=60), ended(65)),
            HangupParty.CALLER,
            id="action-skipped-for-the-caller-had-gone",
        ),
        pytest.param(
            (
                *PLAIN,
                swept(400, ended=at(65)),
                leg_swept(1, 400, ended=at(60), duration_s=55),
            ),
            HangupParty.CALLEE,
            id="action-lost-and-the-callers-leg-lasted-longer",
        ),
        pytest.param(
            (*PLAIN, leg(1, 65, COMPLETED, duration_s=60)),
            HangupParty.UNKNOWN,
            id="not-told-yet",
        ),
        pytest.param(
            (arrived(), decided(1, 0, call_s=60), *talked(1, 5, 65), ended(65)),
            HangupParty.ROUTER,
            id="our-time-limit",
        ),
        pytest.param(
            (arrived(), decided(1, 0, call_s=60), *talked(1, 5, 65, by_caller=True), ended(65)),
            HangupParty.CALLER,
            id="the-caller-at-the-very-limit",
        ),
        pytest.param(
            (
                *PLAIN,
                *talked(1, 5, 11),
                decided(2, 11, "bolt"),
                *talked(2, 20, 90, by_caller=True),
                ended(90),
            ),
            HangupParty.CALLER,
            id="the-last-talk-counts",
        ),
        pytest.param(
            (leg(1, 65, COMPLETED, duration_s=60), dial_ended(1, 65, COMPLETED, bridged=True)),
            HangupParty.CALLEE,
            id="decision-unknown",
        ),
        pytest.param(
            (*PLAIN, dial_ended(1, 9, CANCELED, caller=NO_ANSWER), ended(9)),
            HangupParty.CALLER,
            id="abandoned",
        ),
        pytest.param((*PLAIN, *rang_out(1, 30), *MESSAGE), HangupParty.ROUTER, id="our-message"),
        pytest.param(
            (arrived(), closed(1, 0, Closing.VOICEMAIL), recorded(30, 9), ended(30)),
            HangupParty.ROUTER,
            id="voicemail-to-its-end",
        ),
        pytest.param(
            (
                arrived(),
                closed(1, 0, Closing.VOICEMAIL),
                recorded(30, 9, caller_hung_up=True),
                ended(30),
            ),
            HangupParty.CALLER,
            id="voicemail-hung-up",
        ),
        pytest.param((arrived(), gave_up(90_000)), HangupParty.UNKNOWN, id="unresolved"),
    ],
)
def test_the_hangup_party_is_who_ended_the_talk_else_the_call(
    events: tuple[CallEvent, ...], party: HangupParty
) -> None:
    assert derive(events).hangup_party is party


@pytest.mark.parametrize(
    ("events", "source", "connected_ms"),
    [
        pytest.param(
            (*PLAIN, *talked(1, 5, 65), ended(65, duration_s=61)),
            ConnectedSource.CARRIER_LEG,
            60_000,
            id="plain",
        ),
        pytest.param(
            (
                *PLAIN,
                swept(400, ended=at(65), duration_s=60),
                leg_swept(1, 400, ended=at(65), duration_s=60),
            ),
            ConnectedSource.CARRIER_REST,
            60_000,
            id="plain-swept",
        ),
        pytest.param(
            (
                *PLAIN,
                dial_ended(1, 65, COMPLETED, bridged=True, caller=COMPLETED, duration_s=60),
                swept(400),
            ),
            ConnectedSource.CARRIER_DIAL,
            60_000,
            id="plain-by-the-action",
        ),
        pytest.param(
            (*WHISPER, whispered(1, 5.3), *talked(1, 5, 65), ended(65, duration_s=54)),
            ConnectedSource.CARRIER_CALL,
            54_000,
            id="whisper",
        ),
        pytest.param(
            (
                *SCREENING,
                whispered(1, 5.3),
                screened(1, 12.3, accepted=True),
                *talked(1, 5, 65),
                ended(65, duration_s=52),
            ),
            ConnectedSource.EVENT_TIMES,
            52_700,
            id="screening",
        ),
        pytest.param(
            (*PLAIN, *rang_out(1, 30), *MESSAGE), ConnectedSource.NONE, 0, id="nobody-connected"
        ),
        pytest.param(
            (arrived(), closed(1, 0, Closing.MESSAGE), ended(8)),
            ConnectedSource.NONE,
            0,
            id="nobody-dialled",
        ),
    ],
)
def test_the_cdr_says_where_its_connected_time_is_from(
    events: tuple[CallEvent, ...], source: ConnectedSource, connected_ms: int
) -> None:
    cdr = derive(events)

    assert (cdr.connected_source, cdr.connected_ms) == (source, connected_ms)


FLAGGED = [
    pytest.param((*PLAIN, *talked(1, 5, 65), ended(65)), (), id="none"),
    pytest.param(
        (degraded(arrived()), decided(1, 0), *was_busy(1, 5)),
        (CdrFlag.DEGRADED,),
        id="arrived-degraded",
    ),
    pytest.param(
        (arrived(), degraded(decided(1, 0)), *was_busy(1, 5)),
        (CdrFlag.DEGRADED,),
        id="decided-degraded",
    ),
    pytest.param((*PLAIN, *was_busy(1, 5), swept(400)), (CdrFlag.SWEPT,), id="swept"),
    pytest.param((*PLAIN, leg_swept(1, 400, BUSY)), (CdrFlag.SWEPT,), id="leg-swept"),
    pytest.param((*PLAIN, gave_up(90_000)), (), id="given-up-is-not-swept"),
    pytest.param(
        (arrived(), decided(1, 0, "spare", overflow=True), *was_busy(1, 5)),
        (CdrFlag.OVERFLOW,),
        id="overflow",
    ),
    pytest.param(
        (
            *PLAIN,
            *was_busy(1, 5),
            decided(2, 5, "spare", overflow=True),
            *was_busy(2, 9),
        ),
        (CdrFlag.OVERFLOW,),
        id="overflow-in-the-end",
    ),
    pytest.param(
        (arrived(), decided(1, 0, "spare", overflow=True), ended(1)),
        (),
        id="overflow-never-dialled",
    ),
    pytest.param((*PLAIN, fallback_asked(1)), (CdrFlag.FALLBACK,), id="fallback"),
    pytest.param(
        (
            *PLAIN,
            leg(1, 5, IN_PROGRESS),
            leg(1, 65, COMPLETED, duration_s=40),
            dial_ended(1, 65, COMPLETED, bridged=True, caller=IN_PROGRESS),
            ended(65),
        ),
        (CdrFlag.DURATION_GAP,),
        id="duration-gap",
    ),
    pytest.param((*PLAIN, ended(20, stamp=at(30))), (CdrFlag.CLOCK_GAP,), id="clock-gap"),
    pytest.param(
        (*PLAIN, dial_ended(1, 65, COMPLETED, bridged=True, caller=COMPLETED), swept(400)),
        (CdrFlag.SWEPT, CdrFlag.DURATION_MISSING),
        id="duration-missing",
    ),
    pytest.param(
        (fallback_asked(1), degraded(arrived()), *was_busy(1, 5), swept(400)),
        (CdrFlag.DEGRADED, CdrFlag.SWEPT, CdrFlag.FALLBACK),
        id="several-in-the-lists-order",
    ),
]


@pytest.mark.parametrize(("events", "flags"), FLAGGED)
def test_the_flags_say_how_the_cdr_came_about(
    events: tuple[CallEvent, ...], flags: tuple[CdrFlag, ...]
) -> None:
    assert derive(events).flags == flags


@pytest.mark.parametrize(
    ("events", "ring_ms", "answered_ms"),
    [
        pytest.param(talked(1, 12, 65), 12_000, 53_000, id="until-the-answer"),
        pytest.param(declined(1, 12, 21), 12_000, 9_000, id="answered-and-declined"),
        pytest.param(
            (dial_ended(1, 21.5, COMPLETED, bridged=False, duration_s=9),),
            12_500,
            9_000,
            id="declined-by-the-action-alone",
        ),
        pytest.param(rang_out(1, 30), 30_000, 0, id="until-it-was-given-up"),
        pytest.param(
            (leg(1, 30, NO_ANSWER, duration_s=0), dial_ended(1, 30, NO_ANSWER)),
            30_000,
            0,
            id="zero-seconds-answered",
        ),
        pytest.param(
            (dial_ended(1, 3.4, FAILED, sid=""),), 3_400, 0, id="until-we-were-told-it-failed"
        ),
        pytest.param((leg(1, 3, RINGING),), 0, 0, id="open"),
        pytest.param(
            (leg(1, 3, RINGING), ended(60, COMPLETED)), 0, 0, id="open-for-all-that-was-told"
        ),
        pytest.param(
            (leg(1, 9, CANCELED), ended(11, NO_ANSWER)),
            9_000,
            0,
            id="until-the-abandoned-leg-ended",
        ),
        pytest.param(
            (leg(1, 30, NO_ANSWER, duration_s=12), dial_ended(1, 30, NO_ANSWER)),
            30_000,
            0,
            id="seconds-of-a-leg-that-nobody-answered",
        ),
        pytest.param(
            (leg(1, 3, RINGING), ended(14, NO_ANSWER)), 14_000, 0, id="until-the-caller-left"
        ),
        pytest.param(
            (dial_ended(1, 65, COMPLETED, bridged=True, caller=IN_PROGRESS),),
            0,
            0,
            id="answered-nobody-knows-when",
        ),
    ],
)
def test_ring_runs_to_the_answer_or_the_end_and_answered_from_there(
    events: tuple[CallEvent, ...], ring_ms: int, answered_ms: int
) -> None:
    cdr = derive((*PLAIN, *events))

    assert (cdr.ring_ms, cdr.answered_ms) == (ring_ms, answered_ms)


def test_an_answer_stamped_in_the_second_before_the_dial_is_no_negative_ring() -> None:
    cdr = derive((arrived(0.7), decided(1, 0.7), *talked(1, 0, 60), ended(60)))

    assert cdr.ring_ms == 0


def test_ring_and_answered_add_up_over_the_attempts() -> None:
    cdr = derive(
        (
            *WHISPER,
            *declined(1, 10, 19),
            decided(2, 19, "bolt"),
            *rang_out(2, 49),
            decided(3, 49, "cosy"),
            *talked(3, 55, 175),
            ended(175, duration_s=120),
        )
    )

    assert [a.ring_ms for a in cdr.attempts] == [10_000, 30_000, 6_000]
    assert [a.answered_ms for a in cdr.attempts] == [9_000, 0, 120_000]
    assert (cdr.ring_ms, cdr.answered_ms, cdr.connected_ms) == (46_000, 129_000, 120_000)
    assert cdr.attempt_outcomes() == "acme-east:declined bolt:no_answer cosy:connected"


def test_the_first_buyer_drops_after_six_seconds_and_the_second_talks_for_three_hundred() -> None:
    cdr = derive(
        (
            *PLAIN,
            *talked(1, 10, 16),
            decided(2, 16, "bolt"),
            *talked(2, 25, 325, by_caller=True),
            ended(325, duration_s=315),
        )
    )

    assert [a.connected_ms for a in cdr.attempts] == [6_000, 300_000]
    assert (cdr.connected_ms, cdr.total_ms) == (306_000, 325_000)
    assert (cdr.destination_id, cdr.buyer_id) == ("bolt", "bolt")
    assert cdr.attempt_outcomes() == "acme-east:connected bolt:connected"
    assert cdr.hangup_party is HangupParty.CALLER


def test_the_destination_is_the_connected_one_before_the_last_attempted() -> None:
    connected_first = derive(
        (*PLAIN, *talked(1, 10, 16), decided(2, 16, "bolt"), *rang_out(2, 46), ended(46))
    )
    nobody_connected = derive(
        (*PLAIN, *was_busy(1, 3), decided(2, 3, "bolt"), *rang_out(2, 33), ended(41))
    )
    nobody_dialled = derive((arrived(), closed(1, 0, Closing.MESSAGE), ended(8)))

    assert (connected_first.destination_id, connected_first.buyer_id) == ("acme-east", "acme")
    assert (nobody_connected.destination_id, nobody_connected.buyer_id) == ("bolt", "bolt")
    assert (nobody_dialled.destination_id, nobody_dialled.buyer_id) == ("", "")


def test_an_attempt_that_was_decided_but_never_dialled_is_none() -> None:
    cdr = derive((*PLAIN, *was_busy(1, 3), decided(2, 3, "bolt"), ended(3, NO_ANSWER)))

    assert cdr.attempt_outcomes() == "acme-east:busy"
    assert cdr.destination_id == "acme-east"


def test_a_destination_that_the_carrier_dialled_against_our_decision_has_no_known_buyer() -> None:
    cdr = derive((*PLAIN, dial_ended(1, 9, BUSY, destination="bolt"), ended(17)))

    assert (cdr.destination_id, cdr.buyer_id) == ("bolt", "")
    assert cdr.attempt_outcomes() == "bolt:busy"


def test_a_leg_that_none_of_our_decisions_explains_is_counted_with_its_seconds() -> None:
    """The carrier ran somebody else's TwiML, as its static fallback, while we were away."""
    cdr = derive(
        (
            arrived(),
            swept(400, started=at(0), ended=at(70), duration_s=60),
            leg_swept(
                1,
                400,
                number=NUMBERS["spare"],
                started=at(4),
                ended=at(70),
                duration_s=60,
            ),
        )
    )

    assert cdr.disposition is Disposition.CONNECTED
    assert (cdr.destination_id, cdr.buyer_id, cdr.table_version) == ("", "", 0)
    assert (cdr.total_ms, cdr.ring_ms, cdr.connected_ms) == (70_000, 6_000, 60_000)
    assert cdr.attempts[0].dialed_at == at(4)


def test_a_leg_without_any_stamp_was_dialled_when_we_learnt_of_it() -> None:
    cdr = derive((arrived(), swept(400, NO_ANSWER), leg_swept(1, 400, NO_ANSWER)))

    assert cdr.attempts[0].dialed_at == at(400)


def test_an_attempt_of_unknown_decision_was_dialled_when_it_was_first_heard_of() -> None:
    cdr = derive((arrived(), leg(1, 9, BUSY), dial_ended(1, 8, BUSY), whispered(1, 7), ended(12)))

    (attempt,) = cdr.attempts
    assert (attempt.dialed_at, attempt.table_version) == (at(7), 0)


def test_an_attempt_of_unknown_decision_was_dialled_when_the_carriers_records_say() -> None:
    cdr = derive((arrived(), leg(1, 9, BUSY), leg_swept(1, 400, BUSY, started=at(2)), swept(400)))

    assert cdr.attempts[0].dialed_at == at(2)


def test_a_call_of_which_only_the_end_is_known_is_a_cdr_too() -> None:
    cdr = derive((ended(60, duration_s=50),))

    assert (cdr.did, cdr.ani, cdr.campaign_id, cdr.publisher) == ("", "", "", "")
    assert (cdr.started_at, cdr.total_ms, cdr.table_version) == (at(60), 0, 0)
    assert cdr.disposition is Disposition.UNRESOLVED


@pytest.mark.parametrize(
    ("status", "disposition"),
    [
        pytest.param(NO_ANSWER, Disposition.ABANDONED, id="nobody answered it: the caller gave up"),
        pytest.param(CANCELED, Disposition.ABANDONED, id="taken back before any answer"),
        pytest.param(COMPLETED, Disposition.UNRESOLVED, id="somebody else answered, not we"),
        pytest.param(FAILED, Disposition.UNRESOLVED, id="failed before we had a say"),
    ],
)
def test_a_call_that_we_never_answered_is_abandoned_only_if_nobody_did(
    status: LegStatus, disposition: Disposition
) -> None:
    assert derive((ended(60, status),)).disposition is disposition


def test_the_table_version_is_the_one_that_chose_the_destination_else_the_last_decision() -> None:
    swapped = derive(
        (
            *PLAIN,
            *talked(1, 5, 11),
            decided(2, 11, "bolt", table_version=9),
            *was_busy(2, 14),
            ended(14),
        )
    )
    nobody = derive((arrived(), closed(1, 0, Closing.MESSAGE, table_version=9), ended(8)))

    assert (swapped.table_version, swapped.destination_id) == (7, "acme-east")
    assert nobody.table_version == 9


def test_no_events_are_no_cdr() -> None:
    with pytest.raises(ValueError, match="at least one event"):
        derive(())


def test_deriving_from_grouped_events_is_deriving() -> None:
    events = (*PLAIN, *talked(1, 5, 65), ended(65))

    assert derive_from(read_history(events)) == derive(events)


def test_a_screened_call_of_which_only_the_key_press_came_is_repaired_by_the_sweep() -> None:
    told = derive(
        (
            *SCREENING,
            screened(1, 12.3, accepted=True),
            *talked(1, 5, 65, by_caller=True),
            ended(65, duration_s=52),
        )
    )

    repaired = derive(
        (
            *SCREENING,
            screened(1, 12.3, accepted=True),
            swept(400, started=at(0), ended=at(65), duration_s=52),
            leg_swept(1, 400, started=at(0), ended=at(65), duration_s=60),
        )
    )

    assert replace(repaired, flags=()) == told
    assert repaired.attempts[0].outcome is AttemptOutcome.CONNECTED


def test_a_call_that_only_the_carriers_records_tell_of_has_its_numbers_from_there() -> None:
    told = replace(swept(9_000, started=at(0), ended=at(70), duration_s=60), did=DID, ani=ANI)

    cdr = derive([told, leg_swept(1, 9_000, started=at(5), ended=at(70), duration_s=60)])

    assert (cdr.did, cdr.ani, cdr.campaign_id) == (DID, ANI, "")
    assert (cdr.started_at, cdr.total_ms, cdr.connected_ms) == (at(0), 70_000, 60_000)
    assert cdr.flags == (CdrFlag.SWEPT,)
