"""The last known good configuration: kept up to date, on disk, and never lost to a mishap."""

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import (
    bump_change_counter,
    read_change_counter,
    set_tokens,
)
from callrouter.adapters.storage.stops import change_stop
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import (
    DID,
    OTHER_SELLER,
    SECRET_KEY,
    SELLER,
    T0,
    TABLE,
    FakeClock,
    activate,
    make_board,
    open_seller,
)
from tests.web.outages import make_unreachable, without_database


def test_it_has_everything_that_a_call_needs(board: Switchboard) -> None:
    known = board.known_good.current

    assert known.sellers[SELLER.account_sid].tokens == SELLER.tokens
    assert known.numbers[SELLER.seller_id, DID].campaign_id == "flood-repair"
    assert known.numbers[SELLER.seller_id, DID].publisher == "radio-kx"
    table = known.table(board.compiled, SELLER.seller_id, "flood-repair")
    assert [route.destination_id for route in table.routes] == ["acme-east", "bolt-main"]
    directory = known.directories[SELLER.seller_id]
    assert directory.destinations["acme-east"].dial == "+12125550171"


def test_a_refresh_sees_every_change_and_nothing_else_makes_it_read(board: Switchboard) -> None:
    before = board.known_good.current
    board.known_good.refresh()
    assert board.known_good.current is before

    version = activate(board.database, TABLE.replace("ring_s = 20", "ring_s = 30"))
    open_seller(board.database, OTHER_SELLER, tables=())
    board.known_good.refresh()

    known = board.known_good.current
    assert known.tables[SELLER.seller_id, "flood-repair"][0] == version == 2
    assert OTHER_SELLER.account_sid in known.sellers


def pause_acme(database: Database) -> Stop:
    """Acme is paused, as `stop_traffic` does it."""
    stop = Stop(kind=StopKind.BUYER, subject_id="acme", cause=StopCause.PAUSED, since=T0)
    with database.write() as connection:
        assert change_stop(
            connection, SELLER.seller_id, None, stop, at=T0, author="maria", reason="unpaid"
        )
    return stop


def test_who_gets_no_calls_is_known_too_also_after_a_restart_without_the_database(
    board: Switchboard, tmp_path: Path, clock: FakeClock
) -> None:
    assert board.known_good.current.stops == {}
    stop = pause_acme(board.database)
    board.known_good.refresh()

    stops = {SELLER.seller_id: {(StopKind.BUYER, "acme"): (stop,)}}
    assert board.known_good.current.stops == stops
    with without_database(make_unreachable("refused", tmp_path), tmp_path, clock) as restarted:
        assert restarted.known_good.current.stops == stops


def test_stops_are_read_once_for_each_conditions_version(board: Switchboard) -> None:
    stop = pause_acme(board.database)
    with board.database.read() as connection:
        first = board.compiled.stops(connection, SELLER.seller_id, 1)
        assert first == {(StopKind.BUYER, "acme"): (stop,)}
        assert board.compiled.stops(connection, SELLER.seller_id, 1) is first
        assert board.compiled.stops(connection, OTHER_SELLER.seller_id, 1) == {}


@pytest.mark.parametrize("away", ["refused", "unreadable"])
def test_a_restart_without_the_database_knows_all_of_it(
    board: Switchboard, tmp_path: Path, clock: FakeClock, away: str
) -> None:
    with without_database(make_unreachable(away, tmp_path), tmp_path, clock) as restarted:
        known = restarted.known_good.current

        assert known.sellers == board.known_good.current.sellers
        assert known.numbers == board.known_good.current.numbers
        assert known.tables == board.known_good.current.tables
        assert known.directories == board.known_good.current.directories
        with pytest.raises(StorageUnavailableError):
            restarted.known_good.refresh()
        assert restarted.known_good.current is known


def test_a_process_that_knows_nothing_yet_takes_what_another_one_has_saved_since(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    """Both were started at once, and the database went away before this one had looked."""
    with without_database(make_unreachable("refused", tmp_path), tmp_path, clock) as too_late:
        open_seller(database)
        with make_board(database, tmp_path) as in_time:
            in_time.known_good.refresh()

        assert too_late.known_good.find_seller(SELLER.account_sid) is None
        seller = too_late.known_good.find_seller(SELLER.account_sid, look_again=True)

        assert seller is not None
        assert seller.tokens == SELLER.tokens


def test_a_restart_with_the_database_reads_it_anew(
    board: Switchboard, tmp_path: Path, database: Database
) -> None:
    activate(database, TABLE.replace("ring_s = 20", "ring_s = 30"))

    with make_board(database, tmp_path) as restarted:
        assert restarted.known_good.current.tables[SELLER.seller_id, "flood-repair"][0] == 1
        restarted.known_good.refresh()
        assert restarted.known_good.current.tables[SELLER.seller_id, "flood-repair"][0] == 2


def test_a_file_of_another_database_doesnt_keep_ours_from_being_read(
    board: Switchboard, migrated_sqlite: Path, tmp_path: Path
) -> None:
    fresh = open_database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'fresh.db')}")
    with fresh.write() as connection:
        while read_change_counter(connection) < board.known_good.current.changes:
            bump_change_counter(connection)
    with make_board(fresh, tmp_path) as restarted:
        assert SELLER.account_sid in restarted.known_good.current.sellers
        restarted.known_good.refresh()
        assert restarted.known_good.current.sellers == {}
    fresh.dispose()


@pytest.mark.parametrize("content", [b"", b"{", b'{"changes": 1}', b"\xff\x00", b"[]"])
def test_a_damaged_file_is_said_and_done_without(
    board: Switchboard, tmp_path: Path, database: Database, content: bytes
) -> None:
    (tmp_path / "last-known-good.json").write_bytes(content)

    with capture_logs() as logs, make_board(database, tmp_path) as restarted:
        assert restarted.known_good.current.sellers == {}
        restarted.known_good.refresh()
        assert SELLER.account_sid in restarted.known_good.current.sellers
    assert "known_good_not_loaded" in [line["event"] for line in logs]


def test_a_disk_that_cant_be_written_leaves_it_in_memory(
    board: Switchboard, tmp_path: Path, database: Database
) -> None:
    (tmp_path / "full").mkdir()
    with capture_logs() as logs, make_board(database, tmp_path / "full") as running:
        (tmp_path / "full").rmdir()
        running.known_good.refresh()
        assert SELLER.account_sid in running.known_good.current.sellers
    assert "known_good_not_saved" in [line["event"] for line in logs]


def test_the_file_has_no_token_that_can_be_read(board: Switchboard, tmp_path: Path) -> None:
    text = (tmp_path / "last-known-good.json").read_text("utf-8")

    assert SELLER.account_sid in text
    assert SELLER.tokens[0] not in text


def test_strangers_cant_keep_the_database_busy(board: Switchboard) -> None:
    """Whoever asks, and for whatever account: at most one look a second."""
    known = board.known_good
    known.refresh()
    with board.database.write() as connection:
        set_tokens(connection, SecretBox(SECRET_KEY), SELLER.seller_id, ("new-token",))

    found = [known.find_seller(SELLER.account_sid, look_again=True) for _ in range(100)]

    assert {seller.tokens for seller in found if seller is not None} == {SELLER.tokens}
    assert known.find_seller("AC" + "f" * 32) is None
