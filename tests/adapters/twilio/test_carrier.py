import json
import logging
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from callrouter.adapters.twilio.carrier import TwilioCarrier
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg, NumberSetup
from callrouter.domain.errors import CarrierUnavailableError
from callrouter.workflows.ports import Carrier

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-that-nobody-may-see"
ENCODED = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
CALL = "CA" + "1" * 32
LEG_1 = "CA" + "2" * 32
LEG_2 = "CA" + "3" * 32
BASE = "https://api.twilio.com"
CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
THE_CALL = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json"
NUMBERS = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json"


@pytest.fixture
def carrier() -> TwilioCarrier:
    return TwilioCarrier(account_sid=ACCOUNT, auth_token=TOKEN, timeout_s=3)


def record(sid: str, **changed: object) -> dict[str, object]:
    """A Call resource as Twilio's REST API documents it."""
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "from": "+14155550123",
        "to": "+18005550100",
        "status": "completed",
        "start_time": "Fri, 01 May 2026 12:00:00 +0000",
        "end_time": "Fri, 01 May 2026 12:03:20 +0000",
        "duration": "185",
        "direction": "inbound",
        "price": None,
        "queue_time": "0",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json",
        **changed,
    }


def answer_call(base: str = BASE, **changed: object) -> None:
    responses.get(base + THE_CALL, json=record(CALL, **changed))


def answer_legs(*legs: dict[str, object], base: str = BASE) -> None:
    responses.get(base + CALLS, json={"calls": legs, "next_page_uri": None, "page": 0})


def at(minute: int, second: int) -> datetime:
    return datetime(2026, 5, 1, 12, minute, second, tzinfo=UTC)


@responses.activate
def test_a_call_is_its_own_leg_and_the_legs_that_were_dialled_for_it(
    carrier: TwilioCarrier,
) -> None:
    answer_call()
    answer_legs(
        record(
            LEG_2,
            to="sip:intake@pbx.example.com",
            start_time="Fri, 01 May 2026 12:00:25 +0000",
            duration="170",
        ),
        record(
            LEG_1,
            to="+13125550171",
            status="no-answer",
            start_time="Fri, 01 May 2026 12:00:01 +0000",
            end_time="Fri, 01 May 2026 12:00:24 +0000",
            duration="0",
        ),
    )
    assert carrier.fetch_call(CALL) == CarrierCall(
        caller_leg=CarrierLeg(
            leg_sid=CALL,
            dial_string="+18005550100",
            status=LegStatus.COMPLETED,
            started_at=at(0, 0),
            ended_at=at(3, 20),
            duration_s=185,
        ),
        buyer_legs=(
            CarrierLeg(
                leg_sid=LEG_1,
                dial_string="+13125550171",
                status=LegStatus.NO_ANSWER,
                started_at=at(0, 1),
                ended_at=at(0, 24),
                duration_s=0,
            ),
            CarrierLeg(
                leg_sid=LEG_2,
                dial_string="sip:intake@pbx.example.com",
                status=LegStatus.COMPLETED,
                started_at=at(0, 25),
                ended_at=at(3, 20),
                duration_s=170,
            ),
        ),
    )
    asked_for_legs = str(responses.calls[1].request.url)
    assert parse_qs(urlsplit(asked_for_legs).query)["ParentCallSid"] == [CALL]


@responses.activate
def test_a_call_that_twilio_does_not_know_is_none(carrier: TwilioCarrier) -> None:
    responses.get(
        BASE + THE_CALL, status=404, json={"code": 20404, "message": "not found", "status": 404}
    )
    assert carrier.fetch_call(CALL) is None
    assert len(responses.calls) == 1


@responses.activate
def test_a_call_unknown_in_the_newer_form_of_errors_is_none_too(carrier: TwilioCarrier) -> None:
    problem = {"type": "about:blank", "title": "Not found", "code": 20404, "status": 404}
    responses.get(BASE + THE_CALL, status=404, json=problem)
    assert carrier.fetch_call(CALL) is None


@responses.activate
@pytest.mark.parametrize(
    "call_sid", ["", "CA/../../Numbers", "CA?x=1", "CA 1", "CA" + "1" * 63, "CA1\n", "CÄ1"]
)
def test_what_cannot_be_a_call_sid_is_none_without_asking(
    carrier: TwilioCarrier, call_sid: str
) -> None:
    assert carrier.fetch_call(call_sid) is None
    assert len(responses.calls) == 0


