from dataclasses import replace
from typing import get_args

import pytest

from callrouter.cli.event_text import describe_event
from callrouter.domain.calls.events import CallArrived, CallEvent, LegStatus
from callrouter.domain.routing.decision import Closing
from tests.domain.builders import (
    PRESS_1,
    arrived,
    closed,
    decided,
    dial,
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

DIAL = "attempt 1: dial acme-east of acme at +12125550111 for up to 25 s"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        pytest.param(arrived(), ("arrived", "+14155550123 called +18005550100"), id="arrived"),
        pytest.param(
            CallArrived(
                call_sid="CA1",
                received_at=arrived().received_at,
                did="",
                ani="",
                caller_state="CA",
                caller_country="US",
                degraded=True,
            ),
            ("arrived", "nobody called nothing from CA US, degraded"),
            id="arrived-with-little",
        ),
        pytest.param(decided(1, 0), ("decided", DIAL), id="decided"),
        pytest.param(
            replace(decided(1, 0, whisper="A call.", screening=PRESS_1), degraded=True),
            (
                "decided",
                f'{DIAL} and whisper "A call." and ask "Press 1 to take the call." for a 1 '
                "within 8 s, by last known good",
            ),
            id="decided-with-words",
        ),
        pytest.param(
            decided(2, 0, overflow=True),
            ("decided", f"{DIAL.replace('1:', '2:')} as the overflow"),
            id="overflow",
        ),
        pytest.param(
            decided(1, 0, send_digits="WW2"),
            ("decided", f"{DIAL} and key WW2 when it answers"),
            id="digits",
        ),
        pytest.param(
            decided(1, 0, also=(replace(dial("bolt"), sip_header="X-Call-Id"),)),
            (
                "decided",
                f"{DIAL}; and at the same time dial bolt of bolt at +13125550113 for up to 25 s "
                "and name the call in X-Call-Id",
            ),
            id="ring-group",
        ),
        pytest.param(
            leg(1, 3, LegStatus.BUSY, destination="bolt"),
            ("leg", "attempt 1, bolt: busy, at 17:00:03Z"),
            id="leg-of-a-ring-group",
        ),
        pytest.param(
            closed(2, 0, Closing.CALLER_GONE),
            ("decided", "nothing more: the caller has gone"),
            id="caller-gone",
        ),
        pytest.param(
            closed(1, 0, Closing.NOT_IN_SERVICE),
            ("decided", "say that the number is not in service, and hang up"),
            id="not-in-service",
        ),
        pytest.param(
            dial_ended(1, 9, LegStatus.COMPLETED, bridged=True, duration_s=60),
            ("dial ended", "attempt 1: completed, bridged, 60 s by the carrier, caller ringing"),
            id="dial-ended",
        ),
        pytest.param(
            dial_ended(1, 9, LegStatus.BUSY, bridged=None),
            ("dial ended", "attempt 1: busy, caller ringing"),
            id="dial-ended-without-bridged",
        ),
        pytest.param(
            dial_ended(1, 9, None),
            ("dial ended", "attempt 1: its report was lost"),
            id="dial-lost",
        ),
        pytest.param(
            leg(1, 3.4, LegStatus.RINGING),
            ("leg", "attempt 1: ringing, at 17:00:03Z"),
            id="leg",
        ),
        pytest.param(
            replace(leg(1, 3, LegStatus.FAILED, duration_s=0, stamp=None), sip_code=503),
            ("leg", "attempt 1: failed, 0 s by the carrier, SIP 503"),
            id="leg-failed",
        ),
        pytest.param(
            whispered(1, 5),
            ("whisper", "attempt 1: the buyer answered and is spoken to"),
            id="whisper",
        ),
        pytest.param(
            screened(1, 5, accepted=True),
            ("screening", "attempt 1: the buyer took the call"),
            id="accepted",
        ),
        pytest.param(
            screened(1, 5, accepted=False),
            ("screening", "attempt 1: the buyer pressed another key"),
            id="declined",
        ),
        pytest.param(recorded(9, 12), ("voicemail", "12 s recorded"), id="voicemail"),
        pytest.param(
            recorded(9, 12, caller_hung_up=True),
            ("voicemail", "12 s recorded, then the caller hung up"),
            id="voicemail-hung-up",
        ),
        pytest.param(
            fallback_asked(3),
            ("fallback", "carrier error 11200 with https://calls.example.com/twilio/voice"),
            id="fallback",
        ),
        pytest.param(
            ended(9, duration_s=4),
            ("ended", "caller's leg completed, at 17:00:09Z, 4 s by the carrier"),
            id="ended",
        ),
        pytest.param(
            swept(300, LegStatus.NO_ANSWER),
            ("swept", "caller's leg no-answer"),
            id="swept",
        ),
        pytest.param(
            leg_swept(1, 300, duration_s=7),
            ("swept", "leg to +12125550111 completed, 7 s by the carrier"),
            id="leg-swept",
        ),
        pytest.param(gave_up(90_000), ("gave up", "no such call"), id="gave-up"),
    ],
)
def test_an_event_is_told_in_one_line(event: CallEvent, told: tuple[str, str]) -> None:
    assert describe_event(event) == told


def test_every_kind_of_event_can_be_told() -> None:
    can_be_told = set(describe_event.registry)
    assert can_be_told - {object} == set(get_args(CallEvent))


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(TypeError, match="str isn't an event of a call"):
        describe_event("arrived")
