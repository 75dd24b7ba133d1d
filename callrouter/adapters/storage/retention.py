"""What nothing reads any more, removed a bounded number of rows at a time.

What counters leave behind is the business of `cap_counters`, what has expired of `caller_lists`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.alert_tables import alert_messages, alerts
from callrouter.adapters.storage.outage_tables import attempt_outcomes
from callrouter.adapters.storage.statements import delete_chosen, matches
from callrouter.adapters.storage.types import UtcDateTime

KEEPS_OUTCOMES = timedelta(days=90)
"""How long it counts for breakers and for earnings how an attempt ended."""

KEEPS_MESSAGES = timedelta(days=90)
"""How long a message is kept that was sent or given up, for those who ask what was told."""


@dataclass(frozen=True, slots=True)
class KeptOutcomes:
    """A destination, in the directory or not, and when the oldest of its attempts ended."""

    seller_id: str
    destination_id: str
    oldest_at: datetime


_BEFORE = bindparam("before", type_=UtcDateTime)
_MOST = bindparam("most", type_=sa.Integer)
_outcome, _message = attempt_outcomes.c, alert_messages.c

# From one destination to the next by the index, since there is none on the instant alone: each
# call would have to keep it up to date.
_NEXT_OUTCOMES = (
    sa.select(_outcome.seller_id, _outcome.destination_id, _outcome.ended_at)
    .where(
        sa.tuple_(_outcome.seller_id, _outcome.destination_id)
        > sa.tuple_(
            bindparam("seller_id", type_=sa.Text), bindparam("destination_id", type_=sa.Text)
        )
    )
    .order_by(_outcome.seller_id, _outcome.destination_id, _outcome.ended_at)
    .limit(1)
)
_FORGET_OUTCOMES = delete_chosen(
    attempt_outcomes,
    sa.select(*attempt_outcomes.primary_key.columns)
    .where(
        matches(attempt_outcomes, "seller_id", "destination_id"),
        _outcome.ended_at < _BEFORE,
    )
    .order_by(_outcome.ended_at)
    .limit(_MOST),
)
# What was told of an alert that stands decides who hears that it is over.
_is_of_standing = sa.exists().where(
    alerts.c.seller_id == _message.seller_id,
    alerts.c.key == _message.alert_key,
    alerts.c.sequence == _message.sequence,
    alerts.c.recovered_at.is_(None),
)
_FORGET_MESSAGES = delete_chosen(
    alert_messages,
    sa.select(*alert_messages.primary_key.columns)
    .where(_message.created_at < _BEFORE, _message.due_at.is_(None), ~_is_of_standing)
    .limit(_MOST),
)


def find_next_outcomes(connection: Connection, after: KeptOutcomes | None) -> KeptOutcomes | None:
    """The first destination of which outcomes are kept, or the first behind that of `after`."""
    parameters = {
        "seller_id": after.seller_id if after else "",
        "destination_id": after.destination_id if after else "",
    }
    row = connection.execute(_NEXT_OUTCOMES, parameters).first()
    return None if row is None else KeptOutcomes(*row)


def forget_outcomes(connection: Connection, of: KeptOutcomes, now: datetime, most: int) -> int:
    """Remove the oldest outcomes of a destination, all older than `KEEPS_OUTCOMES`.

    At most `most`; how many were removed. Within a transaction, as its neighbour.
    """
    parameters = {
        "seller_id": of.seller_id,
        "destination_id": of.destination_id,
        "before": now - KEEPS_OUTCOMES,
        "most": most,
    }
    return len(connection.execute(_FORGET_OUTCOMES, parameters).all())


def forget_messages(connection: Connection, now: datetime, most: int) -> int:
    """Remove messages that were queued longer than `KEEPS_MESSAGES` ago and are settled.

    At most `most`; how many were removed. Those about an alert that stands are kept.
    """
    parameters = {"before": now - KEEPS_MESSAGES, "most": most}
    return len(connection.execute(_FORGET_MESSAGES, parameters).all())
