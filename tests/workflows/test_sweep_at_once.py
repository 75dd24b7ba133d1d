from datetime import timedelta
from pathlib import Path

import pytest

from callrouter.adapters.storage.cdrs import list_open_calls
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import CallArrived, LegStatus
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg, NumberSetup
from callrouter.workflows.route_call import route_call
from callrouter.workflows.sweep_at_once import sweep_at_once
from callrouter.workflows.sweep_open_calls import Swept
from tests.switchboards import SELLER, T0, FakeClock, make_board, open_seller

RETRY_AFTER = timedelta(seconds=180)


class KnowsAll:
    """A carrier by whose records every call ended unanswered, but for those in `going_on`."""

    def __init__(self, *going_on: str) -> None:
        self.going_on = going_on
        self.asked: list[str] = []

    def fetch_call(self, call_sid: str) -> CarrierCall:
        self.asked.append(call_sid)
        is_over = call_sid not in self.going_on
        leg = CarrierLeg(
            leg_sid=call_sid,
            dial_string="",
            status=LegStatus.NO_ANSWER if is_over else LegStatus.RINGING,
            started_at=T0,
            ended_at=T0 + timedelta(seconds=20) if is_over else None,
            duration_s=0,
        )
        return CarrierCall(caller_leg=leg, buyer_legs=())

    def list_numbers(self) -> tuple[NumberSetup, ...]:
        raise AssertionError("a sweep doesn't ask for numbers")


@pytest.mark.parametrize("calls", [3, 230])
def test_every_open_call_is_asked_about_once_however_many_there_are(
    database: Database, tmp_path: Path, calls: int
) -> None:
    open_seller(database)
    clock, carrier = FakeClock(), KnowsAll("CA000001")
    with make_board(database, tmp_path, clock) as board:
        for number in range(calls):
            arrived = CallArrived(
                call_sid=f"CA{number:06d}",
                received_at=T0,
                did="+18005550100",
                ani="+14155550123",
            )
            route_call(board, SELLER.seller_id, arrived, "")
    swept = sweep_at_once(database, lambda _: carrier, clock, RETRY_AFTER, every_open_call=True)
    assert swept == Swept(asked=calls, closed=calls - 1, left=1)
    assert len(set(carrier.asked)) == len(carrier.asked) == calls
    with database.read() as connection:
        (still_open,) = list_open_calls(connection, SELLER.seller_id, 10)
    assert still_open.call_sid == "CA000001"
    assert still_open.next_sweep_at == T0 + RETRY_AFTER
