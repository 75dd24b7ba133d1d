"""Say where a seller's alerts are sent: take on a channel, forget one."""

from datetime import datetime

from callrouter.adapters.storage import alert_channels
from callrouter.adapters.storage.alert_outbox import ChannelKey, drop_messages
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.domain.alerts.alert_channels import AlertChannel, check_channel
from callrouter.domain.errors import NotFoundError, RefusedError


def add_channel(database: Database, box: SecretBox, channel: AlertChannel, at: datetime) -> None:
    """Take on a channel; it hears of what begins from now on, and of what stands once a day.

    Raises RefusedError when something is wrong with it, or the seller has one of that name.
    """
    wrong = check_channel(channel)
    if wrong:
        raise RefusedError(wrong)
    with database.write() as connection:
        is_new = alert_channels.add_channel(connection, box, channel, at)
    if not is_new:
        raise RefusedError(
            f"there is a channel {channel.name!r} already: take another name, or remove it first"
        )


def remove_channel(database: Database, seller_id: str, name: str) -> None:
    """Forget a channel, with all that waits for it. Raises NotFoundError when there is none."""
    with database.write() as connection:
        if not alert_channels.remove_channel(connection, seller_id, name):
            raise NotFoundError(f"there is no channel {name!r}")
        drop_messages(connection, ChannelKey(seller_id, name), "the channel was removed")
