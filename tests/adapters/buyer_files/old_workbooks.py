"""Workbooks that no library at hand writes: the old XLS, and ODS, as small as they can be."""

import io
import struct
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)


def write_ods(
    rows: Sequence[Sequence[str | float]], sheet: str = "Calls", *, is_under_password: bool = False
) -> bytes:
    """An ODS of one sheet; a text that begins with PT is a duration."""
    lines = "".join(
        f"<table:table-row>{''.join(_write_ods_cell(cell) for cell in row)}</table:table-row>"
        for row in rows
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {_NAMESPACES}><office:body>'
        f'<office:spreadsheet><table:table table:name="{sheet}">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        opened.writestr("META-INF/manifest.xml", _write_manifest(is_under_password))
        opened.writestr("content.xml", content)
    return packed.getvalue()


def _write_manifest(is_under_password: bool) -> str:
    urn = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    secret = '<manifest:encryption-data manifest:checksum="x"/>' if is_under_password else ""
    entry = 'manifest:full-path="content.xml" manifest:media-type="text/xml"'
    return (
        f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{urn}">'
        f"<manifest:file-entry {entry}>{secret}</manifest:file-entry></manifest:manifest>"
    )


def _write_ods_cell(cell: str | float) -> str:
    if isinstance(cell, float):
        kind = f'office:value-type="float" office:value="{cell}"'
    elif cell.startswith("PT"):
        kind = f'office:value-type="time" office:time-value="{cell}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(cell))}</text:p></table:table-cell>"


def write_xls(
    rows: Sequence[Sequence[str | float]], sheet: str = "Calls", *, is_under_password: bool = False
) -> bytes:
    """An XLS (BIFF8) of one sheet."""
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 6))
    if is_under_password:
        start += _record(0x002F, struct.pack("<HH", 1, 1) + bytes(52))
    end = _record(0x000A, b"")
    name = struct.pack("<BB", len(sheet), 0) + sheet.encode("latin-1")
    offset = len(start) + 4 + 6 + len(name) + len(end)
    book = start + _record(0x0085, struct.pack("<IH", offset, 0) + name) + end
    cells = b"".join(
        _write_xls_cell(row, column, cell)
        for row, line in enumerate(rows)
        for column, cell in enumerate(line)
    )
    inner = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 6)) + cells + end
    return _wrap("Workbook", book + inner)


def _write_xls_cell(row: int, column: int, cell: str | float) -> bytes:
    at = struct.pack("<HHH", row, column, 0)
    if isinstance(cell, float):
        return _record(0x0203, at + struct.pack("<d", cell))
    text = cell.encode("latin-1")
    return _record(0x0204, at + struct.pack("<HB", len(text), 0) + text)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _wrap(name: str, stream: bytes) -> bytes:
    """A compound file of one stream: header, its table of sectors, its directory, the stream."""
    stream = stream.ljust(4096, b"\0")
    stream += bytes(-len(stream) % _SECTOR)
    sectors = len(stream) // _SECTOR
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0
    )
    header += struct.pack("<I", 0) + struct.pack("<I", _FREE) * 108
    table = [_FAT, _END, *(index + 3 for index in range(sectors - 1)), _END]
    table += [_FREE] * (_SECTOR // 4 - len(table))
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry(name, 2, _FREE, 2, len(stream))
    return (
        header + struct.pack(f"<{len(table)}I", *table) + directory.ljust(_SECTOR, b"\0") + stream
    )


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    entry = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide), kind, 1)
    entry += struct.pack("<III", _FREE, _FREE, child) + bytes(36)
    return entry + struct.pack("<IQ", start, size)
