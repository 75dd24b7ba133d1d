"""Reads whatever file a buyer sent to tables of text: what kind of file it is shows by itself."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.delimited import read_delimited
from callrouter.adapters.buyer_files.kinds import Kind
from callrouter.adapters.buyer_files.limits import LIMITS, Limits
from callrouter.adapters.buyer_files.marked_up import read_marked_up
from callrouter.adapters.buyer_files.raw_table import RawTable, RowProblem
from callrouter.adapters.buyer_files.unpack import Unpacked, unpack
from callrouter.adapters.buyer_files.workbooks import read_workbook
from callrouter.domain.errors import NoCallsError, UnreadableFileError

_README = re.compile(r"read.?me|licen[cs]e|disclaimer|liesmich|lisez.?moi|leeme")
_WRITTEN = ("", ".txt", ".md", ".htm", ".html", ".rst")


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
    tables: list[RawTable] = []
    aside: list[RowProblem] = []
    for each in unpack(content, source, limits):
        try:
            tables += _read(each, limits)
        except NoCallsError as error:
            if not each.source.part:
                raise
            message = f"left aside: {error.problem.message}"
            aside.append(RowProblem(part=each.source.part, line=1, message=message))
    if aside and not tables:
        first = f"{aside[0].part} {aside[0].message}"
        raise source.refuse(f"is a zip without a list of calls; {first}")
    head, *others = _keep_filled(tables, source)
    return replace(head, problems=(*aside, *head.problems)), *others


def _read(file: Unpacked, limits: Limits) -> Iterator[RawTable]:
    """The tables of a file that is no archive."""
    name = PurePosixPath(file.source.part.lower())
    if not isinstance(file.kind, Kind):
        raise file.source.pass_over(f"is {file.kind}; send the calls as CSV or XLSX")
    if name.suffix in _WRITTEN and _README.search(name.stem):
        raise file.source.pass_over("is something to read, by its name")
    if file.kind is Kind.TEXT:
        yield read_delimited(file.content, file.source, limits)
    elif file.kind in (Kind.PAGE, Kind.XML_WORKBOOK):
        yield from read_marked_up(file.content, file.kind, file.source, limits)
    else:
        yield from read_workbook(file.content, file.source, limits)


def _keep_filled(tables: list[RawTable], source: Source) -> tuple[RawTable, ...]:
    """The tables that have records, or rows that would be; refuses a file in which none has."""
    filled = tuple(table for table in tables if len(table.cells) or table.problems)
    if any(len(table.cells) for table in filled):
        return filled
    if filled:
        first = filled[0].problems[0]
        raise source.refuse(f"has no row that can be read; the first {first.message}", first.line)
    headed = next((table for table in tables if table.header is not None), None)
    if headed is None:
        raise source.refuse("has no rows")
    raise source.refuse("has headings, but no rows below them", headed.header_line)
