import pytest

from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.routing.decision import Closing
from tests.domain.builders import (
    arrived,
    closed,
    decided,
    dial_ended,
    ended,
    fallback_asked,
    gave_up,
    leg,
    leg_swept,
    recorded,
    screened,
    swept,
    whispered,
)

BUSY, COMPLETED = LegStatus.BUSY, LegStatus.COMPLETED


@pytest.mark.parametrize(
    ("one", "again"),
    [
        pytest.param(arrived(0), arrived(15), id="arrival"),
        pytest.param(decided(1, 0), closed(1, 15, Closing.MESSAGE), id="decision"),
        pytest.param(dial_ended(1, 9, BUSY), dial_ended(1, 24, COMPLETED), id="action"),
        pytest.param(dial_ended(1, 9, None), dial_ended(1, 24, None), id="lost-action"),
        pytest.param(leg(1, 9, BUSY), leg(1, 24, BUSY, duration_s=0), id="leg-status"),
        pytest.param(whispered(1, 9), whispered(1, 24), id="whisper"),
        pytest.param(screened(1, 9, accepted=True), screened(1, 9, accepted=False), id="screening"),
        pytest.param(recorded(9, 5), recorded(24, 6), id="voicemail"),
        pytest.param(fallback_asked(9), fallback_asked(24), id="fallback"),
        pytest.param(ended(9), ended(24, duration_s=5), id="end"),
        pytest.param(swept(400), swept(700), id="swept"),
        pytest.param(leg_swept(1, 400), leg_swept(1, 700), id="swept-leg"),
        pytest.param(gave_up(400), gave_up(700), id="given-up"),
    ],
)
def test_the_same_fact_told_again_is_the_same_event(one: CallEvent, again: CallEvent) -> None:
    assert one.key == again.key


ALL_DIFFERENT: tuple[CallEvent, ...] = (
    arrived(),
    decided(1, 0),
    decided(2, 0),
    dial_ended(1, 9, BUSY),
    dial_ended(2, 9, BUSY),
    dial_ended(1, 9, None),
    leg(1, 9, BUSY),
    leg(1, 9, COMPLETED),
    leg(2, 9, BUSY),
    whispered(1, 9),
    whispered(2, 9),
    screened(1, 9, accepted=True),
    screened(2, 9, accepted=True),
    recorded(9, 5),
    fallback_asked(9, "11200"),
    fallback_asked(9, "11205"),
    fallback_asked(9, "11200", path="attempts/1"),
    ended(9, COMPLETED),
    ended(9, BUSY),
    swept(400),
    leg_swept(1, 400),
    leg_swept(2, 400),
    gave_up(400),
)


def test_facts_that_differ_are_different_events() -> None:
    assert len({event.key for event in ALL_DIFFERENT}) == len(ALL_DIFFERENT)


def test_a_key_of_a_long_url_is_cut_to_what_an_index_can_hold() -> None:
    assert len(fallback_asked(9, path="x" * 1000).key) == 200


@pytest.mark.parametrize("status", list(LegStatus))
def test_a_leg_has_ended_in_five_of_the_carriers_words(status: LegStatus) -> None:
    final = {"completed", "busy", "no-answer", "failed", "canceled"}

    assert status.is_final is (status.value in final)
