"""A small SQLite file that several processes share, that is replaced when it breaks.

Knows nothing of what an event is.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import structlog

from callrouter.domain.errors import StorageUnavailableError

_log = structlog.get_logger()
_Result = TypeVar("_Result")

_BUSY_S = 2.0
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spooled_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seller_id TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    raw TEXT,
    did TEXT NOT NULL,
    ani TEXT NOT NULL,
    UNIQUE (seller_id, call_sid, key)
)
"""


class SpoolFile:
    """One connection to the file, used by one thread at a time, opened anew when it must be.

    It must be after a fork, and when another process has set the file aside.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._inherited: list[object] = []

    def run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """What `work` makes of the connection; a broken file is set aside, and a new one used.

        Raises StorageUnavailableError when the file can't be used.
        """
        self._adopt_by_child()
        with self._mutex:
            try:
                try:
                    return work(self._open())
                except sqlite3.DatabaseError as error:
                    if not _is_broken(error):
                        raise
                    self._set_aside(str(error))
                    return work(self._open())
            except (OSError, sqlite3.Error) as error:
                raise StorageUnavailableError(
                    f"the spool {self._path} can't be used: {error}"
                ) from error

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        self._adopt_by_child()
        with self._mutex:
            self._close()

    def _adopt_by_child(self) -> None:
        """After a fork: SQLite's connections don't survive it, and a lock may stay held."""
        if self._process != os.getpid():
            self._inherited.append(self._connection)  # not to be closed by the child either
            self._connection = None
            self._mutex = threading.Lock()
            self._process = os.getpid()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._is_in_place():
            return self._connection
        self._close()
        with suppress(FileExistsError):  # made by us, since callers' numbers are nobody's business
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._inode = self._path.stat().st_ino
        self._connection = connection = sqlite3.connect(
            self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        for statement in (*_PRAGMAS, _SCHEMA):
            connection.execute(statement)
        [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            broken = sqlite3.DatabaseError(verdict)
            broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise broken
        return connection

    def _is_in_place(self) -> bool:
        try:
            return self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def _set_aside(self, reason: str) -> None:
        """Rename the broken file, unless another process has done so already."""
        self._close()
        with hold_lock(self._path.with_name(self._path.name + ".lock"), waits=True):
            if not self._is_in_place():
                return
            number = 1
            while (aside := self._path.with_name(f"{self._path.name}.corrupt-{number}")).exists():
                number += 1
            self._path.rename(aside)
            for suffix in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self._path.with_name(self._path.name + suffix).rename(f"{aside}{suffix}")
        _log.error("spool_set_aside", path=str(aside), reason=reason)


@contextmanager
def hold_lock(path: Path, *, waits: bool = False) -> Iterator[bool]:
    """Hold the lock of this name, one holder a machine; False when another has it.

    The kernel lets it go when its process dies.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _is_broken(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN
