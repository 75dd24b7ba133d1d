"""Whatever is broken behind it, a webhook that a caller waits for is answered with TwiML."""

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import bump_change_counter, set_tokens
from callrouter.adapters.storage.spool import Spool
from callrouter.adapters.storage.tables import directory_versions, routing_tables
from callrouter.domain.calls.events import CallEvent
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.routing.plan import Plan
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.simulator.twiml import Script, read_twiml
from callrouter.web.app import create_app
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, FakeClock, make_board
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields
from tests.web.outages import make_unreachable, without_database

SPOKEN_TO = {
    "/twilio/voice": caller_fields("ringing"),
    "/twilio/fallback": caller_fields("ringing", ErrorCode="11200", ErrorUrl="https://x.example/"),
    "/twilio/attempts/1?d=acme-east&tried=acme-east": caller_fields(
        "ringing", DialCallStatus="busy", DialBridged="false"
    ),
    "/twilio/whisper/1?d=bolt-main": buyer_fields("in-progress"),
    "/twilio/screening/1?d=bolt-main": buyer_fields("in-progress", Digits="5"),
    "/twilio/voicemail": caller_fields("in-progress", RecordingDuration="5"),
}
TOLD = {
    "/twilio/legs/1?d=acme-east": buyer_fields("ringing"),
    "/twilio/status": caller_fields("completed"),
}


class BrokenTables(Compiled):
    """A bug of ours in reading tables from the database."""

    def table(self, *_: object) -> RoutingTable:
        raise RuntimeError("a bug")

    def plan(self, *_: object) -> Plan:
        raise RuntimeError("a bug")


class NothingCompiles(BrokenTables):
    """No table can be read at all, not even the last known good one."""

    def table_of(self, *_: object) -> RoutingTable:
        raise RuntimeError("the same bug")

    def directory(self, *_: object) -> Directory:
        raise RuntimeError("and another one")


class BuggySpool(Spool):
    """A bug of ours in the spool itself."""

    def is_empty(self) -> bool:
        raise RuntimeError("a bug")

    def append(self, _: object) -> tuple[bool, ...]:
        raise RuntimeError("a bug")


class UnreadableSpool(Spool):
    """A spool with something in it that can't be read any more."""

    def is_empty(self) -> bool:
        return False

    def find_decided(self, *_: object) -> None:
        raise StorageUnavailableError("the disk")

    def events_of(self, *_: object) -> tuple[CallEvent, ...]:
        raise StorageUnavailableError("the disk")


def twilio_at(board: Switchboard) -> TwilioSide:
    return TwilioSide(create_app(board).test_client())


def is_answered(twilio: TwilioSide, target: str) -> str:
    response = twilio.post(target, SPOKEN_TO[target])
    assert response.status_code == 200, response.text
    assert response.mimetype == "text/xml"
    assert isinstance(read_twiml(response.data, "text/xml"), Script), response.text
    return response.text


def keys(database: Database) -> set[str]:
    with database.unhurried().read() as connection:
        return {e.key for e in read_events(connection, SELLER.seller_id, CALL_SID)}


def test_a_bug_in_routing_is_routed_around_by_the_last_known_good_table(board: Switchboard) -> None:
    broken = replace(board, compiled=BrokenTables())
    twilio = twilio_at(broken)

    with capture_logs() as logs:
        answer = is_answered(twilio, "/twilio/voice")
        next_answer = is_answered(twilio, "/twilio/attempts/1?d=acme-east&tried=acme-east")

    assert "+12125550171</Number>" in answer
    assert "+14155550174</Number>" in next_answer
    assert [line["event"] for line in logs].count("webhook_broke") == 2
    drain_spool(broken)
    assert keys(board.database) == {"arrived", "decided:1", "dial_ended:1", "decided:2"}


def test_when_no_table_can_be_read_the_caller_hears_an_apology_and_the_call_is_kept(
    board: Switchboard,
) -> None:
    broken = replace(board, compiled=NothingCompiles())
    twilio = twilio_at(broken)

    answer = is_answered(twilio, "/twilio/voice")

    assert "sorry" in answer
    assert "Hangup" in answer
    drain_spool(broken)
    assert keys(board.database) == {"arrived", "decided:1"}
    assert is_answered(twilio, "/twilio/voice") == answer


@pytest.mark.parametrize("target", SPOKEN_TO)
def test_every_listener_gets_twiml_when_nothing_compiles(board: Switchboard, target: str) -> None:
    is_answered(twilio_at(replace(board, compiled=NothingCompiles())), target)


