"""What is told of the dials that reserved something, at each step of a call."""

from dataclasses import replace

import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.dial_outcomes import list_dial_outcomes
from callrouter.domain.calls.events import CallEvent, LegStatus, RouteDecided
from callrouter.domain.limits.reservations import DialOutcome
from tests.domain.builders import (
    arrived,
    decided,
    dial,
    dial_ended,
    ended,
    leg,
    leg_sid,
    ring_group,
)

BUSY = (leg(1, 3, LegStatus.BUSY), dial_ended(1, 3, LegStatus.BUSY))
TALK = (
    leg(1, 5, LegStatus.IN_PROGRESS),
    leg(1, 125, LegStatus.COMPLETED, duration_s=120),
    dial_ended(
        1, 125, LegStatus.COMPLETED, bridged=True, caller=LegStatus.IN_PROGRESS, duration_s=120
    ),
)
END = (ended(126, LegStatus.COMPLETED, duration_s=120),)


def reserving(made: RouteDecided, payable_after_s: int | None = None) -> RouteDecided:
    first = made.decision.dial
    assert first is not None
    changed = replace(first, payable_after_s=payable_after_s)
    return replace(made, reserves=True, decision=replace(made.decision, dial=changed))


def tell(*events: CallEvent) -> dict[str, tuple[bool, bool | None, bool | None]]:
    """Whether dialled, connected, payable, by destination ("" for the attempt)."""
    told = list_dial_outcomes(read_history((arrived(), *events)))
    assert all(isinstance(each, DialOutcome) and each.attempt == 1 for each in told)
    return {each.destination_id: (each.was_dialled, each.connected, each.payable) for each in told}


def test_nothing_is_told_of_a_dial_that_reserved_nothing_or_is_not_over() -> None:
    assert tell(decided(1, 0), *BUSY) == {}
    assert tell(reserving(decided(1, 0))) == {}


def test_a_dial_that_nobody_took_is_told_as_soon_as_it_is_over() -> None:
    told = tell(reserving(decided(1, 0)), *BUSY)

    assert told == {"acme-east": (True, False, False), "": (True, False, False)}


@pytest.mark.parametrize(("payable_after_s", "payable"), [(None, True), (120, True), (121, False)])
def test_whether_a_talk_is_payable_is_told_once_the_call_is_over(
    payable_after_s: int | None, payable: bool
) -> None:
    dialled = reserving(decided(1, 0), payable_after_s)

    assert tell(dialled, *TALK) == {"acme-east": (True, True, None), "": (True, True, None)}
    assert tell(dialled, *TALK, *END) == {
        "acme-east": (True, True, payable),
        "": (True, True, payable),
    }


def test_a_dial_that_the_carrier_never_made_was_no_attempt() -> None:
    told = tell(reserving(decided(1, 0)), ended(2, LegStatus.NO_ANSWER, duration_s=0))

    assert told == {"acme-east": (False, False, False), "": (False, False, False)}


def test_of_phones_that_ring_together_the_one_that_answered_was_connected() -> None:
    made = reserving(decided(1, 0, "acme-east"))
    both = replace(made, decision=replace(made.decision, also=(dial("acme-west"),)))
    talk = (
        replace(TALK[0], destination_id="acme-west", leg_sid=leg_sid(7)),
        replace(TALK[1], destination_id="acme-west", leg_sid=leg_sid(7)),
        replace(TALK[2], leg_sid=leg_sid(7)),
    )

    told = tell(both, *talk, *END)

    assert told["acme-west"] == (True, True, True)
    assert told["acme-east"][1:] == (False, False)
    assert told[""] == (True, True, True)


def test_a_ring_group_is_not_over_while_one_of_its_phones_may_still_answer() -> None:
    group = replace(ring_group(1, 0, dial("acme-east"), dial("acme-west")), reserves=True)
    busy = leg(1, 3, LegStatus.BUSY, sid=leg_sid(7), destination="acme-west")

    assert tell(group, busy, leg(1, 3, LegStatus.RINGING, destination="acme-east")) == {}


def test_the_end_of_the_dial_gives_back_what_those_had_who_havent_reported_yet() -> None:
    group = replace(ring_group(1, 0, dial("acme-east"), dial("acme-west")), reserves=True)
    busy = leg(1, 3, LegStatus.BUSY, sid=leg_sid(7), destination="acme-west")
    over = dial_ended(1, 30, LegStatus.BUSY, sid=leg_sid(7), destination="acme-east")

    assert tell(group, busy, over) == dict.fromkeys(
        ("acme-east", "acme-west", ""), (True, False, False)
    )


def test_a_destination_that_the_carrier_never_dialled_gets_its_room_back() -> None:
    other = dial_ended(1, 5, LegStatus.BUSY, destination="bolt")

    told = tell(reserving(decided(1, 0)), other)

    assert told == {"acme-east": (False, False, False), "": (True, False, False)}


def test_what_was_reserved_for_a_decision_that_the_carrier_never_saw_is_given_back() -> None:
    """Whether the first one was kept wasn't known: the answer was that of another machine."""
    rival = replace(decided(1, 1, "bolt"), rival=True)
    talk = [replace(each, destination_id="bolt") for each in TALK]

    told = tell(reserving(decided(1, 0)), rival, *talk, *END)

    assert told["acme-east"] == (False, False, False)
    assert tell(reserving(decided(1, 0)), rival) == {}


def test_of_several_buyers_that_ring_together_only_the_one_that_answered_had_the_call() -> None:
    group = replace(ring_group(1, 0, dial("acme-east"), dial("bolt")), reserves=True)
    talk = [replace(each, destination_id="bolt", leg_sid=leg_sid(7)) for each in TALK]

    told = tell(group, *talk, *END)

    assert told[""] == told["buyer:bolt"] == (True, True, True)
    assert told["buyer:acme"] == (True, False, False)