@responses.activate
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("completed", LegStatus.COMPLETED, id="completed"),
        pytest.param("queued", LegStatus.QUEUED, id="queued"),
        pytest.param("ringing", LegStatus.RINGING, id="ringing"),
        pytest.param("in-progress", LegStatus.IN_PROGRESS, id="in-progress"),
        pytest.param("busy", LegStatus.BUSY, id="busy"),
        pytest.param("failed", LegStatus.FAILED, id="failed"),
        pytest.param("no-answer", LegStatus.NO_ANSWER, id="no-answer"),
        pytest.param("canceled", LegStatus.CANCELED, id="canceled"),
        pytest.param("teleported", LegStatus.UNKNOWN, id="unheard-of"),
        pytest.param(None, LegStatus.UNKNOWN, id="missing"),
        pytest.param(["busy"], LegStatus.UNKNOWN, id="list"),
    ],
)
def test_a_status_is_a_word_of_twilio_s_or_unknown(
    carrier: TwilioCarrier, sent: object, read: LegStatus
) -> None:
    answer_call(status=sent)
    answer_legs()
    assert fetch_leg(carrier).status is read


@responses.activate
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("0", 0, id="zero"),
        pytest.param("185", 185, id="text"),
        pytest.param(185, 185, id="number"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
        pytest.param("-3", None, id="negative"),
        pytest.param(-3, None, id="negative-number"),
        pytest.param("12.5", None, id="fraction"),
        pytest.param("three", None, id="words"),
        pytest.param(True, None, id="truth-value"),
        pytest.param("9" * 400, None, id="absurd"),
        pytest.param({"s": 3}, None, id="object"),
    ],
)
def test_a_duration_is_whole_seconds_or_missing(
    carrier: TwilioCarrier, sent: object, read: int | None
) -> None:
    answer_call(duration=sent)
    answer_legs()
    assert fetch_leg(carrier).duration_s == read


@responses.activate
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("Fri, 01 May 2026 12:00:00 +0000", at(0, 0), id="rfc-2822"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
        pytest.param("yesterday", None, id="words"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 +0000", None, id="epoch"),
    ],
)
def test_an_instant_is_aware_utc_or_missing(
    carrier: TwilioCarrier, sent: object, read: datetime | None
) -> None:
    answer_call(start_time=sent, end_time=sent)
    answer_legs()
    leg = fetch_leg(carrier)
    assert (leg.started_at, leg.ended_at) == (read, read)
    assert read is None or (leg.started_at and leg.started_at.tzinfo is UTC)


@responses.activate
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("client:desk", "client:desk", id="client"),
        pytest.param(None, "", id="null"),
        pytest.param(5, "", id="number"),
        pytest.param("a\0b", "a\ufffdb", id="nul"),
        pytest.param("9" * 1000, "9" * 255, id="endless"),
    ],
)
def test_a_dial_string_is_a_text_that_can_be_stored(
    carrier: TwilioCarrier, sent: object, read: str
) -> None:
    answer_call(to=sent)
    answer_legs()
    assert fetch_leg(carrier).dial_string == read


@responses.activate
def test_a_call_of_which_only_the_sid_is_known_is_still_a_call(carrier: TwilioCarrier) -> None:
    responses.get(BASE + THE_CALL, json={})
    answer_legs({"sid": LEG_2}, {"status": "busy"}, record(LEG_1))
    found = carrier.fetch_call(CALL)
    assert found is not None
    nothing = CarrierLeg(
        leg_sid=CALL,
        dial_string="",
        status=LegStatus.UNKNOWN,
        started_at=None,
        ended_at=None,
        duration_s=None,
    )
    assert found.caller_leg == nothing
    assert [leg.leg_sid for leg in found.buyer_legs] == [LEG_1, LEG_2]