@pytest.mark.parametrize("away", ["refused", "unreadable"])
def test_every_listener_gets_twiml_with_neither_a_database_nor_a_disk(
    board: Switchboard, tmp_path: Path, clock: FakeClock, away: str
) -> None:
    (tmp_path / "spool-is-a-folder").mkdir()
    url = make_unreachable(away, tmp_path)
    with without_database(url, tmp_path, clock) as down:
        nothing_left = replace(down, spool=Spool(tmp_path / "spool-is-a-folder"))
        twilio = twilio_at(nothing_left)

        with capture_logs() as logs:
            answers = {target: is_answered(twilio, target) for target in SPOKEN_TO}
            told = {
                target: twilio.post(target, fields).status_code for target, fields in TOLD.items()
            }

    assert "+12125550171</Number>" in answers["/twilio/voice"]
    assert "+14155550174</Number>" in answers["/twilio/attempts/1?d=acme-east&tried=acme-east"]
    assert "Press 5." in answers["/twilio/whisper/1?d=bolt-main"]
    assert "Hangup" not in answers["/twilio/screening/1?d=bolt-main"]
    assert [line["event"] for line in logs].count("events_lost") >= len(SPOKEN_TO)
    # What isn't durable isn't answered with 2xx: so that Twilio sends it again.
    assert set(told.values()) == {503}


@pytest.mark.parametrize("target", SPOKEN_TO)
def test_every_listener_gets_twiml_when_even_the_last_resort_has_a_bug(
    board: Switchboard, tmp_path: Path, target: str
) -> None:
    buggy = replace(board, spool=BuggySpool(tmp_path / "spool.db"), compiled=NothingCompiles())

    is_answered(twilio_at(buggy), target)


def test_a_callback_that_meets_a_bug_is_refused_in_one_line_so_that_it_comes_again(
    board: Switchboard, tmp_path: Path, clock: FakeClock
) -> None:
    with without_database(make_unreachable("refused", tmp_path), tmp_path, clock) as down:
        twilio = twilio_at(replace(down, spool=BuggySpool(tmp_path / "spool.db")))
        with capture_logs() as logs:
            statuses = {twilio.post(target, fields).status_code for target, fields in TOLD.items()}

    assert statuses == {500}
    assert [line["event"] for line in logs].count("request_broke") == len(TOLD)


def test_a_spool_that_cant_be_read_any_more_is_said_and_done_without(
    board: Switchboard, tmp_path: Path
) -> None:
    twilio = twilio_at(replace(board, spool=UnreadableSpool(tmp_path / "spool.db")))

    with capture_logs() as logs:
        assert "+12125550171</Number>" in is_answered(twilio, "/twilio/voice")
        answer = is_answered(twilio, "/twilio/attempts/1?d=acme-east&tried=acme-east")

    assert "+14155550174</Number>" in answer
    assert "spool_unreadable" in [line["event"] for line in logs]


def test_a_spool_that_cant_be_read_stands_in_nobodys_way(
    board: Switchboard, tmp_path: Path
) -> None:
    (tmp_path / "broken.db").write_bytes(b"not a database at all" * 100)
    twilio = twilio_at(replace(board, spool=Spool(tmp_path / "broken.db")))

    assert "+12125550171</Number>" in is_answered(twilio, "/twilio/voice")
    assert keys(board.database) == {"arrived", "decided:1"}


def test_a_configuration_that_cant_be_understood_any_more_leaves_the_known_one_in_use(
    database: Database, tmp_path: Path, board: Switchboard
) -> None:
    """Somebody restored tokens that another SECRET_KEY has sealed, say."""
    with make_board(database, tmp_path) as running:
        twilio = twilio_at(running)
        with database.write() as connection:
            other = SecretBox("another secret key altogether")
            set_tokens(connection, other, SELLER.seller_id, ("a-token",))

        assert "+12125550171</Number>" in is_answered(twilio, "/twilio/voice")
        unknown = caller_fields("ringing") | {"AccountSid": "AC" + "f" * 32}
        assert twilio.post("/twilio/voice", unknown).status_code == 403


def test_tables_that_somebody_has_damaged_leave_the_known_one_in_use(
    database: Database, board: Switchboard, tmp_path: Path
) -> None:
    with database.write() as connection:
        bump_change_counter(connection)
        connection.execute(routing_tables.update().values(toml="campaign = "))
        connection.execute(directory_versions.update().values(body="{"))
    twilio = twilio_at(replace(board, compiled=Compiled()))

    answer = is_answered(twilio, "/twilio/voice")

    assert "+12125550171</Number>" in answer
    with database.read() as connection, pytest.raises(ValueError, match="JSON"):
        read_directory(connection, SELLER.seller_id, None)
