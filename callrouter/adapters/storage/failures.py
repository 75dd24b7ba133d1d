"""Which failures mean that the database can't serve us, and which are mistakes of ours."""

import sqlite3
from typing import TypeAlias

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# Classes of SQLSTATE: connection, rollback (deadlock, serialization), out of resources or disk,
# operator intervention (shutdown, recovery), system and internal errors.
_UNAVAILABLE_CLASSES = frozenset({"08", "40", "53", "57", "58", "XX"})
# Read-only (a standby after a failover) and a lock that wasn't granted in time.
_UNAVAILABLE_STATES = frozenset({"25006", "55P03"})
# The server is there and answers others: no reason for everybody to stay away.
_ONE_CALLER_ONLY = frozenset({"40001", "40P01", "55P03", "57014"})

# SQLite says OperationalError for a missing table too; only its result code tells them apart.
_SQLITE_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOTADB,
    }
)


Failure: TypeAlias = SQLAlchemyError | psycopg.Error | sqlite3.Error
FAILURES = (SQLAlchemyError, psycopg.Error, sqlite3.Error)
"""Whatever a database may raise, through SQLAlchemy or by its driver."""


def means_unavailable(error: Failure) -> bool:
    """Whether `error` says that the database can't serve us, rather than that we asked wrongly."""
    if isinstance(error, PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(driver_error, sqlite3.Error):
        return _sqlite_code(driver_error) in _SQLITE_UNAVAILABLE
    if not isinstance(driver_error, psycopg.Error):
        return False
    state = driver_error.sqlstate
    if state:
        return state[:2] in _UNAVAILABLE_CLASSES or state in _UNAVAILABLE_STATES
    return isinstance(driver_error, psycopg.OperationalError | psycopg.InterfaceError)


def concerns_everybody(error: Failure) -> bool:
    """Whether others would fail as well, so that they had better not try for a moment."""
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(driver_error, psycopg.Error) and (
        driver_error.sqlstate not in _ONE_CALLER_ONLY
    )


def _sqlite_code(error: sqlite3.Error) -> int:
    """The primary result code; the driver's own complaints have none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
