import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.migrations import upgrade_database
from callrouter.adapters.storage.sellers import bump_change_counter, read_change_counter
from callrouter.adapters.storage.tables import job_leases
from callrouter.adapters.storage.use import GIVES_WAY_S
from callrouter.domain.errors import SettingsError, StorageUnavailableError
from tests.domain.builders import T0

LEASE = {"name": "sweep", "holder": "one", "expires_at": T0}


def count_changes(database: Database) -> int:
    with database.read() as connection:
        return read_change_counter(connection)


def change(database: Database) -> None:
    with database.write() as connection:
        bump_change_counter(connection)


def change_and_fail(database: Database) -> None:
    with database.write() as connection:
        bump_change_counter(connection)
        raise ValueError("ours")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("callrouter.db", "isn't a database URL", id="no URL"),
        pytest.param("", "isn't a database URL", id="nothing"),
        pytest.param("mysql://host/callrouter", "'mysql'", id="another database"),
        pytest.param("postgresql+asyncpg://host/x", "'postgresql\\+asyncpg'", id="another driver"),
        pytest.param("sqlite:////no/such/folder/x.db", "/no/such/folder", id="no such folder"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_what_would_be_right(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        open_database(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_usual_spelling_of_a_postgresql_url_is_accepted(scheme: str) -> None:
    database = open_database(f"{scheme}://teller:hush@db.example/callrouter")
    assert database.is_postgresql
    assert database.shown_url == "postgresql+psycopg://teller:***@db.example/callrouter"


def test_settings_in_the_url_win_over_ours() -> None:
    url = "postgresql://db.example/x?application_name=mine&connect_timeout=2"
    assert "application_name=mine" in open_database(url).shown_url


def test_a_new_sqlite_file_is_for_the_owner_s_eyes(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/new.db")
    upgrade_database(database)
    with database.write() as connection:
        bump_change_counter(connection)
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    database.dispose()
    assert modes.keys() >= {"new.db", "new.db-wal", "new.db-shm"}
    assert set(modes.values()) == {0o600}


def test_a_sqlite_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "old.db").touch()
    (tmp_path / "old.db").chmod(0o640)
    database = open_database(f"sqlite:///{tmp_path}/old.db")
    upgrade_database(database)
    database.dispose()
    assert (tmp_path / "old.db").stat().st_mode & 0o777 == 0o640


def test_a_transaction_is_kept_as_a_whole(database: Database) -> None:
    with database.write() as connection:
        bump_change_counter(connection)
        bump_change_counter(connection)
    assert count_changes(database) == 2


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="ours"):
        change_and_fail(database)
    assert count_changes(database) == 0
    change(database)
    assert count_changes(database) == 1


def test_nobody_sees_a_transaction_before_it_is_committed(database: Database) -> None:
    with database.write() as connection:
        bump_change_counter(connection)
        assert count_changes(database) == 0
    assert count_changes(database) == 1


def test_a_single_statement_is_kept_without_a_transaction(database: Database) -> None:
    with database.single() as connection:
        connection.execute(sa.insert(job_leases), LEASE)
    with database.read() as connection:
        assert connection.execute(sa.select(job_leases.c.holder)).scalar_one() == "one"


def test_a_broken_rule_of_the_schema_passes_through(database: Database) -> None:
    with database.single() as connection:
        connection.execute(sa.insert(job_leases), LEASE)
    with pytest.raises(sa.exc.IntegrityError), database.single() as connection:
        connection.execute(sa.insert(job_leases), LEASE)
    change(database)


def test_a_missing_table_is_a_mistake_and_not_an_outage(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="no_such_table"), database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")


def swallow_a_failure(database: Database) -> None:
    with database.write() as connection:
        bump_change_counter(connection)
        with pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql("SELECT * FROM no_such_table")


def test_a_failed_statement_that_was_swallowed_is_never_taken_for_a_commit(
    database: Database,
) -> None:
    if database.is_postgresql:  # it rolls back there, and says so only to those who look
        with pytest.raises(RuntimeError, match="nothing is kept"):
            swallow_a_failure(database)
        assert count_changes(database) == 0
    else:
        swallow_a_failure(database)
        assert count_changes(database) == 1


def test_writers_of_many_threads_all_get_their_turn(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: change(database), range(80)))
    assert count_changes(database) == 80


@pytest.mark.usefixtures("waits_for_the_disk")
def test_sqlite_keeps_what_was_answered_over_a_power_failure(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    database.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_thread_that_writes_within_its_own_write_is_told_so(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with pytest.raises(RuntimeError, match="one write"), database.write():
        change(database)
    change(database)
    assert count_changes(database) == 1
    database.dispose()


def test_a_sqlite_file_that_another_process_locks_is_unavailable_in_time(sqlite_url: str) -> None:
    database = open_database(sqlite_url, patience_s=0.2)
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError, match="locked"):
            change(database)
        assert time.monotonic() - began < 0.5
        assert count_changes(database) == 0
        other.execute("ROLLBACK")
    change(database)
    assert count_changes(database) == 1
    database.dispose()


def test_a_sqlite_writer_whose_turn_does_not_come_is_let_go_in_time(sqlite_url: str) -> None:
    database = open_database(sqlite_url, patience_s=0.2)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write():
            entered.set()
            leave.wait(10)

    with ThreadPoolExecutor(1) as threads:
        holder = threads.submit(hold)
        entered.wait(10)
        with pytest.raises(StorageUnavailableError, match="no turn"):
            change(database)
        leave.set()
        holder.result()
    database.dispose()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_bytes(b"not a database" * 999), id="not a database"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), id="a folder"),
    ],
)
def test_a_sqlite_file_that_is_unusable_is_unavailable(
    spoil: Callable[[Path], object], sqlite_url: str
) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    spoil(path)
    database = open_database(sqlite_url)
    with pytest.raises(StorageUnavailableError):
        count_changes(database)
    database.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_one_for_all_threads(url: str) -> None:
    database = open_database(url)
    upgrade_database(database)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: change(database), range(20)))
        assert set(threads.map(lambda _: count_changes(database), range(8))) == {20}
    with pytest.raises(ValueError, match="ours"):
        change_and_fail(database)
    assert count_changes(database) == 20
    database.dispose()


def test_a_process_that_gives_way_leaves_sqlite_alone_between_two_of_its_writes(
    sqlite_url: str,
) -> None:
    polite = open_database(sqlite_url, gives_way=True)
    began_s = time.monotonic()
    for _ in range(4):
        change(polite)
    assert time.monotonic() - began_s >= 4 * GIVES_WAY_S
    polite.dispose()
