"""Remove the counters of periods that are long over, so that the database doesn't grow by them."""

import structlog

from callrouter.adapters.storage.cap_counters import forget_old
from callrouter.adapters.storage.engine import Database
from callrouter.workflows.ports import Clock
from callrouter.workflows.remove_in_batches import remove_in_batches

log = structlog.get_logger()


def forget_old_counters(database: Database, clock: Clock) -> int:
    """Remove every counter, and every settled reservation, that nobody asks for any more."""
    now = clock.now()
    forgotten = remove_in_batches(
        database, lambda connection, most: forget_old(connection, now, most)
    )
    if forgotten:
        log.info("counters_forgotten", rows=forgotten)
    return forgotten
