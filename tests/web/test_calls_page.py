"""The plain page of calls: live ones, ended ones, and the same as CSV and JSON."""

import csv
import io
from pathlib import Path

import pytest
from flask import Flask

from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import OTHER_SELLER, SCREENED_DID, FakeClock
from tests.twilio_side import TwilioSide, buyer_fields, caller_fields, stamp
from tests.web.outages import make_unreachable, without_database

TALKING, ENDED = "CA" + "1" * 32, "CA" + "2" * 32
ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"
LEG_1 = "/twilio/legs/1?d=acme-east"


@pytest.fixture
def app(board: Switchboard) -> Flask:
    return create_app(board, shows_calls_page=True)


@pytest.fixture
def page(twilio: TwilioSide, clock: FakeClock) -> TwilioSide:
    """A call that rings and one that has ended, 90 seconds later."""
    twilio.post("/twilio/voice", caller_fields("ringing", call_sid=ENDED, ani="=1+1"))
    clock.set(60)
    twilio.post(LEG_1, buyer_fields("completed", call_sid=ENDED) | {"CallDuration": "50"})
    joined = {"DialCallStatus": "completed", "DialBridged": "true"}
    twilio.post(ATTEMPT_1, caller_fields("in-progress", call_sid=ENDED) | joined)
    twilio.post("/twilio/status", caller_fields("completed", call_sid=ENDED, CallDuration="50"))
    clock.set(80)
    twilio.post("/twilio/voice", caller_fields("ringing", call_sid=TALKING, ani="<b>x</b>"))
    twilio.post(LEG_1, buyer_fields("ringing", 2, call_sid=TALKING))
    clock.set(90)
    return twilio


def test_it_shows_live_and_ended_calls_with_attempts_and_both_durations(page: TwilioSide) -> None:
    shown = page.client.get("/calls")
    fragment = page.client.get("/calls/now")

    assert shown.status_code == fragment.status_code == 200
    for text in (shown.text, fragment.text):
        for part in ("acme-east", "ringing", "connected", "50.0", "60.0", "10.0", "=1+1"):
            assert part in text, part
        assert "<b>x</b>" not in text


def test_a_talk_in_progress_counts_from_the_bridge(page: TwilioSide, clock: FakeClock) -> None:
    page.post(LEG_1, buyer_fields("in-progress", 2, call_sid=TALKING) | _stamped(clock, 92))
    clock.set(98)
    rows = page.client.get("/calls.json").json
    assert rows is not None

    assert (rows[0]["attempts"], rows[0]["connected_s"]) == ("acme-east:talking", "6.0")
    assert "talking" in page.client.get("/calls/now").text


def test_a_buyer_who_is_screened_isnt_talking_yet(page: TwilioSide, clock: FakeClock) -> None:
    sid, leg = "CA" + "3" * 32, "/twilio/legs/1?d=bolt-main"
    page.post("/twilio/voice", caller_fields("ringing", call_sid=sid, did=SCREENED_DID))
    page.post(leg, buyer_fields("in-progress", 3, call_sid=sid) | _stamped(clock, 95))
    rows = page.client.get("/calls.json").json
    assert rows is not None
    assert rows[0]["attempts"] == "bolt-main:screening"

    clock.set(100)
    pressed = buyer_fields("in-progress", 3, call_sid=sid) | {"Digits": "5"}
    page.post("/twilio/screening/1?d=bolt-main", pressed)
    clock.set(107)
    rows = page.client.get("/calls.json").json
    assert rows is not None
    assert (rows[0]["attempts"], rows[0]["connected_s"]) == ("bolt-main:talking", "7.0")


def _stamped(clock: FakeClock, seconds: float) -> dict[str, str]:
    clock.set(seconds)
    return {"Timestamp": stamp(clock.at)}


def test_json_and_csv_say_the_same(page: TwilioSide) -> None:
    rows = page.client.get("/calls.json").json
    text = page.client.get("/calls.csv").text
    assert rows is not None
    live, ended = rows

    assert (live["call_id"], live["state"], live["total_s"]) == (TALKING, "live", "10.0")
    assert live["attempts"] == "acme-east:ringing"
    assert (ended["call_id"], ended["state"], ended["disposition"]) == (ENDED, "ended", "connected")
    assert (ended["total_s"], ended["connected_s"]) == ("60.0", "50.0")
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["call_id"] for row in read] == [TALKING, ENDED]
    assert read[1]["ani"] == "'=1+1"  # no formula for a spreadsheet
    assert read[1]["did"] == "+18005550100"


def test_a_seller_that_doesnt_exist_is_not_found(page: TwilioSide) -> None:
    for path in ("/calls", "/calls/now", "/calls.json", "/calls.csv"):
        assert page.client.get(f"{path}?seller=nobody").status_code == 404
        other = page.client.get(f"{path}?seller={OTHER_SELLER.seller_id}")
        assert other.status_code == 200
        assert ENDED not in other.text


def test_its_script_and_style_come_from_here(page: TwilioSide) -> None:
    shown = page.client.get("/calls").text

    for name in ("refresh.js", "pages.css"):
        assert name in shown
        with page.client.get(f"/static/{name}") as file:
            assert file.status_code == 200
    assert "://" not in shown


def test_where_it_isnt_switched_on_there_is_none(board: Switchboard) -> None:
    client = create_app(board).test_client()

    for path in ("/calls", "/calls/now", "/calls.json", "/calls.csv"):
        assert client.get(path).status_code == 404


def test_without_the_database_it_says_so(
    board: Switchboard, tmp_path: Path, clock: FakeClock
) -> None:
    with without_database(make_unreachable("refused", tmp_path), tmp_path, clock) as down:
        client = create_app(down, shows_calls_page=True).test_client()

        for path in ("/calls", "/calls/now", "/calls.json", "/calls.csv"):
            response = client.get(path)
            assert response.status_code == 503
            assert "database" in response.text
