"""A seller's directory of buyers and destinations, every version of it whole."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.sellers import bump_change_counter
from callrouter.adapters.storage.statements import matches, select_fields
from callrouter.adapters.storage.tables import directory_versions, sellers
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError
from callrouter.domain.tables.directory import Buyer, Destination, Directory


@dataclass(frozen=True, slots=True)
class DirectoryVersion:
    """One entry of a directory's history."""

    version: int
    author: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Body:
    buyers: tuple[Buyer, ...]
    destinations: tuple[Destination, ...]


_BODY = TypeAdapter(_Body)
_SET_VERSION = (
    sa.update(sellers)
    .where(matches(sellers, "seller_id", "directory_version", prefix="of_"))
    .values(directory_version=bindparam("version"))
)
_CURRENT = sa.select(sellers.c.directory_version).where(matches(sellers, "seller_id"))
_SELECT_BODY = sa.select(directory_versions.c.body).where(
    matches(directory_versions, "seller_id", "version")
)
_HISTORY = (
    select_fields(directory_versions, DirectoryVersion)
    .where(matches(directory_versions, "seller_id"))
    .order_by(directory_versions.c.version.desc())
)


def save_directory(
    connection: Connection,
    seller_id: str,
    directory: Directory,
    author: str,
    note: str,
    at: datetime,
) -> None:
    """Make `directory` the seller's current one; its version must follow the current one's.

    Raises ChangedUnderneathError when it doesn't, NotFoundError for an unknown seller.
    """
    bump_change_counter(connection)
    moved = connection.execute(
        _SET_VERSION,
        {
            "of_seller_id": seller_id,
            "of_directory_version": directory.version - 1,
            "version": directory.version,
        },
    )
    if moved.rowcount != 1:
        current = current_version(connection, seller_id)
        raise ChangedUnderneathError(
            f"the directory is at version {current}, so {directory.version} can't follow it:"
            " read it again and repeat the change"
        )
    connection.execute(
        sa.insert(directory_versions),
        {
            "seller_id": seller_id,
            "version": directory.version,
            "body": encode_directory(directory),
            "author": author,
            "note": note,
            "created_at": at,
        },
    )


def current_version(connection: Connection, seller_id: str) -> int:
    """The current version, 0 for the empty one. Raises NotFoundError for an unknown seller."""
    parameters = {"seller_id": seller_id}
    version: int | None = connection.execute(_CURRENT, parameters).scalar_one_or_none()
    if version is None:
        raise NotFoundError(f"there is no seller {seller_id!r}")
    return version


def read_directory(connection: Connection, seller_id: str, version: int | None) -> Directory:
    """One version of the seller's directory, the current one for None; version 0 is empty.

    Raises NotFoundError when there is no such seller or version.
    """
    if version is None:
        version = current_version(connection, seller_id)
    if version == 0:
        return Directory()
    parameters = {"seller_id": seller_id, "version": version}
    body = connection.execute(_SELECT_BODY, parameters).scalar_one_or_none()
    if body is None:
        raise NotFoundError(f"seller {seller_id!r} has no directory version {version}")
    return decode_directory(version, body)


def list_directory_versions(connection: Connection, seller_id: str) -> tuple[DirectoryVersion, ...]:
    """Who changed the directory when and why, the newest first."""
    rows = connection.execute(_HISTORY, {"seller_id": seller_id})
    return tuple(DirectoryVersion(*row) for row in rows)


def encode_directory(directory: Directory) -> str:
    """The whole directory but for its version, as JSON."""
    body = _Body(tuple(directory.buyers.values()), tuple(directory.destinations.values()))
    return _BODY.dump_json(body).decode()


def decode_directory(version: int, body: str) -> Directory:
    """The directory that `encode_directory` wrote."""
    read = _BODY.validate_json(body)
    return Directory(
        version=version,
        buyers=MappingProxyType({b.buyer_id: b for b in read.buyers}),
        destinations=MappingProxyType({d.destination_id: d for d in read.destinations}),
    )