@responses.activate
def test_legs_on_further_pages_are_found(carrier: TwilioCarrier) -> None:
    answer_call()
    next_page = f"{CALLS}?ParentCallSid={CALL}&PageSize=50&Page=1&PageToken=PA1"
    responses.get(
        BASE + CALLS,
        json={"calls": [record(LEG_1)], "next_page_uri": next_page},
        match=[responses.matchers.query_param_matcher({"ParentCallSid": CALL, "PageSize": "50"})],
    )
    responses.get(BASE + next_page, json={"calls": [record(LEG_2)], "next_page_uri": None})
    found = carrier.fetch_call(CALL)
    assert found is not None
    assert [leg.leg_sid for leg in found.buyer_legs] == [LEG_1, LEG_2]


@responses.activate
def test_every_number_is_listed_over_all_pages_with_its_urls(carrier: TwilioCarrier) -> None:
    next_page = f"{NUMBERS}?PageSize=1000&Page=1&PageToken=PN1"
    first = {
        "phone_number": "+18005550100",
        "voice_url": "https://calls.example.com/twilio/voice",
        "voice_fallback_url": "https://calls.example.com/twilio/fallback",
        "status_callback": "https://calls.example.com/twilio/status",
    }
    responses.get(
        BASE + NUMBERS,
        json={"incoming_phone_numbers": [first], "next_page_uri": next_page},
        match=[responses.matchers.query_param_matcher({"PageSize": "1000"})],
    )
    second = {
        "phone_number": "+18005550101",
        "voice_url": "",
        "voice_fallback_url": None,
        "voice_application_sid": "AP" + "0" * 32,
        "trunk_sid": "TK" + "0" * 32,
    }
    responses.get(
        BASE + next_page, json={"incoming_phone_numbers": [second], "next_page_uri": None}
    )
    assert carrier.list_numbers() == (
        NumberSetup(
            number="+18005550100",
            voice_url="https://calls.example.com/twilio/voice",
            fallback_url="https://calls.example.com/twilio/fallback",
            status_url="https://calls.example.com/twilio/status",
        ),
        NumberSetup(
            number="+18005550101",
            voice_url="",
            fallback_url="",
            status_url="",
            voice_application_sid="AP" + "0" * 32,
            trunk_sid="TK" + "0" * 32,
        ),
    )


@responses.activate
def test_an_account_without_numbers_has_none(carrier: TwilioCarrier) -> None:
    responses.get(BASE + NUMBERS, json={"incoming_phone_numbers": [], "next_page_uri": None})
    assert carrier.list_numbers() == ()


def fetch(carrier: TwilioCarrier) -> object:
    return carrier.fetch_call(CALL)


def list_numbers(carrier: TwilioCarrier) -> object:
    return carrier.list_numbers()


def fetch_leg(carrier: TwilioCarrier) -> CarrierLeg:
    found = carrier.fetch_call(CALL)
    assert found is not None
    return found.caller_leg


TWILIO_ERROR = json.dumps({"code": 20000, "message": "no", "status": 0})


@responses.activate
@pytest.mark.parametrize(
    ("url", "ask"),
    [
        pytest.param(BASE + THE_CALL, fetch, id="the-call"),
        pytest.param(BASE + CALLS, fetch, id="its-legs"),
        pytest.param(BASE + NUMBERS, list_numbers, id="the-numbers"),
    ],
)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            {"status": 401, "body": TWILIO_ERROR},
            f"refused the credentials (401): check SID and auth token of {ACCOUNT}",
            id="wrong-token",
        ),
        pytest.param(
            {"status": 403, "body": TWILIO_ERROR},
            f"forbids this (403): check that account {ACCOUNT} is active and allowed to",
            id="forbidden",
        ),
        pytest.param(
            {"status": 429, "body": TWILIO_ERROR},
            f"had too many requests (429) for account {ACCOUNT}: try again later",
            id="too-many-requests",
        ),
        pytest.param(
            {"status": 500, "body": "<html>oops"}, "is failing (500): try again later", id="500"
        ),
        pytest.param({"status": 503, "body": ""}, "is failing (503): try again later", id="503"),
        pytest.param(
            {"status": 302, "body": "{}", "headers": {"Location": "https://example.com"}},
            "gave an answer that wasn't expected (302): check TWILIO_API_URL",
            id="redirect",
        ),
        pytest.param(
            {"status": 400, "body": TWILIO_ERROR},
            "gave an answer that wasn't expected (400): check TWILIO_API_URL",
            id="bad-request",
        ),
        pytest.param(
            {"status": 200, "body": "<html>a captive portal"},
            "gave an answer that can't be read (JSONDecodeError): try again later",
            id="not-json",
        ),
        pytest.param(
            {"status": 200, "body": '["a list"]'}, "gave an answer that can't be read", id="list"
        ),
        pytest.param(
            {"status": 200, "body": "null"}, "gave an answer that can't be read", id="null"
        ),
        pytest.param(
            {"body": requests.ConnectionError("refused")},
            "can't be reached (ConnectionError): check the network and try again",
            id="refused",
        ),
        pytest.param(
            {"body": requests.ReadTimeout("slow")},
            "can't be reached (ReadTimeout): check the network and try again",
            id="timeout",
        ),
    ],
)
def test_when_twilio_does_not_help_the_error_says_why_and_what_to_do(
    carrier: TwilioCarrier,
    url: str,
    ask: Callable[[TwilioCarrier], object],
    answer: dict[str, object],
    said: str,
) -> None:
    if url != BASE + THE_CALL:
        answer_call()
    responses.add(responses.GET, url, **answer)  # type: ignore[arg-type]
    with pytest.raises(CarrierUnavailableError) as unavailable:
        ask(carrier)
    assert str(unavailable.value).startswith(f"Twilio's REST API {said}")
    assert unavailable.value.__cause__ is None


