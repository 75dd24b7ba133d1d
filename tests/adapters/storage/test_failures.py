import sqlite3

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from callrouter.adapters.storage.failures import Failure, concerns_everybody, means_unavailable


def from_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("said by SQLite")
    error.sqlite_errorcode = code
    return error


def wrapped(error: Exception, *, invalidated: bool = False) -> sa.exc.DBAPIError:
    return sa.exc.DBAPIError("SELECT 1", None, error, connection_invalidated=invalidated)


@pytest.mark.parametrize(
    ("error", "everybody"),
    [
        pytest.param(psycopg.OperationalError("connection refused"), True, id="no connection"),
        pytest.param(psycopg.InterfaceError("connection is closed"), True, id="closed"),
        pytest.param(errors.AdminShutdown("x"), True, id="shut down by an administrator"),
        pytest.param(errors.CrashShutdown("x"), True, id="another process crashed"),
        pytest.param(errors.CannotConnectNow("x"), True, id="starting, stopping or recovering"),
        pytest.param(errors.TooManyConnections("x"), True, id="too many connections"),
        pytest.param(errors.DiskFull("x"), True, id="disk full"),
        pytest.param(errors.OutOfMemory("x"), True, id="out of memory"),
        pytest.param(errors.IoError("x"), True, id="I/O error"),
        pytest.param(errors.DataCorrupted("x"), True, id="corrupt"),
        pytest.param(errors.ReadOnlySqlTransaction("x"), True, id="a standby"),
        pytest.param(errors.LockNotAvailable("x"), False, id="lock not granted in time"),
        pytest.param(errors.DeadlockDetected("x"), False, id="deadlock"),
        pytest.param(errors.SerializationFailure("x"), False, id="serialization"),
        pytest.param(errors.QueryCanceled("x"), False, id="canceled"),
        pytest.param(sa.exc.TimeoutError("pool"), False, id="no pooled connection in time"),
        pytest.param(from_sqlite(sqlite3.SQLITE_BUSY), False, id="SQLite busy"),
        pytest.param(from_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), False, id="SQLite busy, extended"),
        pytest.param(from_sqlite(sqlite3.SQLITE_FULL), False, id="SQLite disk full"),
        pytest.param(from_sqlite(sqlite3.SQLITE_IOERR_FSYNC), False, id="SQLite I/O error"),
        pytest.param(from_sqlite(sqlite3.SQLITE_CANTOPEN), False, id="SQLite can't open"),
        pytest.param(from_sqlite(sqlite3.SQLITE_CORRUPT), False, id="SQLite corrupt"),
        pytest.param(from_sqlite(sqlite3.SQLITE_NOTADB), False, id="SQLite not a database"),
    ],
)
def test_the_database_cannot_serve(error: Failure, everybody: bool) -> None:
    assert means_unavailable(error)
    assert concerns_everybody(error) == everybody
    if not isinstance(error, sa.exc.SQLAlchemyError):
        assert means_unavailable(wrapped(error))
        assert concerns_everybody(wrapped(error)) == everybody


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(errors.UniqueViolation("x"), id="unique"),
        pytest.param(errors.UndefinedTable("x"), id="no such table"),
        pytest.param(errors.SyntaxError("x"), id="syntax"),
        pytest.param(errors.RaiseException("append-only"), id="a trigger refuses"),
        pytest.param(errors.ProgramLimitExceeded("x"), id="a key is too long"),
        pytest.param(errors.InvalidPassword("x"), id="wrong password, told with its state"),
        pytest.param(from_sqlite(sqlite3.SQLITE_ERROR), id="SQLite: no such table"),
        pytest.param(from_sqlite(sqlite3.SQLITE_CONSTRAINT_TRIGGER), id="SQLite: trigger"),
        pytest.param(sqlite3.ProgrammingError("closed"), id="SQLite's driver"),
        pytest.param(sa.exc.ArgumentError("x"), id="SQLAlchemy's own"),
    ],
)
def test_we_asked_wrongly(error: Failure) -> None:
    assert not means_unavailable(error)
    if not isinstance(error, sa.exc.SQLAlchemyError):
        assert not means_unavailable(wrapped(error))


def test_a_connection_that_is_lost_is_unavailable_whatever_the_driver_says() -> None:
    assert means_unavailable(wrapped(psycopg.DatabaseError("lost"), invalidated=True))
