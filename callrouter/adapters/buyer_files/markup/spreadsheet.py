"""The sheets of a workbook that Excel 2003 wrote as XML."""

from datetime import datetime
from xml.parsers import expat

from callrouter.adapters.buyer_files.markup.table_files import (
    CHUNK,
    WIDEST,
    OpenCell,
    OpenTable,
    TableFiles,
    TooMuchError,
    read_span,
)
from callrouter.adapters.buyer_files.sheet_writer import write_cell

_DAY_0 = datetime(1899, 12, 31)  # noqa: DTZ001 — where spreadsheets' clocks start, in no zone
_LAST_DURATION = datetime(1900, 12, 31)  # noqa: DTZ001
"""What lies in the first year of spreadsheets is how long something took."""


class Spreadsheet:
    """The sheets of an Excel 2003 XML."""

    def __init__(self, tables: TableFiles) -> None:
        self._tables = tables
        self._table: OpenTable | None = None
        self._number = 0
        self._type = ""
        self._in_comment = False
        self._said: list[str] | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self, content: bytes) -> None:
        """All of a file."""
        for at in range(0, len(content), CHUNK):
            self._parser.Parse(content[at : at + CHUNK], False)
        self._parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        """What declares a type of its own can declare entities without end."""
        raise TooMuchError("entities")

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        of = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        table = self._table
        match tag.rpartition(" ")[2]:
            case "Worksheet":
                line = self._parser.CurrentLineNumber
                self._table, self._number = self._tables.begin(of.get("Name", ""), line), 0
            case "Row" if table is not None:
                index = of.get("Index", "")
                self._number = int(index) if index.isdecimal() else self._number + 1
                table.row, table.row_line = [], self._number
            case "Cell" if table is not None and table.row is not None:
                self._begin_cell(table, table.row, of)
            case "Comment":
                self._in_comment = True
            case "Data" if not self._in_comment:
                self._type = of.get("Type", "String")
            case "Visible":
                self._said = []

    def _begin_cell(self, table: OpenTable, row: list[str], of: dict[str, str]) -> None:
        index = of.get("Index", "")
        if index.isdecimal() and int(index) <= WIDEST:
            row.extend([""] * (int(index) - 1 - len(row)))
        across = read_span(of.get("MergeAcross", "0")) if of.get("MergeAcross", "0") != "0" else 0
        table.cell = OpenCell(min(across + 1, WIDEST), 1)

    def _end(self, tag: str) -> None:
        table = self._table
        if table is None:
            return
        match tag.rpartition(" ")[2]:
            case "Comment":
                self._in_comment = False
            case "Data" if table.cell is not None and self._type:
                table.cell.texts = [_write_out("".join(table.cell.texts), self._type)]
                self._type = ""
            case "Cell":
                table.end_cell()
            case "Row":
                self._tables.end_row(table, self._number)
            case "Worksheet":
                table.out.close()
                self._table = None
            case "Visible":
                table.is_hidden = "".join(self._said or ()).endswith("Hidden")
                self._said = None

    def _add(self, text: str) -> None:
        cell = self._table.cell if self._table is not None else None
        if self._said is not None:
            self._said.append(text)
        elif cell is not None and self._type:
            cell.add(text)


def _write_out(text: str, kind: str) -> str:
    """A cell's text as RawTable has it; as it stands where it isn't what its type says."""
    try:
        match kind:
            case "DateTime":
                instant = datetime.fromisoformat(text)
                return write_cell(instant - _DAY_0 if instant <= _LAST_DURATION else instant)
            case "Number":
                return write_cell(float(text))
            case "Boolean":
                return write_cell(text == "1")
    except (ValueError, OverflowError, TypeError):
        return text
    return text
