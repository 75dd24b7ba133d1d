"""Databases for every suite: SQLite and a real PostgreSQL, each test with an empty one."""

import os
import shutil
import sqlite3
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings
from hypothesis.internal.detection import is_hypothesis_test
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.migrations import upgrade
from tests.postgresql import PostgresqlServer

# A machine that is shared may be slow for a moment, which is no failure of what is tried.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_PATH_OF_FRAMES = "tests/domain/tie_out"
_PATH_OF_SQL = "tests/adapters/storage"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count lines where it says something new: it takes half as long again as the tests do.

    Of the hundreds of cases that a law is tried on none are counted: what they run the tables run,
    too. Where whole frames are worked on counting costs little. And of a test that runs on either
    database the lines are counted once: only the storage has any that are PostgreSQL's alone.
    """
    for item in items:
        if isinstance(item, pytest.Function) and (_is_uncounted_law(item) or _is_second_run(item)):
            item.add_marker("uncounted")


def _is_uncounted_law(item: pytest.Function) -> bool:
    return is_hypothesis_test(item.obj) and _PATH_OF_FRAMES not in item.nodeid


def _is_second_run(item: pytest.Function) -> bool:
    return (
        hasattr(item, "callspec")
        and item.callspec.params.get("database_url") == "postgresql"
        and _PATH_OF_SQL not in item.nodeid
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Count no lines of an uncounted test, of its fixtures and of the processes that it starts."""
    counting = Coverage.current()
    if counting is None or item.get_closest_marker("uncounted") is None:
        return (yield)
    counting.stop()
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # `start` says it again
    try:
        return (yield)
    finally:
        counting.start()


_compiled: dict[str, tuple[Dialect, dict[object, object]]] = {}


@event.listens_for(Engine, "engine_connect")
def _share_compiled_statements(connection: Connection) -> None:
    """Compile each statement once for all engines: every test has its own, and most are alike."""
    dialect, cache = _compiled.setdefault(connection.dialect.name, (connection.dialect, {}))
    connection.dialect = dialect
    connection.execution_options(compiled_cache=cache)


@event.listens_for(Pool, "checkout")
def _wait_for_no_disk(connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Let SQLite write without waiting: the tests kill processes, never the machine."""
    if isinstance(connection, sqlite3.Connection) and not entry.info.get("waits_for_no_disk"):
        entry.info["waits_for_no_disk"] = True
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def waits_for_the_disk() -> Iterator[None]:
    """SQLite is opened as everywhere but in tests."""
    event.remove(Pool, "checkout", _wait_for_no_disk)
    yield
    event.listen(Pool, "checkout", _wait_for_no_disk)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to make copies of."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _one_postgresql_server() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    yield server
    server.remove()


@pytest.fixture
def postgresql_server(_one_postgresql_server: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """A running PostgreSQL with an empty, migrated database; it may be frozen and killed."""
    _one_postgresql_server.empty()
    yield _one_postgresql_server
    _one_postgresql_server.repair()


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """The URL of an empty, migrated SQLite file."""
    path = tmp_path / "callrouter.db"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty, migrated database: the test runs once on either kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.url


@pytest.fixture(scope="session")
def _open_postgresql(_one_postgresql_server: PostgresqlServer) -> Iterator[Database]:
    opened = open_database(_one_postgresql_server.url)
    yield opened
    opened.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    """An empty, migrated database, open: the test runs once on either kind.

    PostgreSQL's connections are kept from test to test: a new one looks up every table first.
    """
    if database_url.startswith("postgresql"):
        yield request.getfixturevalue("_open_postgresql")
        return
    opened = open_database(database_url)
    yield opened
    opened.dispose()
