"""A file as received to the files that are in it: gzip and zip, one level deep, within bounds.

Nothing is written to where a name in an archive says; names are only ever shown.
"""

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from stat import S_ISLNK

from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.kinds import BESIDE_CALLS, LOOKED_AT, Kind, find_kind
from callrouter.adapters.buyer_files.limits import MIB, Limits

_CHUNK = 256 * 1024
_NOISE = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What systems leave in archives by themselves."""
_WORKBOOK_MARKS = ("[Content_Types].xml", "xl/workbook.xml", "mimetype", "META-INF/manifest.xml")
_ENCRYPTED = 0x1
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
)
"""What zipfile raises of archives that it can't read, or not in this way."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One file that is no archive: its bytes, where it comes from, what kind it is.

    The kind is in words where it is something that may come along with calls.
    """

    content: bytes
    source: Source
    kind: Kind | str


def unpack(content: bytes, source: Source, limits: Limits) -> Iterator[Unpacked]:
    """The files within, each once the one before is done with.

    Raises UnreadableFileError for what can't be read: another kind of file, an archive within an
    archive, one under a password, names that point outside of it, or too much of anything.
    """
    kind = find_kind(content[:LOOKED_AT])
    if kind is Kind.GZIP:
        inner = _unzip_gzip(content, source, limits)
        if find_kind(inner[:LOOKED_AT]) is Kind.GZIP or _is_archive(inner):
            raise source.refuse("is an archive within a gzip; unpack it once and send that")
        yield from unpack(inner, source, limits)
    elif _is_archive(content):
        yield from _unpack_zip(content, source, limits)
    else:
        yield _name_kind(content, source)


def _name_kind(content: bytes, source: Source) -> Unpacked:
    """A file that is no archive, told apart; refuses what calls can't be read from."""
    kind = find_kind(content[:LOOKED_AT])
    if kind is Kind.ZIP and _is_letter(content):
        kind = "a text document (DOCX)"
    if not isinstance(kind, Kind) and kind not in BESIDE_CALLS:
        raise source.refuse(f"is {kind}; send the calls as CSV or XLSX")
    return Unpacked(content, source, kind)


def _is_letter(content: bytes) -> bool:
    """Whether a workbook, as it seems, is a letter, which comes in the same wrapping."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as opened:
            return "word/document.xml" in opened.NameToInfo
    except DAMAGED:
        return False


def _is_archive(content: bytes) -> bool:
    """Whether a file is a zip that is no workbook."""
    if find_kind(content[:LOOKED_AT]) is not Kind.ZIP:
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as opened:
            return not any(mark in opened.NameToInfo for mark in _WORKBOOK_MARKS)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return True  # and refused where it is opened to be read


def _unzip_gzip(content: bytes, source: Source, limits: Limits) -> bytes:
    """The one file in a gzip, which may be several gzips one behind the other."""
    budget = _Budget(source, limits, len(content))
    chunks: list[bytes] = []
    rest = content
    try:
        while rest.startswith(b"\x1f\x8b"):
            stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            pending = rest
            while not stream.eof:
                chunk = stream.decompress(pending, _CHUNK)
                pending = stream.unconsumed_tail
                if not chunk and not pending and not stream.eof:
                    raise source.refuse("is a gzip that was cut off; send it again")
                budget.take(len(chunk))
                chunks.append(chunk)
            rest = stream.unused_data
    except zlib.error as error:
        raise source.refuse("is a damaged gzip; send it again") from error
    return b"".join(chunks)


def _unpack_zip(content: bytes, source: Source, limits: Limits) -> Iterator[Unpacked]:
    """The files in a zip that may hold calls."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as opened:
            members = [each for each in opened.infolist() if _is_wanted(each)]
            if not members:
                raise source.refuse("is a zip without a file in it")
            if len(members) > limits.members:
                most = f"at most {limits.members:,} are read"
                raise source.refuse(f"is a zip of {len(members):,} files; {most}")
            budget = _Budget(source, limits, len(content))
            for member in members:
                part = member.filename if len(members) > 1 else ""
                of_member = replace(source, part=part)
                _check_member(member, of_member)
                inner = _read_member(opened, member, budget)
                if _is_archive(inner) or find_kind(inner[:LOOKED_AT]) is Kind.GZIP:
                    message = "is an archive within a zip; unpack it once and send that"
                    raise of_member.refuse(message)
                yield _name_kind(inner, of_member)
    except DAMAGED as error:
        raise source.refuse("is a damaged zip, or one of a rare kind; send it again") from error


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file that somebody put there."""
    parts = PurePosixPath(member.filename).parts
    is_noise = any(part in _NOISE or part.startswith("._") for part in parts)
    return not member.is_dir() and not is_noise


def _check_member(member: zipfile.ZipInfo, source: Source) -> None:
    """Refuses members that are under a password or aren't what they seem."""
    name = member.filename
    if member.flag_bits & _ENCRYPTED:
        raise source.refuse("is under a password; send it without one")
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise source.refuse(f"has a name that points outside of the zip: {name!r}")
    if S_ISLNK(member.external_attr >> 16):
        raise source.refuse("is a link to another file; put the file itself into the zip")


def _read_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, budget: "_Budget") -> bytes:
    """A member's bytes, however many its entry says that there are."""
    chunks: list[bytes] = []
    with opened.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            budget.take(len(chunk))
            chunks.append(chunk)
    return b"".join(chunks)


class _Budget:
    """Counts what is unpacked, and refuses when it is too much, before it is all there."""

    def __init__(self, source: Source, limits: Limits, packed: int) -> None:
        self._source = source
        self._limits = limits
        self._packed = packed
        self._taken = 0

    def take(self, size: int) -> None:
        """Counts bytes in; raises UnreadableFileError when they are too many."""
        self._taken += size
        most = self._limits.unpacked_bytes
        if self._taken > most:
            raise self._source.refuse(f"unpacks to more than {most:,} bytes; send it in parts")
        if self._taken > MIB and self._taken > self._limits.ratio * self._packed:
            times = self._limits.ratio
            raise self._source.refuse(f"unpacks to more than {times} times its size: no real file")
