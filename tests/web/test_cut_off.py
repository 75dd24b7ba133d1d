"""Machines cut off from the database, and from each other, while one call goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.cdrs import read_cdr
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.domain.calls.events import RouteDecided
from callrouter.domain.cdr import Cdr, CdrFlag
from callrouter.web.app import create_app
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SCREENED_DID, SELLER, TABLE, FakeClock, activate, make_board
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields, leg_sid, stamp

NOWHERE = "postgresql://nobody@127.0.0.1:9/none"
ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"
SWAPPED = (
    TABLE.replace("acme-east", "x").replace("bolt-main", "acme-east").replace('"x"', '"bolt-main"')
)
TALKED = {
    "DialCallStatus": "completed",
    "DialBridged": "true",
    "DialCallSid": leg_sid(1),
    "DialCallDuration": "60",
}


@contextmanager
def cut_off(board: Switchboard) -> Iterator[TwilioSide]:
    """Twilio calling a process of the same machine that can't reach the database."""
    away = open_database(NOWHERE, patience_s=0.2)
    lost = replace(board, database=away)
    yield TwilioSide(create_app(lost).test_client())
    away.dispose()


def end_call(twilio: TwilioSide, clock: FakeClock, *, to: str, attempt: str) -> None:
    """The buyer's leg and the caller's report their ends, a minute of talk behind them."""
    ended = {"Timestamp": stamp(clock.at)}
    twilio.post(attempt, buyer_fields("completed", to=to, CallDuration="60") | ended)
    twilio.post("/twilio/status", caller_fields("completed", CallDuration="61") | ended)


def cdr_of(database: Database) -> Cdr:
    with database.read() as connection:
        stored = read_cdr(connection, SELLER.seller_id, CALL_SID)
    assert stored is not None
    return stored.cdr


def test_a_talk_whose_end_met_no_database_keeps_its_campaign_and_publisher(
    twilio: TwilioSide, board: Switchboard, database: Database, clock: FakeClock
) -> None:
    twilio.post("/twilio/voice", caller_fields())
    clock.set(70)
    with cut_off(board) as away:
        away.post(ATTEMPT_1, caller_fields("in-progress") | TALKED)
    drain_spool(board)
    end_call(twilio, clock, to="+12125550171", attempt="/twilio/legs/1?d=acme-east")

    cdr = cdr_of(database)
    assert (cdr.disposition, cdr.campaign_id, cdr.publisher) == (
        "connected",
        "flood-repair",
        "radio-kx",
    )


def test_of_two_machines_answers_the_one_that_the_carrier_followed_is_in_the_cdr(
    twilio: TwilioSide, board: Switchboard, database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "other-machine").mkdir()
    with make_board(database, tmp_path / "other-machine", clock) as other:
        other.known_good.refresh()
        with cut_off(other) as away:
            assert "+12125550171" in away.post("/twilio/voice", caller_fields()).text
        activate(database, SWAPPED)
        assert "+14155550174" in twilio.post("/twilio/voice", caller_fields()).text
        drain_spool(other)
    clock.set(70)
    twilio.post(ATTEMPT_1, caller_fields("in-progress") | TALKED)
    end_call(twilio, clock, to="+12125550171", attempt="/twilio/legs/1?d=acme-east")

    cdr = cdr_of(database)
    assert (cdr.destination_id, cdr.buyer_id, cdr.table_version) == ("acme-east", "acme", 1)
    assert CdrFlag.DEGRADED in cdr.flags


def test_draining_the_same_decision_again_makes_no_rival(
    twilio: TwilioSide, board: Switchboard, database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    (tmp_path / "other-machine").mkdir()
    with make_board(database, tmp_path / "other-machine", clock) as other:
        other.known_good.refresh()
        with cut_off(other) as away:
            away.post("/twilio/voice", caller_fields())
        twilio.post("/twilio/voice", caller_fields())
        drain_spool(other)

    with database.read() as connection:
        events = read_events(connection, SELLER.seller_id, CALL_SID)
    assert [e.key for e in events if isinstance(e, RouteDecided)] == ["decided:1"]


def test_a_lock_that_was_not_to_be_had_does_not_bring_the_old_table_back(
    database: Database, database_url: str, board: Switchboard
) -> None:
    hurried = open_database(database_url, patience_s=0.2)
    twilio = TwilioSide(create_app(replace(board, database=hurried)).test_client())
    activate(database, SWAPPED)

    with database.write():
        answer = twilio.post("/twilio/voice", caller_fields()).text

    hurried.dispose()
    assert "+14155550174" in answer


def test_a_caller_who_waits_while_the_number_is_taken_away_hears_what_the_table_said(
    twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/voice", caller_fields())
    activate(database, TABLE.replace("+18005550100", "+18005550177"))

    busy = {"DialCallStatus": "busy", "DialBridged": "false", "DialCallSid": leg_sid(1)}
    answer = twilio.post(ATTEMPT_1, caller_fields("ringing") | busy).text

    assert "Nobody is left." in answer
    assert "not in service" not in answer


def test_a_fallback_after_the_right_key_joins_the_two_all_the_same(twilio: TwilioSide) -> None:
    twilio.post("/twilio/voice", caller_fields(did=SCREENED_DID))
    screening = "/twilio/screening/1?d=bolt-main"
    pressed = buyer_fields("in-progress", to="+14155550174", Digits="5")
    accepted = twilio.post(screening, pressed).text

    lost = {"ErrorCode": "11205", "ErrorUrl": twilio.public_url + screening}
    form = buyer_fields("in-progress", to="+14155550174") | lost
    assert twilio.post("/twilio/fallback", form).text == accepted


@pytest.mark.parametrize("error_url", ["", "https://calls.example.com/twilio/voice"])
def test_a_caller_who_has_talked_is_not_sent_to_ring_again_by_a_fallback(
    twilio: TwilioSide, error_url: str
) -> None:
    twilio.post("/twilio/voice", caller_fields())
    goodbye = twilio.post(ATTEMPT_1, caller_fields("in-progress") | TALKED).text

    asked = caller_fields("in-progress", ErrorCode="12100", ErrorUrl=error_url)
    assert twilio.post("/twilio/fallback", asked).text == goodbye
