from datetime import UTC, datetime

import pytest

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.durations import Connected, Total, measure_connected, measure_total
from callrouter.domain.calls.events import CallEvent, DialEnded, LegStatus
from callrouter.domain.cdr import CdrFlag, ConnectedSource
from callrouter.domain.routing.decision import Closing
from tests.domain.builders import (
    PRESS_1,
    arrived,
    at,
    closed,
    decided,
    dial_ended,
    ended,
    gave_up,
    leg,
    leg_swept,
    only_attempt,
    screened,
    swept,
    whispered,
)

COMPLETED, IN_PROGRESS, BUSY = LegStatus.COMPLETED, LegStatus.IN_PROGRESS, LegStatus.BUSY
GAP = frozenset({CdrFlag.DURATION_GAP})
MISSING = frozenset({CdrFlag.DURATION_MISSING})
CLOCK_GAP = frozenset({CdrFlag.CLOCK_GAP})

PLAIN = (arrived(), decided(1, 0))
WHISPER = (arrived(), decided(1, 0, whisper="A roofing call."))
SCREENING = (arrived(), decided(1, 0, screening=PRESS_1))
ANSWERED = leg(1, 10, IN_PROGRESS)
BRIDGED = dial_ended(1, 60.4, COMPLETED, bridged=True, caller=IN_PROGRESS)


def bridged(duration_s: int | None) -> CallEvent:
    return dial_ended(1, 60.4, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=duration_s)


@pytest.mark.parametrize(
    ("events", "connected"),
    [
        pytest.param(
            (bridged(50), leg_swept(1, 400, duration_s=50), leg(1, 60, COMPLETED, duration_s=50)),
            Connected(50_000, ConnectedSource.CARRIER_LEG),
            id="leg-callback-first",
        ),
        pytest.param(
            (bridged(49), leg_swept(1, 400, duration_s=50)),
            Connected(50_000, ConnectedSource.CARRIER_REST),
            id="then-the-records",
        ),
        pytest.param(
            (bridged(49), leg(1, 60, COMPLETED)),
            Connected(49_000, ConnectedSource.CARRIER_DIAL),
            id="then-the-action",
        ),
        pytest.param(
            (BRIDGED, ANSWERED, leg(1, 60, COMPLETED)),
            Connected(50_000, ConnectedSource.EVENT_TIMES),
            id="then-event-times",
        ),
        pytest.param(
            (BRIDGED, ANSWERED),
            Connected(50_400, ConnectedSource.EVENT_TIMES),
            id="to-the-action-when-that-is-all",
        ),
        pytest.param((BRIDGED,), Connected(0, ConnectedSource.NONE, MISSING), id="then-nothing"),
        pytest.param(
            (ANSWERED, leg_swept(1, 400), swept(400)),
            Connected(0, ConnectedSource.NONE, MISSING),
            id="an-answer-without-an-end-is-nothing",
        ),
        pytest.param(
            (BRIDGED, leg(1, 65, IN_PROGRESS), leg(1, 60, COMPLETED)),
            Connected(0, ConnectedSource.EVENT_TIMES),
            id="an-answer-stamped-after-the-end-is-no-time",
        ),
        pytest.param(
            (bridged(0), leg(1, 60, COMPLETED, duration_s=0)),
            Connected(0, ConnectedSource.CARRIER_LEG),
            id="zero-is-a-figure",
        ),
    ],
)
def test_without_whisper_or_screening_the_legs_own_seconds_count(
    events: tuple[CallEvent, ...], connected: Connected
) -> None:
    assert measure_connected(*only_attempt((*PLAIN, *events))) == connected


@pytest.mark.parametrize(
    ("events", "flags"),
    [
        pytest.param((ANSWERED, leg(1, 60, COMPLETED, duration_s=50)), frozenset(), id="agree"),
        pytest.param((ANSWERED, leg(1, 60, COMPLETED, duration_s=51)), frozenset(), id="a-second"),
        pytest.param((ANSWERED, leg(1, 60, COMPLETED, duration_s=52)), GAP, id="stamps-say-less"),
        pytest.param((ANSWERED, leg(1, 60, COMPLETED, duration_s=48)), GAP, id="stamps-say-more"),
        pytest.param(
            (bridged(40), leg(1, 60, COMPLETED, duration_s=50)), GAP, id="the-action-disagrees"
        ),
        pytest.param(
            (leg_swept(1, 400, duration_s=40), leg(1, 60, COMPLETED, duration_s=50)),
            GAP,
            id="the-records-disagree",
        ),
        pytest.param(
            (
                ANSWERED,
                leg(1, 75, COMPLETED, duration_s=50, stamp=None),
                dial_ended(1, 75, COMPLETED, bridged=True, caller=IN_PROGRESS),
            ),
            frozenset(),
            id="what-comes-late-without-a-stamp-tells-nothing",
        ),
    ],
)
def test_a_gap_over_a_second_between_the_figures_is_flagged(
    events: tuple[CallEvent, ...], flags: frozenset[CdrFlag]
) -> None:
    action = () if any(isinstance(e, DialEnded) for e in events) else (BRIDGED,)

    attempt, history = only_attempt((*PLAIN, *action, *events))

    assert measure_connected(attempt, history).flags == flags


