"""The lines of tie-outs as frames: a million are written and read without an object for each cell.

Text of strangers is made storable here, since the columns' own types are gone past.
"""

import sqlite3
from collections.abc import Iterator, Sequence

import polars as pl
import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_out_tables import tie_out_lines
from callrouter.domain.tie_out.classes import DifferenceClass

LINE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    column.name: {"TEXT": pl.String, "FLOAT": pl.Float64}.get(str(column.type.compile()), pl.Int64)
    for column in tie_out_lines.c
    if column.name not in ("seller_id", "tie_out")
}
"""A line's columns, in the table's order, as the frames of this module have them."""

_of = tie_out_lines.c
_TEXTS = tuple(name for name, kind in LINE_COLUMNS.items() if kind == pl.String)
_BATCH = 10_000
_PAGE = 20_000
_SETTLED_AT_ONCE = 500
_KEY = ("seller_id", "tie_out")
_NAMES = ", ".join(f'"{name}"' for name in (*_KEY, *LINE_COLUMNS))


def add_lines(database: Database, seller_id: str, tie_out: int, lines: pl.DataFrame) -> None:
    """Write lines (LINE_COLUMNS), some thousands a transaction."""
    storable = lines.select(*LINE_COLUMNS).with_columns(
        pl.col(name).str.replace_all("\x00", "␀", literal=True) for name in _TEXTS
    )
    rows = storable.select(
        seller_id=pl.lit(seller_id), tie_out=pl.lit(tie_out, pl.Int32), **_all(LINE_COLUMNS)
    )
    for batch in rows.iter_slices(_BATCH):
        with database.write() as connection:
            _write(connection, batch)


def remove_lines(database: Database, seller_id: str, tie_out: int) -> None:
    """Remove the lines of a tie-out that isn't to be, some thousands a transaction."""
    named = (_of.seller_id == seller_id, _of.tie_out == tie_out)
    while True:
        some = sa.select(_of.line_no).where(*named).limit(_BATCH)
        with database.write() as connection:
            statement = sa.delete(tie_out_lines).where(*named, _of.line_no.in_(some))
            removed = connection.execute(statement).rowcount
        if removed < _BATCH:
            return


def read_lines(
    connection: Connection,
    seller_id: str,
    tie_out: int,
    wanted: DifferenceClass | None = None,
    *,
    differing: bool = False,
    after: int = -1,
    limit: int = _PAGE,
) -> pl.DataFrame:
    """At most `limit` lines with numbers behind `after`, in their order; of one class, or all.

    `differing`: none of those that agree.
    """
    statement = (
        sa.select(*(_of[name] for name in LINE_COLUMNS))
        .where(_of.seller_id == seller_id, _of.tie_out == tie_out, _of.line_no > after)
        .order_by(_of.line_no)
        .limit(limit)
    )
    if wanted is not None:
        statement = statement.where(_of["class"] == wanted.value)
    if differing:
        statement = statement.where(_of["class"] != DifferenceClass.AGREE.value)
    return _to_frame(connection.execute(statement).all())


def stream_lines(
    database: Database,
    seller_id: str,
    tie_out: int,
    wanted: DifferenceClass | None = None,
    *,
    differing: bool = False,
) -> Iterator[pl.DataFrame]:
    """The lines in frames of bounded size, in their order; `differing`: but those that agree."""
    after = -1
    while True:
        with database.read() as connection:
            page = read_lines(
                connection, seller_id, tie_out, wanted, differing=differing, after=after
            )
        if page.height:
            yield page
            after = page["line_no"][-1]
        if page.height < _PAGE:
            return


def find_counted(
    connection: Connection, seller_id: str, tie_outs: Sequence[int], call_sids: Sequence[str]
) -> pl.DataFrame:
    """Lines of these tie-outs that have one of these calls, with a record of theirs or without."""
    found: list[tuple[object, ...]] = []
    for start in range(0, len(call_sids), _SETTLED_AT_ONCE):
        some = call_sids[start : start + _SETTLED_AT_ONCE]
        statement = sa.select(_of.tie_out, *(_of[name] for name in LINE_COLUMNS)).where(
            *_are_of_calls(seller_id, tie_outs), _of.call_sid.in_(some)
        )
        found += map(tuple, connection.execute(statement))
    return _to_found(found)


