"""Which of a table's rows are records: where they begin, which one is the header.

Looks at how rows are filled and at whether cells look like data, not at what they mean.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.raw_table import RowProblem

MOST_ABOVE = 60
"""How many rows may stand above the records; as many are to be looked at."""
_TAIL = 12
_SHOWN = 200
_TYPE = re.compile(
    r"(?:(?:big|small|tiny)?int(?:eger)?|(?:n?var)?char|n?varchar2?|text|string|uniqueidentifier|uuid"
    r"|bool(?:ean)?|bit|float|double|decimal|numeric|number|date|time|datetime\d?|timestamp)"
    r"(?:\s*\(\s*[\d,\s]*\))?",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\W*(?:(?:grand|sub)[ -]?)?(?:totals?|sum|average|avg|count|records?|rows?)\b.{0,40}",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class HeadRow:
    """One of a table's first rows: its cells and the line it begins in.

    In a text the next row begins at `end`, in `next_line`.
    """

    cells: list[str]
    line: int
    end: int = 0
    next_line: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """How many columns there are, which sample row is the header, and where the records begin.

    `header` is None where there is none. Rows between it and the `first` record say types.
    """

    width: int
    header: int | None
    first: int

    @property
    def above(self) -> range:
        """The rows above the header, or above the records where there is none."""
        return range(self.first if self.header is None else self.header)

    @property
    def types(self) -> range:
        """The rows between the header and the records."""
        return range(0) if self.header is None else range(self.header + 1, self.first)


def find_shape(rows: Sequence[Sequence[str]]) -> Shape:
    """The shape of a table by its first rows."""
    common = _find_width(rows)
    filled = [min(_count_filled(row), common) for row in rows]
    enough = max(min(2, common), 0.4 * max(filled, default=0))
    full = [index for index in range(len(rows)) if filled[index] >= enough]
    header = _find_header(rows, full, filled)
    if header is None:
        first = next((i for i in full if len(rows[i]) >= common), len(rows))
        return Shape(common, None, first)
    first = header + 1
    while first < len(rows) and _says_types(rows[first]):
        first += 1
    return Shape(max(common, _extent(rows[header])), header, first)


def _find_width(rows: Sequence[Sequence[str]]) -> int:
    """How many cells rows have: what most agree on, weighed by how many cells that gives."""
    widths = Counter(len(row) for row in rows)
    return max(widths, key=lambda width: (widths[width] * width, width), default=0)


def _find_header(
    rows: Sequence[Sequence[str]], full: Sequence[int], filled: Sequence[int]
) -> int | None:
    """The best filled row without data above the first row with data; None where none is.

    Better filled than titles, which may have two cells as well: "Account:", "Acme".
    """
    most = max(filled, default=0)
    found: list[int] = []
    for index in full:
        if not any(_looks_like_data(cell) for cell in rows[index]):
            if not _says_types(rows[index]):
                found.append(index)
        elif filled[index] >= max(3, 0.75 * most):
            break
    return max(found, key=lambda index: (filled[index], -index), default=None)


def _looks_like_data(cell: str) -> bool:
    """Whether a cell is rather a value than a heading: four digits, or digits and no letters."""
    digits = sum(character.isdigit() for character in cell)
    return digits >= 4 or (digits > 0 and not any(character.isalpha() for character in cell))


def _says_types(row: Sequence[str]) -> bool:
    """Whether a row names each column's type, as databases do: INTEGER, VARCHAR(50)."""
    filled = [cell.strip() for cell in row if cell.strip()]
    return bool(filled) and all(_TYPE.fullmatch(cell) for cell in filled)


def _count_filled(row: Sequence[str]) -> int:
    """How many cells have something in them."""
    return sum(bool(cell.strip()) for cell in row)


def _extent(row: Sequence[str]) -> int:
    """How many cells a row has up to its last one with something in it."""
    return max((index + 1 for index, cell in enumerate(row) if cell.strip()), default=0)


def say_row(cells: Sequence[str]) -> str:
    """A row as a problem shows it: its cells with bars between, cut where it is long."""
    text = " | ".join(cells).rstrip(" |")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def set_rows_aside(
    cells: pl.DataFrame, header: Sequence[str] | None, part: str
) -> tuple[pl.DataFrame, tuple[RowProblem, ...]]:
    """The records among the rows, and those that are none, but for rows that are blank."""
    blank = _find_same(cells, [""] * (cells.width - 1))
    cells = cells.filter(~blank) if blank.any() else cells
    aside: list[RowProblem] = []
    again = _find_same(cells, header) if header is not None else blank.clear()
    if again.any():
        aside += _put_aside(cells.filter(again), "the headings once more", part)
        cells = cells.filter(~again)
    trailers = _count_trailers(cells)
    if trailers:
        aside += _put_aside(cells.tail(trailers), "a total or a note below the records", part)
        cells = cells.head(len(cells) - trailers)
    return cells, tuple(sorted(aside, key=lambda row: row.line))


def _find_same(cells: pl.DataFrame, texts: Sequence[str]) -> pl.Series:
    """Which rows have these texts; looks at further columns only while some row still may."""
    same = pl.repeat(True, len(cells), eager=True)
    for column, text in zip(cells.get_columns()[:-1], texts, strict=True):
        same &= column.str.strip_chars() == text
        if not same.any():
            break
    return same


def _count_trailers(cells: pl.DataFrame) -> int:
    """How many of the last rows are no records: totals, notes, what a script left there."""
    width = cells.width - 1
    rows = [row[:width] for row in cells.tail(_TAIL).rows()]
    usual = _find_usual(cells, rows)
    count = 0
    for row in reversed(rows):
        if not _is_trailer(row, usual):
            break
        count += 1
    return count


def _find_usual(cells: pl.DataFrame, tail: Sequence[tuple[str, ...]]) -> list[int]:
    """The columns that have something in nearly all records above the last rows.

    In a short table of the rows that have most in them.
    """
    width = cells.width - 1
    rows = [row[:width] for row in cells.head(max(0, len(cells) - _TAIL)).head(1000).rows()]
    if len(rows) < _TAIL:
        rows += tail
        most = max((_count_filled(row) for row in rows), default=0)
        rows = [row for row in rows if _count_filled(row) > 0.6 * most]
    enough = 0.9 * len(rows)
    return [i for i in range(width) if sum(bool(row[i].strip()) for row in rows) >= enough]


def _is_trailer(row: Sequence[str], usual: Sequence[int]) -> bool:
    """Whether a row has too little of what all records have to be one."""
    missing = sum(not row[index].strip() for index in usual)
    if says_total(row):
        return missing * 3 >= len(usual) > 0
    return len(usual) >= 3 and missing >= len(usual) - 1 and _count_filled(row) <= 2


def says_total(cells: Sequence[str]) -> bool:
    """Whether a cell of a row begins as a row of totals does: "Grand total", "Records: 12"."""
    return any(_TOTAL.fullmatch(cell) for cell in cells)


def _put_aside(rows: pl.DataFrame, message: str, part: str) -> list[RowProblem]:
    """Rows of a table as what they are instead of records."""
    return [
        RowProblem(part=part, line=row[-1], message=message, text=say_row(row[:-1]))
        for row in rows.rows()
    ]
