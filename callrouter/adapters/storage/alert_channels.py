"""Where each seller's alerts are sent; addresses and secrets are sealed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.alert_tables import alert_channels
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.statements import insert_or_skip
from callrouter.domain.alerts.alert_channels import AlertChannel

_ADD = insert_or_skip(alert_channels)
_SELECT = sa.select(
    alert_channels.c.seller_id,
    alert_channels.c.name,
    alert_channels.c.kind,
    alert_channels.c.address,
    alert_channels.c.sender,
    alert_channels.c.secret,
)


def add_channel(
    connection: Connection, box: SecretBox, channel: AlertChannel, at: datetime
) -> bool:
    """Keep a new channel; False when the seller has one of that name, which stays as it is."""
    values = {
        "seller_id": channel.seller_id,
        "name": channel.name,
        "kind": channel.kind,
        "address": box.seal(channel.address),
        "sender": channel.sender,
        "secret": box.seal(channel.secret) if channel.secret else None,
        "created_at": at,
    }
    return connection.execute(_ADD[connection.dialect.name], values).rowcount == 1


def remove_channel(connection: Connection, seller_id: str, name: str) -> bool:
    """Forget a channel; False when this seller has none of that name."""
    of_seller = (alert_channels.c.seller_id == seller_id, alert_channels.c.name == name)
    removal = sa.delete(alert_channels).where(*of_seller)
    return connection.execute(removal.execution_options(preserve_rowcount=True)).rowcount == 1


def list_channels(
    connection: Connection, box: SecretBox, seller_id: str
) -> tuple[AlertChannel, ...]:
    """A seller's channels by name. Raises SettingsError when they were sealed with another key."""
    found = _SELECT.where(alert_channels.c.seller_id == seller_id).order_by(alert_channels.c.name)
    return tuple(_read(box, row) for row in connection.execute(found))


def find_channel(
    connection: Connection, box: SecretBox, seller_id: str, name: str
) -> AlertChannel | None:
    """A seller's channel, or None. Raises SettingsError when it was sealed with another key."""
    of_seller = (alert_channels.c.seller_id == seller_id, alert_channels.c.name == name)
    row = connection.execute(_SELECT.where(*of_seller)).first()
    return None if row is None else _read(box, row)


def _read(box: SecretBox, row: "sa.Row[*tuple[object, ...]]") -> AlertChannel:
    return AlertChannel(
        seller_id=row.seller_id,
        name=row.name,
        kind=row.kind,
        address=box.open(row.address),
        sender=row.sender,
        secret=box.open(row.secret) if row.secret else "",
    )
