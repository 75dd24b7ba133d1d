"""What the clock does about stops: half open what has cooled down, lift what has come to its end.

Calls don't wait for it: a stop ends by its own time. This writes it down. It also closes breakers
that have come to keep out the last one of a table, and takes back alerts of the past.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.directories import current_version
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.stops import (
    SellersStop,
    change_stop,
    find_due_stops,
    read_all_stops,
)
from callrouter.domain.health.stops import Stop, StopCause
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.left_in_tables import PeerView, read_live_plans
from callrouter.workflows.ports import Clock
from callrouter.workflows.raise_alert import recover_alert
from callrouter.workflows.trip_breaker import ALL_BAD, BREAKER, LAST_ONE, begin_half_open

log = structlog.get_logger()

CLOCK = "clock"
_MOST_STOPS = 500


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What one review did: breakers that are half open or closed now, stops that were lifted."""

    half_opened: int = 0
    closed: int = 0
    lifted: int = 0


def review_stops(database: Database, compiled: Compiled, clock: Clock) -> Reviewed:
    """Write down every stop's end that has come by now; two processes at once do no harm."""
    now = clock.now()
    with database.read() as connection:
        due = find_due_stops(connection, now, _MOST_STOPS)
    half_opened = lifted = 0
    for each in due:
        with database.write() as connection:
            is_changed = _end(connection, each, now)
        if is_changed and each.stop.cause is StopCause.BREAKER_OPEN:
            half_opened += 1
        elif is_changed:
            lifted += 1
    closed = _spare_last_ones(database, compiled, now)
    if half_opened or closed or lifted:
        log.info("stops_reviewed", half_opened=half_opened, closed=closed, lifted=lifted)
    _recover_refused(database, compiled, now)
    return Reviewed(half_opened, closed, lifted)


def _end(connection: Connection, due: SellersStop, now: datetime) -> bool:
    stop = due.stop
    if stop.cause is StopCause.BREAKER_OPEN:
        new, author = begin_half_open(stop), BREAKER
        reason = f"cooled down for {stop.cool_down_s} s"
    else:
        new, author, reason = None, CLOCK, "its end has come"
    return change_stop(connection, due.seller_id, stop, new, at=now, author=author, reason=reason)


def _spare_last_ones(database: Database, compiled: Compiled, now: datetime) -> int:
    """Close breakers where nobody else takes calls any more; how many.

    When they opened somebody did, who has closed for the night or was paused since.
    """
    with database.read() as connection:
        sellers = {each.seller_id for each in read_all_stops(connection) if each.stop.is_breaker}
        if not any(_find_last_ones(connection, compiled, seller_id, now) for seller_id in sellers):
            return 0
    closed = 0
    for seller_id in sorted(sellers):
        with database.write() as connection:
            for campaign_id, stop in _find_last_ones(connection, compiled, seller_id, now):
                reason = f"nobody else of {campaign_id} takes calls"
                if change_stop(
                    connection, seller_id, stop, None, at=now, author=BREAKER, reason=reason
                ):
                    key = f"breaker:{stop.subject_id}"
                    recover_alert(connection, seller_id, key, reason, now)
                    closed += 1
    return closed


def _find_last_ones(
    connection: Connection, compiled: Compiled, seller_id: str, now: datetime
) -> tuple[tuple[str, Stop], ...]:
    """The breakers, each with a campaign, that keep out everybody who is left of it."""
    directory = compiled.directory(connection, seller_id, current_version(connection, seller_id))
    view = PeerView(connection, seller_id, directory, now)
    return tuple(
        (plan.table.campaign_id, stop)
        for plan in read_live_plans(connection, compiled, seller_id, directory)
        if not any(peer.takes_calls for peer in view.list_peers(plan, frozenset()))
        for stop in view.list_kept_out(plan)
    )


def _recover_refused(database: Database, compiled: Compiled, now: datetime) -> None:
    """Take back what was told of destinations that looked bad but had to stay."""
    with database.read() as connection:
        sellers = [seller.seller_id for seller in summarize_sellers(connection)]
        standing = [
            (seller_id, alert.key)
            for seller_id in sellers
            for alert in list_alerts(connection, seller_id, standing_only=True)
            if alert.key.startswith((ALL_BAD, LAST_ONE))
        ]
    for seller_id, key in standing:
        with database.write() as connection:
            if _looks_well(connection, compiled, seller_id, key, now):
                recover_alert(connection, seller_id, key, "its last calls went well", now)


def _looks_well(
    connection: Connection, compiled: Compiled, seller_id: str, key: str, now: datetime
) -> bool:
    """Whether the destination, or any one of the campaign, takes calls and they don't go wrong."""
    directory = compiled.directory(connection, seller_id, current_version(connection, seller_id))
    view = PeerView(connection, seller_id, directory, now)
    if key.startswith(LAST_ONE):
        return not view.look_at(key.removeprefix(LAST_ONE)).looks_bad
    campaign_id = key.removeprefix(ALL_BAD)
    plans = read_live_plans(connection, compiled, seller_id, directory)
    plan = next((p for p in plans if p.table.campaign_id == campaign_id), None)
    peers = view.list_peers(plan, frozenset()) if plan else ()
    return plan is None or any(peer.takes_calls and not peer.looks_bad for peer in peers)
