"""Buyers' files that came before: read again as they were read, and kept once a tie-out is made."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import (
    CHUNK_BYTES,
    KeptFile,
    keep_bytes,
    keep_file,
    list_files,
    stream_bytes,
)
from callrouter.adapters.storage.tie_outs import TieOutRow, find_standing, list_tie_outs
from callrouter.domain.errors import ChangedUnderneathError
from callrouter.domain.tie_out.file_changes import RowChanges, compare_rows
from callrouter.domain.tie_out.memory import AMPLE, Memory, count_rows
from callrouter.workflows.read_buyer_file import (
    BuyerFile,
    Clues,
    Told,
    open_buyer_file,
    read_understood,
    understand,
)
from callrouter.workflows.read_our_side import EDGE
from callrouter.workflows.view_tie_out import MAPPINGS

_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class EarlierFile:
    """A file that came before, its records as THEIRS, and what the new one says otherwise."""

    kept: KeptFile
    rows: pl.LazyFrame
    changes: RowChanges


def read_earlier_files(
    database: Database,
    seller_id: str,
    buyer_id: str,
    file: BuyerFile,
    since: datetime,
    until: datetime,
    memory: Memory = AMPLE,
) -> tuple[EarlierFile, ...]:
    """The buyer's files that have calls of a period and that no later one amends, oldest first.

    Of a file that the period's tie-out hasn't got there are only records that may be of the period.
    """
    with database.read() as connection:
        known = list_files(connection, seller_id, buyer_id)
        same = find_standing(connection, seller_id, buyer_id, since, until)
        standing = list_tie_outs(connection, seller_id, buyer_id, only_standing=True)
    in_same = frozenset(same.files if same is not None else ())
    earlier = []
    for versions in list_versions(known):
        kept = choose_version(versions, standing)
        if kept.sha256 == file.sha256 or not _has(kept, since, until):
            continue
        with open_kept_file(database, seller_id, buyer_id, kept, memory) as read:
            rows = read.rows
        changes = compare_rows(rows, file.rows)
        if not changes.amends and in_same.isdisjoint(each.number for each in versions):
            rows = _leave_far(rows, since, until)
        if changes.amends or count_rows(rows):
            earlier.append(EarlierFile(kept, rows, changes))
    return tuple(earlier)


def list_versions(known: Sequence[KeptFile]) -> tuple[tuple[KeptFile, ...], ...]:
    """Each file with all that amend it, the oldest first."""
    by_number = {kept.number: kept for kept in known}
    versions: dict[int, list[KeptFile]] = {}
    for kept in sorted(known, key=lambda each: each.number):
        first = kept
        while first.amends in by_number:
            first = by_number[first.amends]
        versions.setdefault(first.number, []).append(kept)
    return tuple(tuple(each) for each in versions.values())


def choose_version(versions: Sequence[KeptFile], standing: Sequence[TieOutRow]) -> KeptFile:
    """Of a file and those that amend it the one that counts: the newest tie-out's, else the last.

    A file that was sent again after it had been amended counts once more.
    """

    def rank(kept: KeptFile) -> tuple[int, int]:
        newest = max((each.number for each in standing if kept.number in each.files), default=0)
        return newest, kept.number

    return max(versions, key=rank)


def _leave_far(rows: pl.LazyFrame, since: datetime, until: datetime) -> pl.LazyFrame:
    """The records that may be of a period, whatever their clock is."""
    begin_ms, end_ms = (round(at.timestamp() * 1000) for at in (since - EDGE, until + EDGE))
    return rows.filter(pl.col("stamp_ms").is_between(begin_ms, end_ms, closed="left"))


def keep_buyer_file(
    database: Database,
    seller_id: str,
    buyer_id: str,
    file: BuyerFile,
    amends: int | None,
    author: str,
    at: datetime,
) -> KeptFile:
    """Keep a file that was read, to the byte; one with the same bytes is the one that was kept.

    Raises ChangedUnderneathError when it has changed on disk since it was read.
    """
    content = _read_bytes(file)
    pieces = (content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES))
    keep_bytes(database, seller_id, buyer_id, file.sha256, pieces)
    stamps = file.stamps.drop_nulls()
    row = KeptFile(
        number=0,
        sha256=file.sha256,
        name=file.name,
        size_bytes=len(content),
        rows=file.records,
        first_start_ms=_as_int(stamps.min()),
        last_start_ms=_as_int(stamps.max()),
        mapping=MAPPINGS.dump_json(file.mappings).decode(),
        amends=amends,
        received_at=at,
        author=author,
    )
    with database.write() as connection:
        return keep_file(connection, seller_id, buyer_id, row)


def _as_int(ms: object) -> int | None:
    return ms if isinstance(ms, int) else None


def _read_bytes(file: BuyerFile) -> bytes:
    content = file.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ChangedUnderneathError(f"{file.name} was changed while it was read; repeat it")
    return content


def _has(kept: KeptFile, since: datetime, until: datetime) -> bool:
    """Whether a file may have calls of a period, whatever its clock is."""
    if kept.first_start_ms is None or kept.last_start_ms is None:
        return False
    first, last = (_EPOCH + ms * _MS for ms in (kept.first_start_ms, kept.last_start_ms))
    return first < until + EDGE and last >= since - EDGE


@contextmanager
def open_kept_file(
    database: Database, seller_id: str, buyer_id: str, kept: KeptFile, memory: Memory = AMPLE
) -> Iterator[BuyerFile]:
    """A file that was kept, read by the mappings that it was read by; a copy is at its path."""
    clues = Clues(remembered=MAPPINGS.validate_json(kept.mapping))
    with TemporaryDirectory() as folder:
        path = Path(folder) / Path(kept.name).name
        with path.open("wb") as out, database.read() as connection:
            for piece in stream_bytes(connection, seller_id, buyer_id, kept.sha256):
                out.write(piece)
        tables = understand(open_buyer_file(path), Told(), clues)
        yield read_understood(path, tables, memory)
