"""How often the carrier could not use our answers: its requests to the fallback URL, lately."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.event_codec import decode
from callrouter.adapters.storage.tables import call_events
from callrouter.domain.calls.events import FallbackAsked

# Spelt out, not a parameter: only so do both databases see that the partial index fits.
_IS_FALLBACK = call_events.c.kind == sa.literal_column("'fallback_asked'")


@dataclass(frozen=True, slots=True)
class FallbackCount:
    """A seller's requests to the fallback URL since an instant, and the newest of them."""

    seller_id: str
    requests: int
    newest_at: datetime


def count_fallbacks(connection: Connection, since: datetime) -> tuple[FallbackCount, ...]:
    """For each seller with any since an instant, how many; of other sellers nothing."""
    found = _find_fallbacks(call_events.c.received_at >= since)
    counted = (
        sa.select(
            found.c.seller_id,
            sa.func.count(),
            sa.func.max(found.c.received_at, type_=found.c.received_at.type),
        )
        .group_by(found.c.seller_id)
        .order_by(found.c.seller_id)
    )
    return tuple(FallbackCount(*row) for row in connection.execute(counted))


def read_fallback(connection: Connection, seller_id: str, at: datetime) -> FallbackAsked | None:
    """The request to the fallback URL that a seller's call made at an instant, if there is one."""
    found = _find_fallbacks(call_events.c.received_at == at)
    of_seller = sa.select(found.c.body).where(found.c.seller_id == seller_id)
    ordered = of_seller.order_by(found.c.call_sid, found.c.key).limit(1)
    body = connection.execute(ordered).scalar()
    event = None if body is None else decode("fallback_asked", body)
    return event if isinstance(event, FallbackAsked) else None


def _find_fallbacks(received: sa.ColumnElement[bool]) -> sa.CTE:
    """Materialized: SQLite would rather read all events of a seller than the few of the index."""
    found = sa.select(call_events).where(_IS_FALLBACK, received)
    return found.cte("found").prefix_with("MATERIALIZED")
