"""What kind of file some bytes are, by how they begin: names and extensions are often wrong."""

import re
from enum import StrEnum

LOOKED_AT = 4096
"""How many bytes the answer needs."""


class Kind(StrEnum):
    """What can be done with a file."""

    TEXT = "text"
    GZIP = "gzip"
    ZIP = "zip"
    """A zip of files, or a workbook, which is one too."""
    OLD_WORKBOOK = "old workbook"
    """XLS, or a workbook under a password: both come in the same wrapping."""
    PAGE = "web page"
    """HTML, which web consoles send as .xls."""
    XML_WORKBOOK = "XML workbook"
    """What Excel 2003 saved as XML."""


_READ = ((b"\x1f\x8b", Kind.GZIP), (b"PK\x03\x04", Kind.ZIP), (b"PK\x05\x06", Kind.ZIP))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BARE_XLS = (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00", b"\x09\x00\x04\x00")
_REFUSED = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"SQLite format 3", "a database"),
    (b"RIFF", "a recording or film"),
    (b"OggS", "a recording"),
    (b"ID3", "a recording"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
BESIDE_CALLS = frozenset(
    {"a PDF", "an image", "a text document (RTF)", "a text document (DOCX)", "a recording"}
    | {"a recording or film"}
)
"""What comes along with calls, and is no other form of them."""
_TAR_MARK = slice(257, 262)
_PAGE = re.compile(
    rb"\s*(?:<\?xml\b[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|link"
    rb"|style|script|center|font|div|span|p|table|thead|tbody|tr)\b",
    re.IGNORECASE | re.DOTALL,
)
_SAVED_PAGE = re.compile(rb"\s*MIME-Version: *1", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b")
_SHEETS = b"urn:schemas-microsoft-com:office:spreadsheet"
_JSON = re.compile(rb'\s*(?:\[\s*\{|\{\s*")')
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def find_kind(beginning: bytes) -> Kind | str:
    """The kind of a file, or in words what it is instead ("a PDF")."""
    for mark, kind in _READ:
        if beginning.startswith(mark):
            return kind
    if beginning.startswith((_OLE, *_BARE_XLS)):
        return Kind.OLD_WORKBOOK
    for mark, words in _REFUSED:
        if beginning.startswith(mark):
            return words
    if beginning[_TAR_MARK] == b"ustar":
        return "a tar archive"
    return _look_at_text(beginning)


def _look_at_text(beginning: bytes) -> Kind | str:
    """TEXT, or markup, or what else a text is that isn't rows and columns."""
    plain = beginning.replace(b"\x00", b"")  # so that UTF-16 is seen through as well
    for mark in _MARKS:
        plain = plain.removeprefix(mark)
    if _PAGE.match(plain):
        return Kind.PAGE
    if _SAVED_PAGE.match(plain):
        return "a web page saved as one file (MHTML)"
    if _XML.match(plain):
        return Kind.XML_WORKBOOK if _SHEETS in plain else "an XML file"
    if _JSON.match(plain):
        return "a JSON file"
    return Kind.TEXT
