"""Guesses how a text is written: its encoding, its line ends, what stands between its cells."""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from charset_normalizer import from_bytes

from callrouter.adapters.buyer_files.quoting import Dialect, split_loosely, split_row

_SAMPLE_BYTES = 64 * 1024
_SAMPLE_LINES = 100
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EIGHT_BIT = ["cp1250", "cp1251", "cp1254", "shift_jis", "gb18030", "big5"]
"""What systems write if neither UTF-8 nor cp1252; with more to choose from, more goes wrong."""
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UNSEEN = re.compile(
    rb"\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xa4\xa6-\xaf]|\xd8\x9c|\xef\xbb\xbf|\xc2\xad"
)
"""In UTF-8 the marks of Unicode that turn the direction of a text or have no width."""
_BEYOND_ASCII = bytes(range(128, 256))
_CP1252_HOLES = "cp1252_with_holes"
_STRAY = "stray_bytes_as_cp1252"


@dataclass(frozen=True, slots=True)
class Text:
    r"""A text as UTF-8 with \n or \r\n at line ends, and what it was before.

    `stray` counts bytes that weren't in the encoding and were read as cp1252, `unseen` the marks
    that nobody sees and that were taken out.
    """

    content: bytes
    encoding: str
    stray: int = 0
    unseen: int = 0


def take_out_unseen(content: bytes) -> tuple[bytes, int]:
    """UTF-8 without the marks that nobody sees, and how many there were.

    Telephones leave them round numbers; they keep ids apart that look alike, and can make a text
    look like another one wherever it is shown.
    """
    return (content, 0) if content.isascii() else _UNSEEN.subn(b"", content)


def decode(content: bytes) -> Text | int:
    """The text of a file's bytes; the place of the first byte that says it isn't text."""
    text = _decode(content)
    if isinstance(text, int):
        return text
    seen, unseen = take_out_unseen(text.content)
    return replace(text, content=seen, unseen=unseen)


def _decode(content: bytes) -> Text | int:
    encoding, mark = _find_mark(content)
    body = (content[len(mark) :] if mark else content).removesuffix(b"\x1a")  # DOS's end of file
    if not encoding:
        encoding = _find_wide(body)
    if encoding and encoding != "utf-8":
        wide = body.decode(encoding, errors="replace")
        zero = wide.find("\x00")
        if zero >= 0:
            return len(wide[:zero].encode(encoding)) + len(mark)
        return Text(
            _with_line_ends(wide.encode()), encoding.removesuffix("-le").removesuffix("-be")
        )
    zero = body.find(b"\x00")
    if zero < 0:
        zero = _find_control(body)
    return zero + len(mark) if zero >= 0 else _decode_bytes(body)


def _find_control(body: bytes) -> int:
    """Where the first control character stands if too many are for a text; -1 otherwise."""
    sample = body[: 4 * _SAMPLE_BYTES]
    found = _CONTROL.findall(sample)
    return sample.find(found[0]) if len(found) * 100 > len(sample) else -1


def _find_mark(content: bytes) -> tuple[str, bytes]:
    """The encoding that the mark at a file's beginning says, and the mark; both may be empty."""
    return next(((name, mark) for mark, name in _MARKS if content.startswith(mark)), ("", b""))


def _find_wide(body: bytes) -> str:
    """UTF-16 without a mark, seen by every other byte being 0; "" otherwise."""
    sample = body[: _SAMPLE_BYTES & ~1]
    half = len(sample) // 2
    if half < 2:
        return ""
    if sample[1::2].count(0) > 0.7 * half and not sample[::2].count(0):
        return "utf-16-le"
    if sample[::2].count(0) > 0.7 * half and not sample[1::2].count(0):
        return "utf-16-be"
    return ""


def _decode_bytes(body: bytes) -> Text:
    """A text of 8-bit units: UTF-8 unless it can't be."""
    if body.isascii():
        return Text(_with_line_ends(body), "utf-8")
    try:
        codecs.utf_8_decode(body, "strict", True)
    except UnicodeDecodeError:
        return _decode_other(body)
    return Text(_with_line_ends(body), "utf-8")


