"""How the database server stands: whether it answers, and what time it is there."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def wait_for_answer(connection: Connection) -> None:
    """Ask for nothing and wait for the answer: what one question costs."""
    connection.execute(sa.select(sa.literal(1))).all()


def read_server_time(connection: Connection) -> datetime | None:
    """The server's own clock at this moment, or None for SQLite, which has no server."""
    if connection.dialect.name != "postgresql":
        return None
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now
