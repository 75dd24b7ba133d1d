"""One process's connections to one database: pooled, opened within a time, replaced when stale."""

import os
import select
import threading
import time
import weakref

import psycopg
import sqlalchemy as sa
from psycopg.pq import ConnStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from callrouter.adapters.storage.patience import (
    Availability,
    Operation,
    PsycopgConnection,
    Watchdog,
    connect_within,
)
from callrouter.adapters.storage.write_queue import WriteQueue
from callrouter.domain.errors import StorageUnavailableError

_OPENED_AT = "callrouter_opened_at"

UNHURRIED_S = 10.0
"""How long a process without patience waits for a lock, or for a pooled or new connection."""


class Connections:
    """The pool of one engine with all that belongs to it in this process; safe across fork.

    `patience_s` bounds each use of PostgreSQL. SQLite answers or fails by itself within the
    timeouts that its engine was made with; its writers take turns.
    """

    def __init__(
        self, engine: Engine, patience_s: float | None, *, gives_way: bool = False
    ) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        self.patience_s = patience_s
        self.gives_way = gives_way and not self.is_postgresql
        self._local = threading.local()
        self._inherited: list[object] = []
        self._distrusts_before = 0.0
        self._begin_process()
        if self.is_postgresql:
            event.listen(engine, "do_connect", self._connect_postgresql)
            event.listen(engine, "connect", _note_opening)
            event.listen(engine, "checkout", self._refuse_stale)
        _all.add(self)

    def _begin_process(self) -> None:
        bounded = self.patience_s if self.is_postgresql else None
        self.watchdog = Watchdog(bounded) if bounded else None
        self.availability = Availability(bounded) if bounded else None
        self.write_queue = WriteQueue()

    def adopt_by_child(self) -> None:
        """After a fork, in the child: leave the parent's connections alone, and start afresh."""
        # Kept, since closing them would say goodbye to the server in the parent's name.
        self._inherited.append(self.engine.pool)
        self.engine.dispose(close=False)
        self._begin_process()

    def dispose(self) -> None:
        """Close every connection and end the watching thread; the next use begins anew."""
        if self.watchdog is not None:
            self.watchdog.stop()
        self.engine.dispose()

    def take_turn(self) -> None:
        """Wait for this thread's turn to write. Raises StorageUnavailableError when it's late."""
        # Half of it, since another process may let us wait for its transaction as well.
        wait_s = (self.patience_s or 2 * UNHURRIED_S) / 2
        if not self.write_queue.enter(wait_s):
            raise StorageUnavailableError(f"no turn to write within {wait_s:.2f} s")

    def check_out(self, operation: Operation | None) -> Connection:
        """A connection from the pool, or a new one; `operation` bounds how long that takes."""
        self._local.operation = operation
        connection = self.engine.connect()
        if operation is not None:
            operation.connection = _psycopg(connection)
        return connection

    def distrust_idle(self) -> None:
        """Use no connection again that was open at this moment: one of them has turned out dead."""
        self._distrusts_before = time.monotonic()

    def _refuse_stale(
        self,
        raw: PsycopgConnection,
        record: ConnectionPoolEntry,
        fairy: object,  # noqa: ARG002 - the event's signature
    ) -> None:
        """Replace a pooled connection that the server has ended, before anything is sent on it.

        An idle connection has nothing to read unless the server said goodbye; asking the kernel
        costs a microsecond, where a ping costs a round trip.
        """
        if raw.pgconn.status == ConnStatus.OK and record.info[_OPENED_AT] > self._distrusts_before:
            poll = select.poll()
            poll.register(raw.pgconn.socket, select.POLLIN)
            if not poll.poll(0):
                return
        raise DisconnectionError("the server ended this idle connection")

    def _connect_postgresql(
        self,
        dialect: sa.Dialect,  # noqa: ARG002 - the event's signature
        record: object,  # noqa: ARG002
        arguments: list[str],
        parameters: dict[str, object],
    ) -> PsycopgConnection:
        operation: Operation | None = getattr(self._local, "operation", None)
        if operation is None:
            return psycopg.connect(*arguments, **parameters)  # type: ignore[arg-type]
        remaining_s = max(operation.deadline - time.monotonic(), 0.0)
        operation.connection = connect_within(remaining_s, **parameters)
        return operation.connection


def _psycopg(connection: Connection) -> PsycopgConnection:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - only PostgreSQL is watched
    return raw


def _note_opening(raw: object, record: ConnectionPoolEntry) -> None:  # noqa: ARG001 - the event's
    record.info[_OPENED_AT] = time.monotonic()


_all: "weakref.WeakSet[Connections]" = weakref.WeakSet()


def _adopt_all() -> None:
    for connections in list(_all):
        connections.adopt_by_child()


os.register_at_fork(after_in_child=_adopt_all)
