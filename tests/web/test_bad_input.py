"""What no carrier should send, and some do: a clear answer, one log line, nothing lost."""

import hmac
from base64 import b64encode
from hashlib import sha256
from urllib.parse import quote, urlencode

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from callrouter.adapters.storage.calls import read_event_rows, read_events
from callrouter.adapters.storage.cdrs import read_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import CallEnded, CallEvent, DialEnded, LegProgressed, LegStatus
from callrouter.simulator.twiml import Script, read_twiml
from callrouter.workflows.apply_buyers import apply_buyers
from tests.switchboards import SELLER, T0, TABLE, activate
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields

SPOKEN_TO = (
    *("/twilio/voice", "/twilio/fallback", "/twilio/attempts/1?d=acme-east&tried=acme-east"),
    *("/twilio/whisper/1?d=acme-east", "/twilio/screening/1?d=acme-east", "/twilio/voicemail"),
)
TOLD = ("/twilio/status", "/twilio/legs/1?d=acme-east")
MEGABYTE = "x" * 1_000_000
THIRD_BUYER = """
[[buyers]]
id = "crest"
name = "Crest"
zone = "America/Chicago"
[[buyers.destinations]]
id = "crest-desk"
dial = "+13125550172"
"""
THIRD_ROUTE = """
[[routes]]
destination = "crest-desk"
priority = 3
[limits]
ring_s = 45
[nobody_left]
"""


def warnings(logs: list[EventDict]) -> list[str]:
    return [str(line["event"]) for line in logs if line["log_level"] not in ("info", "debug")]


def is_twiml(body: bytes) -> bool:
    return isinstance(read_twiml(body, "text/xml"), Script)


def read_kept(database: Database, call_sid: str = CALL_SID) -> tuple[CallEvent, ...]:
    with database.read() as connection:
        return read_events(connection, SELLER.seller_id, call_sid)


NO_CALL = [
    pytest.param({}, id="missing"),
    pytest.param({"CallSid": "", "ParentCallSid": ""}, id="empty"),
    pytest.param({"CallSid": "CA\0", "ParentCallSid": "CA\0"}, id="NUL"),
    pytest.param({"CallSid": "C" * 65, "ParentCallSid": "C" * 65}, id="too long"),
    pytest.param({"CallSid": "größe", "ParentCallSid": "größe"}, id="no letters of a SID"),
]


@pytest.mark.parametrize("sids", NO_CALL)
def test_without_a_call_sid_a_listener_hears_something_and_a_callback_is_refused(
    twilio: TwilioSide, sids: dict[str, str]
) -> None:
    fields = {"AccountSid": SELLER.account_sid, "CallStatus": "ringing", **sids}

    for target in SPOKEN_TO:
        with capture_logs() as logs:
            response = twilio.post(target, fields)
        assert response.status_code == 200
        assert is_twiml(response.data)
        assert warnings(logs) == ["webhook_without_call"], target
    for target in TOLD:
        with capture_logs() as logs:
            response = twilio.post(target, fields)
        assert response.status_code == 400
        assert "CallSid is missing or malformed" in response.text
        assert warnings(logs) == ["webhook_refused"], target


def test_a_megabyte_is_read_where_a_caller_listens(twilio: TwilioSide, database: Database) -> None:
    fields = caller_fields("ringing", FromCity=MEGABYTE)

    for target in ("/twilio/voice", "/twilio/fallback", "/twilio/attempts/1?d=acme-east"):
        response = twilio.post(target, fields)
        assert response.status_code == 200
        assert is_twiml(response.data)
        with capture_logs() as logs:
            assert twilio.send(target, urlencode(fields).encode(), "x" * 28).status_code == 403
        assert warnings(logs) == ["webhook_refused"]
    with database.read() as connection:
        raw = [row.raw for row in read_event_rows(connection, SELLER.seller_id, CALL_SID)]
    assert all(text is None or len(text) < 65_000 for text in raw)
    assert any(text and text.endswith("bytes in all)") for text in raw)


@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "unsigned"])
def test_a_megabyte_is_refused_unread_as_a_callback(twilio: TwilioSide, is_signed: bool) -> None:
    for target in TOLD:
        fields = {"CallDuration": MEGABYTE, **caller_fields("completed")}
        signature = twilio.sign(target, fields.items()) if is_signed else "x" * 28
        with capture_logs() as logs:
            response = twilio.send(target, urlencode(fields).encode(), signature)
        assert response.status_code == 413
        assert warnings(logs) == ["webhook_refused"]


