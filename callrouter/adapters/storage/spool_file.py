"""A small SQLite file that several processes share, that is replaced when it breaks.

Knows nothing of what an event is.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

import structlog

from callrouter.adapters.storage.private_file import create_private
from callrouter.domain.errors import StorageUnavailableError

_log = structlog.get_logger()
_Result = TypeVar("_Result")
FileState: TypeAlias = tuple[int, int, int] | None

_PAUSE_S = 0.002
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

    It must be after a fork, and when another process has set the file aside. `patience_s` is the
    longest wait in all for other threads and processes that use the file.
    """

    def __init__(self, path: Path, patience_s: float) -> None:
        self._path = path
        self._patience_s = patience_s
        self._mutex = threading.Lock()
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._inherited: list[object] = []

    def run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """What `work` makes of the connection; a broken file is set aside, and a new one used.

        `work` is run again when another process was in its way. Raises StorageUnavailableError
        when the file can't be used, or not within `patience_s`.
        """
        deadline = time.monotonic() + self._patience_s
        self._adopt_by_child()
        mutex = self._mutex
        if not mutex.acquire(timeout=self._patience_s):
            raise StorageUnavailableError(
                f"the spool {self._path} can't be used: other threads have had it for"
                f" {self._patience_s} s"
            )
        try:
            try:
                return self._run(work, deadline)
            except sqlite3.DatabaseError as error:
                if _code(error) not in _BROKEN:
                    raise
                self._set_aside(str(error), deadline)
                return self._run(work, deadline)
        except (OSError, sqlite3.Error) as error:
            raise StorageUnavailableError(
                f"the spool {self._path} can't be used: {error}"
            ) from error
        finally:
            mutex.release()

    def write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """run() in a transaction, after which `state` is another one for every process."""

        def write(connection: sqlite3.Connection) -> _Result:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                result = work(connection)
            # SQLite itself touches its files before the commit, and syncs in between.
            with suppress(OSError):  # it is committed whatever becomes of this
                os.utime(self._path)
            return result

        return self.run(write)

    def state(self) -> FileState:
        """What differs after a write(), as far as the file system's clock is fine enough for it.

        None without a file. Takes about a microsecond; raises StorageUnavailableError when the
        folder can't be read.
        """
        try:
            stat = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageUnavailableError(
                f"the spool {self._path} can't be used: {error}"
            ) from error
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

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

    def _run(self, work: Callable[[sqlite3.Connection], _Result], deadline: float) -> _Result:
        while True:
            try:
                return work(self._open())
            except sqlite3.OperationalError as error:
                # Waiting here, not in SQLite: there every statement would have a wait of its own.
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() + _PAUSE_S > deadline:
                    raise
                time.sleep(_PAUSE_S)

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._is_in_place():
            return self._connection
        self._close()
        create_private(self._path)
        self._inode = self._path.stat().st_ino
        connection = sqlite3.connect(
            self._path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            for statement in (*_PRAGMAS, _SCHEMA):
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _is_in_place(self) -> bool:
        try:
            return self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def _set_aside(self, reason: str, deadline: float) -> None:
        """Rename the broken file, unless another process has done so already."""
        self._close()
        with hold_lock(self._path.with_name(self._path.name + ".lock"), deadline) as is_held:
            if not is_held:
                raise TimeoutError("it is broken, and another process is setting it aside")
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
def hold_lock(path: Path, deadline: float = 0.0) -> Iterator[bool]:
    """Hold the lock of this name, one holder a machine; False when another has it.

    It is waited for until `deadline` of time.monotonic(). The kernel lets it go when its process
    dies.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not (is_held := _try_lock(descriptor)) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
        yield is_held
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
