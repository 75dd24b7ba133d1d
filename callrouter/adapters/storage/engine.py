"""The shared database, SQLite or PostgreSQL: how it is opened, read and written.

Knows nothing of what is stored.
"""

import sqlite3
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool, StaticPool

from callrouter.adapters.storage.connections import UNHURRIED_S, Connections
from callrouter.adapters.storage.private_file import create_private
from callrouter.adapters.storage.use import Use
from callrouter.domain.errors import SettingsError

_POOL_SIZE = 20
_POSTGRESQL_NAMES = frozenset({"postgresql+psycopg", "postgresql", "postgres"})
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # what was answered 2xx survives a power failure
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
)


class Database:
    """One database; safe for threads and across fork.

    read(), single() and write() raise StorageUnavailableError, on entry or at any statement, when
    the database can't serve. A write() or single() that fails so at its very end may have been
    committed all the same. Errors of other kinds pass through.
    """

    def __init__(self, connections: Connections, *, is_hurried: bool) -> None:
        self._connections = connections
        self._is_hurried = is_hurried
        self._shares_connection = isinstance(connections.engine.pool, StaticPool)
        self._begin = "BEGIN" if self.is_postgresql else "BEGIN IMMEDIATE"

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL; otherwise it is SQLite."""
        return self._connections.is_postgresql

    @property
    def shown_url(self) -> str:
        """The URL as people may see it: without the password."""
        return self._connections.engine.url.render_as_string(hide_password=True)

    def read(self) -> AbstractContextManager[Connection]:
        """A connection in autocommit: each statement sees what was committed before it."""
        return Use(
            self._connections, None, queues=self._shares_connection, hurried=self._is_hurried
        )

    def single(self) -> AbstractContextManager[Connection]:
        """A connection in autocommit, for exactly one writing statement."""
        return Use(self._connections, None, queues=not self.is_postgresql, hurried=self._is_hurried)

    def write(self) -> AbstractContextManager[Connection]:
        """A connection in one transaction: committed at the end, rolled back on any exception.

        PostgreSQL: READ COMMITTED. SQLite: BEGIN IMMEDIATE, one thread after the other; a thread
        that writes within its own write() gets a RuntimeError.
        """
        return Use(
            self._connections, self._begin, queues=not self.is_postgresql, hurried=self._is_hurried
        )

    def quick_write(self) -> AbstractContextManager[Connection]:
        """A connection for some reading and then one `quick` writing function of this package.

        What such a function writes is one statement on PostgreSQL, hence autocommit and no round
        trip for a BEGIN; on SQLite this is a write().
        """
        return self.single() if self.is_postgresql else self.write()

    def unhurried(self) -> "Database":
        """The same database for work that may take long, whatever the patience of the rest."""
        return Database(self._connections, is_hurried=False)

    def dispose(self) -> None:
        """Close this process's connections; the next use opens new ones."""
        self._connections.dispose()


def open_database(
    url: str, *, patience_s: float | None = None, gives_way: bool = False
) -> Database:
    """The database at `url`; nothing is connected yet.

    `patience_s` is about the longest that a read(), single() or write() may take in all, for
    processes that have something better to do than to wait; after a failure of the server, all
    fail at once for a moment. None: only the timeouts for locks and connections bound it.
    `gives_way`: after each write() to SQLite wait a moment, so that a process whose callers wait
    gets its turn: SQLite doesn't queue the writers of several processes, whoever comes back first
    is served first.
    Raises SettingsError when the URL can't be used.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError(
            "DATABASE_URL isn't a database URL: write it like sqlite:///callrouter.db"
            " or postgresql://user:password@host/callrouter"
        ) from error
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        engine = _make_sqlite(parsed, patience_s)
    elif parsed.drivername in _POSTGRESQL_NAMES:
        engine = _make_postgresql(parsed.set(drivername="postgresql+psycopg"), patience_s)
    else:
        raise SettingsError(
            f"DATABASE_URL names {parsed.drivername!r}; known are sqlite and postgresql"
        )
    return Database(Connections(engine, patience_s, gives_way=gives_way), is_hurried=True)


def _make_sqlite(url: URL, patience_s: float | None) -> Engine:
    is_memory = url.database in (None, "", ":memory:")
    if not is_memory:
        folder = Path(url.database or "").absolute().parent
        if not folder.is_dir():
            raise SettingsError(f"DATABASE_URL names a file in {folder}, which isn't a folder")
    engine = sa.create_engine(
        url,
        poolclass=StaticPool if is_memory else QueuePool,
        connect_args={
            "isolation_level": None,  # autocommit: we begin transactions ourselves
            "check_same_thread": False,
            "timeout": (patience_s or 2 * UNHURRIED_S) / 2,
        },
        **({} if is_memory else _pool(patience_s)),
    )
    event.listen(engine, "connect", _set_pragmas)
    if not is_memory and not (url.database or "").startswith("file:"):
        event.listen(engine, "do_connect", _create_file)
    return engine


def _make_postgresql(url: URL, patience_s: float | None) -> Engine:
    options = "-c timezone=UTC"
    if patience_s is not None:
        # So that waiting for somebody's lock isn't mistaken for a server that stands still.
        options += f" -c lock_timeout={int(patience_s * 700)}"
        options += f" -c idle_in_transaction_session_timeout={int(patience_s * 10_000)}"
    settings: dict[str, str | int | None] = {
        "autocommit": True,
        # What psycopg prepares by itself it drops when a table is changed, and all else that the
        # connection has prepared with it: those of `Prepared` too.
        "prepare_threshold": None,
        "options": options,
        "connect_timeout": 5,
        "application_name": "callrouter",
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    for name in settings.keys() & url.query.keys():
        del settings[name]
    return sa.create_engine(
        url,
        connect_args=settings,
        use_native_hstore=False,  # else each new connection asks for a type that we don't use
        **_pool(patience_s),
    )


def _pool(patience_s: float | None) -> dict[str, float | bool | None]:
    return {
        "pool_size": _POOL_SIZE,
        "max_overflow": 0,
        "pool_reset_on_return": None,  # a connection is given back clean, or thrown away
        "pool_use_lifo": True,
        "pool_timeout": patience_s or UNHURRIED_S,
    }


def _create_file(*connect: Any) -> None:
    """Make the file for its owner only, just before the driver would, for anybody."""
    [path], _ = connect[2:]
    with suppress(OSError):  # the driver says it of the file that it can't open
        create_private(Path(path))


def _set_pragmas(raw: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 - the event's
    cursor = raw.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
    finally:
        cursor.close()
