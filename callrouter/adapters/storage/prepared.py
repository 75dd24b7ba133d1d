"""Statements of the call path: compiled once, then run by the driver itself.

SQLAlchemy spends 0.2 to 0.5 ms on each execution, several times what the database needs for it; a
webhook has two of them. So these, written in SQLAlchemy as all others, skip that part: on
PostgreSQL they are prepared at the server, on SQLite in the driver's statement cache.
"""

import itertools
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias

import psycopg
import sqlalchemy as sa
from psycopg import pq
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word, make_storable, to_utc

Value: TypeAlias = str | int | datetime | None
Statement: TypeAlias = sa.Select[*tuple[Any, ...]] | UpdateBase
Row: TypeAlias = tuple[Any, ...]

_numbers = itertools.count(1)


class Prepared:
    """A statement, the same or another for each dialect, that takes its parameters by name.

    Its results have text, words, whole numbers, booleans, instants; no other type is known here.
    Raises the driver's own errors, which `Database.read` and its like translate as any other.
    """

    def __init__(self, statement: Statement | Mapping[str, Statement]) -> None:
        both = statement if isinstance(statement, Mapping) else None
        self._for_postgresql: Statement = both["postgresql"] if both else statement  # type: ignore[assignment]
        self._for_sqlite: Statement = both["sqlite"] if both else statement  # type: ignore[assignment]
        self._name = b"callrouter_%d" % next(_numbers)

    def all(self, connection: Connection, parameters: Mapping[str, Value]) -> list[Row]:
        """Every row of the result."""
        fairy = connection.connection
        raw = fairy.dbapi_connection
        if isinstance(raw, sqlite3.Connection):
            cursor = self._run_sqlite(raw, parameters)
            return self._sqlite.read_rows(cursor.fetchall())
        result = self._run_postgresql(raw, fairy.info, parameters)
        columns = range(result.nfields)
        return self._postgresql.read_rows(
            [
                tuple(result.get_value(row, column) for column in columns)
                for row in range(result.ntuples)
            ]
        )

    def first(self, connection: Connection, parameters: Mapping[str, Value]) -> Row | None:
        """The first row of the result, or None when it is empty."""
        rows = self.all(connection, parameters)
        return rows[0] if rows else None

    def count(self, connection: Connection, parameters: Mapping[str, Value]) -> int:
        """How many rows the statement wrote."""
        fairy = connection.connection
        raw = fairy.dbapi_connection
        if isinstance(raw, sqlite3.Connection):
            return self._run_sqlite(raw, parameters).rowcount
        return self._run_postgresql(raw, fairy.info, parameters).command_tuples or 0

    @cached_property
    def _postgresql(self) -> "_Compiled":
        dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
        return _Compiled(self._for_postgresql, dialect, _READS_WIRE)

    @cached_property
    def _sqlite(self) -> "_Compiled":
        dialect = SQLiteDialect_pysqlite(paramstyle="qmark")
        return _Compiled(self._for_sqlite, dialect, _READS_SQLITE)

    def _run_sqlite(
        self, raw: sqlite3.Connection, parameters: Mapping[str, Value]
    ) -> sqlite3.Cursor:
        compiled = self._sqlite
        return raw.execute(compiled.sql, [_to_sqlite(v) for v in compiled.bind(parameters)])

    def _run_postgresql(
        self, raw: object, info: dict[Any, Any], parameters: Mapping[str, Value]
    ) -> pq.abc.PGresult:
        assert isinstance(raw, psycopg.Connection)  # noqa: S101 - there is no third database
        compiled, server = self._postgresql, raw.pgconn
        known: set[bytes] = info.setdefault("callrouter_prepared", set())
        if self._name not in known:
            check(server, server.prepare(self._name, compiled.sql.encode()))
            known.add(self._name)
        values = [_to_wire(value) for value in compiled.bind(parameters)]
        # Its signature forgets NULL.
        return check(server, server.exec_prepared(self._name, values))  # type: ignore[arg-type]


class _Compiled:
    """SQL text, the order of its parameters, and how each column of its result is read."""

    def __init__(
        self,
        statement: Statement,
        dialect: Dialect,
        readers: Mapping[type, Callable[[Any], object] | None],
    ) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what these dialects make
        self.sql = compiled.string
        self._order = compiled.positiontup or []
        self._fixed = {k: v for k, v in compiled.params.items() if v is not None}
        self._readers = [_reader(column.type, readers) for column in statement.exported_columns]
        self._reads_any = any(self._readers)

    def bind(self, parameters: Mapping[str, Value]) -> list[Value]:
        """The values in the order of the statement's placeholders."""
        fixed = self._fixed
        return [fixed[name] if name in fixed else parameters[name] for name in self._order]

    def read_rows(self, rows: list[Row]) -> list[Row]:
        """The driver's values as ours."""
        if not self._reads_any:
            return rows
        return [
            tuple(
                value if value is None or read is None else read(value)
                for value, read in zip(row, self._readers, strict=True)
            )
            for row in rows
        ]


def check(server: pq.abc.PGconn, result: pq.abc.PGresult) -> pq.abc.PGresult:
    """`result` if it is a good one; else raises the psycopg error that it stands for."""
    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
        return result
    if server.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(server.get_error_message())
    raise psycopg.errors.error_from_result(result)


def _reader(
    column_type: TypeEngine[Any], readers: Mapping[type, Callable[[Any], object] | None]
) -> Callable[[Any], object] | None:
    """How a column's values are read; None for as they are."""
    if isinstance(column_type, Word):
        words, read_text = column_type.words, readers[str]
        return (lambda value: words(read_text(value))) if read_text else words
    if isinstance(column_type, UtcDateTime):
        return readers[datetime]
    return readers[str if isinstance(column_type, ForeignText) else column_type.python_type]


def _to_wire(value: Value) -> bytes | None:
    """A parameter in PostgreSQL's text form."""
    if value is None:
        return None
    if isinstance(value, str):
        return make_storable(value).encode()
    if isinstance(value, datetime):
        return to_utc(value).isoformat().encode()
    return b"%d" % value


def _to_sqlite(value: Value) -> str | int | None:
    """A parameter as the driver takes it, instants as `UtcDateTime` has them written."""
    if isinstance(value, str):
        return make_storable(value)
    if isinstance(value, datetime):
        return to_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


def _read_instant(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode()).astimezone(UTC)


def _read_sqlite_instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_READS_WIRE: Mapping[type, Callable[[bytes], object]] = {
    str: bytes.decode,
    int: int,
    bool: b"t".__eq__,
    datetime: _read_instant,
}
_READS_SQLITE: Mapping[type, Callable[[Any], object] | None] = {
    str: None,
    int: None,
    bool: bool,
    datetime: _read_sqlite_instant,
}
