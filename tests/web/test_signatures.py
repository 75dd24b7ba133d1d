"""Nothing is taken for Twilio's that Twilio didn't sign for this very URL and this very seller."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.engine import Database
from tests.switchboards import OTHER_SELLER, SELLER
from tests.twilio_side import CALL_SID, FORM, TwilioSide, buyer_fields, caller_fields

OF_CALLER = caller_fields("ringing")
TARGETS = {
    "/twilio/voice": OF_CALLER,
    "/twilio/fallback": OF_CALLER | {"ErrorCode": "11200", "ErrorUrl": "https://x.example/"},
    "/twilio/status": caller_fields("completed", CallDuration="3"),
    "/twilio/attempts/1?d=acme-east&tried=acme-east": OF_CALLER | {"DialCallStatus": "busy"},
    "/twilio/legs/1?d=acme-east": buyer_fields("ringing"),
    "/twilio/whisper/1?d=acme-east": buyer_fields("in-progress"),
    "/twilio/screening/1?d=acme-east": buyer_fields("in-progress", Digits="1"),
    "/twilio/voicemail": OF_CALLER | {"RecordingDuration": "5"},
}
MALFORMED = ["", " ", "x", "=" * 28, "A" * 28, "a" * 10_000, "\xff\xfe", "Bearer abc", "null"]


@pytest.fixture(autouse=True)
def _nothing_is_kept(database: Database) -> Iterator[None]:
    yield
    with database.read() as connection:
        assert read_events(connection, SELLER.seller_id, CALL_SID) == ()


def _join(target: str, query: str) -> str:
    return f"{target}{'&' if '?' in target else '?'}{query}"


def test_every_url_refuses_a_request_without_a_signature(twilio: TwilioSide) -> None:
    for target, fields in TARGETS.items():
        encoded = urlencode(fields)
        with capture_logs() as logs:
            assert twilio.send(target, encoded.encode(), None).status_code == 403, target
            assert twilio.client.get(_join(target, encoded)).status_code == 403, target
        assert [(line["event"], line["reason"]) for line in logs] == [
            ("webhook_refused", "no X-Twilio-Signature")
        ] * 2


def test_every_url_refuses_a_wrong_or_malformed_signature(twilio: TwilioSide) -> None:
    for target, fields in TARGETS.items():
        wrong = twilio.sign(target, fields.items(), token="somebody else's token")
        other_seller = twilio.sign(target, fields.items(), token=OTHER_SELLER.tokens[0])
        by_get = twilio.sign(target)
        for signature in (wrong, other_seller, by_get, *MALFORMED):
            with capture_logs() as logs:
                response = twilio.send(target, urlencode(fields).encode(), signature)
            assert response.status_code == 403, (target, signature)
            assert [line["event"] for line in logs] == ["webhook_refused"]


def test_a_signature_is_good_for_its_own_url_and_fields_only(twilio: TwilioSide) -> None:
    for target, fields in TARGETS.items():
        signature = twilio.sign(target, fields.items())
        body = urlencode(fields).encode()
        others = [other for other in TARGETS if other != target]

        for elsewhere in (*others, _join(target, "d=bolt-main"), _join(target, "x")):
            assert twilio.send(elsewhere, body, signature).status_code == 403, elsewhere
        assert twilio.send(target, body + b"&Extra=1", signature).status_code == 403
        assert twilio.send(target, body.replace(b"0123", b"0124"), signature).status_code == 403
        assert (
            twilio.client.get(
                _join(target, body.decode()), headers={"X-Twilio-Signature": signature}
            ).status_code
            == 403
        )


@pytest.mark.parametrize("account", ["", "AC" + "f" * 32, "nonsense", "AC\0", "é" * 40, "x" * 5000])
def test_an_account_that_nobody_has_is_refused(twilio: TwilioSide, account: str) -> None:
    for target, fields in TARGETS.items():
        with capture_logs() as logs:
            response = twilio.post(target, fields | {"AccountSid": account})

        assert response.status_code == 403
        assert "unknown AccountSid" in response.text
        (line,) = logs
        assert line["event"] == "webhook_refused"
        assert len(line["account"]) <= 64


def test_a_form_without_an_account_is_refused(twilio: TwilioSide) -> None:
    for target, fields in TARGETS.items():
        nobodys = {name: value for name, value in fields.items() if name != "AccountSid"}
        assert twilio.post(target, nobodys).status_code == 403, target


def test_only_get_and_post_are_answered(twilio: TwilioSide) -> None:
    for target in TARGETS:
        for method in ("PUT", "DELETE", "PATCH"):
            response = twilio.client.open(target, method=method, data=b"x", content_type=FORM)
            assert response.status_code == 405, (method, target)
