"""A call reaches us: every way in which Twilio may ask, and be configured to ask."""

from pathlib import Path

import pytest

from callrouter.adapters.storage.calls import read_call, read_event_rows
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import set_tokens
from callrouter.domain.calls.events import CallArrived, RouteDecided
from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import DID, SECRET_KEY, SELLER, T0, make_board
from tests.twilio_side import ANI, CALL_SID, TwilioSide, buyer_fields, caller_fields

FIELDS = caller_fields("ringing")


def test_a_call_is_answered_with_twiml_and_is_kept_with_its_decision(
    twilio: TwilioSide, database: Database
) -> None:
    response = twilio.post("/twilio/voice", FIELDS)

    assert response.status_code == 200
    assert response.mimetype == "text/xml"
    assert "+12125550171</Number>" in response.text
    with database.read() as connection:
        arrived, decided = read_event_rows(connection, SELLER.seller_id, CALL_SID)
        call = read_call(connection, SELLER.seller_id, CALL_SID)
    assert isinstance(arrived.event, CallArrived)
    assert (arrived.event.did, arrived.event.ani, arrived.event.caller_state) == (DID, ANI, "CA")
    assert arrived.raw is not None
    assert "FromCity=SAN+FRANCISCO" in arrived.raw
    assert isinstance(decided.event, RouteDecided)
    assert decided.event.twiml == response.text
    assert call is not None
    assert (call.arrived_at, call.campaign_id, call.publisher) == (T0, "flood-repair", "radio-kx")


def test_a_number_may_be_configured_for_get(twilio: TwilioSide, database: Database) -> None:
    response = twilio.get("/twilio/voice", FIELDS)

    assert response.status_code == 200
    assert "+12125550171</Number>" in response.text
    with database.read() as connection:
        arrived, _ = read_event_rows(connection, SELLER.seller_id, CALL_SID)
    assert arrived.raw is not None
    assert "From=%2B14155550123" in arrived.raw
    assert twilio.post("/twilio/voice", FIELDS).text == response.text


def test_parameters_of_tomorrow_are_signed_for_and_kept(twilio: TwilioSide) -> None:
    more = FIELDS | {"A-New.Parameter": "größe & co + 1", "Empty": "", "Zz": " x "}

    assert twilio.post("/twilio/voice", more).status_code == 200


def test_both_tokens_are_good_while_they_are_being_changed(
    twilio: TwilioSide, board: Switchboard
) -> None:
    old, new = SELLER.tokens[0], "a-secondary-token-0123456789abcdef"
    with board.database.write() as connection:
        set_tokens(connection, SecretBox(SECRET_KEY), SELLER.seller_id, (old, new))
    board.known_good.refresh()

    for token in (old, new):
        assert twilio.post("/twilio/voice", FIELDS, token=token).status_code == 200
    assert twilio.post("/twilio/voice", FIELDS, token="a third").status_code == 403


def test_a_token_that_was_changed_a_moment_ago_is_known_at_the_first_webhook(
    database: Database, tmp_path: Path, board: Switchboard
) -> None:
    with make_board(database, tmp_path) as running:
        twilio = TwilioSide(create_app(running).test_client())
        with board.database.write() as connection:
            set_tokens(connection, SecretBox(SECRET_KEY), SELLER.seller_id, ("brand-new-token",))

        assert twilio.post("/twilio/voice", FIELDS, token="brand-new-token").status_code == 200
        assert twilio.post("/twilio/voice", FIELDS).status_code == 403


@pytest.mark.parametrize(
    "public_url",
    [
        pytest.param("https://calls.example.com", id="a proxy ends TLS"),
        pytest.param("https://calls.example.com:8443", id="on a port of its own"),
        pytest.param("https://example.com/callrouter", id="under a path that the proxy takes off"),
        pytest.param("http://10.0.0.1:8080", id="plain http"),
    ],
)
def test_the_url_that_was_signed_is_the_public_one(
    database: Database, tmp_path: Path, board: Switchboard, public_url: str
) -> None:
    with make_board(database, tmp_path, public_url=public_url) as behind_proxy:
        client = create_app(behind_proxy).test_client()
        twilio = TwilioSide(client, public_url=public_url)

        response = twilio.post("/twilio/voice", FIELDS)

    assert response.status_code == 200
    assert f'action="{public_url}/twilio/attempts/1?' in response.text


def test_the_target_is_checked_as_it_stood_in_the_request_line(twilio: TwilioSide) -> None:
    for target in (
        "/twilio/legs/1?d=acme-east&x=It%27s",  # an escaped apostrophe
        "/twilio/legs/1?d=acme-east&x=%C3%A9",  # escaped UTF-8
        "/twilio/legs/1?d=acme-east&x=%FF",  # what isn't UTF-8
        "/twilio/legs/1?d=acme-east&x=a+b%20c%2Bd",  # both kinds of space
        "/twilio/legs/1?d=acme-east&x=%2F%3A%41%7C~",  # escapes that nobody needs
        "/twilio/legs/1?d=acme-east&x=%2f",  # lower-case escapes
        "/twilio/legs/1?d=acme-east&x&y=&&z==",  # odd pairs
        "/twilio/l%65gs/1",  # an escaped path
    ):
        assert twilio.post(target, buyer_fields("ringing")).status_code == 204, target


def test_a_call_of_which_something_else_was_heard_first_is_routed_and_described_all_the_same(
    twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/legs/1?d=acme-east", buyer_fields("initiated"))

    first = twilio.post("/twilio/voice", FIELDS)
    again = twilio.post("/twilio/voice", FIELDS)

    assert "+12125550171</Number>" in first.text
    assert again.text == first.text
    with database.read() as connection:
        kinds = [row.event.kind for row in read_event_rows(connection, SELLER.seller_id, CALL_SID)]
        call = read_call(connection, SELLER.seller_id, CALL_SID)
    assert sorted(kinds) == ["call_arrived", "leg_progressed", "route_decided"]
    assert call is not None
    assert (call.did, call.ani, call.campaign_id) == (DID, ANI, "flood-repair")


def test_a_server_that_keeps_no_raw_target_is_served_by_the_decoded_one(
    twilio: TwilioSide,
) -> None:
    for target in ("/twilio/voice", "/twilio/legs/1?d=acme-east"):
        fields = FIELDS if target == "/twilio/voice" else buyer_fields("ringing")
        response = twilio.client.post(
            target,
            data=fields,
            headers={"X-Twilio-Signature": twilio.sign(target, fields.items())},
            environ_overrides={"RAW_URI": "", "REQUEST_URI": ""},
        )
        assert response.status_code in (200, 204)
