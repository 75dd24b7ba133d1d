"""Which of the phones that rang together an event is about, and which one had the call."""

from dataclasses import replace
from itertools import permutations

import pytest

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallEvent, DialEnded, LegProgressed, LegStatus
from tests.domain.builders import (
    NUMBERS,
    PRESS_1,
    arrived,
    at,
    decided,
    dial,
    dial_ended,
    ended,
    leg,
    leg_swept,
    ring_group,
    screened,
    swept,
    whispered,
)

BUSY, COMPLETED, CANCELED = LegStatus.BUSY, LegStatus.COMPLETED, LegStatus.CANCELED
IN_PROGRESS, RINGING = LegStatus.IN_PROGRESS, LegStatus.RINGING
EAST, WEST, BOLT = "acme-east", "acme-west", "bolt"
GROUP = (arrived(), ring_group(1, 0, dial(EAST), dial(WEST), dial(BOLT)))
SCREENING = ring_group(1, 0, dial(EAST, screening=PRESS_1), dial(WEST, screening=PRESS_1))


def rung(
    destination: str,
    seconds: float,
    status: LegStatus,
    *,
    duration_s: int | None = None,
    attempt: int = 1,
) -> LegProgressed:
    """A callback of the leg to one of the group."""
    sid = f"CA{destination}"
    return leg(attempt, seconds, status, duration_s=duration_s, sid=sid, destination=destination)


def over(
    seconds: float, sid: str, *, bridged: bool | None = True, status: LegStatus = COMPLETED
) -> DialEnded:
    """The Dial's action; its URL names the first of the group, whichever had the call."""
    return dial_ended(
        1, seconds, status, bridged=bridged, caller=IN_PROGRESS, sid=sid, destination=EAST
    )


def read(*events: CallEvent) -> dict[str, Attempt]:
    return {a.destination_id: a for a in read_history(events).attempts}


def leading(*events: CallEvent) -> str:
    (lead,) = (a for a in read_history(events).attempts if a.has_lead)
    return lead.destination_id


def test_each_phone_of_a_ring_group_is_an_attempt_of_its_own_with_the_same_number() -> None:
    events = (
        *GROUP,
        rung(EAST, 3, BUSY),
        rung(WEST, 4, RINGING),
        rung(WEST, 9, IN_PROGRESS),
        over(60, "CAacme-west"),
    )

    attempts = read_history(events).attempts

    assert [(a.attempt, a.destination_id) for a in attempts] == [(1, EAST), (1, WEST), (1, BOLT)]
    assert [set(a.legs) for a in attempts] == [{BUSY}, {RINGING, IN_PROGRESS}, set()]
    assert [a.dial.dial_string for a in attempts if a.dial] == [
        NUMBERS[EAST],
        NUMBERS[WEST],
        NUMBERS[BOLT],
    ]
    assert [a.leg_sid for a in attempts] == ["CAacme-east", "CAacme-west", ""]
    assert [a.own_end is not None for a in attempts] == [False, True, False]


def test_what_the_carrier_tells_of_one_phone_tells_that_all_were_rung() -> None:
    assert not any(a.was_dialled for a in read(*GROUP).values())
    assert all(a.was_dialled for a in read(*GROUP, rung(WEST, 1, RINGING)).values())


def test_an_event_that_names_no_destination_goes_by_its_leg() -> None:
    attempts = read(
        *GROUP,
        rung(WEST, 3, RINGING),
        leg(1, 9, IN_PROGRESS, sid="CAacme-west"),
        leg(1, 2, RINGING, sid="CAunheard"),
    )

    assert set(attempts[WEST].legs) == {RINGING, IN_PROGRESS}
    assert set(attempts[EAST].legs) == {RINGING}


def test_phones_that_no_decision_of_ours_explains_are_told_apart_by_what_the_carrier_says() -> None:
    attempts = read(arrived(), rung(WEST, 3, RINGING), rung(BOLT, 2, RINGING))

    assert list(attempts) == [BOLT, WEST]
    assert [a.dial for a in attempts.values()] == [None, None]


def test_of_rival_decisions_the_one_whose_phones_were_rung_counts() -> None:
    first = decided(1, 0, EAST)
    rival = replace(ring_group(1, 0.5, dial(EAST), dial(WEST)), rival=True)
    events: list[CallEvent] = [first, rival, rung(EAST, 2, BUSY), rung(WEST, 3, BUSY)]

    for order in permutations(events):
        attempts = read_history(order).attempts
        assert [a.decided for a in attempts] == [rival, rival]


