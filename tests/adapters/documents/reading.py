"""Workbooks as tests read them."""

from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_cells(file: Path, sheet: int) -> list[list[str]]:
    """The cells of a sheet by rows, as they stand in its XML."""
    with ZipFile(file) as book:
        root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314 - our own
        names = [n for n in book.namelist() if n.endswith("sharedStrings.xml")]
        assert names == []  # texts stand in the rows, so that no list of them is kept in memory
    return [
        ["".join(cell.itertext()) for cell in row.iter(f"{_MAIN}c")]
        for row in root.iter(f"{_MAIN}row")
    ]