def find_counted_within(
    connection: Connection, seller_id: str, tie_outs: Sequence[int], since_ms: int, until_ms: int
) -> pl.DataFrame:
    """Lines of these tie-outs that have a call begun from `since_ms` to before `until_ms`.

    All lines of these tie-outs are read.
    """
    statement = sa.select(_of.tie_out, *(_of[name] for name in LINE_COLUMNS)).where(
        *_are_of_calls(seller_id, tie_outs),
        _of.started_at_ms >= since_ms,
        _of.started_at_ms < until_ms,
    )
    return _to_found([tuple(row) for row in connection.execute(statement)])


def _are_of_calls(seller_id: str, tie_outs: Sequence[int]) -> tuple["sa.ColumnElement[bool]", ...]:
    return (
        _of.seller_id == seller_id,
        _of.tie_out.in_(tie_outs),
        _of.call_sid != sa.literal_column("''"),
        _of["class"] != DifferenceClass.DUPLICATE.value,
    )


def find_named(
    connection: Connection, seller_id: str, tie_outs: Sequence[int], their_ids: Sequence[str]
) -> pl.DataFrame:
    """Pairs of these tie-outs whose record has one of these ids; all of their lines are read."""
    found: list[tuple[object, ...]] = []
    for start in range(0, len(their_ids), _SETTLED_AT_ONCE):
        statement = sa.select(_of.tie_out, *(_of[name] for name in LINE_COLUMNS)).where(
            *_are_of_calls(seller_id, tie_outs),
            _of.line.is_not(None),
            _of.their_call_ids.in_(their_ids[start : start + _SETTLED_AT_ONCE]),
        )
        found += map(tuple, connection.execute(statement))
    return _to_found(found)


def _to_found(found: list[tuple[object, ...]]) -> pl.DataFrame:
    columns = {"tie_out": LINE_COLUMNS["line_no"], **LINE_COLUMNS}
    return pl.DataFrame(found, schema=columns, orient="row")


def find_records(
    connection: Connection,
    seller_id: str,
    tie_outs: Sequence[int],
    file: int,
    since_ms: int,
    until_ms: int,
) -> pl.DataFrame:
    """Lines of these tie-outs with a record of a buyer's file, stamped so or not at all."""
    stamp = _of.their_stamp_ms
    statement = sa.select(_of.tie_out, *(_of[name] for name in LINE_COLUMNS)).where(
        _of.seller_id == seller_id,
        _of.tie_out.in_(tie_outs),
        _of.file == file,
        _of.line.is_not(None),
        stamp.is_(None) | stamp.between(since_ms, until_ms),
    )
    return _to_found([tuple(row) for row in connection.execute(statement)])


def _all(columns: dict[str, pl.DataType | type[pl.DataType]]) -> dict[str, pl.Expr]:
    return {name: pl.col(name).cast(kind) for name, kind in columns.items()}


def _to_frame(rows: Sequence["sa.Row[*tuple[object, ...]]"]) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in rows], schema=LINE_COLUMNS, orient="row")


def _write(connection: Connection, batch: pl.DataFrame) -> None:
    """By the driver's own quickest way: COPY, or one statement with many rows."""
    raw = connection.connection.dbapi_connection
    if isinstance(raw, psycopg.Connection):
        text = batch.write_csv(include_header=False, quote_style="non_numeric")
        with (
            raw.cursor() as cursor,
            cursor.copy(f"COPY tie_out_lines ({_NAMES}) FROM STDIN (FORMAT csv)".encode()) as copy,
        ):
            copy.write(text)
        return
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - no third one
    places = ", ".join("?" * batch.width)
    raw.executemany(f"INSERT INTO tie_out_lines ({_NAMES}) VALUES ({places})", batch.iter_rows())  # noqa: S608 - our own names
