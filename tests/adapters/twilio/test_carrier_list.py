"""A day's calls in Twilio's own list: page by page, with patience, every figure a text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from callrouter.adapters.twilio.carrier import TwilioCarrier
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_records import CarrierRecord, CarrierRequest, LegDirection
from callrouter.domain.errors import CarrierUnavailableError
from callrouter.workflows.ports import CarrierBooks

ACCOUNT = "AC" + "0" * 32
CALL, LEG = "CA" + "1" * 32, "CA" + "2" * 32
BASE = "https://api.twilio.com"
CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
DAY = date(2026, 5, 1)


@dataclass
class Waits:
    """Waits no time, and remembers how long it should have."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def carrier(waits: Waits) -> TwilioCarrier:
    return TwilioCarrier(ACCOUNT, "a-token", timeout_s=3, wait=waits)


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    with responses.mock:
        yield


def record(sid: str = CALL, **changed: object) -> dict[str, object]:
    """A Call resource in the shape in which Twilio's list has it."""
    return {
        "sid": sid,
        "parent_call_sid": None,
        "account_sid": ACCOUNT,
        "from": "+14155550123",
        "from_formatted": "(415) 555-0123",
        "to": "+18005550100",
        "to_formatted": "(800) 555-0100",
        "phone_number_sid": "PN" + "5" * 32,
        "status": "completed",
        "start_time": "Fri, 01 May 2026 12:00:00 +0000",
        "end_time": "Fri, 01 May 2026 12:03:20 +0000",
        "date_created": "Fri, 01 May 2026 12:00:00 +0000",
        "date_updated": "Fri, 01 May 2026 12:03:20 +0000",
        "duration": "185",
        "price": "-0.08800",
        "price_unit": "USD",
        "direction": "inbound",
        "answered_by": None,
        "api_version": "2010-04-01",
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": "",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json",
        "subresource_uris": {},
        **changed,
    }


def answer(*records: dict[str, object], url: str = CALLS, following: str | None = None) -> None:
    responses.get(
        BASE + url, json={"calls": list(records), "next_page_uri": following, "page_size": 1000}
    )


def read(carrier: TwilioCarrier) -> list[CarrierRecord]:
    return [record for page in carrier.stream_records(DAY) for record in page]


def read_one(carrier: TwilioCarrier, **changed: object) -> CarrierRecord:
    answer(record() | changed)
    (found,) = read(carrier)
    return found


def test_a_record_is_one_leg_with_what_it_cost(carrier: TwilioCarrier) -> None:
    assert read_one(carrier) == CarrierRecord(
        call_sid=CALL,
        leg_sid=CALL,
        direction=LegDirection.INBOUND,
        caller="+14155550123",
        dial_string="+18005550100",
        status=LegStatus.COMPLETED,
        started_at=datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
        ended_at=datetime(2026, 5, 1, 12, 3, 20, tzinfo=UTC),
        duration_s=185,
        cost_micros=88_000,
        currency="USD",
    )


def test_a_leg_that_was_dialled_belongs_to_the_callers(carrier: TwilioCarrier) -> None:
    found = read_one(carrier, sid=LEG, parent_call_sid=CALL, direction="outbound-dial")

    assert (found.call_sid, found.leg_sid) == (CALL, LEG)
    assert found.direction is LegDirection.DIALLED
    assert not found.is_callers_leg


@pytest.mark.parametrize("direction", ["outbound-api", "trunking-originating", None])
def test_a_leg_of_another_kind_is_nothing_of_ours(
    carrier: TwilioCarrier, direction: str | None
) -> None:
    assert read_one(carrier, direction=direction).direction is LegDirection.OTHER


@pytest.mark.parametrize(
    ("price", "unit", "cost"),
    [
        pytest.param("-0.00850", "USD", (8_500, "USD"), id="a fraction of a cent"),
        pytest.param("-0.0000004", "USD", (0, "USD"), id="less than a micro-unit"),
        pytest.param("0", "usd", (0, "USD"), id="free"),
        pytest.param("0.02", "EUR", (-20_000, "EUR"), id="given back"),
        pytest.param(-0.0085, "USD", (8_500, "USD"), id="a number"),
        pytest.param(None, "USD", (None, ""), id="not yet"),
        pytest.param("", "USD", (None, ""), id="empty"),
        pytest.param("-1.5", "JPY", (1_500_000, "JPY"), id="another currency"),
        pytest.param("-0.02", "dollars", (None, ""), id="no currency"),
        pytest.param("-0.02", None, (None, ""), id="without a currency"),
        pytest.param("much", "USD", (None, ""), id="no figure"),
        pytest.param("NaN", "USD", (None, ""), id="not a number"),
        pytest.param("-1e9", "USD", (None, ""), id="more than any call costs"),
    ],
)
def test_a_price_is_a_cost_in_micro_units_once_it_is_known(
    carrier: TwilioCarrier, price: object, unit: str | None, cost: tuple[int | None, str]
) -> None:
    found = read_one(carrier, price=price, price_unit=unit)

    assert (found.cost_micros, found.currency) == cost


