import json
from datetime import timedelta
from pathlib import Path

import pytest

from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg
from callrouter.domain.errors import CarrierUnavailableError
from tests.cli.played import call_sid, play_open
from tests.cli.terminal import Terminal
from tests.switchboards import SELLER, T0


def leg(sid: str, dial_string: str, status: LegStatus) -> CarrierLeg:
    return CarrierLeg(
        leg_sid=sid,
        dial_string=dial_string,
        status=status,
        started_at=T0,
        ended_at=T0 + timedelta(seconds=20),
        duration_s=0,
    )


def carrier_call(number: int) -> CarrierCall:
    """A call that the caller gave up after 20 s, as the carrier's records have it."""
    buyer_leg = leg(f"{call_sid(number)[:-2]}f1", "+12125550171", LegStatus.CANCELED)
    return CarrierCall(
        caller_leg=leg(call_sid(number), "", LegStatus.NO_ANSWER), buyer_legs=(buyer_leg,)
    )


@pytest.fixture
def waiting(seller_terminal: Terminal, tmp_path: Path) -> Terminal:
    """Two open calls that are not due for a sweep yet; the carrier knows the first one."""
    for number in (1, 2):
        play_open(seller_terminal, tmp_path, number)
    seller_terminal.carriers[SELLER.seller_id].calls[call_sid(1)] = carrier_call(1)
    seller_terminal.clock.set(60)
    return seller_terminal


def test_a_sweep_asks_about_nothing_that_is_not_due(waiting: Terminal) -> None:
    assert waiting.ok("sweep") == "asked about 0 calls: 0 closed, 0 left open\n"
    assert waiting.carriers[SELLER.seller_id].asked == []


def test_a_sweep_closes_the_calls_that_the_carrier_knows_the_end_of(waiting: Terminal) -> None:
    waiting.clock.set(180)
    assert waiting.ok("sweep") == "asked about 2 calls: 1 closed, 1 left open\n"
    (call,) = json.loads(waiting.ok("calls", "list", "--json"))
    assert (call["call_id"], call["disposition"], call["flags"]) == (
        call_sid(1),
        "abandoned",
        ["swept"],
    )


def test_a_sweep_of_all_asks_about_each_open_call_once(waiting: Terminal) -> None:
    swept = json.loads(waiting.ok("sweep", "--all", "--json"))
    assert swept == {"asked": 2, "closed": 1, "left": 1}
    assert sorted(waiting.carriers[SELLER.seller_id].asked) == [call_sid(1), call_sid(2)]


def test_a_carrier_that_does_not_answer_closes_nothing(waiting: Terminal) -> None:
    waiting.carriers[SELLER.seller_id].error = CarrierUnavailableError("not now")
    assert waiting.ok("sweep", "--all") == "asked about 2 calls: 0 closed, 2 left open\n"