@pytest.mark.parametrize(
    ("events", "connected"),
    [
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(60, duration_s=43)),
            Connected(43_000, ConnectedSource.CARRIER_CALL),
            id="the-callers-leg",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), swept(400, ended=at(60), duration_s=43)),
            Connected(43_000, ConnectedSource.CARRIER_CALL),
            id="the-callers-leg-from-the-records",
        ),
        pytest.param(
            (ended(60, duration_s=43),),
            Connected(43_000, ConnectedSource.CARRIER_CALL),
            id="the-callers-leg-alone",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=9), ended(60, duration_s=0)),
            Connected(0, ConnectedSource.CARRIER_CALL),
            id="bridged-for-less-than-a-second",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(60, duration_s=51)),
            Connected(50_000, ConnectedSource.CARRIER_LEG),
            id="never-longer-than-the-buyers-leg",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(60, duration_s=50)),
            Connected(50_000, ConnectedSource.CARRIER_CALL),
            id="as-long-as-the-buyers-leg",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(60, duration_s=52)),
            Connected(50_000, ConnectedSource.CARRIER_LEG, MISSING),
            id="longer-than-the-buyers-leg-by-more-than-rounding",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(60)),
            Connected(50_000, ConnectedSource.CARRIER_LEG, MISSING),
            id="an-upper-bound-is-flagged",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(90, duration_s=70)),
            Connected(50_000, ConnectedSource.CARRIER_LEG, MISSING),
            id="a-callers-leg-that-counted-something-else-too",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(60, LegStatus.NO_ANSWER, duration_s=0)),
            Connected(50_000, ConnectedSource.CARRIER_LEG, MISSING),
            id="a-callers-leg-that-says-never-answered",
        ),
        pytest.param(
            (
                leg(1, 60, COMPLETED, duration_s=50),
                closed(2, 60, Closing.MESSAGE),
                ended(66, duration_s=48),
            ),
            Connected(50_000, ConnectedSource.CARRIER_LEG, MISSING),
            id="a-callers-leg-that-went-on-with-our-message",
        ),
    ],
)
def test_with_a_whisper_the_callers_leg_counts_since_its_answer_is_the_bridge(
    events: tuple[CallEvent, ...], connected: Connected
) -> None:
    attempt, history = only_attempt((*WHISPER, BRIDGED, *events))

    assert measure_connected(attempt, history) == connected


def test_digits_that_a_buyers_menu_is_sent_are_no_connected_time() -> None:
    attempt, history = only_attempt(
        (
            arrived(),
            decided(1, 0, send_digits="WW2"),
            ANSWERED,
            BRIDGED,
            leg(1, 60, COMPLETED, duration_s=50),
            ended(60, duration_s=47),
        )
    )

    assert measure_connected(attempt, history) == Connected(47_000, ConnectedSource.CARRIER_CALL)


