"""A number that is pointed at one destination, from the first call to the last."""

from datetime import timedelta

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.domain.clocks.when import Later
from callrouter.workflows.point_numbers import Until, Which, point, point_back
from callrouter.workflows.run_due_changes import run_due_changes
from tests.switchboards import DID, SCREENED_DID, SELLER, T0, FakeClock
from tests.twilio_side import TwilioSide, caller_fields

ACME, BOLT = "+12125550171</Number>", "+14155550174</Number>"
FOR_2_H = Until(Later(timedelta(hours=2)))


def dialled(twilio: TwilioSide, call: int, did: str = DID) -> str:
    fields = caller_fields("ringing", call_sid=f"CA{call:032x}", did=did)
    return twilio.post("/twilio/voice", fields).text


def test_every_call_goes_there_until_the_time_is_over(
    twilio: TwilioSide, database: Database, clock: FakeClock
) -> None:
    point(
        database, SELLER.seller_id, Which((DID,)), "bolt-main",
        until=FOR_2_H, author="", note="", at=T0,
    )  # fmt: skip
    assert BOLT in dialled(twilio, 1)
    clock.set(7199)
    run_due_changes(database, clock)
    assert BOLT in dialled(twilio, 2)
    clock.set(7200)
    run_due_changes(database, clock)
    assert ACME in dialled(twilio, 3)


@pytest.mark.parametrize("destination", ["acme-east", "bolt-main"])
def test_a_destination_need_not_be_among_the_table_s_routes(
    twilio: TwilioSide, database: Database, destination: str
) -> None:
    which = Which(campaign_id="solar-quotes")
    point(database, SELLER.seller_id, which, destination, until=None, author="", note="", at=T0)
    assert {"acme-east": ACME, "bolt-main": BOLT}[destination] in dialled(twilio, 1, SCREENED_DID)
    point_back(database, SELLER.seller_id, which, author="", note="", at=T0)
    assert BOLT in dialled(twilio, 2, SCREENED_DID)
