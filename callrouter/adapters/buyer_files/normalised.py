"""A buyer's table once its values are read, with everything that could not be."""

from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.raw_table import Repair, RowProblem
from callrouter.domain.tie_out.mapping import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """How many cells of a column could not be read, and what was expected there.

    `column` counts from 0; `header` is its heading, "" without one.
    """

    field: Field
    column: int
    header: str
    expected: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Rows that are no calls to the buyer: why, how many, and the first one's line."""

    why: str
    rows: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Normalised:
    """A table in the columns of THEIRS: each row of it is in `rows` or counted in `left_out`.

    A cell that can't be read leaves a null (or an UNREADABLE caller) in its row: `problems` shows
    the first of them, where each stands, `unread` counts them all. `repairs` are what was
    set right.
    """

    rows: pl.DataFrame
    problems: tuple[RowProblem, ...] = ()
    unread: tuple[Unread, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    repairs: tuple[Repair, ...] = ()


def join_parts(parts: tuple[Normalised, ...]) -> Normalised:
    """The parts of one file as one, numbered through; at least one part."""
    rows = pl.concat([part.rows for part in parts]).drop("their").with_row_index("their")
    return Normalised(
        rows=rows.with_columns(pl.col("their").cast(pl.Int64)),
        problems=tuple(problem for part in parts for problem in part.problems),
        unread=tuple(each for part in parts for each in part.unread),
        left_out=tuple(each for part in parts for each in part.left_out),
        repairs=tuple(each for part in parts for each in part.repairs),
    )
