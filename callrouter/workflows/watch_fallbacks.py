"""Alert a seller whose callers meet answers of ours that the carrier can't use; time asks for it.

The call path only records that the fallback URL was asked. What was spooled meanwhile is seen, too.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection

from callrouter.adapters.storage.alerts import find_standing
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.fallbacks import FallbackCount, count_fallbacks, read_fallback
from callrouter.workflows.ports import Clock
from callrouter.workflows.raise_alert import raise_alert, recover_alert

KEY = "fallback_asked"
ENOUGH = 3
"""So many within `WITHIN` are more than the network's usual hiccups."""
WITHIN = timedelta(hours=1)
"""An alert is over when for so long there was none."""


def watch_fallbacks(database: Database, clock: Clock) -> None:
    """Raise an alert for each seller with several requests to the fallback URL within an hour.

    It is over once an hour has passed without any.
    """
    now = clock.now()
    with database.read() as connection:
        counts = {each.seller_id: each for each in count_fallbacks(connection, now - WITHIN)}
        standing = {alert.seller_id: alert for alert in find_standing(connection, KEY)}
    for seller_id in sorted(standing.keys() - counts.keys()):
        with database.write() as connection:
            text = "For an hour Twilio has used every answer."
            recover_alert(connection, seller_id, KEY, text, now)
    for seller_id, count in counts.items():
        alert = standing.get(seller_id)
        is_new = alert is None or count.newest_at > alert.last_raised_at
        if is_new and count.requests >= ENOUGH:
            with database.write() as connection:
                _raise(connection, count)


def _raise(connection: Connection, count: FallbackCount) -> None:
    newest = read_fallback(connection, count.seller_id, count.newest_at)
    path = _path_of(newest.error_url) if newest else "a URL of ours"
    code = newest.error_code if newest and newest.error_code else "unknown"
    text = (
        f"Twilio could not use {count.requests} of our answers within the last hour, and asked the "
        f"fallback URL instead. The newest was at {count.newest_at:%Y-%m-%d %H:%M:%S} UTC, error "
        f"{code} at {path}. Those callers were served, but they waited. Look at the web processes "
        "and the network in front of them; what the error means stands in Twilio's documentation."
    )
    subject = "Twilio could not use some of our answers"
    raise_alert(connection, count.seller_id, KEY, subject, text, count.newest_at)


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path or "a URL of ours"
    except ValueError:
        return "a URL of ours"
