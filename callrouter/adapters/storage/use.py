"""One use of a database: check out, begin, commit or roll back, give back; failures made plain.

Every connection is in autocommit at the driver, and transactions say BEGIN themselves: so one pool
serves single statements without a BEGIN and transactions alike.
"""

import sqlite3
import time
from contextlib import suppress
from types import TracebackType

import psycopg
from psycopg.pq import ConnStatus, TransactionStatus
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from callrouter.adapters.storage.connections import Connections
from callrouter.adapters.storage.failures import (
    FAILURES,
    Failure,
    concerns_everybody,
    means_unavailable,
)
from callrouter.adapters.storage.patience import Operation, PsycopgConnection
from callrouter.adapters.storage.prepared import check
from callrouter.domain.errors import StorageUnavailableError

GIVES_WAY_S = 0.025
"""Longer than SQLite's busy handler sleeps between the first of its tries to get the lock."""


class Use:
    """One use of a database as a context manager: a connection, in a transaction if `begin` is set.

    `queues`: take a turn among this process's writers. `hurried`: be bound by the patience.
    Raises StorageUnavailableError for every failure that means that the database can't serve.
    A class, not a generator: it is in the path of every webhook.
    """

    __slots__ = ("_begin", "_connection", "_connections", "_hurried", "_operation", "_queues")

    def __init__(
        self, connections: Connections, begin: str | None, *, queues: bool, hurried: bool
    ) -> None:
        self._connections = connections
        self._begin = begin
        self._queues = queues
        self._hurried = hurried
        self._operation: Operation | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        connections = self._connections
        if self._hurried and connections.availability is not None:
            connections.availability.enter()
        if self._queues:
            connections.take_turn()
        try:
            self._watch()
            return self._open()
        except BaseException as error:
            self._leave()
            self._raise_unavailable(error)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._commit()
            else:
                self._roll_back()
        except BaseException as late:
            self._roll_back()
            self._raise_unavailable(late)
            raise
        finally:
            self._leave()
        self._raise_unavailable(error)
        availability = self._connections.availability
        if (
            self._hurried
            and availability is not None
            and not isinstance(error, StorageUnavailableError)
        ):
            availability.mark_up()

    def _watch(self) -> None:
        watchdog, patience_s = self._connections.watchdog, self._connections.patience_s
        if self._hurried and watchdog is not None and patience_s is not None:
            self._operation = Operation(time.monotonic() + patience_s)
            watchdog.watch(self._operation)

    def _open(self) -> Connection:
        """Check out and BEGIN; once more when only then the connection turns out to be stale."""
        self._connection = connection = self._connections.check_out(self._operation)
        if self._begin is None:
            return connection
        try:
            run_command(connection, self._begin)
        except psycopg.OperationalError:
            was_cut = self._operation is not None and self._operation.cut
            if was_cut or not _is_broken(connection):
                raise
            self._give_up(connection)
            connection.close()
            self._connection = connection = self._connections.check_out(self._operation)
            run_command(connection, self._begin)
        return connection

    def _commit(self) -> None:
        if self._begin is None or self._connection is None:
            return
        if run_command(self._connection, "COMMIT") == b"ROLLBACK":
            # PostgreSQL's answer to COMMIT in a failed transaction; no error of its own.
            raise RuntimeError("a statement failed and its error was swallowed: nothing is kept")

    def _roll_back(self) -> None:
        """Leave the connection fit for the next use, or throw it away."""
        connection = self._connection
        if connection is None or connection.closed or connection.invalidated:
            return
        with suppress(*FAILURES):
            if _is_in_transaction(connection):
                # Not the driver's rollback(): psycopg's deallocates every prepared statement.
                run_command(connection, "ROLLBACK")
        if _is_broken(connection) or _is_in_transaction(connection):
            self._give_up(connection)

    def _give_up(self, connection: Connection) -> None:
        connection.invalidate()
        self._connections.distrust_idle()

    def _leave(self) -> None:
        connections = self._connections
        if self._operation is not None and connections.watchdog is not None:
            connections.watchdog.release(self._operation)
        try:
            if self._connection is not None:
                self._connection.close()
        finally:
            if self._queues:
                connections.write_queue.leave()
        if self._begin is not None and connections.gives_way:
            time.sleep(GIVES_WAY_S)

    def _raise_unavailable(self, error: BaseException | None) -> None:
        """Raise StorageUnavailableError if that is what `error` means; else do nothing."""
        if not isinstance(error, FAILURES) or not means_unavailable(error):
            return
        availability = self._connections.availability
        if self._hurried and availability is not None and concerns_everybody(error):
            availability.mark_down()
        was_cut = self._operation is not None and self._operation.cut
        reason = f"no answer within {self._connections.patience_s} s" if was_cut else _say(error)
        raise StorageUnavailableError(f"the database can't serve: {reason}") from error


def run_command(connection: Connection, command: str) -> bytes | None:
    """Run a command that has no result, by the driver; what the server says that it did."""
    raw = _psycopg_or_sqlite(connection)
    if isinstance(raw, psycopg.Connection):
        return check(raw.pgconn, raw.pgconn.exec_(command.encode())).command_status
    raw.execute(command)
    return None


def _psycopg_or_sqlite(connection: Connection) -> PsycopgConnection | sqlite3.Connection:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection | sqlite3.Connection)  # noqa: S101 - no third one
    return raw


def _is_in_transaction(connection: Connection) -> bool:
    raw = _psycopg_or_sqlite(connection)
    if isinstance(raw, psycopg.Connection):
        return raw.pgconn.transaction_status != TransactionStatus.IDLE
    return raw.in_transaction


def _is_broken(connection: Connection) -> bool:
    raw = connection.connection.dbapi_connection
    return isinstance(raw, psycopg.Connection) and raw.pgconn.status != ConnStatus.OK


def _say(error: Failure) -> str:
    """The driver's own words in one line, without our SQL and its parameters."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split()) or type(said).__name__
