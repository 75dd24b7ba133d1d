"""Which numbers are the seller's, and since when: whose missed calls an audit has to tell of."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.tables import calls, dids, table_activations


def read_owned_numbers(
    connection: Connection, seller_id: str, since: datetime, until: datetime
) -> dict[str, datetime]:
    """Each number with the instant from which on its calls are ours.

    A number of a live table is since its campaign first went live; one that was called here in the
    period, though no live table has it any more, from the period's beginning.
    """
    live = (
        sa.select(dids.c.number, sa.func.min(table_activations.c.activated_at))
        .join_from(
            dids,
            table_activations,
            (table_activations.c.seller_id == dids.c.seller_id)
            & (table_activations.c.campaign_id == dids.c.campaign_id),
        )
        .where(dids.c.seller_id == seller_id)
        .group_by(dids.c.number)
    )
    called = (
        sa.select(calls.c.did)
        .where(
            calls.c.seller_id == seller_id,
            calls.c.arrived_at >= since,
            calls.c.arrived_at < until,
            calls.c.did != "",
        )
        .distinct()
    )
    owned = {did: since for (did,) in connection.execute(called)}
    for number, live_since in connection.execute(live):
        owned[number] = min(owned.get(number, live_since), live_since)
    return owned


def find_known_calls(
    connection: Connection, seller_id: str, call_sids: list[str]
) -> frozenset[str]:
    """Those of these calls of which anything is known, over or not."""
    statement = sa.select(calls.c.call_sid).where(
        calls.c.seller_id == seller_id, calls.c.call_sid.in_(call_sids)
    )
    return frozenset(connection.execute(statement).scalars())


def list_dids(connection: Connection, seller_id: str) -> frozenset[str]:
    """The numbers of the seller's live tables."""
    statement = sa.select(dids.c.number).where(dids.c.seller_id == seller_id)
    return frozenset(connection.execute(statement).scalars())
