from collections.abc import Sequence

import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.routing.decision import Closing
from tests.domain.builders import (
    NUMBERS,
    PRESS_1,
    arrived,
    at,
    closed,
    decided,
    dial_ended,
    ended,
    fallback_asked,
    gave_up,
    leg,
    leg_sid,
    leg_swept,
    only_attempt,
    recorded,
    screened,
    swept,
    whispered,
)

BUSY, NO_ANSWER, COMPLETED = LegStatus.BUSY, LegStatus.NO_ANSWER, LegStatus.COMPLETED
IN_PROGRESS, FAILED, CANCELED = LegStatus.IN_PROGRESS, LegStatus.FAILED, LegStatus.CANCELED

DIALLED = (arrived(), decided(1, 0))
TALKED = (
    *DIALLED,
    leg(1, 60, COMPLETED, duration_s=50),
    dial_ended(1, 60, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=50),
)


def test_no_events_are_a_history_of_nothing() -> None:
    history = read_history(())

    assert (history.events, history.attempts, history.arrived) == ((), (), None)
    assert not history.is_over


def test_of_several_events_with_one_key_the_earliest_counts() -> None:
    first, repeat = arrived(0, ani="+14155550123"), arrived(15, ani="+14155550124")

    for order in ((first, repeat), (repeat, first)):
        assert read_history(order).events == (first,)


def test_of_two_that_came_at_the_same_instant_the_order_of_reading_does_not_decide() -> None:
    one, other = arrived(0, ani="+14155550123"), arrived(0, ani="+14155550124")

    assert read_history((one, other)) == read_history((other, one))


def test_events_are_grouped_by_what_they_tell() -> None:
    events = (
        *TALKED,
        whispered(1, 9),
        screened(1, 11, accepted=True),
        recorded(70, 5),
        fallback_asked(1),
        ended(75),
        swept(400, ended=at(75)),
        leg_swept(1, 400),
        gave_up(500),
    )

    history = read_history(reversed(events))

    (attempt,) = history.attempts
    assert history.arrived == events[0]
    assert (attempt.decided, attempt.dial_ended) == (events[1], events[3])
    assert attempt.legs == {COMPLETED: events[2]}
    assert (attempt.whisper, attempt.screening) == (events[4], events[5])
    assert (history.voicemail, history.fallbacks) == (events[6], (events[7],))
    assert (history.ended, history.swept) == (events[8], events[9])
    assert (attempt.swept, history.gave_up) == (events[10], events[11])


def test_decisions_are_ordered_by_attempt_even_when_machines_disagree_about_the_time() -> None:
    history = read_history((decided(1, 3), decided(2, 1, "bolt"), closed(3, 2, Closing.MESSAGE)))

    assert [d.decision.attempt for d in history.decisions] == [1, 2, 3]


def test_a_decision_that_dials_nobody_is_no_attempt() -> None:
    assert read_history((arrived(), closed(1, 0, Closing.MESSAGE))).attempts == ()


def test_an_attempt_that_was_only_decided_was_not_dialled() -> None:
    attempt, _ = only_attempt(DIALLED)

    assert not attempt.was_dialled


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(leg(1, 1, LegStatus.INITIATED), id="leg-callback"),
        pytest.param(dial_ended(1, 1, FAILED, sid=""), id="action"),
        pytest.param(whispered(1, 1), id="whisper"),
        pytest.param(screened(1, 1, accepted=False), id="screening"),
        pytest.param(leg_swept(1, 400, FAILED), id="swept-leg"),
    ],
)
def test_any_word_of_the_carrier_shows_that_an_attempt_was_dialled(sign: CallEvent) -> None:
    attempt, _ = only_attempt((*DIALLED, sign))

    assert attempt.was_dialled


@pytest.mark.parametrize(
    ("events", "is_screened", "is_whispered"),
    [
        pytest.param((decided(1, 0),), False, False, id="plain"),
        pytest.param((decided(1, 0, whisper="A call."),), False, True, id="whisper-decided"),
        pytest.param((decided(1, 0), whispered(1, 5)), False, True, id="whisper-played"),
        pytest.param((decided(1, 0, screening=PRESS_1),), True, True, id="screening-decided"),
        pytest.param((screened(1, 9, accepted=True),), True, True, id="screening-answered"),
        pytest.param((leg(1, 9, COMPLETED),), False, False, id="decision-unknown"),
    ],
)
def test_whispered_and_screened_are_known_by_decision_or_by_event(
    events: tuple[CallEvent, ...], is_screened: bool, is_whispered: bool
) -> None:
    attempt, _ = only_attempt(events)

    assert (attempt.is_screened, attempt.is_whispered) == (is_screened, is_whispered)


