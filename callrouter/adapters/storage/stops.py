"""Who gets no calls now, and every change of that: set, replaced and lifted by guarded writes.

Each change raises the seller's conditions version, which calls read with their DID.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.outage_tables import stop_changes, stops
from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.statements import insert_or_skip, matches, select_fields
from callrouter.domain.health.stops import BREAKER_CAUSES, Stop, StopCause, StopKind


@dataclass(frozen=True, slots=True)
class StopChange:
    """One transition: what stood before and stands now, None for calls as usual; who and why."""

    sequence: int
    kind: StopKind
    subject_id: str
    old: StopCause | None
    new: StopCause | None
    changed_at: datetime
    until: datetime | None
    reason: str
    figures: str
    author: str


@dataclass(frozen=True, slots=True)
class SellersStop:
    """A stop and whose it is."""

    seller_id: str
    stop: Stop


_FIELDS = tuple(field.name for field in fields(Stop))
_SUBJECT = ("seller_id", "kind", "subject_id")
_INSERT = insert_or_skip(stops)
_LIST = Prepared(
    select_fields(stops, Stop)
    .where(matches(stops, "seller_id"))
    .order_by(stops.c.kind, stops.c.subject_id, stops.c.cause)
)
_OF_SUBJECT = Prepared(
    select_fields(stops, Stop).where(matches(stops, *_SUBJECT)).order_by(stops.c.cause)
)
_ALL = sa.select(stops.c.seller_id, *(stops.c[name] for name in _FIELDS)).order_by(
    *(stops.c[name] for name in ("seller_id", "kind", "subject_id", "cause"))
)
_DUE = (
    sa.select(stops.c.seller_id, *(stops.c[name] for name in _FIELDS))
    .where(stops.c.until <= bindparam("now", type_=stops.c.until.type))
    .order_by(stops.c.until)
    .limit(bindparam("most"))
)
_LIFT = (
    sa.delete(stops)
    .where(matches(stops, *_SUBJECT, "cause", "since"))
    .execution_options(preserve_rowcount=True)
)
_CHANGES = (
    select_fields(stop_changes, StopChange)
    .where(matches(stop_changes, "seller_id"))
    .order_by(stop_changes.c.sequence.desc())
)
_LAST_CLOSED = Prepared(
    sa.select(stop_changes.c.changed_at)
    .where(
        matches(stop_changes, *_SUBJECT),
        sa.or_(*(stop_changes.c.old == cause for cause in BREAKER_CAUSES)),
        stop_changes.c.new.is_(None),
    )
    .order_by(stop_changes.c.sequence.desc())
    .limit(1)
)


def read_stops(connection: Connection, seller_id: str) -> tuple[Stop, ...]:
    """Everything that stands, those included that end by themselves and haven't been lifted yet."""
    return tuple(_read(row) for row in _LIST.all(connection, {"seller_id": seller_id}))


def read_stops_of(
    connection: Connection, seller_id: str, kind: StopKind, subject_id: str
) -> tuple[Stop, ...]:
    """What stands for one subject, at most one stop of each cause."""
    parameters = {"seller_id": seller_id, "kind": kind, "subject_id": subject_id}
    return tuple(_read(row) for row in _OF_SUBJECT.all(connection, parameters))


def read_all_stops(connection: Connection) -> tuple[SellersStop, ...]:
    """Everything that stands, of all sellers."""
    return tuple(SellersStop(row[0], _read(tuple(row[1:]))) for row in connection.execute(_ALL))


def find_due_stops(connection: Connection, now: datetime, most: int) -> tuple[SellersStop, ...]:
    """Stops of any seller whose `until` has come, the longest due first."""
    rows = connection.execute(_DUE, {"now": now, "most": most})
    return tuple(SellersStop(row[0], _read(tuple(row[1:]))) for row in rows)


def change_stop(
    connection: Connection,
    seller_id: str,
    old: Stop | None,
    new: Stop | None,
    *,
    at: datetime,
    author: str,
    reason: str,
    figures: str = "",
) -> bool:
    """Lift `old`, set `new`, and write the transition; False when somebody else was quicker.

    Then nothing was changed. `old` must still stand with this `since`; `new` must be of a cause
    that doesn't. At least one is given; both are of one subject. Within a transaction.
    """
    subject = new or old
    assert subject is not None  # noqa: S101 - the caller has one of them
    sequence = bump_conditions(connection, seller_id)
    # From here on this seller's other changes wait for us.
    if old is not None and not _lift(connection, seller_id, old):
        return False
    if new is not None and not _set(connection, seller_id, new):
        if old is not None:
            _set(connection, seller_id, old)
        return False
    change = StopChange(
        sequence=sequence,
        kind=subject.kind,
        subject_id=subject.subject_id,
        old=old.cause if old else None,
        new=new.cause if new else None,
        changed_at=at,
        until=new.until if new else None,
        reason=reason,
        figures=figures,
        author=author,
    )
    connection.execute(sa.insert(stop_changes), {"seller_id": seller_id, **asdict(change)})
    return True


def list_stop_changes(
    connection: Connection,
    seller_id: str,
    *,
    kind: StopKind | None = None,
    subject_id: str | None = None,
    most: int,
) -> tuple[StopChange, ...]:
    """The transitions, the newest first, of one kind or subject where that is named."""
    statement = _CHANGES.limit(most)
    if kind is not None:
        statement = statement.where(stop_changes.c.kind == kind)
    if subject_id is not None:
        statement = statement.where(stop_changes.c.subject_id == subject_id)
    rows = connection.execute(statement, {"seller_id": seller_id})
    return tuple(StopChange(*row) for row in rows)


def last_closed_at(connection: Connection, seller_id: str, destination_id: str) -> datetime | None:
    """When the destination's breaker last closed, whoever closed it; None if it never did."""
    parameters = {
        "seller_id": seller_id,
        "kind": StopKind.DESTINATION,
        "subject_id": destination_id,
    }
    row = _LAST_CLOSED.first(connection, parameters)
    return None if row is None else row[0]


def _lift(connection: Connection, seller_id: str, stop: Stop) -> bool:
    parameters = {
        "seller_id": seller_id,
        "kind": stop.kind,
        "subject_id": stop.subject_id,
        "cause": stop.cause,
        "since": stop.since,
    }
    return connection.execute(_LIFT, parameters).rowcount == 1


def _set(connection: Connection, seller_id: str, stop: Stop) -> bool:
    values = {name: getattr(stop, name) for name in _FIELDS}
    values["seller_id"] = seller_id
    return connection.execute(_INSERT[connection.dialect.name], values).rowcount == 1


def _read(row: tuple[object, ...]) -> Stop:
    return Stop(**dict(zip(_FIELDS, row, strict=True)))  # type: ignore[arg-type] # by its columns
