"""A text of rows and cells, read: in bulk where it is clean, row by row where it isn't."""

from dataclasses import replace

import polars as pl

from callrouter.adapters.buyer_files.assembly import Source, assemble
from callrouter.adapters.buyer_files.fast_rows import Stretch, count_byte, read_clean_rows
from callrouter.adapters.buyer_files.fixed_width import find_fixed_columns, read_fixed_width
from callrouter.adapters.buyer_files.limits import Limits
from callrouter.adapters.buyer_files.quoting import Dialect
from callrouter.adapters.buyer_files.raw_table import RawTable, Repair
from callrouter.adapters.buyer_files.row_by_row import RowReader
from callrouter.adapters.buyer_files.shape import MOST_ABOVE, HeadRow, Shape, find_shape
from callrouter.adapters.buyer_files.sniff import Text, agree_on, decode, find_dialect

_DIVIDED = 0.5
"""So many lines must agree on how many cells a delimiter makes, or it may be none."""
_BLOCK_BYTES = 256 * 1024
_HEAD_BYTES = 256 * 1024
_HEAD_ROWS = 2 * MOST_ABOVE


def read_delimited(content: bytes, source: Source, limits: Limits) -> RawTable:
    """The table that a text's bytes hold; it may have no rows.

    Raises UnreadableFileError where it isn't a text, isn't divided into cells, or is too much.
    """
    text = decode(content)
    if isinstance(text, int):
        line = content.count(b"\n", 0, text) + 1
        raise source.refuse("has bytes that no text has; export it as CSV or XLSX", line)
    _check_size(text.content, source, limits)
    lines = text.content[:_HEAD_BYTES].decode(errors="replace").splitlines()
    if not any(line.strip() for line in lines):
        raise source.pass_over("is empty")
    dialect = find_dialect(lines)
    if dialect is None or agree_on(lines, dialect) < _DIVIDED:
        columns = find_fixed_columns(lines)
        if columns is not None:
            table = read_fixed_width(text.content.decode(), columns, source, limits)
            return replace(table, encoding=text.encoding, repairs=_tell_stray(text, source))
    if dialect is None:
        marks = "no comma, semicolon, tab or bar divides its lines"
        raise source.pass_over(f"has no columns: {marks}, nor do blanks at the same places")
    return _read_table(text, dialect, source, limits)


def _check_size(body: bytes, source: Source, limits: Limits) -> None:
    """Refuses lines that are too long, and more rows than are taken in."""
    at = 0
    while len(body) - at > limits.line_bytes:
        end = body.rfind(b"\n", at, at + limits.line_bytes)
        if end < 0:
            line = body.count(b"\n", 0, at) + 1
            raise source.refuse(f"a line is longer than {limits.line_bytes:,} bytes", line)
        at = end + 1
    if len(body) > limits.rows and count_byte(Stretch(body).bytes, ord("\n")) > limits.rows:
        message = f"has more than {limits.rows:,} lines; send it in parts"
        raise source.refuse(message, limits.rows + 1)


def _read_table(text: Text, dialect: Dialect, source: Source, limits: Limits) -> RawTable:
    """The table of a text whose dialect is known."""
    reader = RowReader(text.content, dialect, limits, source)
    head = reader.read_head(_HEAD_ROWS)
    shape = find_shape([row.cells for row in head])
    _check_width(text.content, dialect, shape, source, limits)
    cells = _read_body(text.content, dialect, _find_start(head, shape), shape.width, reader)
    table = assemble(head, shape, cells, source)
    return replace(
        table,
        problems=tuple(reader.problems),
        repairs=(*reader.repairs.values(), *_tell_stray(text, source)),
        encoding=text.encoding,
        delimiter=dialect.mark,
    )


def _check_width(
    body: bytes, dialect: Dialect, shape: Shape, source: Source, limits: Limits
) -> None:
    """Refuses more columns or cells than are taken in."""
    if shape.width > limits.columns:
        raise source.refuse(f"has {shape.width:,} columns; at most {limits.columns:,} are read")
    if (
        len(body) > limits.cells
        and count_byte(Stretch(body).bytes, ord(dialect.delimiter)) > limits.cells
    ):
        raise source.refuse(f"has more than {limits.cells:,} cells; send it in parts")


def _find_start(head: list[HeadRow], shape: Shape) -> tuple[int, int]:
    """Where the first record begins, or what may be one, and its line."""
    if shape.first == 0:
        return 0, 1
    last = head[shape.first - 1]
    return last.end, last.next_line


def _read_body(
    body: bytes, dialect: Dialect, start: tuple[int, int], width: int, reader: RowReader
) -> pl.DataFrame:
    """All rows from there on: at once, or else in blocks, of which only some are read slowly."""
    at, line = start
    most = reader.limits.record_lines
    whole = read_clean_rows(Stretch(body, at, line), dialect, width, most)
    if whole is not None:
        return whole
    blocks: list[pl.DataFrame] = []
    while at < len(body):
        cut = body.find(b"\n", at + _BLOCK_BYTES) + 1 or len(body)
        block = body[at:cut]
        cells = read_clean_rows(Stretch(block, 0, line), dialect, width, most)
        if cells is None:
            cells, at, line = reader.read(width, at, cut, line)
        else:
            at, line = cut, line + block.count(b"\n")
        blocks.append(cells)
    return pl.concat(blocks) if blocks else reader.read(width, at, at, line)[0]


def _tell_stray(text: Text, source: Source) -> tuple[Repair, ...]:
    """That some bytes weren't in the encoding of the rest, or are marks that nobody sees."""
    told = (
        (text.stray, "bytes that aren't UTF-8 were read as Western European"),
        (text.unseen, "marks that nobody sees were taken out"),
    )
    return tuple(
        Repair(part=source.part, line=1, message=f"{count:,} {words}", rows=count)
        for count, words in told
        if count
    )
