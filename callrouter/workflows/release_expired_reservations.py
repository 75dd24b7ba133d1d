"""Give back what calls hold of caps when their leases have ended: nobody said what became of them.

The sweep asks the carrier about such calls, and what they really used is counted then.
"""

import structlog

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.settlements import release_expired
from callrouter.workflows.ports import Clock

log = structlog.get_logger()

_MOST_IN_ONE_GO = 500
"""So many in a transaction: calls to the same destinations wait for it."""


def release_expired_reservations(database: Database, clock: Clock) -> int:
    """Release every reservation whose lease has ended; how many there were."""
    now = clock.now()
    released = 0
    while True:
        with database.write() as connection:
            latest = release_expired(connection, now, _MOST_IN_ONE_GO)
        released += latest
        if latest < _MOST_IN_ONE_GO:
            break
    if released:
        log.warning("reservations_expired", reservations=released)
    return released
