"""Remove records that nothing reads any more, so that the database doesn't grow by them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.caller_lists import find_sellers_with_expired
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.retention import (
    KEEPS_OUTCOMES,
    KeptOutcomes,
    find_next_outcomes,
    forget_messages,
    forget_outcomes,
)
from callrouter.workflows.list_callers import forget_expired
from callrouter.workflows.ports import Clock
from callrouter.workflows.remove_in_batches import remove_in_batches

log = structlog.get_logger()

KEEPS_EXPIRED_ENTRIES = timedelta(days=30)
"""How long a caller-list entry is still listed once it has expired."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows were removed: outcomes of attempts, messages of alerts, caller-list entries."""

    outcomes: int
    messages: int
    list_entries: int


def forget_old_records(database: Database, clock: Clock) -> Forgotten:
    """Remove everything that is older than it is kept; the next time there is nothing to do.

    A bounded number of rows in each transaction, so that no call waits for it. Raises
    StorageUnavailableError; what was removed until then stays removed.
    """
    now = clock.now()
    expired_by = now - KEEPS_EXPIRED_ENTRIES
    with database.read() as connection:
        sellers = find_sellers_with_expired(connection, expired_by)
    forgotten = Forgotten(
        outcomes=_forget_outcomes(database, now),
        messages=remove_in_batches(
            database, lambda connection, most: forget_messages(connection, now, most)
        ),
        list_entries=sum(forget_expired(database, seller_id, expired_by) for seller_id in sellers),
    )
    if forgotten != Forgotten(0, 0, 0):
        log.info(
            "records_forgotten",
            outcomes=forgotten.outcomes,
            messages=forgotten.messages,
            list_entries=forgotten.list_entries,
        )
    return forgotten


def _forget_outcomes(database: Database, now: datetime) -> int:
    """Go from one destination to the next; most of them have nothing old, and are only read."""
    forgotten = 0
    kept: KeptOutcomes | None = None
    while True:
        with database.read() as connection:
            kept = find_next_outcomes(connection, kept)
        if kept is None:
            return forgotten
        if kept.oldest_at < now - KEEPS_OUTCOMES:
            forgotten += remove_in_batches(database, partial(_forget_of, kept, now))


def _forget_of(kept: KeptOutcomes, now: datetime, connection: Connection, most: int) -> int:
    return forget_outcomes(connection, kept, now, most)
