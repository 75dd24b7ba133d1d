"""Who of several processes leads: a row that one of them holds until a moment, then anybody may."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.statements import insert_or_skip
from callrouter.adapters.storage.tables import job_leases

_INSERT = insert_or_skip(job_leases)


def take_lease(
    connection: Connection, name: str, holder: str, now: datetime, lasts: timedelta
) -> bool:
    """Take the lease or keep it; True when `holder` has it until `now` + `lasts`."""
    values = {"name": name, "holder": holder, "expires_at": now + lasts}
    if connection.execute(_INSERT[connection.dialect.name], values).rowcount == 1:
        return True
    free = (job_leases.c.holder == holder) | (job_leases.c.expires_at <= now)
    taken = connection.execute(
        sa.update(job_leases)
        .where(job_leases.c.name == name, free)
        .values(holder=holder, expires_at=now + lasts)
        .execution_options(preserve_rowcount=True)
    )
    return taken.rowcount == 1


def release_lease(connection: Connection, name: str, holder: str) -> None:
    """Give the lease back at once, if `holder` has it."""
    connection.execute(
        sa.delete(job_leases).where(job_leases.c.name == name, job_leases.c.holder == holder)
    )