@pytest.mark.parametrize(
    ("events", "connected"),
    [
        pytest.param(
            (screened(1, 17.25, accepted=True), leg(1, 60, COMPLETED), ended(60, duration_s=43)),
            Connected(42_750, ConnectedSource.EVENT_TIMES),
            id="from-the-key-to-the-legs-end",
        ),
        pytest.param(
            (
                screened(1, 17.25, accepted=True),
                leg_swept(1, 400, ended=at(60)),
                ended(60, duration_s=43),
            ),
            Connected(42_750, ConnectedSource.EVENT_TIMES),
            id="end-from-the-records",
        ),
        pytest.param(
            (screened(1, 17.25, accepted=True), leg(1, 60, COMPLETED), ended(60, duration_s=39)),
            Connected(42_750, ConnectedSource.EVENT_TIMES, GAP),
            id="the-callers-leg-disagrees",
        ),
        pytest.param(
            (screened(1, 17, accepted=True), leg(1, 60, COMPLETED), ended(60, duration_s=42)),
            Connected(43_000, ConnectedSource.EVENT_TIMES),
            id="the-callers-leg-a-second-off",
        ),
        pytest.param(
            (screened(1, 16.999, accepted=True), leg(1, 60, COMPLETED), ended(60, duration_s=42)),
            Connected(43_001, ConnectedSource.EVENT_TIMES, GAP),
            id="the-callers-leg-a-millisecond-more-than-a-second-off",
        ),
        pytest.param(
            (screened(1, 17.25, accepted=True), leg(1, 60, COMPLETED)),
            Connected(42_750, ConnectedSource.EVENT_TIMES),
            id="nothing-to-compare-with",
        ),
        pytest.param(
            (screened(1, 17.25, accepted=True), leg(1, 60, COMPLETED, duration_s=50)),
            Connected(42_750, ConnectedSource.EVENT_TIMES),
            id="a-longer-leg-is-no-gap",
        ),
        pytest.param(
            (screened(1, 17, accepted=True), leg(1, 60, COMPLETED, duration_s=42)),
            Connected(43_000, ConnectedSource.EVENT_TIMES),
            id="nor-is-one-shorter-by-a-second",
        ),
        pytest.param(
            (screened(1, 16.999, accepted=True), leg(1, 60, COMPLETED, duration_s=42)),
            Connected(43_001, ConnectedSource.EVENT_TIMES, GAP),
            id="one-shorter-by-more-is-a-gap",
        ),
        pytest.param(
            (screened(1, 70, accepted=True), leg(1, 60, COMPLETED)),
            Connected(0, ConnectedSource.EVENT_TIMES),
            id="a-key-after-the-end-is-no-time",
        ),
        pytest.param(
            (leg(1, 60, COMPLETED, duration_s=50), ended(60, duration_s=43)),
            Connected(43_000, ConnectedSource.CARRIER_CALL),
            id="key-press-lost",
        ),
        pytest.param(
            (
                screened(1, 17.25, accepted=False),
                leg(1, 60, COMPLETED, duration_s=50),
                ended(60, duration_s=43),
            ),
            Connected(43_000, ConnectedSource.CARRIER_CALL),
            id="another-key-yet-bridged",
        ),
    ],
)
def test_with_screening_event_times_count(
    events: tuple[CallEvent, ...], connected: Connected
) -> None:
    attempt, history = only_attempt((*SCREENING, BRIDGED, *events))

    assert measure_connected(attempt, history) == connected


def test_a_screened_leg_whose_end_is_unknown_is_bounded_by_its_seconds() -> None:
    events = (*SCREENING, screened(1, 17, accepted=True), leg_swept(1, 400, duration_s=50))

    attempt, history = only_attempt((*events, swept(400)))

    expected = Connected(50_000, ConnectedSource.CARRIER_REST, MISSING)
    assert measure_connected(attempt, history) == expected


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((dial_ended(1, 19, COMPLETED, duration_s=9),), id="declined"),
        pytest.param((dial_ended(1, 9, BUSY),), id="busy"),
        pytest.param((whispered(1, 10),), id="open"),
    ],
)
def test_an_attempt_that_was_not_bridged_has_no_connected_time(
    events: tuple[CallEvent, ...],
) -> None:
    attempt, history = only_attempt((*WHISPER, *events, ended(25, duration_s=6)))

    assert measure_connected(attempt, history) == Connected()


def test_two_bridges_of_one_call_are_not_both_given_the_callers_whole_time() -> None:
    """The first buyer drops after 6 s, the second talks for 300 s; each whisper took 4 s."""
    history = read_history(
        (
            *WHISPER,
            leg(1, 20, COMPLETED, duration_s=10),
            dial_ended(1, 20, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=10),
            decided(2, 20, "bolt", whisper="A roofing call."),
            leg(2, 334, COMPLETED, duration_s=304),
            dial_ended(2, 334, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=304),
            ended(334, duration_s=320),
        )
    )

    measured = [measure_connected(attempt, history) for attempt in history.attempts]

    assert measured == [
        Connected(10_000, ConnectedSource.CARRIER_LEG, MISSING),
        Connected(304_000, ConnectedSource.CARRIER_LEG, MISSING),
    ]


def test_a_screened_bridge_after_an_earlier_one_is_not_compared_with_the_callers_whole_time() -> (
    None
):
    history = read_history(
        (
            *PLAIN,
            leg(1, 16, COMPLETED, duration_s=6),
            dial_ended(1, 16, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=6),
            decided(2, 16, "bolt", screening=PRESS_1),
            screened(2, 30, accepted=True),
            leg(2, 330, COMPLETED, duration_s=306),
            dial_ended(2, 330, COMPLETED, bridged=True, caller=COMPLETED, duration_s=306),
            ended(330, duration_s=320),
        )
    )

    measured = [measure_connected(attempt, history) for attempt in history.attempts]

    assert measured == [
        Connected(6_000, ConnectedSource.CARRIER_LEG),
        Connected(300_000, ConnectedSource.EVENT_TIMES),
    ]


