"""Tables of web pages, which consoles send as .xls, and of Excel 2003's XML workbooks, read."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from callrouter.adapters.buyer_files.apart import run_apart
from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.kinds import Kind
from callrouter.adapters.buyer_files.limits import Limits
from callrouter.adapters.buyer_files.raw_table import RawTable, Repair, RowProblem
from callrouter.adapters.buyer_files.sniff import decode, take_out_unseen
from callrouter.adapters.buyer_files.workbooks import assemble_sheet

_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from callrouter.adapters.buyer_files.markup.process import main; main(sys.argv[1:])"
)
_ROOT = str(Path(__file__).parents[3])
_SAYS_ENCODING = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_BY_PAGES = re.compile(
    r"(?:windows-|cp)125\d|iso-8859-\d{1,2}|shift_jis|euc-(?:jp|kr)|gb(?:2312|k|18030)|big5"
    r"|koi8-[ru]|macintosh"
)
_LOOKED_AT = 4096
_MIDNIGHT = r"^\d{4}-\d{2}-\d{2} 00:00:00$"
_PART_OF_LARGEST = 0.1
_TOO_MUCH = {
    "cells": "has more cells than are read; send it in parts",
    "columns": "has more than 1,000 columns",
    "tables": "has more than 1,000 tables: send the one of the calls as CSV",
    "depth": "has tables within tables within tables, too deep: send the one of the calls as CSV",
    "tag": "has a tag or a comment of more than 1 MiB, or one that never ends",
    "cell": "has a cell of more than 1 MiB",
    "entities": "declares a document type of its own, as no workbook does; save it as CSV",
    "damaged": "is damaged; save it as CSV",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A table that was found: its place among them, where it begins, how large it is."""

    index: int
    name: str
    line: int
    rows: int
    width: int
    filled: int
    is_hidden: bool


def read_marked_up(
    content: bytes, kind: Kind, source: Source, limits: Limits
) -> Iterator[RawTable]:
    """The tables of a page that may be calls, or the visible sheets of an XML workbook.

    A page's smaller tables are what it is laid out with, or sums: they are told of as problems.
    Raises UnreadableFileError where there is no table, too much of something, or it is damaged.
    """
    is_page = kind is Kind.PAGE
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("page.html" if is_page else "workbook.xml")
        path.write_bytes(_decode_page(content, source) if is_page else content)
        command = [sys.executable, "-I", "-c", _START, _ROOT, str(path), folder]
        said = run_apart(command, "a web page" if is_page else "an XML workbook", source, limits)
        if "error" in said:
            raise source.refuse(_TOO_MUCH[said["error"]])
        listed = [_Listed(index=i, **each) for i, each in enumerate(said["tables"])]
        groups = _choose(listed) if is_page else [[each] for each in listed if each.rows]
        if is_page and not groups:
            message = "is a web page without a table of several rows; was it the page to log in?"
            raise source.pass_over(f"{message} Send the calls as CSV or XLSX")
        yield from _read_groups(Path(folder), listed, groups, source, limits)


def _decode_page(content: bytes, source: Source) -> bytes:
    """The page as UTF-8: as its mark or its bytes say, or else as the page itself says."""
    named = _SAYS_ENCODING.search(content[:_LOOKED_AT])
    name = named[1].decode("ascii", "replace").lower() if named else ""
    name = "cp1252" if name in ("iso-8859-1", "latin1", "us-ascii") else name  # as browsers do
    text = decode(content)
    if isinstance(text, int):
        line = content.count(b"\n", 0, text) + 1
        raise source.refuse("has bytes that no text has; export it as CSV or XLSX", line)
    if text.encoding not in ("utf-8", "utf-16", "utf-32") and _BY_PAGES.fullmatch(name):
        return content.decode(name, errors="replace").encode()
    return text.content


def _choose(listed: Sequence[_Listed]) -> list[list[_Listed]]:
    """The largest table and those like it, in order; pieces of one table stand together."""
    tables = [each for each in listed if each.rows > 1 and each.width > 1]
    if not tables:
        return []
    largest = max(tables, key=lambda each: each.filled)
    enough = max(2, _PART_OF_LARGEST * largest.rows)
    kept = [
        each
        for each in listed
        if each.rows and (each.width == largest.width or (each.width > 2 and each.rows >= enough))
    ]
    groups: list[list[_Listed]] = []
    for each in kept:
        if groups and groups[-1][-1].width == each.width:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _read_groups(
    folder: Path,
    listed: Sequence[_Listed],
    groups: Sequence[Sequence[_Listed]],
    source: Source,
    limits: Limits,
) -> Iterator[RawTable]:
    """A table for each group; the first tells which others there are."""
    shown = [group for group in groups if not group[0].is_hidden]
    taken = {each.index for group in groups for each in group}
    problems = tuple(_tell_aside(each, source) for each in listed if _is_told(each, taken))
    repairs = tuple(
        Repair(part=each.name, line=1, message="a hidden sheet, which isn't read", rows=0)
        for each in listed
        if each.is_hidden
    )
    for group in shown:
        part = " / ".join(each for each in (source.part, group[0].name) if each)
        of_group = replace(source, part=part) if len(shown) > 1 else source
        width = max(each.width for each in group)
        cells = pl.concat([_read_cells(folder, each, width, of_group, limits) for each in group])
        table = assemble_sheet(_with_lines(cells), of_group)
        yield replace(table, problems=problems, repairs=repairs)
        problems, repairs = (), ()


def _is_told(each: _Listed, taken: set[int]) -> bool:
    return each.index not in taken and each.rows > 1 and each.width > 1


def _tell_aside(each: _Listed, source: Source) -> RowProblem:
    message = f"a table of {each.rows:,} rows beside that of the calls, which isn't read"
    return RowProblem(part=source.part, line=each.line, message=message)


def _read_cells(
    folder: Path, each: _Listed, width: int, source: Source, limits: Limits
) -> pl.DataFrame:
    """The rows of one table: `at` and `number`, and c0 …; days stand without a midnight."""
    if each.rows > limits.rows or each.rows * width > limits.cells:
        raise source.refuse("has too many rows; send it in parts", each.line)
    if width > limits.columns:
        raise source.refuse(f"has {width:,} columns; at most {limits.columns:,} are read")
    names = [f"c{index}" for index in range(width)]
    content, _ = take_out_unseen((folder / f"{each.index}.csv").read_bytes())
    widest = ",".join(["0", "0", *[""] * width]).encode()  # rows are as long as what is in them
    rows = (
        pl.read_csv(
            widest + b"\n" + content,
            has_header=False,
            schema=dict.fromkeys(("at", "number"), pl.Int64) | dict.fromkeys(names, pl.String),
            empty_string_is_null=False,
        )
        .slice(1)
        .with_columns(pl.col(names).fill_null(""))
    )
    days = [name for name in names if _holds_days(rows[name])]
    return rows.with_columns(pl.col(days).str.strip_suffix(" 00:00:00"))


def _holds_days(texts: pl.Series) -> bool:
    """Whether all instants of an XML workbook's column are midnights: it has no other days."""
    instants = texts.filter(texts.str.contains(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"))
    return bool(len(instants)) and bool(instants.str.contains(_MIDNIGHT).all())


def _with_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """The cells with `line`: where each row begins; its number where several stand in a line."""
    is_apart = rows["at"].n_unique() == len(rows)
    return rows.drop("at", "number").with_columns(
        rows["at" if is_apart else "number"].alias("line")
    )