def test_a_completed_leg_outranks_any_other_end_of_it() -> None:
    attempt, _ = only_attempt((leg(1, 5, CANCELED), leg(1, 9, COMPLETED), leg(1, 3, NO_ANSWER)))

    assert attempt.final_leg is not None
    assert attempt.final_leg.status is COMPLETED


def test_a_leg_that_is_still_up_has_no_final_callback() -> None:
    attempt, _ = only_attempt((leg(1, 1, LegStatus.RINGING), leg(1, 5, IN_PROGRESS)))

    assert attempt.final_leg is None


@pytest.mark.parametrize(
    ("events", "destination"),
    [
        pytest.param((decided(1, 0, "acme-east"),), "acme-east", id="as-decided"),
        pytest.param(
            (decided(1, 0, "acme-east"), dial_ended(1, 9, BUSY, destination="bolt")),
            "bolt",
            id="action-says-otherwise",
        ),
        pytest.param(
            (decided(1, 0, "acme-east"), whispered(1, 9, destination="bolt")),
            "bolt",
            id="whisper-says-otherwise",
        ),
        pytest.param(
            (decided(1, 0, "acme-east"), leg(1, 9, BUSY, destination="bolt")),
            "bolt",
            id="leg-says-otherwise",
        ),
        pytest.param(
            (
                decided(1, 0, "acme-east"),
                dial_ended(1, 9, BUSY),
                leg(1, 9, BUSY, destination="bolt"),
            ),
            "bolt",
            id="leg-says-otherwise-and-the-action-nothing",
        ),
        pytest.param((leg(1, 9, BUSY),), "", id="nobody-says"),
    ],
)
def test_the_carriers_word_on_whom_it_dialled_outranks_our_decision(
    events: tuple[CallEvent, ...], destination: str
) -> None:
    attempt, _ = only_attempt(events)

    assert attempt.destination_id == destination


@pytest.mark.parametrize(
    ("events", "sid"),
    [
        pytest.param((dial_ended(1, 9, BUSY),), leg_sid(1), id="action"),
        pytest.param(
            (dial_ended(1, 9, BUSY, sid=""), leg(1, 9, BUSY)), leg_sid(1), id="leg-callback"
        ),
        pytest.param((whispered(1, 9),), leg_sid(1), id="whisper"),
        pytest.param((screened(1, 9, accepted=True),), leg_sid(1), id="screening"),
        pytest.param((decided(1, 0), leg_swept(4, 400)), leg_sid(4), id="swept-leg"),
        pytest.param(
            (leg(1, 1, LegStatus.RINGING, sid=""), leg(1, 9, BUSY)), leg_sid(1), id="first-missing"
        ),
        pytest.param((decided(1, 0), dial_ended(1, 9, FAILED, sid="")), "", id="no-leg"),
    ],
)
def test_the_legs_id_is_read_from_whatever_has_it(events: tuple[CallEvent, ...], sid: str) -> None:
    attempt, _ = only_attempt(events)

    assert attempt.leg_sid == sid


def test_a_lost_action_never_stands_in_the_way_of_the_real_one() -> None:
    lost, real = dial_ended(1, 20, None, bridged=None), dial_ended(1, 25, NO_ANSWER)

    attempt, _ = only_attempt((*DIALLED, lost, real))

    assert attempt.dial_ended == real
    assert only_attempt((*DIALLED, lost))[0].dial_ended == lost


@pytest.mark.parametrize(
    ("events", "gone"),
    [
        pytest.param((dial_ended(1, 9, CANCELED, caller=NO_ANSWER),), True, id="gone"),
        pytest.param((dial_ended(1, 9, BUSY),), False, id="there"),
        pytest.param(
            (dial_ended(1, 9, BUSY), dial_ended(2, 20, CANCELED, caller=NO_ANSWER)),
            True,
            id="gone-in-the-end",
        ),
        pytest.param(DIALLED, False, id="no-action-yet"),
    ],
)
def test_the_caller_has_left_when_an_action_says_so(
    events: tuple[CallEvent, ...], gone: bool
) -> None:
    assert read_history(events).caller_left is gone


