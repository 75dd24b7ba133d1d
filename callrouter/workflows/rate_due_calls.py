"""Rate the calls that were closed without it, and give back what they hold."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.rated_calls import find_unrated
from callrouter.domain.calls.call import read_history
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.ports import Clock
from callrouter.workflows.rate_call import rate_if_due
from callrouter.workflows.settle_call import settle_call

log = structlog.get_logger()

_MOST_CALLS = 500
_GRACE = timedelta(seconds=10)
"""Whoever closed several calls in one transaction is about to rate each of them."""


def rate_due_calls(database: Database, clock: Clock) -> int:
    """Rate calls that are due for it, at most some hundreds; how many of them are rated now.

    A process that closed them may have died in between, or rating failed: then their terms could
    not be read, and it is tried again each time.
    """
    now = clock.now()
    with database.read() as connection:
        due = find_unrated(connection, now - _GRACE, _MOST_CALLS)
    compiled = Compiled()
    rated = 0
    for call in due:
        with database.write() as connection:
            rated += rate_and_settle(connection, call.seller_id, call.call_sid, now, compiled)
    if due:
        log.info("due_calls_rated", due=len(due), rated=rated)
    return rated


def rate_and_settle(
    connection: Connection, seller_id: str, call_sid: str, at: datetime, compiled: Compiled | None
) -> bool:
    """Rate a closed call if it is due, then settle what is known of its reservations.

    True when it is rated. The whole of a transaction, since accounts and counters are locked.
    """
    is_rated = rate_if_due(connection, seller_id, call_sid, at, compiled)
    history = read_history(read_events(connection, seller_id, call_sid))
    settle_call(connection, seller_id, history, at, is_charged=is_rated)
    return is_rated
