"""Rows of text that may be broken, read one by one: each is read, mended or told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import whitespace

import polars as pl

from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.limits import Limits
from callrouter.adapters.buyer_files.quoting import (
    Broken,
    Dialect,
    repair_row,
    split_loosely,
    split_row,
)
from callrouter.adapters.buyer_files.raw_table import Repair, RowProblem, to_cells
from callrouter.adapters.buyer_files.shape import HeadRow, say_row, says_total

_JOINED_LINES = 4
"""How many lines a row may be torn into by line ends that aren't in quotes."""
_QUOTES_MENDED = "quotes that aren't doubled or not closed were taken as they stand"
_LINES_JOINED = "a line end within a cell that isn't in quotes"


@dataclass(frozen=True, slots=True)
class _Joined:
    """What several lines together are: one row's cells, where it ends, how many lines it took."""

    cells: list[str]
    end: int
    lines: int


class RowReader:
    """Reads rows from a body of UTF-8, and keeps what is to be told of them."""

    def __init__(self, body: bytes, dialect: Dialect, limits: Limits, source: Source) -> None:
        self._body = body
        self._dialect = dialect
        self.limits = limits
        self._source = source
        self._blank = dialect.delimiter + whitespace
        self._width = 0
        self._rows: list[Sequence[str]] = []
        self._lines: list[int] = []
        self.problems: list[RowProblem] = []
        self.repairs: dict[str, Repair] = {}

    def read_head(self, most: int) -> list[HeadRow]:
        """The first rows that aren't blank, before it is known how many cells a row has."""
        head: list[HeadRow] = []
        at, line = 0, 1
        while at < len(self._body) and len(head) < most:
            text, end = self._take_line(at)
            lines = 1
            if text.strip(self._blank):
                cells = split_row(text, self._dialect)
                joined = self._join_quoted(text, end) if cells is Broken.OPEN else None
                if joined is not None:
                    cells, end, lines = joined.cells, joined.end, joined.lines
                if not isinstance(cells, list):
                    cells = split_loosely(text, self._dialect)
                head.append(HeadRow(cells, line, end, line + lines))
            at, line = end, line + lines
        return head

    def read(self, width: int, at: int, until: int, line: int) -> tuple[pl.DataFrame, int, int]:
        """The rows that begin in body[at:until], which begins a row in `line`.

        Gives their cells, where the next row begins and its line: later than `until` where the
        last row goes on.
        """
        self._width, self._rows, self._lines = width, [], []
        while at < until:
            text, end = self._take_line(at)
            lines = 1
            if text.strip(self._blank):
                cells = self._fit(split_row(text, self._dialect))
                if isinstance(cells, list) and len(cells) == width:
                    self._add(cells, line)
                elif isinstance(cells, Broken) or any(cell.strip() for cell in cells):
                    end, lines = self._mend(text, cells, line, end)
            at, line = end, line + lines
        return to_cells(self._rows, self._lines, width), at, line

    def _take_line(self, at: int) -> tuple[str, int]:
        """The line that begins there, without its end, and where the next one begins."""
        found = self._body.find(b"\n", at)
        end = len(self._body) if found < 0 else found
        text = self._body[at:end].decode()
        return text.removesuffix("\r") if found >= 0 else text, end + 1

    def _fit(self, cells: list[str] | Broken) -> list[str] | Broken:
        """The cells without empty ones beyond the last column."""
        if isinstance(cells, Broken) or any(cell.strip() for cell in cells[self._width :]):
            return cells
        return cells[: self._width]

    def _add(self, cells: Sequence[str], line: int) -> None:
        self._rows.append(cells)
        self._lines.append(line)

    def _mend(self, text: str, cells: list[str] | Broken, line: int, end: int) -> tuple[int, int]:
        """Takes in a row that isn't as it should be; where the next one begins, lines taken."""
        if cells is Broken.OPEN:
            joined = self._join_quoted(text, end)
            if joined is not None and len(joined.cells) == self._width:
                self._add(joined.cells, line)
                return joined.end, joined.lines
        if isinstance(cells, Broken) or len(cells) == 1:
            repaired = repair_row(text, self._dialect, self._width)
            if repaired is not None:
                self._tell_repair(_QUOTES_MENDED, line)
                self._add(repaired, line)
                return end, 1
        if isinstance(cells, Broken):
            self._tell_problem(_say_broken(cells), line, text)
            return end, 1
        if len(cells) > self._width:
            self._tell_problem(self._say_long(len(cells)), line, text)
            return end, 1
        return self._take_short(text, cells, line, end)

    def _take_short(self, text: str, cells: list[str], line: int, end: int) -> tuple[int, int]:
        """Takes in a row with too few cells: torn in two, cut off, or without its last cells."""
        joined = self._join_torn(text, end)
        if joined is not None:
            self._tell_repair(_LINES_JOINED, line)
            self._add(joined.cells, line)
            return joined.end, joined.lines
        is_last = end > len(self._body)
        if is_last and not says_total(cells) and len(cells) > 1:
            self._tell_problem(self._say_short(len(cells), "the file was cut off here"), line, text)
        elif len(cells) > 1 or is_last:
            if not says_total(cells):
                message = f"{len(cells)} cells of {self._width}; the rest were taken as empty"
                self._tell_repair(message, line)
            self._add(cells, line)
        else:
            self._tell_problem(self._say_short(1, "it can't be a record"), line, text)
        return end, 1

    def _join_quoted(self, text: str, end: int) -> _Joined | None:
        """The row with the lines that belong to it by its quotes; None if they never close."""
        lines = 1
        while end < len(self._body) and lines < self.limits.record_lines:
            ending = "\r\n" if self._body[end - 2 : end] == b"\r\n" else "\n"
            more, end = self._take_line(end)
            text, lines = f"{text}{ending}{more}", lines + 1
            if '"' in more:
                cells = self._fit(split_row(text, self._dialect))
                if cells is not Broken.OPEN:
                    return _Joined(cells, end, lines) if isinstance(cells, list) else None
        return None

    def _join_torn(self, text: str, end: int) -> _Joined | None:
        """The row with the next lines, where only together they are as long as one."""
        lines = 1
        while end < len(self._body) and lines < _JOINED_LINES:
            more, end = self._take_line(end)
            alone = self._fit(split_row(more, self._dialect))
            if (
                not more.strip(self._blank)
                or not isinstance(alone, list)
                or len(alone) >= self._width
            ):
                return None
            text, lines = f"{text}\n{more}", lines + 1
            cells = split_row(text, self._dialect)
            if isinstance(cells, list) and len(cells) == self._width:
                return _Joined(cells, end, lines)
        return None

    def _tell_problem(self, message: str, line: int, text: str) -> None:
        shown = say_row([text])
        problem = RowProblem(part=self._source.part, line=line, message=message, text=shown)
        self.problems.append(problem)
        if len(self.problems) > self.limits.problems:
            first = self.problems[0]
            raise self._source.refuse(
                f"{len(self.problems):,} rows can't be read; the first {first.message}", first.line
            )

    def _tell_repair(self, message: str, line: int) -> None:
        known = self.repairs.get(message)
        first, rows = (known.line, known.rows + 1) if known else (line, 1)
        self.repairs[message] = Repair(
            part=self._source.part, line=first, message=message, rows=rows
        )

    def _say_long(self, cells: int) -> str:
        mark = _MARKS_IN_WORDS[self._dialect.delimiter]
        return (
            f"has {cells} cells where there are {self._width} columns; "
            f"a cell with {mark} in it must stand in quotes"
        )

    def _say_short(self, cells: int, why: str) -> str:
        return f"has {cells} cells where there are {self._width} columns; {why}"


_MARKS_IN_WORDS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


def _say_broken(broken: Broken) -> str:
    """What is wrong with a row's quotes, and what would be right."""
    if broken is Broken.OPEN:
        return 'has a quote that is never closed; a cell that begins with " must end with one'
    return 'has quotes that can mean several things; within quotes, write "" for "'
