"""Messages about alerts that wait to be sent, each to one channel; claimed by one sender at a time.

A message is due at an instant until it is sent or given up. What is told to one channel under one
key goes out in its order: a message waits for those before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam, literal
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.alert_tables import alert_channels, alert_messages
from callrouter.adapters.storage.statements import matches, select_fields
from callrouter.domain.alerts.alert import Alert, AlertChange, Notice, Told, make_notice_id

_KEY = ("seller_id", "alert_key", "sequence", "step", "channel")


@dataclass(frozen=True, slots=True)
class ChannelKey:
    """One channel of a seller."""

    seller_id: str
    name: str


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message as it is kept. `attempts` counts the tries, the one in progress included."""

    seller_id: str
    alert_key: str
    sequence: int
    step: int
    channel: str
    change: AlertChange
    subject: str
    text: str
    created_at: datetime
    due_at: datetime | None
    attempts: int
    sent_at: datetime | None
    failure: str

    @property
    def notice(self) -> Notice:
        """What is to be told, as a channel takes it."""
        return Notice(
            notice_id=make_notice_id(self.seller_id, self.alert_key, self.sequence, self.step),
            seller_id=self.seller_id,
            key=self.alert_key,
            change=self.change,
            subject=self.subject,
            text=self.text,
            at=self.created_at,
        )


_SELECT = select_fields(alert_messages, QueuedMessage)
_ORDER = (
    alert_messages.c.created_at,
    alert_messages.c.alert_key,
    alert_messages.c.sequence,
    alert_messages.c.step,
    alert_messages.c.channel,
)
_one = matches(alert_messages, *_KEY, prefix="of_")
_earlier = alert_messages.alias("earlier")
_has_unsettled_before = sa.exists().where(
    *(_earlier.c[name] == alert_messages.c[name] for name in ("seller_id", "alert_key", "channel")),
    _earlier.c.due_at.is_not(None),
    sa.tuple_(_earlier.c.sequence, _earlier.c.step)
    < sa.tuple_(alert_messages.c.sequence, alert_messages.c.step),
)
_NOW = bindparam("now", type_=alert_messages.c.due_at.type)
_DUE_CHANNELS = (
    sa.select(alert_messages.c.seller_id, alert_messages.c.channel)
    .where(alert_messages.c.due_at <= _NOW)
    .distinct()
    .order_by(alert_messages.c.seller_id, alert_messages.c.channel)
)
_NEXT = (
    _SELECT.where(
        matches(alert_messages, "seller_id", "channel"),
        alert_messages.c.due_at <= _NOW,
        ~_has_unsettled_before,
    )
    .order_by(alert_messages.c.created_at, alert_messages.c.sequence, alert_messages.c.step)
    .limit(1)
)
_CLAIM = (
    sa.update(alert_messages)
    .where(_one, alert_messages.c.due_at <= _NOW)
    .values(due_at=bindparam("retry_at"), attempts=alert_messages.c.attempts + 1)
    .returning(*_SELECT.selected_columns)
)
_SETTLE = (
    sa.update(alert_messages)
    .where(_one, alert_messages.c.due_at.is_not(None))
    .values(due_at=bindparam("due"), sent_at=bindparam("sent"), failure=bindparam("reason"))
    .execution_options(preserve_rowcount=True)
)
_DROP_ALL = (
    sa.update(alert_messages)
    .where(
        matches(alert_messages, "seller_id", "channel", prefix="of_"),
        alert_messages.c.due_at.is_not(None),
    )
    .values(due_at=None, failure=bindparam("reason"))
)


def queue_messages(connection: Connection, alert: Alert, told: Told, at: datetime) -> int:
    """Queue what is told of an alert for each channel that should hear it; how many.

    What stands is told to every channel of the seller that there is now; that it is over only to
    those that were, or still may be, told that it stood. `alert.steps` numbers the message.
    """
    hears = alert_channels.c.seller_id == alert.seller_id
    if told.change is AlertChange.RECOVERED:
        hears &= sa.exists().where(
            alert_messages.c.seller_id == alert.seller_id,
            alert_messages.c.alert_key == alert.key,
            alert_messages.c.sequence == alert.sequence,
            alert_messages.c.channel == alert_channels.c.name,
            _is_heard(alert_messages),
        )
    columns = alert_messages.c
    values: Mapping[str, object] = {
        "seller_id": alert.seller_id,
        "alert_key": alert.key,
        "sequence": alert.sequence,
        "step": alert.steps,
        "change": told.change,
        "subject": told.subject,
        "text": told.text,
        "created_at": at,
        "due_at": at,
        "attempts": 0,
        "failure": "",
    }
    rows = sa.select(
        *(literal(value, columns[name].type) for name, value in values.items()),
        alert_channels.c.name,
    ).where(hears)
    queued = sa.insert(alert_messages).from_select([*values, "channel"], rows)
    return connection.execute(queued.execution_options(preserve_rowcount=True)).rowcount


