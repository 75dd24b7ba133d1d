"""Buyers' files that came before: read again as they were read, and kept once a tie-out is made."""

import hashlib
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
from callrouter.domain.errors import ChangedUnderneathError
from callrouter.domain.tie_out.file_changes import RowChanges, compare_rows
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
    rows: pl.DataFrame
    changes: RowChanges


def read_earlier_files(
    database: Database,
    seller_id: str,
    buyer_id: str,
    file: BuyerFile,
    since: datetime,
    until: datetime,
) -> tuple[EarlierFile, ...]:
    """The buyer's files that have calls of a period and that no later one amends, oldest first."""
    with database.read() as connection:
        known = list_files(connection, seller_id, buyer_id)
    amended = {kept.amends for kept in known}
    wanted = [
        kept
        for kept in reversed(known)
        if kept.number not in amended and kept.sha256 != file.sha256 and _has(kept, since, until)
    ]
    earlier = []
    for kept in wanted:
        rows = _read_again(database, seller_id, buyer_id, kept)
        earlier.append(EarlierFile(kept, rows, compare_rows(rows, file.rows)))
    return tuple(earlier)


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
    stamps = file.rows["stamp_ms"].drop_nulls()
    row = KeptFile(
        number=0,
        sha256=file.sha256,
        name=file.name,
        size_bytes=len(content),
        rows=file.rows.height,
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


def _read_again(database: Database, seller_id: str, buyer_id: str, kept: KeptFile) -> pl.DataFrame:
    """The records of a kept file, read by the mappings that it was read by."""
    clues = Clues(remembered=MAPPINGS.validate_json(kept.mapping))
    with TemporaryDirectory() as folder:
        path = Path(folder) / Path(kept.name).name
        with path.open("wb") as out, database.read() as connection:
            for piece in stream_bytes(connection, seller_id, buyer_id, kept.sha256):
                out.write(piece)
        tables = understand(open_buyer_file(path), Told(), clues)
        return read_understood(path, tables).rows
