"""Reads whatever file a buyer sent to tables of text: what kind of file it is shows by itself."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.delimited import read_delimited
from callrouter.adapters.buyer_files.kinds import Kind
from callrouter.adapters.buyer_files.limits import LIMITS, Limits
from callrouter.adapters.buyer_files.marked_up import read_marked_up
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.unpack import Unpacked, unpack
from callrouter.adapters.buyer_files.workbooks import read_workbook
from callrouter.domain.errors import UnreadableFileError


def read_file(path: Path, limits: Limits = LIMITS) -> tuple[RawTable, ...]:
    """The tables of a buyer's file that have rows, one for each sheet or member of a zip.

    Raises UnreadableFileError, which names file and line, where nothing of it can be relied on:
    nothing was read then.
    """
    shown = path.name
    try:
        if path.stat().st_size > limits.received_bytes:
            most = f"more than {limits.received_bytes:,} bytes"
            raise UnreadableFileError(shown, f"has {most}; send it in parts, or packed")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(shown, f"can't be opened: {error.strerror}") from error
    source = Source(file=shown, sha256=hashlib.sha256(content).hexdigest())
    if not content:
        raise source.refuse("is empty")
    files = unpack(content, source, limits)
    return _keep_filled([t for each in files for t in _read(each, limits)], source)


def _read(file: Unpacked, limits: Limits) -> Iterator[RawTable]:
    """The tables of a file that is no archive."""
    if file.kind is Kind.TEXT:
        yield read_delimited(file.content, file.source, limits)
    elif file.kind in (Kind.PAGE, Kind.XML_WORKBOOK):
        yield from read_marked_up(file.content, file.kind, file.source, limits)
    else:
        yield from read_workbook(file.content, file.source, limits)


def _keep_filled(tables: list[RawTable], source: Source) -> tuple[RawTable, ...]:
    """The tables that have records, or rows that would be; refuses a file in which none has."""
    filled = tuple(table for table in tables if len(table.cells) or table.problems)
    if filled:
        return filled
    headed = next((table for table in tables if table.header is not None), None)
    if headed is None:
        raise source.refuse("has no rows")
    raise source.refuse("has headings, but no rows below them", headed.header_line)