def test_more_than_two_megabytes_are_refused_everywhere(twilio: TwilioSide) -> None:
    for target in (*SPOKEN_TO, *TOLD):
        with capture_logs() as logs:
            response = twilio.send(target, b"A=" + b"x" * 2_100_000, "x" * 28)
        assert response.status_code == 413
        assert warnings(logs) == ["webhook_refused"]


def test_more_than_a_thousand_fields_are_refused(twilio: TwilioSide) -> None:
    fields = caller_fields("ringing") | {f"Field{n}": "" for n in range(1000)}
    for target in (*SPOKEN_TO, *TOLD):
        with capture_logs() as logs:
            assert twilio.post(target, fields).status_code == 403
        assert warnings(logs) == ["webhook_refused"]


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param("\0", id="NUL"),
        pytest.param("\udcff\udcfe", id="invalid UTF-8"),
        pytest.param("\N{SKULL}" * 300, id="long and beyond ASCII"),
        pytest.param("'; DROP TABLE calls; --", id="SQL"),
        pytest.param("<Response><Dial>+1</Dial></Response>", id="TwiML"),
        pytest.param("\r\nX-Header: 1", id="a header"),
        pytest.param("{{7*7}}%s%n", id="templates"),
    ],
)
def test_garbage_in_a_field_is_kept_and_routed_by_what_is_left(
    twilio: TwilioSide, database: Database, garbage: str
) -> None:
    caller = caller_fields("ringing") | {"From": garbage, "FromState": garbage, garbage: garbage}
    sent = urlencode(caller, errors="surrogateescape").encode()
    text = twilio.public_url + "/twilio/voice"
    text += "".join(name + value for name, value in sorted(caller.items()))
    response = twilio.send("/twilio/voice", sent, _sign_bytes(text))

    assert response.status_code == 200
    assert "+12125550171</Number>" in response.text
    kept = read_kept(database)
    assert [event.kind for event in kept] == ["call_arrived", "route_decided"]
    with database.read() as connection:
        (arrived, _) = read_event_rows(connection, SELLER.seller_id, CALL_SID)
    assert arrived.raw is not None
    assert "From=" in arrived.raw

    leg = buyer_fields("ringing") | {"CallStatus": garbage, "Timestamp": garbage}
    leg |= {"SipResponseCode": garbage, "CallDuration": garbage}
    text = twilio.public_url + "/twilio/legs/1"
    text += "".join(name + value for name, value in sorted(leg.items()))
    sent = urlencode(leg, errors="surrogateescape").encode()
    with capture_logs() as logs:
        assert twilio.send("/twilio/legs/1", sent, _sign_bytes(text)).status_code == 204
    assert warnings(logs) == ["webhook_fields_unreadable"]
    assert len(read_kept(database)) == 3


def _sign_bytes(text: str) -> str:
    encoded = text.encode("utf-8", "surrogateescape")
    return b64encode(hmac.digest(SELLER.tokens[0].encode(), encoded, "sha1")).decode()


@pytest.mark.parametrize(
    "figures",
    [
        pytest.param({"CallDuration": "-5"}, id="a negative duration"),
        pytest.param({"CallDuration": "twelve"}, id="a textual duration"),
        pytest.param({"CallDuration": "99999999999999999999"}, id="an absurd duration"),
        pytest.param({"CallDuration": "1e309"}, id="infinity"),
        pytest.param({"Timestamp": "Tue, 15 Sep 1926 17:00:05 +0000"}, id="another century"),
        pytest.param({"Timestamp": "2026-09-15T17:00:05Z"}, id="another format"),
        pytest.param({"CallStatus": "exploded"}, id="an unknown status"),
    ],
)
def test_absurd_figures_are_noted_kept_in_the_raw_form_and_believed_by_nobody(
    twilio: TwilioSide, database: Database, figures: dict[str, str]
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))

    with capture_logs() as logs:
        leg = twilio.post("/twilio/legs/1?d=acme-east", buyer_fields("completed") | figures)
        end = twilio.post("/twilio/status", caller_fields("completed") | figures)

    assert (leg.status_code, end.status_code) == (204, 204)
    assert warnings(logs) == ["webhook_fields_unreadable"] * 2
    assert {line["fields"] for line in logs if "fields" in line} == {",".join(figures)}
    with database.read() as connection:
        rows = read_event_rows(connection, SELLER.seller_id, CALL_SID)
    (of_leg,) = (row for row in rows if isinstance(row.event, LegProgressed))
    (of_call,) = (row for row in rows if isinstance(row.event, CallEnded))
    for row in (of_leg, of_call):
        assert urlencode(figures) in (row.raw or "")
    assert isinstance(of_leg.event, LegProgressed)
    assert (of_leg.event.duration_s, of_leg.event.occurred_at) == (None, None)
    is_told = "CallStatus" not in figures
    assert of_leg.event.status is (LegStatus.COMPLETED if is_told else LegStatus.UNKNOWN)