@pytest.mark.parametrize(
    ("events", "lead"),
    [
        pytest.param(
            (
                *GROUP,
                rung(EAST, 60, COMPLETED),
                over(60, "CAbolt"),
                rung(BOLT, 9, BUSY),
            ),
            BOLT,
            id="the-one-that-the-action-names",
        ),
        pytest.param(
            (*GROUP, rung(EAST, 9, CANCELED), rung(BOLT, 9, CANCELED), over(60, "CAunheard")),
            WEST,
            id="the-one-whose-callbacks-were-lost",
        ),
        pytest.param(
            (
                *GROUP,
                over(60, "CAunheard"),
                leg_swept(1, 400, number=NUMBERS[BOLT], sid="CAunheard"),
                swept(400),
            ),
            BOLT,
            id="the-one-that-the-records-say-it-was",
        ),
        pytest.param(
            (
                *GROUP,
                *(rung(name, 9, RINGING) for name in (EAST, WEST, BOLT)),
                rung(WEST, 60, COMPLETED),
                over(60, "CAunheard"),
            ),
            WEST,
            id="the-furthest-when-it-names-another",
        ),
        pytest.param(
            (*GROUP, rung(EAST, 9, CANCELED), rung(WEST, 60, COMPLETED), over(60, "")),
            WEST,
            id="the-completed-one-when-it-names-none",
        ),
        pytest.param(
            (
                *GROUP,
                rung(EAST, 20, COMPLETED, duration_s=18),
                rung(WEST, 60, COMPLETED, duration_s=12),
            ),
            WEST,
            id="the-one-that-ended-last",
        ),
        pytest.param(
            (
                *GROUP,
                leg_swept(1, 400, number=NUMBERS[EAST], ended=at(60), duration_s=4, sid="CA1"),
                leg_swept(1, 400, number=NUMBERS[WEST], ended=at(60), duration_s=5, sid="CA2"),
                swept(400),
            ),
            WEST,
            id="the-one-that-lasted-longest",
        ),
        pytest.param(
            (
                arrived(),
                SCREENING,
                screened(1, 9, accepted=True, destination=EAST, sid="CAacme-east"),
                rung(WEST, 60, COMPLETED, duration_s=50),
            ),
            EAST,
            id="the-one-that-pressed-the-key",
        ),
        pytest.param(
            (*GROUP, rung(EAST, 3, RINGING), rung(WEST, 9, IN_PROGRESS)),
            WEST,
            id="the-one-that-has-answered",
        ),
        pytest.param(
            (*GROUP, whispered(1, 9, destination=BOLT, sid="CAbolt")),
            BOLT,
            id="the-one-that-is-whispered-to",
        ),
        pytest.param(GROUP, EAST, id="the-first-while-nothing-is-known"),
    ],
)
def test_the_dials_end_is_about_one_of_them(events: tuple[CallEvent, ...], lead: str) -> None:
    assert leading(*events) == lead
    assert leading(*reversed(events)) == lead


def test_swept_legs_of_a_ring_group_go_by_their_ids_first_and_then_by_their_numbers() -> None:
    attempts = read(
        *GROUP,
        rung(WEST, 1, RINGING),
        leg_swept(1, 400, BUSY, number=NUMBERS[BOLT], sid="CA3"),
        leg_swept(1, 400, COMPLETED, number=NUMBERS[EAST], sid="CAacme-west"),
        leg_swept(1, 400, CANCELED, number=NUMBERS[EAST], sid="CA1"),
        swept(400),
    )

    assert {name: a.swept and a.swept.status for name, a in attempts.items()} == {
        EAST: CANCELED,
        WEST: COMPLETED,
        BOLT: BUSY,
    }


def test_a_sip_address_is_the_same_with_the_header_that_names_the_call() -> None:
    address = "sip:desk@pbx.example.com"
    attempts = read(
        arrived(),
        decided(1, 0, EAST, dial_string=address),
        leg_swept(1, 400, BUSY, number=f"{address}?X-Call-Id=CA1", sid="CA9"),
        swept(400),
    )

    assert list(attempts) == [EAST]


@pytest.mark.parametrize(
    ("missing", "is_over"),
    [
        pytest.param(None, True, id="nothing"),
        pytest.param(0, False, id="a-leg-that-had-not-the-call"),
        pytest.param(2, False, id="the-leg-that-had-it"),
        pytest.param(3, False, id="the-action"),
    ],
)
def test_a_call_with_a_ring_group_is_over_once_each_leg_has_reported_its_end(
    missing: int | None, is_over: bool
) -> None:
    told: list[CallEvent] = [
        rung(EAST, 9, CANCELED),
        rung(WEST, 4, BUSY),
        rung(BOLT, 60, COMPLETED, duration_s=50),
        over(60, "CAbolt"),
        ended(60.5, duration_s=50),
    ]
    heard = [rung(EAST, 1, RINGING), *(e for index, e in enumerate(told) if index != missing)]

    assert read_history((*GROUP, *heard)).is_over is is_over
    assert read_history((*GROUP, *heard, swept(400))).is_over


@pytest.mark.parametrize(("bridged", "is_over"), [(True, True), (False, False), (None, False)])
def test_a_leg_of_which_nothing_was_ever_heard_does_not_hold_up_a_call_that_somebody_had(
    bridged: bool | None, is_over: bool
) -> None:
    heard = (
        rung(WEST, 4, BUSY),
        rung(BOLT, 60, COMPLETED, duration_s=50),
        over(60, "CAbolt", bridged=bridged),
        ended(60.5, duration_s=50),
    )

    assert read_history((*GROUP, *heard)).is_over is is_over