def total(events: tuple[CallEvent, ...], connected_s: int = 0) -> Total:
    return measure_total(read_history(events), (Connected(connected_s * 1000),))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param(
            (arrived(0.25), ended(60.6)), Total(at(0.25), at(60), 59_750), id="callback's-stamp"
        ),
        pytest.param(
            (arrived(0.25), ended(60.6, stamp=None)),
            Total(at(0.25), at(60.6), 60_350),
            id="callback-without-a-stamp",
        ),
        pytest.param(
            (arrived(0.25), swept(400, started=at(0), ended=at(60))),
            Total(at(0.25), at(60), 59_750),
            id="swept",
        ),
        pytest.param(
            (arrived(1), swept(400, started=at(0), ended=at(60))),
            Total(at(0), at(60), 60_000),
            id="the-carriers-start-a-second-earlier-counts",
        ),
        pytest.param(
            (arrived(15.3), swept(400, started=at(0), ended=at(60))),
            Total(at(0), at(60), 60_000),
            id="the-fallback-was-the-first-we-heard",
        ),
        pytest.param(
            (arrived(0), swept(400, started=at(5), ended=at(60))),
            Total(at(0), at(60), 60_000),
            id="the-carriers-start-later-does-not",
        ),
        pytest.param(
            (swept(400, started=at(0), ended=at(60)),),
            Total(at(0), at(60), 60_000),
            id="known-only-by-asking",
        ),
        pytest.param(
            (swept(400),), Total(at(400), at(400), 0), id="asked-and-no-stamps-whatsoever"
        ),
        pytest.param(
            (leg(1, 9, BUSY), arrived(3), ended(20)),
            Total(at(3), at(20), 17_000),
            id="arrival-first",
        ),
        pytest.param(
            (arrived(0), leg(1, 9, BUSY), gave_up(90_000)),
            Total(at(0), at(9), 9_000),
            id="given-up-a-day-later-lasted-to-its-last-sign-of-life",
        ),
        pytest.param((arrived(0), decided(1, 0)), Total(at(0), at(0), 0), id="just-arrived"),
    ],
)
def test_total_runs_from_the_first_webhook_to_the_end_of_the_callers_leg(
    events: tuple[CallEvent, ...], expected: Total
) -> None:
    assert total(events) == expected


@pytest.mark.parametrize(
    ("events", "connected_s", "expected"),
    [
        pytest.param(
            (arrived(0.9), ended(60)),
            60,
            Total(at(0.9), at(60.9), 60_000),
            id="within-the-carriers-second",
        ),
        pytest.param(
            (arrived(0), ended(60)),
            62,
            Total(at(0), at(62), 62_000, CLOCK_GAP),
            id="by-two-seconds",
        ),
        pytest.param(
            (arrived(9), ended(12, stamp=at(8))),
            0,
            Total(at(9), at(9), 0),
            id="ended-a-second-before-it-began",
        ),
        pytest.param(
            (arrived(9), ended(12, stamp=at(5))),
            3,
            Total(at(9), at(12), 3_000, CLOCK_GAP),
            id="ended-seconds-before-it-began",
        ),
        pytest.param(
            (arrived(9), ended(12, stamp=at(7.9))),
            0,
            Total(at(9), at(9), 0, CLOCK_GAP),
            id="ended-more-than-a-second-before-it-began",
        ),
        pytest.param(
            (arrived(0), ended(60)),
            61,
            Total(at(0), at(61), 61_000),
            id="short-by-a-second",
        ),
        pytest.param(
            (arrived(0), ended(60, stamp=at(61))),
            0,
            Total(at(0), at(61), 61_000),
            id="told-a-second-before-it-happened",
        ),
        pytest.param(
            (arrived(0), ended(60.2, stamp=at(61))),
            0,
            Total(at(0), at(61), 61_000),
            id="told-a-moment-before-it-happened",
        ),
        pytest.param(
            (arrived(0), ended(60, stamp=at(65))),
            0,
            Total(at(0), at(65), 65_000, CLOCK_GAP),
            id="told-seconds-before-it-happened",
        ),
        pytest.param(
            (arrived(0), leg(1, 9, BUSY, stamp=at(12)), ended(60)),
            0,
            Total(at(0), at(60), 60_000, CLOCK_GAP),
            id="a-leg-told-seconds-before-it-happened",
        ),
        pytest.param(
            (arrived(0), ended(60, stamp=datetime(1926, 9, 15, tzinfo=UTC))),
            0,
            Total(at(0), at(60), 60_000, CLOCK_GAP),
            id="a-stamp-of-another-century",
        ),
        pytest.param(
            (arrived(0), ended(75, stamp=at(60))),
            0,
            Total(at(0), at(60), 60_000),
            id="told-late-is-no-disagreement",
        ),
    ],
)
def test_total_is_never_shorter_than_connected_and_clocks_that_disagree_are_flagged(
    events: tuple[CallEvent, ...], connected_s: int, expected: Total
) -> None:
    assert total(events, connected_s) == expected