def test_an_unknown_end_of_a_dial_goes_on_with_the_next_destination(
    twilio: TwilioSide, database: Database
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    fields = caller_fields("ringing", DialCallStatus="exploded", DialBridged="perhaps")

    with capture_logs() as logs:
        response = twilio.post("/twilio/attempts/1?d=acme-east&tried=acme-east", fields)

    assert "+14155550174</Number>" in response.text
    assert warnings(logs) == ["webhook_fields_unreadable"]
    (ended,) = (e for e in read_kept(database) if isinstance(e, DialEnded))
    assert (ended.status, ended.bridged) == (LegStatus.UNKNOWN, None)


@pytest.mark.parametrize("attempt", ["0", "9999", "abc", "-1", "1.5", "٣", "1%00", "00001"])
def test_an_attempt_that_is_no_number_of_ours_is_refused_or_apologized_for(
    twilio: TwilioSide, database: Database, attempt: str
) -> None:
    attempt = quote(attempt, safe="%")
    with capture_logs() as logs:
        told = twilio.post(f"/twilio/legs/{attempt}?d=acme-east", buyer_fields("ringing"))
        asked = [
            twilio.post(f"/twilio/{what}/{attempt}?d=acme-east", fields)
            for what, fields in (
                ("attempts", caller_fields("ringing", DialCallStatus="busy")),
                ("whisper", buyer_fields("in-progress")),
                ("screening", buyer_fields("in-progress", Digits="1")),
            )
        ]

    assert told.status_code == 400
    assert "names no attempt" in told.text
    assert [response.status_code for response in asked] == [200] * 3
    assert all(is_twiml(response.data) for response in asked)
    assert warnings(logs) == ["webhook_refused", *["webhook_without_call"] * 3]
    assert read_kept(database) == ()


def test_what_our_urls_carry_must_be_ids_of_ours(twilio: TwilioSide) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    tried = ".".join(["acme-east", "../../etc", "%00", "x" * 100, "ACME", ""])
    fields = caller_fields("ringing", DialCallStatus="busy", DialBridged="false")

    response = twilio.post(f"/twilio/attempts/1?d=%2e%2e&tried={tried}", fields)

    assert "+14155550174</Number>" in response.text
    assert "tried=acme-east.bolt-main" in response.text


def test_an_unknown_call_goes_on_by_what_its_url_carries(
    twilio: TwilioSide, database: Database
) -> None:
    """An attempt of a call that was answered while nobody here could write, say."""
    fields = caller_fields("ringing", DialCallStatus="busy", DialBridged="false")

    response = twilio.post("/twilio/attempts/1?d=acme-east&tried=acme-east", fields)
    last = twilio.post("/twilio/attempts/2?d=bolt-main&tried=acme-east.bolt-main", fields)

    assert "+14155550174</Number>" in response.text
    assert "Nobody is left." in last.text
    kept = [event.key for event in read_kept(database)]
    assert sorted(kept) == ["decided:2", "decided:3", "dial_ended:1", "dial_ended:2"]


def test_destinations_that_only_the_url_remembers_were_tried_and_have_rung(
    twilio: TwilioSide, database: Database
) -> None:
    """For as long as a default route rings: 25 seconds and the carrier's 5."""
    apply_buyers(database, SELLER.seller_id, THIRD_BUYER, "buyers.toml", author="", note="", at=T0)
    activate(database, TABLE.replace("[nobody_left]", THIRD_ROUTE))
    fields = caller_fields("ringing", DialCallStatus="busy", DialBridged="false")

    third = twilio.post("/twilio/attempts/2?d=bolt-main&tried=acme-east.bolt-main", fields)

    assert "+13125550172</Number>" in third.text
    assert 'timeout="10"' in third.text


def test_every_other_webhook_about_an_unknown_call_is_kept_too(
    twilio: TwilioSide, database: Database
) -> None:
    assert twilio.post("/twilio/legs/1?d=acme-east", buyer_fields("ringing")).status_code == 204
    whispered = twilio.post("/twilio/whisper/1?d=bolt-main", buyer_fields("in-progress"))
    pressed = twilio.post(
        "/twilio/screening/1?d=bolt-main", buyer_fields("in-progress", Digits="5")
    )
    recorded = twilio.post("/twilio/voicemail", caller_fields("ringing", RecordingDuration="5"))
    ended = twilio.post("/twilio/status", caller_fields("completed", CallDuration="5"))

    assert "Press 5." in whispered.text
    assert "Hangup" not in pressed.text
    assert "Hangup" in recorded.text
    assert ended.status_code == 204
    assert {event.kind for event in read_kept(database)} == {
        *("leg_progressed", "whisper_started", "screening_answered"),
        *("voicemail_recorded", "call_ended"),
    }
    with database.read() as connection:
        assert read_cdr(connection, SELLER.seller_id, CALL_SID) is None  # the sweep will ask


def test_an_unknown_call_at_the_fallback_is_an_arrival(
    twilio: TwilioSide, database: Database
) -> None:
    url = f"{twilio.public_url}/twilio/voice"
    fields = caller_fields("ringing", ErrorCode="11200", ErrorUrl=url)

    response = twilio.post("/twilio/fallback", fields)

    assert "+12125550171</Number>" in response.text
    assert {event.kind for event in read_kept(database)} == {
        *("call_arrived", "route_decided", "fallback_asked"),
    }
    assert twilio.post("/twilio/voice", caller_fields("ringing")).text == response.text


@pytest.mark.parametrize(
    "error_url",
    ["", "x", "https://[::1", "//", "https://x.example/twilio/attempts/0", "\0", "x" * 3000],
)
def test_a_fallback_for_whatever_url_gets_an_answer(twilio: TwilioSide, error_url: str) -> None:
    fields = caller_fields("ringing", ErrorCode="11200", ErrorUrl=error_url)

    with capture_logs() as logs:
        response = twilio.post("/twilio/fallback", fields)

    assert response.status_code == 200
    assert is_twiml(response.data)
    assert warnings(logs) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("application/json", b'{"CallSid": "CA1"}', id="JSON"),
        pytest.param("application/json", b"", id="no JSON"),
        pytest.param("text/plain", b"CallSid=CA1", id="text"),
        pytest.param("", b"CallSid=CA1", id="no type"),
        pytest.param(
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="CallSid"\r\n\r\nCA1\r\n--x--\r\n',
            id="multipart",
        ),
        pytest.param("multipart/form-data", b"--", id="broken multipart"),
    ],
)
def test_what_isnt_a_form_has_no_account_and_is_refused(
    twilio: TwilioSide, content_type: str, body: bytes
) -> None:
    for path in (*SPOKEN_TO, *TOLD):
        mark = "&" if "?" in path else "?"
        target = f"{path}{mark}bodySHA256={sha256(body).hexdigest()}"
        with capture_logs() as logs:
            response = twilio.send(target, body, twilio.sign(target), content_type)
        assert response.status_code == 403
        assert warnings(logs) == ["webhook_refused"]


def test_paths_that_nobody_named_are_not_found(twilio: TwilioSide) -> None:
    for target in ("/twilio/attempts/", "/twilio/legs/1/2", "/twilio/voice/", "/twilio", "/"):
        assert twilio.post(target, caller_fields("ringing")).status_code == 404


def test_a_repeated_field_counts_once_and_is_signed_with_all_its_values(
    twilio: TwilioSide, database: Database
) -> None:
    pairs = [*caller_fields("ringing").items(), ("From", "+14155550199"), ("X", "1"), ("X", "2")]

    assert twilio.post("/twilio/voice", pairs).status_code == 200
    arrived = read_kept(database)[0]
    assert arrived.kind == "call_arrived"
    assert arrived.ani == "+14155550123"


def test_a_leg_that_names_itself_as_its_parent_is_kept(
    twilio: TwilioSide, database: Database
) -> None:
    fields = buyer_fields("completed") | {"CallSid": CALL_SID}

    assert twilio.post("/twilio/legs/1?d=acme-east", fields).status_code == 204
    assert [event.kind for event in read_kept(database)] == ["leg_progressed"]
