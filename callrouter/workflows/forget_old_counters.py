"""Remove the counters of periods that are long over, so that the database doesn't grow by them."""

import structlog

from callrouter.adapters.storage.cap_counters import forget_old
from callrouter.adapters.storage.engine import Database
from callrouter.workflows.ports import Clock

log = structlog.get_logger()

_MOST_IN_ONE_GO = 1000


def forget_old_counters(database: Database, clock: Clock) -> int:
    """Remove every counter, and every settled reservation, that nobody asks for any more."""
    now = clock.now()
    forgotten = 0
    while True:
        with database.write() as connection:
            latest = forget_old(connection, now, _MOST_IN_ONE_GO)
        forgotten += latest
        if latest < _MOST_IN_ONE_GO:
            break
    if forgotten:
        log.info("counters_forgotten", rows=forgotten)
    return forgotten
