"""Nobody waits long for a database that stands still: deadlines, and a pause after a failure.

A stopped server or a dead network path answers nothing, so that no timeout of the driver helps;
shutting down the socket under it does.
"""

import os
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import psycopg

from callrouter.domain.errors import StorageUnavailableError

PAUSE_S = 0.5
"""How long everybody stays away from a database that failed, before one caller tries again."""

PsycopgConnection: TypeAlias = psycopg.Connection[tuple[object, ...]]


@dataclass(slots=True, eq=False)
class Operation:
    """One use of the database that must be over at `deadline` (monotonic seconds)."""

    deadline: float
    connection: PsycopgConnection | None = None
    cut: bool = False


class Watchdog:
    """Cuts the connection of every operation that is past its deadline, from a thread of its own.

    Watching costs about a microsecond, so that each transaction can be watched.
    """

    def __init__(self, patience_s: float) -> None:
        self._look_every_s = patience_s / 7
        self._operations: set[Operation] = set()
        self._cutting = threading.Lock()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def watch(self, operation: Operation) -> None:
        """See to it that `operation` ends in time."""
        self._operations.add(operation)
        if self._thread is None:
            self._begin()

    def release(self, operation: Operation) -> None:
        """Let `operation` go: once this has returned, its connection is never cut for it."""
        with self._cutting:
            self._operations.discard(operation)

    def stop(self) -> None:
        """End the thread; it starts again with the next operation."""
        with self._start:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._stopped.set()
            thread.join()

    def _begin(self) -> None:
        with self._start:
            if self._thread is None:
                self._stopped = threading.Event()
                self._thread = threading.Thread(
                    target=self._look, args=(self._stopped,), name="storage-watchdog", daemon=True
                )
                self._thread.start()

    def _look(self, stopped: threading.Event) -> None:
        while not stopped.wait(self._look_every_s):
            now = time.monotonic()
            for operation in self._operations.copy():
                if operation.deadline < now:
                    self._cut(operation)

    def _cut(self, operation: Operation) -> None:
        with self._cutting:
            if operation in self._operations and operation.connection is not None:
                operation.cut = True
                _shut_down(operation.connection)


def _shut_down(connection: PsycopgConnection) -> None:
    """Make the blocked call on `connection` fail; its descriptor may be closing at this moment."""
    with suppress(OSError, psycopg.Error):
        descriptor = connection.pgconn.socket
        copy = os.dup(descriptor)
        with socket.socket(fileno=copy) as same_socket:
            # Still the same after the copy: so the copy isn't of somebody else's descriptor.
            if connection.pgconn.socket == descriptor:
                same_socket.shutdown(socket.SHUT_RDWR)


class Availability:
    """Up, or down since a failure: then all fail at once but one, who tries after a pause."""

    def __init__(self, patience_s: float) -> None:
        self._probe_s = patience_s + PAUSE_S
        self._mutex = threading.Lock()
        self._try_at = 0.0

    def enter(self) -> None:
        """Go on, or raise StorageUnavailableError while it is down."""
        if not self._try_at:
            return
        with self._mutex:
            now = time.monotonic()
            if now < self._try_at:
                raise StorageUnavailableError(
                    f"the database failed a moment ago; next try in {self._try_at - now:.1f} s"
                )
            if self._try_at:
                self._try_at = now + self._probe_s

    def mark_up(self) -> None:
        """Say that an operation succeeded."""
        if self._try_at:
            self._try_at = 0.0

    def mark_down(self) -> None:
        """Say that the server failed or was cut."""
        self._try_at = time.monotonic() + PAUSE_S


def connect_within(connect_s: float, **parameters: object) -> PsycopgConnection:
    """A new connection, or psycopg.OperationalError after `connect_s`.

    libpq and psycopg wait two seconds at least, so that the waiting is left to a thread; what it
    still gets too late is closed.
    """
    attempt: Future[PsycopgConnection] = Future()

    def connect() -> None:
        try:
            connection = psycopg.connect(**parameters)  # type: ignore[arg-type]
        except BaseException as error:  # it belongs to the thread that waits
            attempt.set_exception(error)
            return
        attempt.set_result(connection)

    threading.Thread(target=connect, name="storage-connect", daemon=True).start()
    try:
        return attempt.result(timeout=connect_s)
    except TimeoutError:
        attempt.add_done_callback(_close_late)
        raise psycopg.OperationalError(
            f"no connection within {connect_s:.2f} s: the server doesn't answer"
        ) from None


def _close_late(attempt: "Future[PsycopgConnection]") -> None:
    if attempt.exception() is None:
        attempt.result().close()
