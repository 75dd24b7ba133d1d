"""An Excel workbook: sheets, and the few shapes that their cells have.

Figures are numbers and instants are dates, on the clocks of one zone; row by row, so that any
number of rows takes the same memory. Knows nothing of what is written.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.money import MICROS

MOST_ROWS = 1_000_000
"""Of one sheet; Excel has 1,048,576. What is more goes onto a further sheet."""


class Book:
    """A workbook with its formats; `zone` is whose clocks its dates are on."""

    def __init__(self, file: Path, zone: str, made_at: datetime, title: str) -> None:
        options = {
            "constant_memory": True,
            # What strangers wrote stays text.
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        self.book = xlsxwriter.Workbook(str(file), options)
        created = made_at.astimezone(UTC).replace(tzinfo=None)
        self.book.set_properties({"title": title, "created": created})
        self.zone = zone
        self.bold = self._format(bold=True)
        self.head = self._format(bold=True, bottom=1, bg_color="#E8EEF4")
        self.money = self._format(num_format="#,##0.00####")
        self.total = self._format(num_format="#,##0.00####", bold=True, top=1)
        self.seconds = self._format(num_format="0.000")
        self.date = self._format(num_format="yyyy-mm-dd")
        self.time = self._format(num_format="yyyy-mm-dd hh:mm:ss")

    def add_list(self, name: str, columns: Sequence[tuple[str, int]]) -> Worksheet:
        """A sheet with a header that stays when it is scrolled, and can be filtered."""
        sheet: Worksheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for i, (title, width) in enumerate(columns):
            sheet.set_column(i, i, width)
            sheet.write_string(0, i, title, self.head)
        return sheet

    def write_time(self, sheet: Worksheet, row: int, column: int, at: datetime) -> None:
        """An instant on the clocks of the zone."""
        wall = find_wall_time(self.zone, at).replace(tzinfo=None)
        sheet.write_datetime(row, column, wall, self.time)

    def write_money(
        self, sheet: Worksheet, row: int, column: int, micros: int, shape: Format | None = None
    ) -> None:
        """An amount as a number."""
        sheet.write_number(row, column, Decimal(micros) / MICROS, shape or self.money)

    def write_seconds(self, sheet: Worksheet, row: int, column: int, ms: int) -> None:
        """A duration as a number of seconds."""
        sheet.write_number(row, column, Decimal(ms) / 1000, self.seconds)

    def _format(self, **properties: object) -> Format:
        made: Format = self.book.add_format(properties)
        return made
