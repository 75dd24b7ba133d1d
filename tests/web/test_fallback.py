"""Twilio could not fetch or run one of our answers, and asks the fallback URL."""

import pytest

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.engine import Database
from tests.switchboards import SCREENED_DID, SELLER
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields

ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"
BUSY = {"DialCallStatus": "busy", "DialBridged": "false"}


def failed(twilio: TwilioSide, path: str, code: str = "11200") -> dict[str, str]:
    return {"ErrorCode": code, "ErrorUrl": f"{twilio.public_url}{path}"}


def keys(database: Database) -> set[str]:
    with database.read() as connection:
        return {event.key for event in read_events(connection, SELLER.seller_id, CALL_SID)}


def test_after_an_action_that_was_answered_it_gets_that_answer_and_no_attempt_is_lost(
    twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    next_attempt = twilio.post(ATTEMPT_1, caller_fields("ringing") | BUSY)

    fields = caller_fields("ringing") | failed(twilio, ATTEMPT_1)
    again = twilio.post("/twilio/fallback", fields)

    assert again.text == next_attempt.text
    assert "dial_lost:1" not in keys(database)


def test_after_an_action_that_never_reached_us_the_next_destination_is_dialled(
    twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))

    fields = caller_fields("ringing") | failed(twilio, ATTEMPT_1)
    answer = twilio.post("/twilio/fallback", fields)

    assert "+14155550174</Number>" in answer.text
    assert "dial_lost:1" in keys(database)
    assert twilio.post(ATTEMPT_1, caller_fields("ringing") | BUSY).text == answer.text


@pytest.mark.parametrize("status", ["completed", "no-answer"])
def test_a_caller_who_has_gone_by_then_is_connected_to_nobody_any_more(
    twilio: TwilioSide, status: str
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))

    answer = twilio.post("/twilio/fallback", caller_fields(status) | failed(twilio, ATTEMPT_1))

    assert "Dial" not in answer.text
    assert "Hangup" in answer.text


def test_a_buyer_whose_whisper_failed_is_whispered_to_again(
    twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing", did=SCREENED_DID))
    path = "/twilio/whisper/1?d=bolt-main"

    answer = twilio.post("/twilio/fallback", buyer_fields("in-progress") | failed(twilio, path))

    assert "Solar quote." in answer.text
    assert "Press 5." in answer.text
    assert "Dial" not in answer.text
    assert any(key.startswith("whisper:") for key in keys(database))


@pytest.mark.parametrize("path", ["/twilio/screening/1?d=bolt-main", "/elsewhere"])
def test_a_buyer_whose_key_press_was_lost_is_let_go(twilio: TwilioSide, path: str) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing", did=SCREENED_DID))

    answer = twilio.post("/twilio/fallback", buyer_fields("in-progress") | failed(twilio, path))

    assert "Hangup" in answer.text
    assert "Say" not in answer.text


def test_an_answer_that_twilio_could_not_run_is_given_once_more(twilio: TwilioSide) -> None:
    first = twilio.post("/twilio/voice", caller_fields("ringing"))
    fields = caller_fields("ringing") | failed(twilio, "/twilio/voice", "12100")

    assert twilio.post("/twilio/fallback", fields).text == first.text
    assert twilio.get("/twilio/fallback", fields).text == first.text


def test_a_goodbye_after_a_voicemail_that_twilio_could_not_fetch_is_said_again(
    twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing", did=SCREENED_DID))
    fields = caller_fields("in-progress", did=SCREENED_DID) | failed(twilio, "/twilio/voicemail")

    answer = twilio.post("/twilio/fallback", fields)

    assert "Hangup" in answer.text
    assert "Dial" not in answer.text
    assert any(key.startswith("fallback:11200:") for key in keys(database))
