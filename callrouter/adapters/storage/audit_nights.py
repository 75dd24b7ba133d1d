"""Which nights' audits are made or to be tried again, and at which hour a seller wants them."""

from datetime import date, datetime, time

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.audit_tables import audit_nights, audit_schedules
from callrouter.adapters.storage.statements import insert_or_skip
from callrouter.domain.carrier.audit_schedule import AuditSchedule

_NIGHT = audit_nights.c
_ADD_NIGHT = insert_or_skip(audit_nights)


def read_last_night(connection: Connection, seller_id: str) -> date | None:
    """The newest day that the clock process has taken on, done or not."""
    statement = sa.select(sa.func.max(_NIGHT.day)).where(_NIGHT.seller_id == seller_id)
    day: date | None = connection.execute(statement).scalar_one()
    return day


def add_night(connection: Connection, seller_id: str, day: date, due_at: datetime) -> None:
    """Take on a day, due at an instant; nothing where it was taken on before."""
    values = {"seller_id": seller_id, "day": day, "tries": 0, "next_try_at": due_at}
    connection.execute(_ADD_NIGHT[connection.dialect.name], values)


def list_due_nights(connection: Connection, seller_id: str, now: datetime) -> tuple[date, ...]:
    """The days that are to be tried now, the oldest first."""
    statement = sa.select(_NIGHT.day).where(
        _NIGHT.seller_id == seller_id, _NIGHT.next_try_at <= now
    )
    return tuple(connection.execute(statement.order_by(_NIGHT.day)).scalars())


def claim_night(
    connection: Connection, seller_id: str, day: date, now: datetime, again_at: datetime
) -> int:
    """Take a day's audit upon oneself until `again_at`: the how manieth try this is.

    0 when somebody else did, or it isn't due. Nobody else gets it before `again_at`.
    """
    claim = (
        sa.update(audit_nights)
        .where(*_of_night(seller_id, day), _NIGHT.next_try_at <= now)
        .values(tries=_NIGHT.tries + 1, next_try_at=again_at)
        .returning(_NIGHT.tries)
    )
    tries: int | None = connection.execute(claim).scalar_one_or_none()
    return tries or 0


def end_night(connection: Connection, seller_id: str, day: date) -> None:
    """Try a day no more: it is done, or given up."""
    statement = sa.update(audit_nights).where(*_of_night(seller_id, day)).values(next_try_at=None)
    connection.execute(statement)


def read_schedule(connection: Connection, seller_id: str) -> AuditSchedule:
    """At which hour the seller's audit is made: the one that was chosen, or the usual one."""
    own = audit_schedules.c
    statement = sa.select(own.at, own.zone, own.is_on).where(own.seller_id == seller_id)
    row = connection.execute(statement).first()
    if row is None:
        return AuditSchedule()
    return AuditSchedule(time.fromisoformat(row.at), row.zone, row.is_on)


def save_schedule(
    connection: Connection, seller_id: str, schedule: AuditSchedule, author: str, at: datetime
) -> None:
    """Choose the hour; in the place of what was chosen before. Within a transaction."""
    connection.execute(sa.delete(audit_schedules).where(audit_schedules.c.seller_id == seller_id))
    values = {
        "seller_id": seller_id,
        "at": f"{schedule.at:%H:%M}",
        "zone": schedule.zone,
        "is_on": schedule.is_on,
        "author": author,
        "changed_at": at,
    }
    connection.execute(sa.insert(audit_schedules), values)


def _of_night(seller_id: str, day: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (_NIGHT.seller_id == seller_id, _NIGHT.day == day)
