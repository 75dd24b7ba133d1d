"""What stands in a buyer's file as text, cell by cell: nothing understood yet, nothing lost."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """One row that isn't among the cells: where it stands, why, and how it begins.

    `part` is the sheet or the member of a zip ("" where there is but one), `line` the row's first
    line there, from 1 (in a sheet the row's number). `message` says what is wrong and what would
    be right, `text` is the row as it stands, cut where it is long.
    """

    part: str
    line: int
    message: str
    text: str = ""

    def __str__(self) -> str:
        where = f"{self.part}, line {self.line}" if self.part else f"line {self.line}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Something that was set right in rows which are among the cells: what, in how many rows.

    `line` is the first one's.
    """

    part: str
    line: int
    message: str
    rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """One table of a buyer's file: a whole text file, one sheet, or one member of a zip.

    Each row of the file that isn't blank is in exactly one place: the `header`, `preamble` (rows
    before the header), `cells`, `set_aside` (rows that are no records: totals, a row of column
    types, trailers) or `problems` (rows that can't be read).

    `header` has the headings without blanks around them, None where the file has none. `cells` has
    the columns c0 … cN (text; "" where a cell is empty, never null) in the file's order, blank
    columns included, and `line` (Int64), a row's first line in the file. Where there is a header,
    it has one heading for each of c0 … cN. Cells stand as in the file: `="0123"`, a leading
    apostrophe and words for nothing (`NULL`, `[None]`) are left to who reads the values. Cells of
    workbooks are written out: instants as 2026-10-01 13:45:10 (.250 behind it where there are
    fractions), days as 2026-10-01, times of day as 13:45:10, durations as H:MM:SS (hours go beyond
    24), figures as plain decimals (5553.2, never 5.5532E+3), truth as TRUE and FALSE.

    `delimiter` is what stands between cells, "" in a workbook and where columns stand at fixed
    places; `encoding` is "" in a workbook too. `sha256`
    is of the file as received, in hex, the same for all of its parts; `file` its name.
    """

    cells: pl.DataFrame
    header: tuple[str, ...] | None = None
    header_line: int = 0
    part: str = ""
    preamble: tuple[RowProblem, ...] = ()
    set_aside: tuple[RowProblem, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    repairs: tuple[Repair, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    file: str = ""
    sha256: str = ""

    @property
    def width(self) -> int:
        """How many columns it has."""
        return self.cells.width - 1


def to_cells(rows: Sequence[Sequence[str]], lines: Sequence[int], width: int) -> pl.DataFrame:
    """Rows of texts as a frame for RawTable.cells; shorter rows end in empty cells.

    `lines` has each row's line. No row may have more than `width` cells.
    """
    names = [f"c{index}" for index in range(width)]
    padded = [list(row) + [""] * (width - len(row)) for row in rows]
    columns = list(zip(*padded, strict=True)) if padded else [() for _ in names]
    cells = pl.DataFrame(
        dict(zip(names, columns, strict=True)), schema=dict.fromkeys(names, pl.String)
    )
    return cells.with_columns(pl.Series("line", lines, pl.Int64))
