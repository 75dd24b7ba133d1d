import csv
import io
import json
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from tests.cli.terminal import Terminal
from tests.full_house import open_full_house
from tests.goldens import check_golden
from tests.switchboards import open_seller

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture
def house(terminal: Terminal) -> Terminal:
    database = open_database(terminal.environ["DATABASE_URL"])
    open_full_house(database)
    database.dispose()
    return terminal


def test_it_shows_each_destination_and_what_is_shared(house: Terminal) -> None:
    check_golden(GOLDENS / "room.txt", house.ok("room"))


def test_one_campaign_can_be_asked_for(seller_terminal: Terminal) -> None:
    both = seller_terminal.ok("room").splitlines()
    one = seller_terminal.ok("room", "--campaign", "solar-quotes").splitlines()

    assert [line for line in both if "table version" in line] == [
        "flood-repair, table version 1: takes calls",
        "solar-quotes, table version 1: takes calls",
    ]
    assert one == both[-len(one) :]
    refused = seller_terminal.refused("room", "--campaign", "roofing")
    assert refused == "Error: there is no campaign 'roofing' with a live table\n"


def test_json_has_every_figure(house: Terminal) -> None:
    rows = json.loads(house.ok("room", "--json"))
    [east] = [row for row in rows if (row["level"], row["id"]) == ("route", "acme-east")]

    assert east["takes_calls"] is True
    assert [counter["left"] for counter in east["counters"]] == [3, 2]


def test_csv_has_a_line_for_each_counter(house: Terminal) -> None:
    lines = list(csv.DictReader(io.StringIO(house.ok("room", "--csv"))))

    assert [line["counter"] for line in lines if line["id"] == "acme-east"] == [
        "50 connected a day",
        "3 calls at once",
    ]
    assert house.refused("room", "--csv", "--json", code=2).endswith("choose one\n")


def test_a_seller_without_a_live_table_hears_so(terminal: Terminal) -> None:
    database = open_database(terminal.environ["DATABASE_URL"])
    open_seller(database, tables=())
    database.dispose()

    assert terminal.ok("room") == "no campaign has a live table\n"
