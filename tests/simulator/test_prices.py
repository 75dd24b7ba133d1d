"""What a leg costs: each started minute from the answer, told some time after its end."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from aiohttp import ClientSession, encode_basic_auth

from callrouter.simulator.account import Account, Did
from callrouter.simulator.call_log import CallLog, CallRecord, CallStatus, Direction
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.prices import PriceList
from callrouter.simulator.rest import RestApi

AT = datetime(2026, 9, 15, 17, 0, tzinfo=UTC)
ACCOUNT = Account("AC" + "1" * 32, "a-token", (Did("+18005550100", "https://a.example/voice"),))
PRICES = PriceList(Decimal("0.02"), Decimal("0.01"), after=timedelta(minutes=5))


def leg(talk_s: float | None, direction: Direction = Direction.INBOUND) -> CallRecord:
    """A leg that was answered after five seconds, and ended after a talk; None: not answered."""
    answered_at = None if talk_s is None else AT + timedelta(seconds=5)
    return CallRecord(
        sid="CA" + "1" * 32,
        parent_sid=None,
        caller="+14155550123",
        called="+18005550100",
        direction=direction,
        number_sid="PN1",
        started_at=AT,
        status=CallStatus.NO_ANSWER if talk_s is None else CallStatus.COMPLETED,
        answered_at=answered_at,
        ended_at=AT + timedelta(seconds=5 + (talk_s or 0)),
    )


@pytest.mark.parametrize(
    ("talk_s", "direction", "price"),
    [
        pytest.param(0, Direction.INBOUND, "-0.02000", id="answered for no second"),
        pytest.param(60, Direction.INBOUND, "-0.02000", id="a minute"),
        pytest.param(61, Direction.INBOUND, "-0.04000", id="a started minute"),
        pytest.param(61, Direction.OUTBOUND_DIAL, "-0.02000", id="dialled"),
        pytest.param(None, Direction.INBOUND, None, id="not answered"),
    ],
)
def test_each_started_minute_is_charged(
    talk_s: float | None, direction: Direction, price: str | None
) -> None:
    assert PRICES.price(leg(talk_s, direction), None) == price


def test_a_leg_that_is_up_has_no_price() -> None:
    assert PRICES.price(replace(leg(10), ended_at=None), None) is None


def test_a_price_comes_late() -> None:
    ended_at = AT + timedelta(seconds=15)

    assert PRICES.price(leg(10), ended_at + timedelta(seconds=299)) is None
    assert PRICES.price(leg(10), ended_at + timedelta(seconds=300)) == "-0.02000"


@pytest.mark.parametrize("late", [True, False])
def test_the_rest_api_shows_prices_when_their_time_has_come(late: bool) -> None:
    log = CallLog()
    log.add(leg(10))
    prices = replace(PRICES, after=timedelta(days=10_000) if late else timedelta(0))

    async def ask() -> object:
        async with (
            RestApi(ACCOUNT, log, prices=prices, clock=VirtualClock()) as url,
            ClientSession() as session,
        ):
            target = f"{url}/2010-04-01/Accounts/{ACCOUNT.sid}/Calls.json"
            headers = {"Authorization": encode_basic_auth(ACCOUNT.sid, ACCOUNT.token)}
            async with session.get(target, headers=headers) as response:
                answer = await response.json()
        (shown,) = answer["calls"]
        return shown["price"], shown["price_unit"]

    assert asyncio.run(ask()) == (None if late else "-0.02000", "USD")


def test_a_carrier_may_lose_its_records_of_a_call() -> None:
    log, call = CallLog(), leg(10)
    child = replace(call, sid="CA" + "2" * 32, parent_sid=call.sid)
    log.add(call)
    log.add(child)
    log.note_lookup(child)

    log.remove(call.sid)
    log.remove(call.sid)

    assert log.find(child.sid) is None
    assert list(log.newest_first()) == []
    assert log.looked_up == frozenset()
