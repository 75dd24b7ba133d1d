"""Tables on paper: they go on over pages, each of which begins with the header row."""

from collections.abc import Sequence
from dataclasses import dataclass

from callrouter.adapters.documents.paper import Align, Paper

_MM_OF_A_POINT = 0.3528
_LEADING = 1.25
_GAP_MM = 0.7


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what stands above it, its width, to which side its cells stand.

    A cell that is too long for its width goes on in further lines, `most_lines` in all; then it is
    cut short.
    """

    title: str
    width_mm: float
    align: Align = "L"
    most_lines: int = 1


class PaperTable:
    """A table with a header row, if its columns have titles."""

    def __init__(self, paper: Paper, columns: Sequence[Column], points: float) -> None:
        self._paper = paper
        self._columns = columns
        self._points = points
        self._step = points * _MM_OF_A_POINT * _LEADING
        self._has_head = any(column.title for column in columns)
        self._write_head()

    def row(self, cells: Sequence[str], *, bold: bool = False, faint: bool = False) -> None:
        """Write one row, on a new page when this one is full."""
        paper = self._paper
        paper.style(self._points, bold=bold, faint=faint)
        fitted = [
            paper.fit(cell, column.width_mm, column.most_lines)
            for column, cell in zip(self._columns, cells, strict=True)
        ]
        height = max(map(len, fitted)) * self._step + _GAP_MM
        if height > paper.room_mm:
            paper.add_page(same=True)
            self._write_head()
            paper.style(self._points, bold=bold, faint=faint)
        left, top = paper.l_margin, paper.get_y()
        for column, lines in zip(self._columns, fitted, strict=True):
            for i, line in enumerate(lines):
                base = top + (i + 0.8) * self._step
                paper.place(left, base, column.width_mm, line, column.align)
            left += column.width_mm
        paper.set_xy(paper.l_margin, top + height)

    def _write_head(self) -> None:
        if not self._has_head:
            return
        paper = self._paper
        paper.style(self._points, bold=True, faint=True)
        left, base = paper.l_margin, paper.get_y() + self._step
        for column in self._columns:
            paper.place(left, base, column.width_mm, column.title, column.align)
            left += column.width_mm
        paper.set_xy(paper.l_margin, base + _GAP_MM + 0.8)
        paper.rule()
        paper.ln(0.8)
