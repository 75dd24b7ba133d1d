"""What buyers' health URLs last answered."""

from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.outage_tables import health_checks
from callrouter.adapters.storage.statements import insert_or_skip, matches, select_fields
from callrouter.domain.health.buyer_health import Health

_ADD = insert_or_skip(health_checks)
_READ = select_fields(health_checks, Health).where(matches(health_checks, "seller_id"))
_SAVE = (
    sa.update(health_checks)
    .where(matches(health_checks, "seller_id", "buyer_id", "checked_at", prefix="of_"))
    .values({c.name: sa.bindparam(c.name, type_=c.type) for c in health_checks.c})
    .execution_options(preserve_rowcount=True)
)


def read_health(connection: Connection, seller_id: str) -> dict[str, Health]:
    """The last answers, by buyer."""
    rows = connection.execute(_READ, {"seller_id": seller_id})
    return {row.buyer_id: Health(*row) for row in rows}


def save_health(
    connection: Connection, seller_id: str, health: Health, before_at: datetime | None
) -> bool:
    """Keep the newest answer in the place of the one of `before_at` (None: it is the first).

    False when another process has kept one meanwhile: then nothing was changed.
    """
    values = {"seller_id": seller_id, **asdict(health)}
    if before_at is None:
        return connection.execute(_ADD[connection.dialect.name], values).rowcount == 1
    place = {"of_seller_id": seller_id, "of_buyer_id": health.buyer_id, "of_checked_at": before_at}
    return connection.execute(_SAVE, {**values, **place}).rowcount == 1
