"""The REST API, asked by Twilio's own client with nothing but its base URL rewritten."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from callrouter.simulator.account import Account, Did
from callrouter.simulator.call_log import CallLog, CallRecord, CallStatus, Direction
from callrouter.simulator.rest import RestApi

SID, TOKEN = "AC00000000000000000000000000000001", "test_auth_token_0123456789abcdef"
AT = datetime(2026, 9, 15, 17, 0, 0, 700_000, tzinfo=UTC)
DIDS = tuple(
    Did(
        f"+180055501{number:02d}",
        "https://a.example/twilio/voice#rc=2",
        fallback_url="https://b.example/twilio/fallback",
        status_url="https://a.example/twilio/status",
        status_method="GET",
    )
    for number in range(3)
)
T = TypeVar("T")


class RewritingHttpClient(TwilioHttpClient):
    """Twilio's HTTP client, pointed at another host."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        rewritten = url.replace("https://api.twilio.com", self._base_url)
        return super().request(
            method, rewritten, params, data, headers, auth, timeout, allow_redirects
        )


def record(
    number: int, parent: CallRecord | None = None, status: CallStatus = CallStatus.COMPLETED
) -> CallRecord:
    started_at = AT + timedelta(minutes=number)
    answered = status in {CallStatus.COMPLETED, CallStatus.IN_PROGRESS}
    over = status not in {CallStatus.INITIATED, CallStatus.RINGING, CallStatus.IN_PROGRESS}
    return CallRecord(
        sid=f"CA{number:032x}",
        parent_sid=parent.sid if parent else None,
        caller="+14155550123",
        called="+13125550171" if parent else DIDS[0].number,
        direction=Direction.OUTBOUND_DIAL if parent else Direction.INBOUND,
        number_sid=DIDS[0].sid,
        started_at=started_at,
        status=status,
        answered_at=started_at + timedelta(seconds=5) if answered else None,
        ended_at=started_at + timedelta(seconds=20.4) if over else None,
    )


PARENT = record(1)
LEGS = (
    record(2, PARENT, CallStatus.BUSY),
    record(3, PARENT),
    record(4, PARENT, CallStatus.IN_PROGRESS),
    record(5, PARENT, CallStatus.INITIATED),
)


@pytest.fixture
def log() -> CallLog:
    log = CallLog()
    for leg in (PARENT, *LEGS, record(60)):
        log.add(leg)
    return log


def ask(log: CallLog, question: Callable[[Client], T], token: str = TOKEN) -> T:
    async def main() -> T:
        async with RestApi(Account(SID, TOKEN, DIDS), log) as base_url:
            client = Client(SID, token, http_client=RewritingHttpClient(base_url))
            return await asyncio.to_thread(question, client)

    return asyncio.run(main())


def test_a_call_is_shown_with_its_times_and_duration(log: CallLog) -> None:
    call = ask(log, lambda client: client.calls(PARENT.sid).fetch())

    assert (call.sid, str(call.status), call.direction) == (PARENT.sid, "completed", "inbound")
    assert call.start_time == datetime(2026, 9, 15, 17, 1, 0, tzinfo=UTC)
    assert call.end_time == datetime(2026, 9, 15, 17, 1, 21, tzinfo=UTC)
    assert call.duration == "16"
    assert call._from == "+14155550123"
    assert call.to == DIDS[0].number
    assert call.parent_call_sid is None
    assert call.phone_number_sid == DIDS[0].sid


def test_the_legs_of_a_call_are_listed_by_their_parent_the_latest_first(log: CallLog) -> None:
    legs = ask(log, lambda client: client.calls.list(parent_call_sid=PARENT.sid))

    shown = [(leg.sid, str(leg.status), leg.duration, leg.end_time is None) for leg in legs]
    assert shown == [
        (LEGS[3].sid, "queued", None, True),
        (LEGS[2].sid, "in-progress", None, True),
        (LEGS[1].sid, "completed", "16", False),
        (LEGS[0].sid, "busy", None, False),
    ]
    assert {leg.parent_call_sid for leg in legs} == {PARENT.sid}


@pytest.mark.parametrize("page_size", [1, 2, 4, 5, 1000])
def test_pages_are_followed_to_the_end(log: CallLog, page_size: int) -> None:
    legs = ask(
        log, lambda client: client.calls.list(parent_call_sid=PARENT.sid, page_size=page_size)
    )

    assert [leg.sid for leg in legs] == [leg.sid for leg in reversed(LEGS)]


