"""Buyers' files as they came, to the byte: the evidence that a tie-out rests on.

A file is cut into pieces of bounded size, each packed by itself, so that one of any size is written
and read in little memory. The pieces are named by the file's hash and there before its row.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.statements import insert_or_skip, matches, select_fields
from callrouter.adapters.storage.tie_out_tables import buyer_file_chunks, buyer_files
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError

CHUNK_BYTES = 1 << 20
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file of a buyer, in the columns' order; `number` counts the buyer's files from 1.

    `first_start_ms` and `last_start_ms` are as written in the file, before its clock was known;
    None where no row has a start. `mapping` is how it was read, as JSON. `amends` is the number of
    the file that this one says again, with changes.
    """

    number: int
    sha256: str
    name: str
    size_bytes: int
    rows: int
    first_start_ms: int | None
    last_start_ms: int | None
    mapping: str
    amends: int | None
    received_at: datetime
    author: str


_of = buyer_files.c
_OF_BUYER = ("seller_id", "buyer_id")
_SELECT = select_fields(buyer_files, KeptFile)
_BY_HASH = _SELECT.where(matches(buyer_files, *_OF_BUYER, "sha256"))
_BY_NUMBER = _SELECT.where(matches(buyer_files, *_OF_BUYER, "number"))
_LIST = _SELECT.where(matches(buyer_files, *_OF_BUYER)).order_by(_of.number.desc())
_NEXT = sa.select(sa.func.coalesce(sa.func.max(_of.number), bindparam("none")) + 1).where(
    matches(buyer_files, *_OF_BUYER)
)
_INSERT = insert_or_skip(buyer_files)
_ADD_CHUNK = insert_or_skip(buyer_file_chunks)
_CHUNK = sa.select(buyer_file_chunks.c.body).where(
    matches(buyer_file_chunks, *_OF_BUYER, "sha256", "chunk")
)


def keep_bytes(
    database: Database, seller_id: str, buyer_id: str, sha256: str, pieces: Iterable[bytes]
) -> None:
    """Keep what a file consists of, each piece in a transaction of its own.

    `pieces` are of CHUNK_BYTES at most. Whoever is stopped half-way begins again.
    """
    named = {"seller_id": seller_id, "buyer_id": buyer_id, "sha256": sha256}
    for chunk, piece in enumerate(pieces):
        with database.write() as connection:
            connection.execute(
                _ADD_CHUNK[connection.dialect.name],
                named | {"chunk": chunk, "body": zlib.compress(piece)},
            )


def keep_file(connection: Connection, seller_id: str, buyer_id: str, file: KeptFile) -> KeptFile:
    """Keep a file's row under the buyer's next number, whatever its own; the row as it is kept.

    A file whose bytes are known already stays as it was. Raises ChangedUnderneathError when others
    were quicker each time.
    """
    values: dict[str, Any] = {f.name: getattr(file, f.name) for f in fields(KeptFile)}
    named = {"seller_id": seller_id, "buyer_id": buyer_id}
    for _ in range(_TRIES):
        known = find_file(connection, seller_id, buyer_id, file.sha256)
        if known is not None:
            return known
        values["number"] = connection.execute(_NEXT, named | {"none": 0}).scalar_one()
        insert = _INSERT[connection.dialect.name]
        if connection.execute(insert, named | values).rowcount == 1:
            return KeptFile(**values)
    raise ChangedUnderneathError(f"other files of {buyer_id} came just now; repeat it")


def find_file(
    connection: Connection, seller_id: str, buyer_id: str, sha256: str
) -> KeptFile | None:
    """The buyer's file with these bytes; None when it hasn't come yet."""
    named = {"seller_id": seller_id, "buyer_id": buyer_id, "sha256": sha256}
    row = connection.execute(_BY_HASH, named).one_or_none()
    return None if row is None else _read(row)


def read_kept_file(connection: Connection, seller_id: str, buyer_id: str, number: int) -> KeptFile:
    """A file by its number. Raises NotFoundError when the buyer has none such."""
    named = {"seller_id": seller_id, "buyer_id": buyer_id, "number": number}
    row = connection.execute(_BY_NUMBER, named).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no file {number} of {buyer_id}")
    return _read(row)


def list_files(connection: Connection, seller_id: str, buyer_id: str) -> tuple[KeptFile, ...]:
    """The files of a buyer, the newest first."""
    rows = connection.execute(_LIST, {"seller_id": seller_id, "buyer_id": buyer_id})
    return tuple(_read(row) for row in rows)


def stream_bytes(
    connection: Connection, seller_id: str, buyer_id: str, sha256: str
) -> Iterator[bytes]:
    """A file's bytes, piece by piece; none of a file that isn't kept."""
    named = {"seller_id": seller_id, "buyer_id": buyer_id, "sha256": sha256}
    chunk = 0
    while True:
        body = connection.execute(_CHUNK, named | {"chunk": chunk}).scalar_one_or_none()
        if body is None:
            return
        yield zlib.decompress(body)
        chunk += 1


def _read(row: "sa.Row[*tuple[Any, ...]]") -> KeptFile:
    return KeptFile(**row._mapping)