@responses.activate
def test_a_page_without_records_is_an_answer_that_cannot_be_read(carrier: TwilioCarrier) -> None:
    responses.get(BASE + NUMBERS, json={"a": 1, "b": 2})
    with pytest.raises(CarrierUnavailableError, match="can't be read: try again later"):
        carrier.list_numbers()


@responses.activate
@pytest.mark.parametrize("api_url", ["http://127.0.0.1:8181", "http://127.0.0.1:8181/"])
def test_everything_is_asked_at_the_address_given_in_twilio_s_place(api_url: str) -> None:
    base = "http://127.0.0.1:8181"
    carrier = TwilioCarrier(account_sid=ACCOUNT, auth_token=TOKEN, api_url=api_url)
    answer_call(base)
    next_page = f"{CALLS}?ParentCallSid={CALL}&PageSize=50&Page=1&PageToken=PA1"
    responses.get(
        base + CALLS,
        json={"calls": [record(LEG_1)], "next_page_uri": next_page},
        match=[responses.matchers.query_param_matcher({"ParentCallSid": CALL, "PageSize": "50"})],
    )
    responses.get(base + next_page, json={"calls": [], "next_page_uri": None})
    responses.get(base + NUMBERS, json={"incoming_phone_numbers": [], "next_page_uri": None})
    found = carrier.fetch_call(CALL)
    assert found is not None
    assert len(found.buyer_legs) == 1
    assert carrier.list_numbers() == ()
    assert {urlsplit(call.request.url).netloc for call in responses.calls} == {"127.0.0.1:8181"}


@responses.activate
def test_requests_carry_the_credentials_and_the_timeout(carrier: TwilioCarrier) -> None:
    timed = [responses.matchers.request_kwargs_matcher({"timeout": 3.0})]
    responses.get(BASE + THE_CALL, json=record(CALL), match=timed)
    responses.get(BASE + CALLS, json={"calls": [], "next_page_uri": None}, match=timed)
    carrier.fetch_call(CALL)
    assert len(responses.calls) == 2
    for call in responses.calls:
        assert call.request.headers["Authorization"] == f"Basic {ENCODED}"


@responses.activate
def test_the_token_is_in_no_log_line_message_or_repr(
    carrier: TwilioCarrier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer_call()
    responses.get(BASE + CALLS, status=401, body=TWILIO_ERROR)
    with pytest.raises(CarrierUnavailableError) as unavailable:
        carrier.fetch_call(CALL)
    assert caplog.records
    for secret in (TOKEN, ENCODED):
        assert secret not in caplog.text
        assert secret not in repr(unavailable.value)
        assert secret not in repr(carrier)
    assert repr(carrier) == f"TwilioCarrier({ACCOUNT})"


def test_it_is_a_carrier_as_the_workflows_want_it(carrier: TwilioCarrier) -> None:
    wanted: Carrier = carrier
    assert callable(wanted.fetch_call)
    assert callable(wanted.list_numbers)
