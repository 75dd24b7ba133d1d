"""A person pauses a destination, a buyer or a publisher everywhere at once, or lets calls come."""

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.stops import change_stop, read_stops_of
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError, RefusedError
from callrouter.domain.health.stops import Stop, StopCause, StopKind, is_in_force
from callrouter.domain.tables.directory import Directory
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.left_in_tables import read_live_plans, read_tables_with
from callrouter.workflows.raise_alert import recover_alert

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stopped:
    """What stands now, and the campaigns of which nobody takes calls any more."""

    stop: Stop
    deserted: tuple[str, ...]


def stop_traffic(database: Database, seller_id: str, stop: Stop) -> Stopped:
    """Set a person's stop, or replace the one of the same cause; no later call is dialled to it.

    That nobody is left is told, not refused. Raises NotFoundError for an unknown subject,
    RefusedError for an `until` that is past.
    """
    if not is_in_force(stop, stop.since):
        raise RefusedError(f"{stop.until:%Y-%m-%d %H:%M} UTC is past: nothing would be stopped")
    compiled = Compiled()
    with database.read() as connection:  # parsed before callers wait for the transaction
        directory = read_directory(connection, seller_id, None)
        list(read_live_plans(connection, compiled, seller_id, directory))
    with database.write() as connection:
        bump_conditions(connection, seller_id)  # first: it makes other changes wait for this one
        directory = read_directory(connection, seller_id, None)
        _require_known(connection, compiled, seller_id, directory, stop)
        standing = read_stops_of(connection, seller_id, stop.kind, stop.subject_id)
        before = next((each for each in standing if each.cause is stop.cause), None)
        if not change_stop(
            connection,
            seller_id,
            before,
            stop,
            at=stop.since,
            author=stop.author,
            reason=stop.reason,
        ):
            raise ChangedUnderneathError(f"{stop.subject_id} was changed at the same moment")
        deserted = _find_deserted(connection, compiled, seller_id, directory, stop)
    log.warning(
        "traffic_stopped",
        seller=seller_id,
        kind=stop.kind,
        subject=stop.subject_id,
        cause=stop.cause,
        author=stop.author,
    )
    return Stopped(stop, deserted)


def resume_traffic(
    database: Database,
    seller_id: str,
    kind: StopKind,
    subject_id: str,
    *,
    author: str,
    note: str,
    at: datetime,
) -> tuple[Stop, ...]:
    """Lift everything that stands for a subject, the breaker included; what that was.

    Raises NotFoundError when nothing stands.
    """
    with database.write() as connection:
        bump_conditions(connection, seller_id)  # first: it makes other changes wait for this one
        standing = read_stops_of(connection, seller_id, kind, subject_id)
        for stop in standing:
            change_stop(connection, seller_id, stop, None, at=at, author=author, reason=note)
            if stop.is_breaker:
                text = f"closed by {author}"
                recover_alert(connection, seller_id, f"breaker:{subject_id}", text, at)
            if stop.cause is StopCause.UNHEALTHY:
                recover_alert(connection, seller_id, f"health:{subject_id}", f"by {author}", at)
        if not standing:
            raise NotFoundError(f"nothing keeps calls from {kind} {subject_id!r}")
    log.warning("traffic_resumed", seller=seller_id, kind=kind, subject=subject_id, author=author)
    return standing


def find_zone(directory: Directory, kind: StopKind, subject_id: str) -> str:
    """The zone in which times are said of a subject: its buyer's, or UTC for a publisher."""
    if kind is StopKind.DESTINATION:
        return directory.zone_of(subject_id)
    buyer = directory.buyers.get(subject_id) if kind is StopKind.BUYER else None
    return buyer.zone if buyer else "UTC"


def _require_known(
    connection: Connection, compiled: Compiled, seller_id: str, directory: Directory, stop: Stop
) -> None:
    known: tuple[str, ...]
    match stop.kind:
        case StopKind.DESTINATION:
            known = tuple(directory.destinations)
        case StopKind.BUYER:
            known = tuple(directory.buyers)
        case StopKind.PUBLISHER:
            plans = read_live_plans(connection, compiled, seller_id, directory)
            numbers = (number for plan in plans for number in plan.table.numbers)
            known = tuple({number.publisher for number in numbers if number.publisher})
    if stop.subject_id not in known:
        near = get_close_matches(stop.subject_id, known, n=3) or sorted(known)[:5]
        hint = f"; there is {', '.join(near)}" if near else ""
        raise NotFoundError(f"there is no {stop.kind} {stop.subject_id!r}{hint}")


def _find_deserted(
    connection: Connection, compiled: Compiled, seller_id: str, directory: Directory, stop: Stop
) -> tuple[str, ...]:
    """The campaigns of which nobody else takes calls at this moment."""
    own = {
        StopKind.PUBLISHER: frozenset[str](),
        StopKind.DESTINATION: frozenset({stop.subject_id}),
        StopKind.BUYER: directory.destinations_of(stop.subject_id),
    }[stop.kind]
    tables = read_tables_with(connection, compiled, seller_id, directory, own, stop.since)
    return tuple(
        campaign_id
        for campaign_id, peers in tables.peers.items()
        if not any(peer.takes_calls for peer in peers)
    )
