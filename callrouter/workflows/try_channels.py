"""Send a test message through each channel of a seller, now, and say what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from callrouter.adapters.storage.alert_channels import list_channels
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.domain.alerts.alert import AlertChange, Notice, make_notice_id
from callrouter.domain.alerts.alert_channels import AlertChannel
from callrouter.domain.errors import CallrouterError
from callrouter.workflows.deliver_notice import Means, deliver_notice

_KEY = "test"


@dataclass(frozen=True, slots=True)
class Trial:
    """One channel, and why it failed: "" when the message was taken."""

    channel: AlertChannel
    failure: str


def try_channels(
    database: Database, box: SecretBox, means: Means, seller_id: str, at: datetime
) -> Iterator[Trial]:
    """Each channel by name, once it was tried; nothing is kept or sent again."""
    with database.read() as connection:
        channels = list_channels(connection, box, seller_id)
    notice = Notice(
        notice_id=make_notice_id(seller_id, _KEY, int(at.timestamp() * 1000), 0),
        seller_id=seller_id,
        key=_KEY,
        change=AlertChange.TEST,
        subject="Test of callrouter's alerts",
        text="Nothing is wrong. Alerts of callrouter come this way.",
        at=at,
    )
    for channel in channels:
        try:
            deliver_notice(means, channel, notice, at)
        except CallrouterError as error:
            yield Trial(channel, str(error))
        else:
            yield Trial(channel, "")
