"""The plain page of who can take calls, and the same as CSV and JSON."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from callrouter.adapters.storage.engine import Database
from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard
from tests.full_house import open_full_house
from tests.switchboards import (
    OTHER_SELLER,
    FakeClock,
    activate,
    make_board,
    open_seller,
)
from tests.twilio_side import TwilioSide, caller_fields
from tests.web.conftest import OTHER_TABLE
from tests.web.outages import make_unreachable, without_database

OVERFLOW_ALONE = """
campaign = "solar-quotes"
[[dids]]
number = "+18005550106"
[[routes]]
destination = "crest-old"
[nobody_left]
overflow = "bolt-texas"
"""
PATHS = ("/room", "/room/now", "/room.json", "/room.csv")


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[Switchboard]:
    open_full_house(database)
    open_seller(database, OTHER_SELLER, tables=(OTHER_TABLE,))
    with make_board(database, tmp_path) as board:
        board.known_good.refresh()
        yield board


@pytest.fixture
def client(house: Switchboard) -> FlaskClient:
    return create_app(house, shows_calls_page=True).test_client()


def test_it_shows_who_can_take_calls_and_why_the_others_cannot(client: FlaskClient) -> None:
    for path in ("/room", "/room/now"):
        shown = client.get(path)
        assert shown.status_code == 200
        for part in (
            "takes calls",
            "open until 18:00 America/New_York",
            "closed until 18:00 America/New_York",
            "47/50 connected today (47 of them in progress), resets 00:00 America/New_York",
            "1 of 3 calls at once",
            "asks state == TX",
            "moving house",
            "gets all of +18005550101",
            "group flood-repair.west",
            "down until 12:00 America/Los_Angeles: &lt;b&gt;storm&lt;/b&gt;",
        ):
            assert part in shown.text, part
        assert "<b>storm</b>" not in shown.text


def test_bars_show_what_is_held_and_turn_red_when_nothing_is_left(client: FlaskClient) -> None:
    shown = client.get("/room/now").text

    assert '<div class="gauge high"><svg' in shown
    assert '<rect class="held" width="94.0" height="10"/>' in shown
    assert '<div class="gauge full"><svg' in shown
    assert '<div class="gauge unlimited">0 calls at once</div>' in shown


def test_json_and_csv_say_the_same(client: FlaskClient) -> None:
    rows = client.get("/room.json").json
    assert rows is not None
    by_id = {(row["level"], row["id"]): row for row in rows}
    east, main = by_id["route", "acme-east"], by_id["route", "bolt-main"]

    assert (east["takes_calls"], east["hours"]) == (True, "open")
    assert east["hours_change_at"] == "2026-09-15T22:00:00.000Z"
    day, at_once = east["counters"]
    assert (day["limit"], day["used"], day["held"], day["left"]) == (50, 0, 47, 3)
    assert day["resets_at"] == "2026-09-16T04:00:00.000Z"
    assert (at_once["counter"], at_once["left"]) == ("3 calls at once", 2)
    assert (main["takes_calls"], main["rule"], len(main["stops"])) == (False, "stopped", 1)
    assert by_id["buyer", "acme"]["counters"][0]["unit"] == "micro-USD"
    assert not by_id["group", "flood-repair.west"]["takes_calls"]
    read = list(csv.DictReader(io.StringIO(client.get("/room.csv").text)))
    assert [line["id"] for line in read if line["level"] == "route"] == [
        "acme-east", "acme-east", "acme-night", "bolt-main", "bolt-texas", "crest-old",
    ]  # fmt: skip
    campaign, day, *_ = read
    assert (campaign["level"], campaign["asks"]) == ("campaign", "no withheld caller")
    assert (campaign["left"], day["takes_calls"], day["left"]) == ("500", "yes", "3")
    assert [line["limit"] for line in read if line["id"] == "acme-night"] == [""]


def test_calls_in_progress_are_counted_without_any_limit(
    house: Switchboard, client: FlaskClient
) -> None:
    TwilioSide(client).post("/twilio/voice", caller_fields(did="+18005550101"))

    rows = [r for r in client.get("/room.json").json or () if r["id"] == "crest-desk"]
    assert [(row["level"], row["live_calls"]) for row in rows] == [("pointed", 1), ("overflow", 1)]
    assert '<td class="n">1</td>' in client.get("/room").text.partition("crest-desk")[2]


def test_a_campaign_that_only_its_overflow_answers_says_so(
    house: Switchboard, client: FlaskClient
) -> None:
    activate(house.database, OVERFLOW_ALONE)

    [row] = [r for r in client.get("/room.json").json or () if r["id"] == "solar-quotes"]
    assert (row["takes_calls"], row["why"]) == (True, "takes calls by its overflow only")
    assert '<span class="state last">takes calls by its overflow only</span>' in (
        client.get("/room").text
    )


def test_it_shows_one_seller_alone(client: FlaskClient) -> None:
    for path in PATHS:
        assert client.get(f"{path}?seller=nobody").status_code == 404
        other = client.get(f"{path}?seller={OTHER_SELLER.seller_id}").text
        assert "bolt-main" in other
        assert "acme-night" not in other


def test_the_pages_of_calls_and_room_name_each_other(client: FlaskClient) -> None:
    assert 'href="/calls?seller=seller-a"' in client.get("/room").text
    assert 'href="/room?seller=seller-a"' in client.get("/calls").text
    assert "://" not in client.get("/room").text


def test_a_seller_without_a_live_table_sees_that(database: Database, tmp_path: Path) -> None:
    open_seller(database, tables=())
    with make_board(database, tmp_path) as board:
        board.known_good.refresh()
        client = create_app(board, shows_calls_page=True).test_client()
        assert "No campaign has a live table." in client.get("/room").text


def test_where_it_isnt_switched_on_there_is_none(house: Switchboard) -> None:
    client = create_app(house).test_client()

    assert [client.get(path).status_code for path in PATHS] == [404] * 4


def test_without_the_database_it_says_so(house: Switchboard, tmp_path: Path) -> None:
    down_folder = make_unreachable("refused", tmp_path)
    with without_database(down_folder, tmp_path, FakeClock()) as down:
        client = create_app(down, shows_calls_page=True).test_client()
        for path in PATHS:
            assert client.get(path).status_code == 503
