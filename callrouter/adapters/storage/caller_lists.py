"""A seller's block and allow lists: kept, listed, removed; what a call reads is in `known_callers`.

A seller is marked as having entries at all, so that calls of the others read none.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.caller_tables import caller_lists
from callrouter.adapters.storage.statements import delete_chosen, matches, select_fields
from callrouter.adapters.storage.tables import sellers
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry, ListScope
from callrouter.domain.errors import NotFoundError

_KEY = ("pattern", "scope", "scope_id", "effect")
_REST = ("expires_at", "note", "author", "added_at")


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Which entry: there is one for each pattern, scope and effect, and a list is in this order."""

    pattern: str
    scope: ListScope
    scope_id: str
    effect: ListEffect

    @classmethod
    def of(cls, entry: ListEntry) -> "ListPlace":
        """The place of `entry`."""
        return cls(entry.pattern, entry.scope, entry.scope_id, entry.effect)


def _add_statement(kind: type[postgresql.Insert] | type[sqlite.Insert]) -> sa.Insert:
    insert = kind(caller_lists).values({name: bindparam(name) for name in caller_lists.c.keys()})  # noqa: SIM118 - a collection's
    return insert.on_conflict_do_update(
        index_elements=["seller_id", *_KEY], set_={name: insert.excluded[name] for name in _REST}
    )


_ADD = {
    "postgresql": _add_statement(postgresql.Insert),
    "sqlite": _add_statement(sqlite.Insert),
}
_OF_SELLER = matches(sellers, "seller_id", prefix="of_")
_MARK = sa.update(sellers).where(_OF_SELLER).values(lists_callers=sa.true())
_MARK_TRULY = (
    sa.update(sellers)
    .where(_OF_SELLER)
    .values(lists_callers=sa.exists().where(caller_lists.c.seller_id == sellers.c.seller_id))
)
_REMOVE = sa.delete(caller_lists).where(matches(caller_lists, "seller_id", *_KEY))
_HAS_EXPIRED = caller_lists.c.expires_at <= bindparam("at", type_=caller_lists.c.expires_at.type)
_REMOVE_EXPIRED = delete_chosen(
    caller_lists,
    sa.select(*caller_lists.primary_key.columns)
    .where(matches(caller_lists, "seller_id"), _HAS_EXPIRED)
    .limit(bindparam("most", type_=sa.Integer)),
)
_SELLERS_WITH_EXPIRED = sa.select(caller_lists.c.seller_id).where(_HAS_EXPIRED).distinct()
_LIST = (
    select_fields(caller_lists, ListEntry)
    .where(matches(caller_lists, "seller_id"))
    .order_by(*(caller_lists.c[name] for name in _KEY))
    .limit(bindparam("limit"))
)
_place = sa.tuple_(*(caller_lists.c[name] for name in _KEY))
_LIST_AFTER = _LIST.where(
    _place > sa.tuple_(*(bindparam(name, type_=caller_lists.c[name].type) for name in _KEY))
)


def add_entries(connection: Connection, seller_id: str, entries: tuple[ListEntry, ...]) -> None:
    """Keep entries, each in place of one with the same pattern, scope and effect.

    Within a transaction. Raises NotFoundError for an unknown seller.
    """
    _mark(connection, seller_id)
    if entries:
        rows = [
            {"seller_id": seller_id} | {name: getattr(entry, name) for name in (*_KEY, *_REST)}
            for entry in entries
        ]
        connection.execute(_ADD[connection.dialect.name], rows)


def remove_entry(connection: Connection, seller_id: str, place: ListPlace) -> bool:
    """Remove an entry, within a transaction; False when there is none."""
    _mark(connection, seller_id)
    parameters = {"seller_id": seller_id} | {name: getattr(place, name) for name in _KEY}
    removed = connection.execute(_REMOVE, parameters).rowcount
    connection.execute(_MARK_TRULY, {"of_seller_id": seller_id})
    return removed == 1


def remove_expired(connection: Connection, seller_id: str, at: datetime, most: int) -> int:
    """Remove at most `most` entries that have expired by `at`; how many they were.

    Within a transaction. Raises NotFoundError for an unknown seller.
    """
    _mark(connection, seller_id)
    parameters = {"seller_id": seller_id, "at": at, "most": most}
    removed = len(connection.execute(_REMOVE_EXPIRED, parameters).all())
    connection.execute(_MARK_TRULY, {"of_seller_id": seller_id})
    return removed


def find_sellers_with_expired(connection: Connection, at: datetime) -> tuple[str, ...]:
    """The sellers that have entries which have expired by `at`."""
    return tuple(connection.execute(_SELLERS_WITH_EXPIRED, {"at": at}).scalars())


def list_entries(
    connection: Connection, seller_id: str, after: ListPlace | None, limit: int
) -> tuple[ListEntry, ...]:
    """At most `limit` entries in the order of their places, from behind `after` on."""
    parameters: dict[str, object] = {"seller_id": seller_id, "limit": limit}
    if after is not None:
        parameters |= {name: getattr(after, name) for name in _KEY}
    rows = connection.execute(_LIST if after is None else _LIST_AFTER, parameters)
    return tuple(ListEntry(**row) for row in rows.mappings())


def _mark(connection: Connection, seller_id: str) -> None:
    """Say that the seller has entries; first of all, so that one change waits for the other."""
    if connection.execute(_MARK, {"of_seller_id": seller_id}).rowcount != 1:
        raise NotFoundError(f"there is no seller {seller_id!r}")
