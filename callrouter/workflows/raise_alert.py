"""Raise an alert, once however often, and say once that it is over; in the caller's transaction.

What is to be told is queued in that transaction and sent later, by `send_alerts`.
"""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.alert_outbox import queue_messages
from callrouter.adapters.storage.alerts import add_alert, lock_alert, save_alert
from callrouter.domain.alerts.alert import (
    Alert,
    raise_again,
    raise_first,
    recover,
    word_raised,
    word_recovered,
)

log = structlog.get_logger()


def raise_alert(
    connection: Connection, seller_id: str, key: str, subject: str, text: str, at: datetime
) -> bool:
    """Say that something is wrong; True when that is news, so that the seller will be told.

    `key` names what is wrong, such as "breaker:acme-east": raised again while it stands, it is only
    counted, with the words of the last time. `subject` is one line, `text` any number of them.
    Of two processes that raise the same at once, one gets True. Within a transaction, which should
    not raise two keys in varying order: the row of a key stays locked until it ends.
    """
    first = raise_first(seller_id, key, subject, text, at)
    if add_alert(connection, first):
        return _tell(connection, first, at)
    before = lock_alert(connection, seller_id, key)
    assert before is not None  # noqa: S101 - it was there just now, and none is ever removed
    now = raise_again(before, subject, text, at)
    save_alert(connection, now)
    return _tell(connection, now, at) if now.sequence != before.sequence else False


def recover_alert(
    connection: Connection, seller_id: str, key: str, text: str, at: datetime
) -> bool:
    """Say that what was raised under `key` is over; False when nothing stands under it.

    `text` says why, and may be empty. Those channels hear of it that heard of the alert, or still
    will. Within a transaction.
    """
    before = lock_alert(connection, seller_id, key)
    now = recover(before, at) if before else None
    if now is None:
        return False
    save_alert(connection, now)
    channels = queue_messages(connection, now, word_recovered(now, text), at)
    log.info("alert_recovered", seller=seller_id, key=key, channels=channels)
    return True


def _tell(connection: Connection, alert: Alert, at: datetime) -> bool:
    channels = queue_messages(connection, alert, word_raised(alert), at)
    log.warning(
        "alert_raised",
        seller=alert.seller_id,
        key=alert.key,
        subject=alert.subject,
        channels=channels,
    )
    return True