OVER = [
    pytest.param((*TALKED, ended(60)), id="talked-and-all-told"),
    pytest.param(
        (*DIALLED, dial_ended(1, 9, FAILED, sid=""), closed(2, 9, Closing.MESSAGE), ended(20)),
        id="no-leg-could-be-made",
    ),
    pytest.param(
        (*DIALLED, leg(1, 9, BUSY), dial_ended(1, 9, BUSY), ended(20)), id="unbridged-needs-no-time"
    ),
    pytest.param(
        (
            *DIALLED,
            leg(1, 60, COMPLETED),
            dial_ended(1, 60, COMPLETED, bridged=True, duration_s=50),
            ended(60),
        ),
        id="time-known-by-the-action",
    ),
    pytest.param(
        (
            *DIALLED,
            leg(1, 60, COMPLETED, duration_s=50),
            dial_ended(1, 60, COMPLETED, bridged=True),
            ended(60),
        ),
        id="time-known-by-the-leg",
    ),
    pytest.param((arrived(), closed(1, 0, Closing.MESSAGE), ended(8)), id="nobody-was-dialled"),
    pytest.param((arrived(), ended(1)), id="gone-before-we-answered"),
    pytest.param((*DIALLED, swept(400)), id="swept"),
    pytest.param((*DIALLED, gave_up(400)), id="given-up"),
]

OPEN = [
    pytest.param(TALKED, id="callers-end-missing"),
    pytest.param((*TALKED, ended(60, IN_PROGRESS)), id="callers-end-not-final"),
    pytest.param((*TALKED, swept(60, IN_PROGRESS)), id="swept-while-it-lasts"),
    pytest.param((*DIALLED, ended(60)), id="dialled-and-nothing-heard"),
    pytest.param((*DIALLED, leg(1, 60, COMPLETED, duration_s=50), ended(60)), id="action-missing"),
    pytest.param(
        (*DIALLED, leg(1, 9, BUSY), dial_ended(1, 9, None, bridged=None), ended(60)),
        id="action-lost",
    ),
    pytest.param((*DIALLED, dial_ended(1, 60, BUSY), ended(60)), id="leg-that-has-an-id-missing"),
    pytest.param(
        (*DIALLED, leg(1, 5, IN_PROGRESS), dial_ended(1, 60, BUSY, sid=""), ended(60)),
        id="leg-known-by-its-callbacks-missing",
    ),
    pytest.param(
        (*DIALLED, dial_ended(1, 60, COMPLETED, bridged=True, sid="", duration_s=50), ended(60)),
        id="bridged-but-the-leg-not-told",
    ),
    pytest.param(
        (
            *DIALLED,
            dial_ended(1, 60, LegStatus.UNKNOWN, bridged=True, sid="", duration_s=50),
            ended(60),
        ),
        id="bridged-by-a-word-that-we-do-not-know",
    ),
    pytest.param(
        (*DIALLED, dial_ended(1, 60, COMPLETED, bridged=None, sid=""), ended(60)),
        id="completed-but-the-leg-not-told",
    ),
    pytest.param(
        (*DIALLED, leg(1, 60, COMPLETED), dial_ended(1, 60, COMPLETED, bridged=True), ended(60)),
        id="bridged-for-nobody-says-how-long",
    ),
    pytest.param(
        (
            *DIALLED,
            leg(1, 9, BUSY),
            dial_ended(1, 9, BUSY),
            decided(2, 9, "bolt"),
            leg(2, 20, NO_ANSWER),
            ended(20),
        ),
        id="one-attempt-of-two-missing",
    ),
]


@pytest.mark.parametrize("events", OVER)
def test_a_call_is_over_when_everything_was_told_or_the_sweep_spoke(
    events: tuple[CallEvent, ...],
) -> None:
    assert read_history(events).is_over


@pytest.mark.parametrize("events", OPEN)
def test_a_call_is_not_over_while_anything_is_missing(events: tuple[CallEvent, ...]) -> None:
    assert not read_history(events).is_over


def _sids(events: Sequence[CallEvent]) -> list[tuple[int, str]]:
    return [(a.attempt, a.swept.leg_sid if a.swept else "-") for a in read_history(events).attempts]


def test_a_swept_leg_finds_its_attempt_by_its_id() -> None:
    events = (
        *DIALLED,
        leg(1, 9, BUSY),
        decided(2, 9, "bolt"),
        leg(2, 20, IN_PROGRESS),
        leg_swept(2, 400, number="+19995550100"),
        leg_swept(1, 400, number="+19995550100"),
    )

    assert _sids(events) == [(1, leg_sid(1)), (2, leg_sid(2))]


