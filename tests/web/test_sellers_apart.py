"""Nothing crosses sellers: what one's account has signed can't read or touch another's calls."""

from callrouter.adapters.storage.calls import read_call, read_events
from callrouter.adapters.storage.cdrs import read_cdr
from callrouter.adapters.storage.engine import Database
from tests.switchboards import DID, OTHER_DID, OTHER_SELLER, SELLER
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields

ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"


def of(seller_id: str, database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(event.key for event in read_events(connection, seller_id, CALL_SID))


def test_another_sellers_webhooks_about_a_call_of_the_same_id_are_about_its_own(
    twilio: TwilioSide, other_twilio: TwilioSide, database: Database
) -> None:
    ours = twilio.post("/twilio/voice", caller_fields("ringing"))
    theirs = [
        other_twilio.post(target, fields | {"AccountSid": OTHER_SELLER.account_sid})
        for target, fields in (
            (ATTEMPT_1, caller_fields("ringing", DialCallStatus="busy", DialBridged="false")),
            ("/twilio/legs/1?d=acme-east", buyer_fields("completed", CallDuration="5")),
            ("/twilio/whisper/1?d=acme-east", buyer_fields("in-progress")),
            ("/twilio/screening/1?d=acme-east", buyer_fields("in-progress", Digits="1")),
            ("/twilio/voicemail", caller_fields("ringing", RecordingDuration="5")),
            ("/twilio/status", caller_fields("completed", CallDuration="5")),
        )
    ]

    assert {response.status_code for response in theirs} == {200, 204}
    assert of(SELLER.seller_id, database) == ["arrived", "decided:1"]
    assert len(of(OTHER_SELLER.seller_id, database)) == 7
    with database.read() as connection:
        call = read_call(connection, SELLER.seller_id, CALL_SID)
        assert read_cdr(connection, SELLER.seller_id, CALL_SID) is None
    assert call is not None
    assert call.closed_at is None
    assert twilio.post("/twilio/voice", caller_fields("ringing")).text == ours.text


def test_a_number_is_routed_for_its_own_seller_only(
    twilio: TwilioSide, other_twilio: TwilioSide
) -> None:
    not_ours = twilio.post("/twilio/voice", caller_fields("ringing", did=OTHER_DID))
    not_theirs = other_twilio.post(
        "/twilio/voice", caller_fields("ringing", did=DID, seller=OTHER_SELLER)
    )

    for response in (not_ours, not_theirs):
        assert "not in service" in response.text
        assert "Dial" not in response.text


def test_a_fallback_finds_nothing_of_another_sellers_call(
    twilio: TwilioSide, other_twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    url = f"{twilio.public_url}/twilio/voice"
    fields = caller_fields(
        "ringing", did=OTHER_DID, seller=OTHER_SELLER, ErrorCode="11200", ErrorUrl=url
    )

    response = other_twilio.post("/twilio/fallback", fields)

    assert "+12125550171</Number>" in response.text  # by its own table
    assert of(SELLER.seller_id, database) == ["arrived", "decided:1"]
    with database.read() as connection:
        call = read_call(connection, OTHER_SELLER.seller_id, CALL_SID)
    assert call is not None
    assert call.did == OTHER_DID
