"""Alerts as they stand: one row a seller and key, locked while it changes."""

from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.alert_tables import alerts
from callrouter.adapters.storage.statements import insert_or_skip, matches, select_fields
from callrouter.domain.alerts.alert import Alert

_OF_ALERT = ("seller_id", "key")
_ADD = insert_or_skip(alerts)
_SELECT = select_fields(alerts, Alert)
_LOCK = _SELECT.where(matches(alerts, *_OF_ALERT)).with_for_update()
_SAVE = (
    sa.update(alerts)
    .where(matches(alerts, *_OF_ALERT, prefix="of_"))
    .values(
        {c.name: sa.bindparam(c.name, type_=c.type) for c in alerts.c if c.name not in _OF_ALERT}
    )
)


def add_alert(connection: Connection, alert: Alert) -> bool:
    """Keep the first alert of a key; False when the key has one, whoever was first.

    Waits for another transaction that is adding the same.
    """
    return connection.execute(_ADD[connection.dialect.name], asdict(alert)).rowcount == 1


def lock_alert(connection: Connection, seller_id: str, key: str) -> Alert | None:
    """What stands, or stood last, under a key, locked until the transaction ends."""
    row = connection.execute(_LOCK, {"seller_id": seller_id, "key": key}).first()
    return None if row is None else _read(row)


def save_alert(connection: Connection, alert: Alert) -> None:
    """Keep a changed alert in the place of the one that `lock_alert` gave."""
    values = asdict(alert)
    connection.execute(_SAVE, {f"of_{name}": values.pop(name) for name in _OF_ALERT} | values)


def list_alerts(
    connection: Connection, seller_id: str, *, standing_only: bool
) -> tuple[Alert, ...]:
    """A seller's alerts, the newest first: those that stand, or all that ever did."""
    found = _SELECT.where(alerts.c.seller_id == seller_id)
    if standing_only:
        found = found.where(alerts.c.recovered_at.is_(None))
    ordered = found.order_by(alerts.c.since.desc(), alerts.c.key)
    return tuple(_read(row) for row in connection.execute(ordered))


def find_standing(connection: Connection, key: str) -> tuple[Alert, ...]:
    """What stands under one key, of all sellers."""
    found = _SELECT.where(alerts.c.key == key, alerts.c.recovered_at.is_(None))
    return tuple(_read(row) for row in connection.execute(found.order_by(alerts.c.seller_id)))


def find_told_before(connection: Connection, before: datetime) -> tuple[Alert, ...]:
    """The alerts of all sellers that stand, and were last told of before an instant."""
    found = _SELECT.where(alerts.c.recovered_at.is_(None), alerts.c.told_at <= before)
    ordered = found.order_by(alerts.c.seller_id, alerts.c.key)
    return tuple(_read(row) for row in connection.execute(ordered))


def _read(row: "sa.Row[*tuple[object, ...]]") -> Alert:
    return Alert(**row._mapping)