def test_a_swept_leg_of_unknown_id_finds_its_attempt_by_the_number_that_was_dialled() -> None:
    events = (
        *DIALLED,
        dial_ended(1, 9, None, bridged=None, sid=""),
        decided(2, 9, "bolt"),
        leg_swept(8, 400, number=NUMBERS["bolt"]),
        leg_swept(9, 400, number=NUMBERS["acme-east"]),
    )

    assert _sids(events) == [(1, leg_sid(9)), (2, leg_sid(8))]


def test_legs_to_one_number_go_to_their_attempts_in_the_order_in_which_they_began() -> None:
    same = "+12125550177"
    events = (
        arrived(),
        decided(1, 0, "acme-east", dial_string=same),
        decided(2, 9, "bolt", dial_string=same),
        leg_swept(5, 400, number=same, started=at(9)),
        leg_swept(6, 400, number=same, started=at(0)),
    )

    assert _sids(events) == [(1, leg_sid(6)), (2, leg_sid(5))]


def test_a_leg_known_by_its_id_is_not_given_to_an_earlier_attempt_at_the_same_number() -> None:
    same = "+12125550177"
    events = (
        arrived(),
        decided(1, 0, "acme-east", dial_string=same),
        decided(2, 9, "bolt", dial_string=same),
        leg(2, 12, LegStatus.RINGING),
        leg_swept(2, 400, number=same, started=at(9)),
    )

    assert _sids(events) == [(1, "-"), (2, leg_sid(2))]


def test_an_attempt_of_which_no_leg_could_be_made_is_given_none_by_its_number() -> None:
    same = "+12125550177"
    events = (
        arrived(),
        decided(1, 0, "acme-east", dial_string=same),
        dial_ended(1, 2, FAILED, sid=""),
        decided(2, 2, "bolt", dial_string=same),
        leg_swept(7, 400, number=same),
    )

    assert _sids(events) == [(1, "-"), (2, leg_sid(7))]


def test_an_attempt_whose_leg_has_another_id_is_not_given_one_by_its_number() -> None:
    events = (*DIALLED, leg(1, 12, LegStatus.RINGING), leg_swept(7, 400))

    assert _sids(events) == [(1, "-"), (2, leg_sid(7))]


def test_an_attempt_whose_number_is_unknown_is_given_no_leg() -> None:
    events = (arrived(), dial_ended(1, 9, None, bridged=None, sid=""), leg_swept(7, 400))

    assert _sids(events) == [(1, "-"), (2, leg_sid(7))]


def test_a_leg_without_an_id_goes_by_its_number_only() -> None:
    elsewhere = leg_swept(0, 400, sid="", number=NUMBERS["dash"])

    assert _sids((*DIALLED, elsewhere)) == [(1, "-"), (2, "")]
    assert _sids((*DIALLED, leg_swept(0, 400, sid=""))) == [(1, "")]


def test_legs_that_none_of_our_decisions_explains_are_attempts_of_their_own() -> None:
    events = (
        *DIALLED,
        leg(1, 9, BUSY),
        decided(2, 9, "bolt"),
        leg_swept(1, 400, BUSY),
        leg_swept(2, 400, number=NUMBERS["bolt"]),
        leg_swept(5, 400, number=NUMBERS["spare"], started=at(30)),
        leg_swept(6, 400, number=NUMBERS["dash"], started=at(20)),
        leg_swept(7, 400, number=NUMBERS["cosy"]),
    )

    assert _sids(events) == [(n, leg_sid(sid)) for n, sid in enumerate((1, 2, 6, 5, 7), start=1)]


def test_the_attempts_of_a_call_that_only_the_carrier_knows_are_counted_from_one() -> None:
    assert _sids((arrived(), leg_swept(4, 400), leg_swept(3, 400))) == [
        (1, leg_sid(3)),
        (2, leg_sid(4)),
    ]


def test_the_last_sign_of_life_is_the_last_webhook_not_the_sweep() -> None:
    assert read_history((*DIALLED, leg(1, 7, BUSY), gave_up(9000))).last_heard_at == at(7)


def test_a_call_known_only_by_asking_was_heard_of_when_we_asked() -> None:
    assert read_history((swept(50), leg_swept(1, 60))).last_heard_at == at(50)