def _decode_other(body: bytes) -> Text:
    """A text that isn't UTF-8 throughout: some stray bytes in it, or another encoding."""
    loose = body.decode("utf-8", errors="replace")
    stray = loose.count("\ufffd")
    whole = len(loose) - len(body.translate(None, _BEYOND_ASCII)) - stray
    if whole > stray:
        return Text(_with_line_ends(body.decode("utf-8", errors=_STRAY).encode()), "utf-8", stray)
    sample = _sample_not_ascii(body)
    best = from_bytes(sample, cp_isolation=["cp1252"]).best()
    best = best or from_bytes(sample, cp_isolation=_EIGHT_BIT).best()
    encoding = best.encoding.replace("_", "-") if best else "cp1252"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:  # the sample was all right, the rest isn't
        encoding, text = "cp1252", body.decode("cp1252", errors=_CP1252_HOLES)
    return Text(_with_line_ends(text.encode()), encoding)


def _sample_not_ascii(body: bytes) -> bytes:
    """The lines that have a byte beyond ASCII, as far as they fit the sample."""
    sample: list[bytes] = []
    size = 0
    for line in body[: 256 * _SAMPLE_BYTES].splitlines():
        if not line.isascii():
            sample.append(line[:1000])
            size += len(sample[-1])
            if size > _SAMPLE_BYTES:
                break
    return b"\n".join(sample) or body[:_SAMPLE_BYTES]


def _with_line_ends(body: bytes) -> bytes:
    r"""The text with \n at the ends of lines where it has only \r, as old Macs' Excel writes."""
    if b"\r" in body and b"\n" not in body:
        return body.replace(b"\r", b"\n")
    return body + b"\n" if body.endswith(b"\r") else body


def _cp1252_stray(error: UnicodeError) -> tuple[str, int]:
    """Bytes that an encoding doesn't know, read one by one as cp1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return stray.decode(
        "latin-1" if error.encoding == "charmap" else "cp1252", "replace"
    ), error.end


codecs.register_error(_STRAY, _cp1252_stray)
codecs.register_error(_CP1252_HOLES, _cp1252_stray)


def find_dialect(lines: Sequence[str]) -> Dialect | None:
    """How rows are written, by a text's first lines; None where nothing divides them into cells.

    The delimiter is the one by which most lines have the same number of cells, two or more; of
    equals the one that gives more cells.
    """
    sample = [line for line in lines if line.strip()][:_SAMPLE_LINES]
    wrapped = all(_is_wrapped(line) for line in sample)
    best = max(
        ((_rate(sample, Dialect(mark, is_wrapped=wrapped)), mark) for mark in _DELIMITERS),
        key=lambda rated: rated[0],
    )
    if best[0] == (0, 0):
        return None
    blanks = all(_has_blanks(line, best[1]) for line in sample if best[1] in line)
    return Dialect(best[1], skips_blanks=blanks and best[1] != "\t", is_wrapped=wrapped)


def agree_on(lines: Sequence[str], dialect: Dialect) -> float:
    """Which part of a text's first lines has the number of cells that most of them have."""
    sample = [line for line in lines if line.strip()][:_SAMPLE_LINES]
    return _rate(sample, dialect)[0] / len(sample)


def _is_wrapped(line: str) -> bool:
    """Whether a line is one cell in quotes."""
    cells = split_row(line, Dialect(","))
    return line.startswith('"') and isinstance(cells, list) and len(cells) == 1


def _rate(sample: Sequence[str], dialect: Dialect) -> tuple[int, int]:
    """How many lines agree on a number of cells, and that number; (0, 0) if they have but one."""
    widths: Counter[int] = Counter()
    for line in sample:
        cells = split_row(line, dialect)
        widths[len(cells if isinstance(cells, list) else split_loosely(line, dialect))] += 1
    del widths[1]
    return max(((lines, width) for width, lines in widths.items()), default=(0, 0))


def _has_blanks(line: str, mark: str) -> bool:
    """Whether a blank stands behind each delimiter that isn't within quotes."""
    outside = "".join(line.split('"')[::2])
    return outside.count(mark) == outside.count(f"{mark} ") > 0
