"""Tables that are being read out of markup, row by row into files: nothing of them is in memory."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

CHUNK = 64 * 1024
"""How many bytes or characters are read at a time."""
LONGEST = 1024 * 1024
"""Of a tag, a comment or a cell's text."""
WIDEST = 1_000
"""How many columns a table may have."""
_MOST_TABLES = 1_000


class TooMuchError(Exception):
    """More than is taken in, in one word: which of what."""


@dataclass(slots=True)
class OpenCell:
    """A cell that is being read: its texts, over how many columns and rows it goes."""

    across: int
    down: int
    texts: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        """Adds text; raises TooMuchError when it gets too long."""
        self.texts.append(text)
        self.size += len(text)
        if self.size > LONGEST:
            raise TooMuchError("cell")


@dataclass(slots=True)
class OpenTable:
    """A table that is being read, and the file that its rows go to."""

    name: str
    line: int
    out: TextIO
    rows: int = 0
    width: int = 0
    filled: int = 0
    is_hidden: bool = False
    row_line: int = 0
    row: list[str] | None = None
    cell: OpenCell | None = None
    above: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Columns that a cell of an earlier row goes down through: how many rows more, and its text."""

    def fill(self, texts: Sequence[str]) -> None:
        """Adds cells to the row, behind those that come down from above."""
        self._take_above()
        if self.row is not None:
            self.row.extend(texts)

    def _take_above(self) -> None:
        while self.row is not None and len(self.row) in self.above:
            column = len(self.row)
            left, text = self.above.pop(column)
            if left > 1:
                self.above[column] = left - 1, text
            self.row.append(text)

    def end_cell(self) -> None:
        """The cell is whole."""
        if self.cell is None:
            return
        cell, self.cell = self.cell, None
        self.fill([])
        text = " ".join("".join(cell.texts).split()).replace("\x00", "")
        start = len(self.row or ())
        texts = [text, *[""] * (cell.across - 1)]
        if cell.down > 1:
            self.above |= {start + i: (cell.down - 1, each) for i, each in enumerate(texts)}
            if len(self.above) > WIDEST:
                raise TooMuchError("columns")
        if self.row is not None:
            self.row.extend(texts)


class TableFiles:
    """Writes rows of tables to N.csv: the line, the row's number among all, and the cells."""

    def __init__(self, folder: Path, most_cells: int) -> None:
        self._folder = folder
        self._left = most_cells
        self._number = 0
        self.listed: list[OpenTable] = []

    def begin(self, name: str, line: int) -> OpenTable:
        """A new table, whose file is open until somebody closes it."""
        if len(self.listed) >= _MOST_TABLES:
            raise TooMuchError("tables")
        path = self._folder / f"{len(self.listed)}.csv"
        out = path.open("w", encoding="utf-8", errors="replace", newline="")
        self.listed.append(OpenTable(name=name, line=line, out=out))
        return self.listed[-1]

    def end_row(self, table: OpenTable, number: int = 0) -> None:
        """Writes the row that is whole, if one was begun."""
        table.end_cell()
        table.fill([])
        row, table.row = table.row, None
        if row is None:
            return
        while row and not row[-1]:
            row.pop()
        self._number = number or self._number + 1
        self._left -= len(row)
        if self._left < 0 or len(row) > WIDEST:
            raise TooMuchError("cells" if self._left < 0 else "columns")
        if row:
            writer = csv.writer(table.out, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow([table.row_line, self._number, *row])
            table.rows, table.width = table.rows + 1, max(table.width, len(row))
            table.filled += sum(map(bool, row))

    def say(self) -> dict[str, object]:
        """What there is, as the process says it."""
        for table in self.listed:
            table.out.close()
        keys = ("name", "line", "rows", "width", "filled", "is_hidden")
        return {"tables": [{key: getattr(table, key) for key in keys} for table in self.listed]}


def read_span(text: str | None) -> int:
    """Over how many columns or rows a cell goes; as browsers do, 1 where it doesn't say well."""
    found = re.match(r"\s*(\d{1,5})", text or "")
    return min(max(int(found[1]), 1), 65_534) if found else 1