def find_due_channels(connection: Connection, now: datetime) -> tuple[ChannelKey, ...]:
    """The channels of all sellers for which a message is due."""
    return tuple(ChannelKey(*row) for row in connection.execute(_DUE_CHANNELS, {"now": now}))


def claim_message(
    connection: Connection, channel: ChannelKey, now: datetime, retry_at: datetime
) -> QueuedMessage | None:
    """The next message for a channel, for the caller alone until `retry_at`; None when none is due.

    Also None when another sender was just quicker. Within a transaction.
    """
    of_channel = {"seller_id": channel.seller_id, "channel": channel.name, "now": now}
    found = connection.execute(_NEXT, of_channel).first()
    if found is None:
        return None
    parameters = _key_of(QueuedMessage(*found)) | {"now": now, "retry_at": retry_at}
    row = connection.execute(_CLAIM, parameters).first()
    return None if row is None else QueuedMessage(*row)


def settle_message(
    connection: Connection,
    message: QueuedMessage,
    *,
    sent_at: datetime | None,
    retry_at: datetime | None,
    failure: str,
) -> bool:
    """Keep how a try ended: sent, to be tried again at `retry_at`, or given up (neither).

    False, and nothing is changed, when the message was settled before, or when a failed try lasted
    so long that somebody else is trying meanwhile.
    """
    outcome = {"due": retry_at, "sent": sent_at, "reason": failure}
    settle = _SETTLE
    if sent_at is None:
        settle = settle.where(alert_messages.c.attempts == message.attempts)
    return connection.execute(settle, _key_of(message) | outcome).rowcount == 1


def drop_unheard(connection: Connection, message: QueuedMessage, reason: str) -> None:
    """Give up saying that an alert is over where nothing was, or may yet be, heard of it.

    For a channel that gave `message` up. The alert must be locked, or what is being queued at this
    moment would be missed.
    """
    of_alert = ("seller_id", "alert_key", "sequence", "channel")
    heard = sa.exists().where(
        *(_earlier.c[name] == getattr(message, name) for name in of_alert), _is_heard(_earlier)
    )
    connection.execute(
        sa.update(alert_messages)
        .where(
            *(alert_messages.c[name] == getattr(message, name) for name in of_alert),
            alert_messages.c.due_at.is_not(None),
            alert_messages.c.change == AlertChange.RECOVERED,
            ~heard,
        )
        .values(due_at=None, failure=reason)
    )


def drop_messages(connection: Connection, channel: ChannelKey, reason: str) -> None:
    """Give up everything that waits for a channel."""
    parameters = {"of_seller_id": channel.seller_id, "of_channel": channel.name, "reason": reason}
    connection.execute(_DROP_ALL, parameters)


def list_failing(connection: Connection, seller_id: str) -> tuple[QueuedMessage, ...]:
    """Of each channel that failed with what it is to be sent, the message that was tried most."""
    found = _SELECT.where(
        alert_messages.c.seller_id == seller_id,
        alert_messages.c.due_at.is_not(None),
        alert_messages.c.failure != "",
    )
    tried_most: dict[str, QueuedMessage] = {}
    for row in connection.execute(found.order_by(alert_messages.c.channel, *_ORDER)):
        message = QueuedMessage(*row)
        known = tried_most.setdefault(message.channel, message)
        if message.attempts > known.attempts:
            tried_most[message.channel] = message
    return tuple(tried_most.values())


def list_messages(connection: Connection, seller_id: str) -> tuple[QueuedMessage, ...]:
    """A seller's messages in the order in which they were queued."""
    found = _SELECT.where(alert_messages.c.seller_id == seller_id)
    ordered = found.order_by(*_ORDER)
    return tuple(QueuedMessage(*row) for row in connection.execute(ordered))


def _key_of(message: QueuedMessage) -> dict[str, object]:
    return {f"of_{name}": getattr(message, name) for name in _KEY}


def _is_heard(messages: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a message says that an alert stands, and was sent or may yet be."""
    return (messages.c.change != AlertChange.RECOVERED) & (
        messages.c.due_at.is_not(None) | messages.c.sent_at.is_not(None)
    )
