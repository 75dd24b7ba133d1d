from datetime import UTC, datetime, timedelta

import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.calls.plausibility import LONGEST_CALL_S, leave_out_absurd
from tests.domain.builders import (
    T0,
    arrived,
    at,
    decided,
    dial_ended,
    ended,
    leg,
    leg_swept,
    swept,
)

COMPLETED = LegStatus.COMPLETED
DAY_S = 86_400
ANOTHER_CENTURY = datetime(1926, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(arrived(), id="arrival"),
        pytest.param(leg(1, 60, COMPLETED, duration_s=50), id="leg"),
        pytest.param(leg(1, 60, COMPLETED, stamp=None), id="leg-that-says-nothing"),
        pytest.param(dial_ended(1, 60, COMPLETED, duration_s=LONGEST_CALL_S), id="longest-dial"),
        pytest.param(ended(60, duration_s=0), id="end"),
        pytest.param(ended(60, stamp=at(60 + DAY_S)), id="stamped-a-day-after-its-arrival"),
        pytest.param(ended(60, stamp=at(-DAY_S)), id="stamped-a-day-before-the-call"),
        pytest.param(swept(9 * DAY_S, started=at(0), ended=at(60)), id="swept-days-later"),
        pytest.param(leg_swept(1, 400, started=at(0), ended=at(60), duration_s=50), id="swept-leg"),
    ],
)
def test_an_event_that_can_be_true_is_left_as_it_is(event: CallEvent) -> None:
    assert leave_out_absurd(event, T0) is event


@pytest.mark.parametrize(
    ("event", "believed"),
    [
        pytest.param(
            leg(1, 60, COMPLETED, stamp=ANOTHER_CENTURY, duration_s=50),
            leg(1, 60, COMPLETED, stamp=None, duration_s=50),
            id="leg-of-another-century",
        ),
        pytest.param(
            leg(1, 60, COMPLETED, stamp=at(61 + DAY_S)),
            leg(1, 60, COMPLETED, stamp=None),
            id="leg-of-the-day-after-tomorrow",
        ),
        pytest.param(
            ended(60, stamp=at(-DAY_S) - timedelta(seconds=1), duration_s=50),
            ended(60, stamp=None, duration_s=50),
            id="end-long-before-the-call",
        ),
        pytest.param(ended(60, duration_s=-1), ended(60), id="negative"),
        pytest.param(ended(60, duration_s=LONGEST_CALL_S + 1), ended(60), id="longer-than-a-day"),
        pytest.param(
            dial_ended(1, 60, COMPLETED, duration_s=10**15),
            dial_ended(1, 60, COMPLETED),
            id="dial-of-millions-of-years",
        ),
        pytest.param(
            swept(400, started=ANOTHER_CENTURY, ended=at(60), duration_s=-5),
            swept(400, ended=at(60)),
            id="swept-start-and-duration",
        ),
        pytest.param(
            leg_swept(1, 400, started=at(1), ended=datetime.max.replace(tzinfo=UTC)),
            leg_swept(1, 400, started=at(1)),
            id="swept-leg-that-never-ends",
        ),
    ],
)
def test_a_figure_that_no_call_can_have_is_left_out(event: CallEvent, believed: CallEvent) -> None:
    assert leave_out_absurd(event, T0) == believed


def test_of_a_call_that_was_only_asked_about_any_past_stamp_is_believed() -> None:
    long_ago = swept(0, started=at(-90 * DAY_S), ended=at(-90 * DAY_S + 60))

    assert leave_out_absurd(long_ago, None) is long_ago


def test_the_history_groups_what_can_be_true_and_keeps_what_came() -> None:
    absurd = ended(60, stamp=ANOTHER_CENTURY, duration_s=50)

    history = read_history((arrived(), absurd))

    assert history.events == (arrived(), absurd)
    assert history.ended == ended(60, stamp=None, duration_s=50)
    assert history.misdated


@pytest.mark.parametrize(
    ("event", "misdated"),
    [
        pytest.param(leg(1, 9, COMPLETED, stamp=ANOTHER_CENTURY), True, id="leg"),
        pytest.param(leg_swept(1, 400, started=ANOTHER_CENTURY), True, id="swept-start"),
        pytest.param(swept(400, ended=at(400 + 2 * DAY_S)), True, id="swept-end"),
        pytest.param(dial_ended(1, 9, COMPLETED, duration_s=-1), False, id="duration-only"),
        pytest.param(ended(9), False, id="nothing"),
    ],
)
def test_a_call_is_misdated_when_a_stamp_was_left_out(event: CallEvent, misdated: bool) -> None:
    assert read_history((arrived(), decided(1, 0), event)).misdated is misdated