def test_pages_know_their_neighbours(log: CallLog) -> None:
    def turn_pages(client: Client) -> list[str]:
        second = client.calls.page(parent_call_sid=PARENT.sid, page_size=2).next_page()
        assert second is not None
        assert second.next_page() is None
        first = second.previous_page()
        assert first is not None
        return [call.sid for page in (first, second) for call in page]

    assert ask(log, turn_pages) == [leg.sid for leg in reversed(LEGS)]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        pytest.param({"status": "busy"}, [2], id="status"),
        pytest.param({"to": DIDS[0].number}, [60, 1], id="to"),
        pytest.param({"from_": "+14155550199"}, [], id="from nobody"),
        pytest.param({"start_time_after": AT + timedelta(minutes=4)}, [60, 5, 4], id="after"),
        pytest.param({"start_time_before": AT + timedelta(minutes=2)}, [2, 1], id="before"),
        pytest.param({"start_time": AT.date().isoformat()}, [60, 5, 4, 3, 2, 1], id="a day"),
        pytest.param({"start_time": "2026-09-14"}, [], id="the day before"),
    ],
)
def test_calls_are_filtered(
    log: CallLog, filters: dict[str, str | datetime], numbers: list[int]
) -> None:
    calls = ask(log, lambda client: client.calls.list(**filters))  # type: ignore[arg-type]

    assert [call.sid for call in calls] == [f"CA{number:032x}" for number in numbers]


def test_numbers_are_listed_with_their_urls(log: CallLog) -> None:
    (found,) = ask(
        log, lambda client: client.incoming_phone_numbers.list(phone_number="+18005550101")
    )

    assert found.phone_number == "+18005550101"
    assert (found.voice_url, found.voice_method) == ("https://a.example/twilio/voice#rc=2", "POST")
    assert found.voice_fallback_url == "https://b.example/twilio/fallback"
    assert found.status_callback == "https://a.example/twilio/status"
    assert found.status_callback_method == "GET"
    assert len(ask(log, lambda client: client.incoming_phone_numbers.list(page_size=2))) == 3


def test_what_was_read_is_remembered_by_its_call(log: CallLog) -> None:
    assert log.looked_up == frozenset()

    ask(log, lambda client: client.calls.list(parent_call_sid=PARENT.sid, limit=1, page_size=1))

    assert log.looked_up == {PARENT.sid}


def test_an_unknown_call_is_not_found(log: CallLog) -> None:
    with pytest.raises(TwilioRestException) as raised:
        ask(log, lambda client: client.calls("CA" + "f" * 32).fetch())

    assert (raised.value.status, raised.value.code) == (404, 20404)


def test_another_token_is_refused(log: CallLog) -> None:
    with pytest.raises(TwilioRestException) as raised:
        ask(log, lambda client: client.calls(PARENT.sid).fetch(), token="wrong")

    assert (raised.value.status, raised.value.code) == (401, 20003)
    assert log.looked_up == frozenset()


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        pytest.param("GET", "Calls.json?PageSize=0", 400, id="page size"),
        pytest.param("GET", "Calls.json?Page=x", 400, id="page"),
        pytest.param("GET", "Calls.json?Colour=red", 400, id="filter"),
        pytest.param("GET", "Calls.json?StartTime=yesterday", 400, id="time"),
        pytest.param("GET", "IncomingPhoneNumbers.json?Beta=1", 400, id="number filter"),
        pytest.param("GET", "Messages.json", 404, id="another resource"),
        pytest.param("POST", "Calls.json", 405, id="another method"),
    ],
)
def test_every_refusal_is_twilios_json(log: CallLog, method: str, target: str, status: int) -> None:
    def question(client: Client) -> dict[str, object]:
        http = client.http_client
        url = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/{target}"
        response = http.request(method, url, auth=(SID, TOKEN))
        assert response.status_code == status
        body: dict[str, object] = json.loads(response.text)
        return body

    body = ask(log, question)

    assert body["status"] == status
    assert isinstance(body["code"], int)
    assert body["message"]


def test_a_refused_list_makes_twilios_client_raise(log: CallLog) -> None:
    with pytest.raises(TwilioException):
        ask(log, lambda client: client.calls.list(start_time="yesterday", limit=1))


def test_a_log_forgets_its_oldest_call_with_its_legs() -> None:
    log = CallLog(keep=2)
    first, second, third = record(1), record(2), record(3)
    log.add(first)
    log.add(record(11, first))
    log.note_lookup(first)
    log.add(second)
    log.add(third)

    assert [found.sid for found in log.newest_first()] == [third.sid, second.sid]
    assert log.find(first.sid) is None
    assert log.find(f"CA{11:032x}") is None
    assert log.looked_up == frozenset()
