"""CDRs of calls that got events after they were closed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from callrouter.adapters.storage.calls import append_event, read_call, read_events
from callrouter.adapters.storage.cdrs import StoredCdr, read_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import LegProgressed, LegStatus
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg, NumberSetup
from callrouter.domain.cdr import Disposition
from callrouter.web.app import create_app
from callrouter.workflows.derive_cdrs import derive_stale_cdrs
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.sweep_open_calls import sweep_open_calls
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, T0, FakeClock
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields, leg_sid
from tests.web.outages import make_unreachable, without_database

ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"
JOINED = {
    "DialCallStatus": "completed",
    "DialBridged": "true",
    "DialCallSid": leg_sid(1),
    "DialCallDuration": "60",
}


def cdr_of(database: Database) -> StoredCdr | None:
    with database.read() as connection:
        return read_cdr(connection, SELLER.seller_id, CALL_SID)


def leg_ended(clock: FakeClock, seconds: int) -> LegProgressed:
    return LegProgressed(
        call_sid=CALL_SID,
        received_at=clock.now(),
        attempt=1,
        destination_id="acme-east",
        leg_sid=leg_sid(1),
        status=LegStatus.COMPLETED,
        occurred_at=clock.now(),
        duration_s=seconds,
    )


@pytest.fixture
def closed(twilio: TwilioSide, board: Switchboard, clock: FakeClock) -> StoredCdr:
    """A talk of 60 seconds that has its CDR."""
    twilio.post("/twilio/voice", caller_fields("ringing"))
    clock.set(70)
    append_event(board.database, SELLER.seller_id, leg_ended(clock, 60), None)
    twilio.post(ATTEMPT_1, caller_fields("in-progress") | JOINED)
    twilio.post("/twilio/status", caller_fields("completed", CallDuration="60"))
    stored = cdr_of(board.database)
    assert stored is not None
    assert stored.revision == 1
    return stored


def test_an_event_that_missed_its_calls_derivation_is_found(
    closed: StoredCdr, board: Switchboard, clock: FakeClock
) -> None:
    """It committed on another machine while the call was being closed here."""
    answered = LegProgressed(
        call_sid=CALL_SID,
        received_at=T0 + timedelta(seconds=10),
        attempt=1,
        destination_id="acme-east",
        leg_sid=leg_sid(1),
        status=LegStatus.IN_PROGRESS,
        occurred_at=T0 + timedelta(seconds=9),
        duration_s=None,
    )
    append_event(board.database, SELLER.seller_id, answered, None)

    assert derive_stale_cdrs(board.database, clock) == 1

    again = cdr_of(board.database)
    assert again is not None
    assert again.revision == 2
    assert again.cdr.attempts[0].ring_ms == 9000
    assert derive_stale_cdrs(board.database, clock) == 0


def test_a_repeat_of_what_is_known_makes_no_new_revision(
    closed: StoredCdr, board: Switchboard, clock: FakeClock
) -> None:
    append_event(board.database, SELLER.seller_id, leg_ended(clock, 60), None)

    assert derive_stale_cdrs(board.database, clock) == 0
    assert cdr_of(board.database) == closed


def test_calls_that_were_closed_days_ago_are_left_alone(
    closed: StoredCdr, board: Switchboard, clock: FakeClock
) -> None:
    clock.at += timedelta(days=3)
    late = leg_ended(clock, 61)
    append_event(board.database, SELLER.seller_id, late, None)

    assert derive_stale_cdrs(board.database, clock) == 0


class KnowsTheEnd:
    """A carrier by whose records the caller talked to acme-east for a minute."""

    def fetch_call(self, call_sid: str) -> CarrierCall:
        ended_at = T0 + timedelta(seconds=70)

        def leg(sid: str) -> CarrierLeg:
            return CarrierLeg(
                leg_sid=sid,
                dial_string="+12125550171",
                status=LegStatus.COMPLETED,
                started_at=T0,
                ended_at=ended_at,
                duration_s=60,
            )

        return CarrierCall(caller_leg=leg(call_sid), buyer_legs=(leg(leg_sid(1)),))

    def list_numbers(self) -> tuple[NumberSetup, ...]:
        raise AssertionError("a sweep doesn't ask for numbers")


def test_a_call_closed_before_another_machines_spool_told_of_its_attempt_is_swept(
    twilio: TwilioSide, board: Switchboard, clock: FakeClock, tmp_path: Path
) -> None:
    """The machine that answered the call lost the database; another one heard only of the end."""
    url = make_unreachable("refused", tmp_path)
    with without_database(url, tmp_path, clock) as cut_off:
        stranded = TwilioSide(create_app(cut_off).test_client())
        stranded.post("/twilio/voice", caller_fields("ringing"))
    clock.set(70)
    twilio.post("/twilio/status", caller_fields("completed", CallDuration="60"))
    too_early = cdr_of(board.database)
    assert too_early is not None
    assert too_early.cdr.connected_ms == 0

    clock.set(100)
    drain_spool(board)
    derive_stale_cdrs(board.database, clock)
    sweep_open_calls(board.database, lambda _: KnowsTheEnd(), clock, timedelta(seconds=180))

    mended = cdr_of(board.database)
    assert mended is not None
    assert mended.revision > too_early.revision
    assert mended.cdr.disposition is Disposition.CONNECTED
    assert (mended.cdr.total_ms, mended.cdr.connected_ms) == (70_000, 60_000)
    assert mended.cdr.destination_id == "acme-east"
    with board.database.read() as connection:
        call = read_call(connection, SELLER.seller_id, CALL_SID)
    assert call is not None
    assert call.next_sweep_at is None
    assert derive_stale_cdrs(board.database, clock) == 0


def test_an_event_whose_call_was_lost_in_a_crash_gets_its_call_when_it_is_repeated(
    twilio: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    """Its first delivery was kept, but we were killed before the call was."""
    ringing = replace(leg_ended(clock, 0), status=LegStatus.RINGING)
    append_event(board.database, SELLER.seller_id, ringing, None)

    twilio.post("/twilio/legs/1?d=acme-east", buyer_fields("ringing"))

    with board.database.read() as connection:
        assert read_call(connection, SELLER.seller_id, CALL_SID) is not None
        assert len(read_events(connection, SELLER.seller_id, CALL_SID)) == 1
