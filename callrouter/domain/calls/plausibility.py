"""Which of a carrier's figures can be true at all; one that can't is no evidence.

Knows nothing of what the figures mean for a call.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from callrouter.domain.calls.events import (
    CallEnded,
    CallEvent,
    CallSwept,
    DialEnded,
    LegProgressed,
    LegSwept,
)

LONGEST_CALL_S = 86_400
"""Twilio ends any call after 24 hours at the latest (`timeLimit`, its page on <Dial>)."""
_CLOCKS_APART = timedelta(days=1)


def leave_out_absurd(event: CallEvent, first_heard_at: datetime | None) -> CallEvent:
    """The event without the stamps and durations that no call can have; itself if it has none.

    A stamp more than a day after its own arrival can't be true, nor one more than a day before
    the call was first heard of (None when all that is known was asked for afterwards); nor a
    duration that is negative or longer than the carrier lets any call last.
    """
    if isinstance(event, DialEnded):
        seconds = _believe_span(event.duration_s)
        return event if seconds == event.duration_s else replace(event, duration_s=seconds)
    if isinstance(event, LegProgressed | CallEnded):
        occurred_at = _believe_stamp(event.occurred_at, event.received_at, first_heard_at)
        seconds = _believe_span(event.duration_s)
        if (occurred_at, seconds) == (event.occurred_at, event.duration_s):
            return event
        return replace(event, occurred_at=occurred_at, duration_s=seconds)
    if isinstance(event, CallSwept | LegSwept):
        started_at = _believe_stamp(event.started_at, event.received_at, first_heard_at)
        ended_at = _believe_stamp(event.ended_at, event.received_at, first_heard_at)
        seconds = _believe_span(event.duration_s)
        if (started_at, ended_at, seconds) == (event.started_at, event.ended_at, event.duration_s):
            return event
        return replace(event, started_at=started_at, ended_at=ended_at, duration_s=seconds)
    return event


def _believe_stamp(
    stamp: datetime | None, received_at: datetime, first_heard_at: datetime | None
) -> datetime | None:
    if stamp is None or stamp - received_at > _CLOCKS_APART:
        return None
    if first_heard_at is not None and first_heard_at - stamp > _CLOCKS_APART:
        return None
    return stamp


def _believe_span(seconds: int | None) -> int | None:
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_CALL_S else None
