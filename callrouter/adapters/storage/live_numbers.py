"""The numbers that are live: how one is routed at this moment, which every call begins with."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.tables import campaigns, dids, sellers


@dataclass(frozen=True, slots=True)
class NumberNow:
    """How a DID is routed at this moment."""

    campaign_id: str
    publisher: str
    active_version: int
    directory_version: int
    conditions_version: int
    lists_callers: bool


_FIND_NUMBER = Prepared(
    sa.select(
        dids.c.campaign_id,
        dids.c.publisher,
        campaigns.c.active_version,
        sellers.c.directory_version,
        sellers.c.conditions_version,
        sellers.c.lists_callers,
    )
    .join_from(
        dids,
        campaigns,
        (campaigns.c.seller_id == dids.c.seller_id)
        & (campaigns.c.campaign_id == dids.c.campaign_id),
    )
    .join(sellers, sellers.c.seller_id == dids.c.seller_id)
    .where(matches(dids, "seller_id", "number"))
)


_PUBLISHERS = sa.select(dids.c.publisher).distinct().where(matches(dids, "seller_id"))


def find_number(connection: Connection, seller_id: str, did: str) -> NumberNow | None:
    """How `did` is routed now, or None when no live table of the seller has it."""
    row = _FIND_NUMBER.first(connection, {"seller_id": seller_id, "number": did})
    return None if row is None else NumberNow(*row)


def list_live_publishers(connection: Connection, seller_id: str) -> frozenset[str]:
    """The publishers of all numbers that live tables have."""
    publishers = connection.execute(_PUBLISHERS, {"seller_id": seller_id}).scalars()
    return frozenset(name for name in publishers if name)
