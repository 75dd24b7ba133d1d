"""Sellers that were taken on once, with their directory and live tables: put back as they were.

Most tests begin with one. What the workflows write for it is read back the first time, and written
for the tests after that as plain rows, of which there is a dozen.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.prepared import Prepared, Value
from callrouter.adapters.storage.schema import metadata
from callrouter.adapters.storage.sellers import read_change_counter
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.tables import config_changes

_TABLES = tuple(table for table in metadata.sorted_tables if "seller_id" in table.c)
_INSERTS = {
    table.name: Prepared(
        sa.insert(table).values({column.name: sa.bindparam(column.name) for column in table.c})
    )
    for table in _TABLES
}
_ROWS_OF = {table.name: sa.select(table).where(matches(table, "seller_id")) for table in _TABLES}
_COUNT_UP = Prepared(
    sa.update(config_changes).values(
        counter=config_changes.c.counter + sa.bindparam("steps", type_=sa.BigInteger)
    )
)


@dataclass(frozen=True, slots=True)
class _Written:
    """All rows of one seller by table, and how often its making counted changes."""

    rows: tuple[tuple[str, dict[str, Value]], ...]
    steps: int


_written: dict[Hashable, _Written] = {}


def take_on_again(
    database: Database, seller_id: str, key: Hashable, take_on: Callable[[], None]
) -> None:
    """What `take_on` writes for a new seller: by itself the first time for `key`, then from memory.

    `key` is everything on which that depends.
    """
    known = _written.get(key)
    if known is not None:
        with database.write() as connection:
            _put_back(connection, known)
        return
    with database.read() as connection:
        is_new = not _read_rows(connection, seller_id)
        before = read_change_counter(connection)
    take_on()
    if is_new:
        with database.read() as connection:
            steps = read_change_counter(connection) - before
            _written[key] = _Written(_read_rows(connection, seller_id), steps)


def _read_rows(connection: Connection, seller_id: str) -> tuple[tuple[str, dict[str, Value]], ...]:
    return tuple(
        (name, dict(row))
        for name, rows in _ROWS_OF.items()
        for row in connection.execute(rows, {"seller_id": seller_id}).mappings()
    )


def _put_back(connection: Connection, written: _Written) -> None:
    _COUNT_UP.count(connection, {"steps": written.steps})
    for name, row in written.rows:
        _INSERTS[name].count(connection, row)
