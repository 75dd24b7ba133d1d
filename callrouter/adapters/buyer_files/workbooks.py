"""Sheets of XLSX, XLS and ODS workbooks, read: formulas are what they last came to, or text."""

import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from polars.exceptions import NoDataError

from callrouter.adapters.buyer_files.apart import run_apart
from callrouter.adapters.buyer_files.assembly import Source, assemble
from callrouter.adapters.buyer_files.limits import Limits
from callrouter.adapters.buyer_files.raw_table import RawTable, Repair
from callrouter.adapters.buyer_files.shape import MOST_ABOVE, HeadRow, find_shape
from callrouter.adapters.buyer_files.sniff import take_out_unseen
from callrouter.adapters.buyer_files.unpack import DAMAGED

_WRITER = Path(__file__).with_name("sheet_writer.py")
_SHOWN = 80
_ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
"""What an XLSX under a password has in its list of streams."""


def read_workbook(content: bytes, source: Source, limits: Limits) -> Iterator[RawTable]:
    """A table for each visible sheet that has cells; it may have no rows.

    Raises UnreadableFileError where it is under a password, damaged or too much.
    """
    if _ENCRYPTED_MARK in content:
        raise source.refuse("is a workbook under a password; send it without one")
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"workbook{_find_ending(content)}"
        path.write_bytes(content)
        sheets, hidden = _write_sheets(path, source, limits)
        notes = tuple(
            Repair(part=name, line=1, message="a hidden sheet, which isn't read", rows=0)
            for name in hidden
        )
        for index, name in enumerate(sheets):
            part = " / ".join(each for each in (source.part, name) if each)
            of_sheet = replace(source, part=part) if len(sheets) > 1 else source
            table = _read_sheet(Path(folder) / f"{index}.csv", of_sheet, limits)
            if table is not None:
                yield replace(table, repairs=notes)
                notes = ()


def _find_ending(content: bytes) -> str:
    """The ending of a workbook's name that tells its kind, whatever ending it came with."""
    if not content.startswith(b"PK"):
        return ".xls"
    try:
        with zipfile.ZipFile(BytesIO(content)) as opened:
            members = opened.NameToInfo
    except DAMAGED:
        return ".xlsx"
    if "xl/workbook.bin" in members:
        return ".xlsb"
    return ".ods" if "content.xml" in members else ".xlsx"


def _write_sheets(path: Path, source: Source, limits: Limits) -> tuple[list[str], list[str]]:
    """The names of a workbook's sheets, written as CSV files beside it, and of those hidden."""
    command = [sys.executable, "-I", str(_WRITER), str(path), str(path.parent)]
    said = run_apart(command, "a workbook", source, limits)
    if said.get("error") == "password":
        raise source.refuse("is a workbook under a password; send it without one")
    if said.get("error") == "size":
        raise source.refuse(f"has a sheet of more than {limits.cells:,} cells; send it in parts")
    if "error" in said:
        why = said["error"][:_SHOWN] or "damaged"
        raise source.refuse(f"is a workbook that can't be read ({why}); save it as CSV")
    return said["sheets"], said["hidden"]


def _read_sheet(path: Path, source: Source, limits: Limits) -> RawTable | None:
    """The table of one sheet; None where it has no cells."""
    try:
        content, _ = take_out_unseen(path.read_bytes())
        rows = pl.read_csv(
            content, has_header=False, infer_schema=False, empty_string_is_null=False
        )
    except NoDataError:
        return None
    if rows.width - 1 > limits.columns:
        raise source.refuse(f"has {rows.width - 1:,} columns; at most {limits.columns:,} are read")
    if len(rows) > limits.rows or len(rows) * rows.width > limits.cells:
        raise source.refuse("has too many rows; send it in parts")
    columns = rows.get_columns()
    cells = pl.DataFrame([c.alias(f"c{index}") for index, c in enumerate(columns[1:])])
    return assemble_sheet(cells.with_columns(columns[0].cast(pl.Int64).alias("line")), source)


def assemble_sheet(cells: pl.DataFrame, source: Source) -> RawTable:
    """The table of a sheet's cells, c0 … and `line`, of which at least one isn't blank."""
    head = _read_head(cells)
    shape = find_shape([row.cells for row in head])
    shape = replace(shape, width=cells.width - 1)
    first = head[shape.first].line if shape.first < len(head) else head[-1].line + 1
    return assemble(head, shape, cells.filter(pl.col("line") >= first), source)


def _read_head(cells: pl.DataFrame) -> list[HeadRow]:
    """The first rows that aren't blank."""
    rows = cells.head(4 * MOST_ABOVE).rows()
    filled = [row for row in rows if any(cell.strip() for cell in row[:-1])]
    return [HeadRow(list(row[:-1]), row[-1]) for row in filled[: 2 * MOST_ABOVE]]
