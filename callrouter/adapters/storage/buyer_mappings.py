"""How each buyer's files are read: confirmed once, remembered by the file's layout, every version.

A layout that was forgotten is remembered as such, until it is confirmed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.statements import insert_or_skip, matches
from callrouter.adapters.storage.tie_out_tables import buyer_mappings
from callrouter.domain.errors import ChangedUnderneathError, RefusedError
from callrouter.domain.tie_out.mapping import Mapping


@dataclass(frozen=True, slots=True)
class MappingVersion:
    """One version; `mapping` is None where the layout was forgotten by it."""

    version: int
    layout: str
    mapping: Mapping | None
    author: str
    made_at: datetime


_BODY = TypeAdapter(Mapping)
_of = buyer_mappings.c
_OF_BUYER = ("seller_id", "buyer_id")
_SELECT = sa.select(_of.version, _of.layout, _of.body, _of.author, _of.made_at)
_HISTORY = _SELECT.where(matches(buyer_mappings, *_OF_BUYER)).order_by(_of.version.desc())
_OF_LAYOUT = (
    _SELECT.where(matches(buyer_mappings, *_OF_BUYER, "layout"))
    .order_by(_of.version.desc())
    .limit(1)
)
_NEXT = sa.select(sa.func.coalesce(sa.func.max(_of.version), bindparam("none")) + 1).where(
    matches(buyer_mappings, *_OF_BUYER)
)
_INSERT = insert_or_skip(buyer_mappings)


def save_mapping(
    connection: Connection,
    seller_id: str,
    buyer_id: str,
    mapping: Mapping,
    author: str,
    at: datetime,
) -> int:
    """Remember a mapping for its layout; its version. The same as the newest is that version.

    Raises ChangedUnderneathError when somebody else saved one at the same moment.
    """
    known = read_mapping(connection, seller_id, buyer_id, mapping.layout)
    if known is not None and known.mapping == mapping:
        return known.version
    body = encode_mapping(mapping)
    return _add(connection, seller_id, buyer_id, mapping.layout, body, author, at)


def forget_mapping(
    connection: Connection, seller_id: str, buyer_id: str, layout: str, author: str, at: datetime
) -> None:
    """Read files of this layout as if none had been seen; what was known stays in the history."""
    _add(connection, seller_id, buyer_id, layout, "", author, at)


def read_mapping(
    connection: Connection, seller_id: str, buyer_id: str, layout: str
) -> MappingVersion | None:
    """What is remembered of a layout; None when nothing is, or it was forgotten."""
    named = {"seller_id": seller_id, "buyer_id": buyer_id, "layout": layout}
    row = connection.execute(_OF_LAYOUT, named).one_or_none()
    found = None if row is None else _read(row, buyer_id)
    return None if found is None or found.mapping is None else found


def list_mappings(
    connection: Connection, seller_id: str, buyer_id: str
) -> tuple[MappingVersion, ...]:
    """Every version of a buyer, the newest first."""
    rows = connection.execute(_HISTORY, {"seller_id": seller_id, "buyer_id": buyer_id})
    return tuple(_read(row, buyer_id) for row in rows)


def encode_mapping(mapping: Mapping) -> str:
    """A mapping as JSON."""
    return _BODY.dump_json(mapping).decode()


def decode_mapping(body: str, whose: str) -> Mapping:
    """The mapping that `encode_mapping` wrote.

    Raises RefusedError for one that a newer version of this program wrote in words of its own.
    """
    try:
        return _BODY.validate_json(body)
    except ValidationError as error:
        raise RefusedError(
            f"the mapping of {whose} can't be read by this version of callrouter: finish the"
            f" roll-out of the newer one that wrote it ({error.error_count()} values are unknown)"
        ) from error


def _add(
    connection: Connection,
    seller_id: str,
    buyer_id: str,
    layout: str,
    body: str,
    author: str,
    at: datetime,
) -> int:
    named = {"seller_id": seller_id, "buyer_id": buyer_id}
    version: int = connection.execute(_NEXT, named | {"none": 0}).scalar_one()
    row = named | {
        "version": version,
        "layout": layout,
        "body": body,
        "author": author,
        "made_at": at,
    }
    if connection.execute(_INSERT[connection.dialect.name], row).rowcount != 1:
        raise ChangedUnderneathError(
            f"somebody else changed how files of {buyer_id} are read just now; repeat it"
        )
    return version


def _read(row: Sequence[Any], buyer_id: str) -> MappingVersion:
    version, layout, body, author, made_at = row
    mapping = decode_mapping(body, buyer_id) if body else None
    return MappingVersion(version, layout, mapping, author, made_at)
