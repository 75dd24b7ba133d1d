"""Send what waits to be told of alerts, and remind of what still stands; time asks for it.

At least once: a message is due again when its sender vanishes before it could say how it went. The
channels are independent, one that is slow or broken holds up no other.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from callrouter.adapters.storage.alert_channels import find_channel
from callrouter.adapters.storage.alert_outbox import (
    ChannelKey,
    QueuedMessage,
    claim_message,
    drop_unheard,
    find_due_channels,
    queue_messages,
    settle_message,
)
from callrouter.adapters.storage.alerts import find_told_before, lock_alert, save_alert
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.domain.alerts.alert import REMIND_AFTER, delay_after, remind, word_reminder
from callrouter.domain.errors import CallrouterError, StorageUnavailableError
from callrouter.workflows.deliver_notice import Means, deliver_notice
from callrouter.workflows.ports import Clock

log = structlog.get_logger()

CLAIM_LASTS = timedelta(minutes=5)
"""Longer than any try takes; a message of a sender that vanished is tried again after it."""
_MOST_A_ROUND = 20
_LONGEST_ROUND = timedelta(seconds=20)
"""After so long a channel begins no further message: the next round of all waits for it."""
_MOST_CHANNELS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a try failed, and whether any other would."""

    reason: str
    is_final: bool = False


def send_alerts(database: Database, box: SecretBox, means: Means, clock: Clock) -> int:
    """Send whatever is due, each channel's own in its order; how many messages were sent.

    A channel is left until the next round after its first failure, or after twenty messages.
    """
    _queue_reminders(database, clock.now())
    with database.read() as connection:
        channels = find_due_channels(connection, clock.now())
    if not channels:
        return 0

    def send(channel: ChannelKey) -> int:
        return _send_to_channel(database, box, means, clock, channel)

    with ThreadPoolExecutor(min(_MOST_CHANNELS_AT_ONCE, len(channels))) as threads:
        return sum(threads.map(send, channels))


def _queue_reminders(database: Database, now: datetime) -> None:
    with database.read() as connection:
        found = find_told_before(connection, now - REMIND_AFTER)
    for each in found:
        with database.write() as connection:
            standing = lock_alert(connection, each.seller_id, each.key)
            reminded = remind(standing, now) if standing else None
            if reminded is not None:
                save_alert(connection, reminded)
                queue_messages(connection, reminded, word_reminder(reminded, now), now)


def _send_to_channel(
    database: Database, box: SecretBox, means: Means, clock: Clock, key: ChannelKey
) -> int:
    began_at = clock.now()
    for sent in range(_MOST_A_ROUND):
        now = clock.now()
        if now - began_at > _LONGEST_ROUND:
            return sent
        with database.write() as connection:
            message = claim_message(connection, key, now, now + CLAIM_LASTS)
        if message is None:
            return sent
        failure = _try(database, box, means, clock, message)
        _settle(database, message, clock.now(), failure)
        if failure:
            return sent
    return _MOST_A_ROUND


def _try(
    database: Database, box: SecretBox, means: Means, clock: Clock, message: QueuedMessage
) -> _Failure | None:
    """Hand a message over; why that failed, or None if it didn't."""
    try:
        with database.read() as connection:
            channel = find_channel(connection, box, message.seller_id, message.channel)
        if channel is None:
            return _Failure("the channel was removed", is_final=True)
        deliver_notice(means, channel, message.notice, clock.now())
    except StorageUnavailableError:
        raise
    except CallrouterError as error:
        return _Failure(str(error))
    except Exception as error:
        log.exception("alert_sender_broke", seller=message.seller_id, channel=message.channel)
        return _Failure(f"a mistake of callrouter's own ({type(error).__name__}): see its log")
    return None


def _settle(
    database: Database, message: QueuedMessage, now: datetime, failure: _Failure | None
) -> None:
    known = {
        "seller": message.seller_id,
        "key": message.alert_key,
        "change": message.change,
        "channel": message.channel,
        "attempts": message.attempts,
    }
    delay = None if failure and failure.is_final else delay_after(message.attempts)
    with database.write() as connection:
        if failure is None:
            settle_message(connection, message, sent_at=now, retry_at=None, failure="")
            log.info("alert_sent", **known)
        elif delay is not None:
            settle_message(
                connection, message, sent_at=None, retry_at=now + delay, failure=failure.reason
            )
            log.warning("alert_delayed", reason=failure.reason, again_in_s=delay.seconds, **known)
        else:
            lock_alert(connection, message.seller_id, message.alert_key)
            settle_message(connection, message, sent_at=None, retry_at=None, failure=failure.reason)
            drop_unheard(connection, message, "nothing was heard of the alert itself")
            log.error("alert_given_up", reason=failure.reason, **known)
