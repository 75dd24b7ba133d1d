"""Puts a table together from its rows: what is a record, what stands around the records."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.raw_table import RawTable, RowProblem
from callrouter.adapters.buyer_files.shape import HeadRow, Shape, say_row, set_rows_aside
from callrouter.domain.errors import NoCallsError, UnreadableFileError


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a table comes from: the file's name, its digest, and the part of it."""

    file: str
    sha256: str
    part: str = ""

    def refuse(self, message: str, line: int = 1) -> UnreadableFileError:
        """The error that says why this can't be read."""
        return UnreadableFileError(self.file, message, part=self.part, line=line)

    def pass_over(self, message: str) -> NoCallsError:
        """The error of what needn't be read where other files come with it."""
        return NoCallsError(self.file, message, part=self.part)


def assemble(
    head: Sequence[HeadRow], shape: Shape, cells: pl.DataFrame, source: Source
) -> RawTable:
    """The table of which `head` has the first rows and `cells` all from the first record on."""
    header = None
    if shape.header is not None:
        heading = [text.strip() for text in head[shape.header].cells[: shape.width]]
        header = (*heading, *[""] * (shape.width - len(heading)))
    cells, aside = set_rows_aside(cells, header, source.part)
    if header is not None:
        header, cells = _drop_blank_edge(header, cells)
    types = _tell(head, shape.types, "the types of columns", source)
    return RawTable(
        cells=cells,
        header=header,
        header_line=0 if shape.header is None else head[shape.header].line,
        part=source.part,
        preamble=_tell(head, shape.above, "above the records", source),
        set_aside=(*types, *aside),
        file=source.file,
        sha256=source.sha256,
    )


def _drop_blank_edge(
    header: tuple[str, ...], cells: pl.DataFrame
) -> tuple[tuple[str, ...], pl.DataFrame]:
    """Without the last columns that have neither a heading nor anything in them.

    A delimiter at the ends of lines makes them.
    """
    width = len(header)
    while width > 1 and not header[width - 1]:
        if (cells.get_column(f"c{width - 1}").str.strip_chars() != "").any():
            break
        width -= 1
    if width == len(header):
        return header, cells
    dropped = [f"c{index}" for index in range(width, len(header))]
    return header[:width], cells.drop(dropped)


def _tell(
    head: Sequence[HeadRow], rows: range, message: str, source: Source
) -> tuple[RowProblem, ...]:
    """Some of the first rows, as what they are instead of records."""
    return tuple(
        RowProblem(
            part=source.part, line=head[i].line, message=message, text=say_row(head[i].cells)
        )
        for i in rows
    )
