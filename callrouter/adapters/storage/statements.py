"""Parts that the statements of several modules are made of."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningDelete


def insert_or_skip(
    table: sa.Table, *columns: str
) -> Mapping[str, postgresql.Insert | sqlite.Insert]:
    """INSERT … ON CONFLICT DO NOTHING by dialect name: how a thing that happens twice is kept once.

    Its rowcount says how many rows were new. `columns` are those that get a parameter of their
    own name; all, when none is named.
    """
    names: tuple[str, ...] = columns or tuple(table.c.keys())
    values: dict[str, sa.BindParameter[Any]] = {name: sa.bindparam(name) for name in names}
    both: dict[str, postgresql.Insert | sqlite.Insert] = {
        "postgresql": postgresql.insert(table).values(values).on_conflict_do_nothing(),
        "sqlite": sqlite.insert(table).values(values).on_conflict_do_nothing(),
    }
    # Else psycopg's cursor has forgotten it by the time that it is asked.
    return {name: insert.execution_options(preserve_rowcount=True) for name, insert in both.items()}


def matches(table: sa.Table, *columns: str, prefix: str = "") -> sa.ColumnElement[bool]:
    """The condition that each of `columns` equals the parameter of its name behind `prefix`.

    An UPDATE needs a prefix: there SQLAlchemy takes a parameter with a column's name for its SET.
    """
    return sa.and_(*(table.c[name] == sa.bindparam(prefix + name) for name in columns))


def select_fields(table: sa.Table, row_type: type) -> "sa.Select[*tuple[Any, ...]]":
    """The columns that are named like the fields of the dataclass `row_type`, in their order."""
    return sa.select(*(table.c[f.name] for f in fields(row_type)))


def delete_chosen(
    table: sa.Table, chosen: "sa.Select[*tuple[Any, ...]]"
) -> "ReturningDelete[tuple[str]]":
    """Remove the rows whose keys `chosen` selects; it returns a row for each, to be counted.

    Behind a WITH, SQLite's driver knows no rowcount.
    """
    # As a CTE it runs once.
    rows = chosen.cte("chosen")
    key = sa.tuple_(*(table.c[column.name] for column in rows.c))
    return sa.delete(table).where(key.in_(sa.select(rows))).returning(table.c.seller_id)