@pytest.mark.parametrize(
    ("status", "price", "awaits"),
    [("completed", None, True), ("completed", "-0.01", False), ("busy", None, False)],
)
def test_only_a_leg_that_was_answered_waits_for_its_price(
    carrier: TwilioCarrier, status: str, price: str | None, awaits: bool
) -> None:
    assert read_one(carrier, status=status, price=price).awaits_price is awaits


def test_figures_that_are_not_there_are_none(carrier: TwilioCarrier) -> None:
    found = read_one(carrier, status="no-answer", end_time="", duration="", start_time=None)

    assert (found.ended_at, found.duration_s) == (None, None)
    assert found.started_at == datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "changed",
    [{"sid": None}, {"start_time": None, "date_created": None}],
    ids=["without an id", "without a start"],
)
def test_a_record_that_cant_be_placed_is_an_answer_that_cant_be_read(
    carrier: TwilioCarrier, waits: Waits, changed: dict[str, object]
) -> None:
    answer(record() | changed)

    with pytest.raises(CarrierUnavailableError, match="can't be read"):
        read(carrier)
    assert waits.seconds == []


def test_a_day_is_asked_for_by_its_name_and_followed_page_by_page(carrier: TwilioCarrier) -> None:
    following = f"{CALLS}?StartTime=2026-05-01&PageSize=1000&Page=1&PageToken=PA{CALL}"
    answer(record(), following=following)
    answer(record(LEG), url=following)
    pages = carrier.stream_records(DAY)

    assert [each.leg_sid for each in next(pages)] == [CALL]
    assert len(responses.calls) == 1, "a page is asked for when the one before is done with"
    assert [each.leg_sid for each in next(pages)] == [LEG]
    assert list(pages) == []
    asked = parse_qs(urlsplit(str(responses.calls[0].request.url)).query)
    assert asked == {"StartTime": ["2026-05-01"], "PageSize": ["1000"]}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again_after_a_wait(
    carrier: TwilioCarrier, waits: Waits, status: int
) -> None:
    responses.get(BASE + CALLS, status=status)
    responses.get(BASE + CALLS, body=requests.ConnectTimeout())
    answer(record())

    assert len(read(carrier)) == 1
    assert waits.seconds == [1, 4]


def test_patience_ends(carrier: TwilioCarrier, waits: Waits) -> None:
    responses.get(BASE + CALLS, status=503)

    with pytest.raises(CarrierUnavailableError, match="is failing"):
        read(carrier)
    assert waits.seconds == [1, 4, 15, 60]


def test_a_refusal_is_not_tried_again(carrier: TwilioCarrier, waits: Waits) -> None:
    responses.get(BASE + CALLS, status=401)

    with pytest.raises(CarrierUnavailableError, match="credentials"):
        read(carrier)
    assert waits.seconds == []


def test_the_records_of_one_call_are_its_own_and_those_dialled_for_it(
    carrier: TwilioCarrier,
) -> None:
    responses.get(f"{BASE}/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json", json=record())
    answer(record(LEG, parent_call_sid=CALL, direction="outbound-dial"))

    assert [each.leg_sid for each in carrier.fetch_records(CALL)] == [CALL, LEG]


def test_a_call_that_twilio_doesnt_know_has_no_records(carrier: TwilioCarrier) -> None:
    responses.get(f"{BASE}/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json", status=404, json={})

    assert carrier.fetch_records(CALL) == ()
    assert carrier.fetch_records("../Accounts") == ()


EVENTS = f"{BASE}/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}/Events.json"
ASKED = {"method": "POST", "parameters": {"call_status": "ringing"}}


@pytest.mark.parametrize(
    ("url", "answered", "request_made"),
    [
        pytest.param(
            "https://me:secret@calls.example.com/twilio/voice?x=1#rc=2",
            {"response_code": 502, "request_duration": 1887, "response_body": "<html>"},
            CarrierRequest("https://calls.example.com/twilio/voice", 502, 1887),
            id="a bad answer",
        ),
        pytest.param(
            "https://calls.example.com/twilio/voice",
            {"response_code": "200", "request_duration": "12"},
            CarrierRequest("https://calls.example.com/twilio/voice", 200, 12),
            id="figures as texts",
        ),
        pytest.param(
            "http://[",
            {"response_code": 0, "request_duration": None},
            CarrierRequest("", None, None),
            id="no answer, no URL",
        ),
        pytest.param(None, None, CarrierRequest("", None, None), id="nothing at all"),
    ],
)
def test_what_twilio_asked_about_a_call_is_told_without_secrets(
    carrier: TwilioCarrier, url: object, answered: object, request_made: CarrierRequest
) -> None:
    event = {"request": ASKED | {"url": url} if url else None, "response": answered}
    responses.get(EVENTS, json={"events": [event], "next_page_uri": None, "page_size": 50})

    assert carrier.list_requests(CALL) == (request_made,)


def test_what_twilio_doesnt_tell_of_its_requests_is_an_error(carrier: TwilioCarrier) -> None:
    responses.get(EVENTS, status=404, json={})

    with pytest.raises(CarrierUnavailableError):
        carrier.list_requests(CALL)
    assert carrier.list_requests("../Accounts") == ()


def test_it_has_the_books_as_the_workflows_want_them(carrier: TwilioCarrier) -> None:
    books: CarrierBooks = carrier
    assert callable(books.stream_records)
