"""What load balancers ask."""

from dataclasses import replace
from pathlib import Path

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.spool import Spool
from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import make_board
from tests.twilio_side import TwilioSide


def test_it_is_well_with_a_database_and_an_empty_spool(twilio: TwilioSide) -> None:
    response = twilio.client.get("/health")

    assert response.status_code == 200
    assert response.json == {"status": "ok", "database": "up", "spooled_events": 0}


def test_a_fresh_installation_without_a_seller_is_well_too(
    database: Database, tmp_path: Path
) -> None:
    with make_board(database, tmp_path) as board:
        assert create_app(board).test_client().get("/health").status_code == 200


def test_a_spool_that_cant_be_read_is_a_worry_but_no_reason_to_take_no_calls(
    board: Switchboard, tmp_path: Path
) -> None:
    (tmp_path / "spool-is-a-folder").mkdir()
    broken = replace(board, spool=Spool(tmp_path / "spool-is-a-folder"))

    response = create_app(broken).test_client().get("/health")

    assert response.status_code == 200
    assert response.json == {"status": "degraded", "database": "up", "spooled_events": None}


def test_it_needs_no_signature_and_tells_nothing_of_anybody(twilio: TwilioSide) -> None:
    text = twilio.client.get("/health").text

    assert "seller" not in text
    assert "token" not in text
