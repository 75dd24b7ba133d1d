"""Derive again the CDRs of calls that got events after they were closed."""

from datetime import timedelta

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sweeps import find_stale_cdrs, make_due
from callrouter.domain.calls.events import CallArrived
from callrouter.workflows.close_call import close_if_over, lock_call
from callrouter.workflows.ports import Clock

_CLOSED_WITHIN = timedelta(minutes=15)
"""Only an event that was being written while its call was closed is missed, not any later one."""
_MOST_CALLS = 500


def derive_stale_cdrs(database: Database, clock: Clock) -> int:
    """Bring closed calls up to date with their events; the number of calls looked at.

    A progress callback that commits while its call is being closed misses that derivation: neither
    transaction sees the other. It is found here, because each CDR knows how many events it had.
    A call of which more came to light than had ended (another machine's spool was drained late) is
    left to the sweep, as its CDR may be wrong until the carrier is asked.
    """
    now = clock.now()
    with database.read() as connection:
        stale = find_stale_cdrs(connection, now - _CLOSED_WITHIN, _MOST_CALLS)
    for key in stale:
        known_from = CallArrived(call_sid=key.call_sid, received_at=now, did="", ani="")
        with database.write() as connection:
            lock_call(connection, key.seller_id, known_from, now)
            if not close_if_over(connection, key.seller_id, key.call_sid, now):
                make_due(connection, key, now)
    return len(stale)
