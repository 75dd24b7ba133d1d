"""Alerts: what stands, what is news about it, and how that is told. Knows no channel and no time.

An alert is told once when it begins, once a day while it stands, and once when it is over, however
often it is raised in between.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

REMIND_AFTER = timedelta(hours=24)
"""An alert that still stands this long after it was last told of is told again."""
MOST_ATTEMPTS = 30
"""With `delay_after` that is about a day: a channel that is broken for longer isn't waited for."""
_FIRST_DELAY = timedelta(seconds=15)
_LONGEST_DELAY = timedelta(hours=1)
_LONGEST_TEXT_MESSAGE = 320
"""Two to five parts of an SMS; nobody reads more on a telephone."""


class AlertChange(StrEnum):
    """What there is to tell of an alert."""

    RAISED = "raised"
    REMINDER = "reminder"
    RECOVERED = "recovered"
    TEST = "test"
    """Nothing is wrong: somebody tries whether the channel works."""


class ChannelKind(StrEnum):
    """By what means a message is sent."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is, or was last, wrong under one key; `sequence` counts how often it has begun.

    `times` is how often it was raised since it began, `steps` how often it was told of since.
    """

    seller_id: str
    key: str
    sequence: int
    subject: str
    text: str
    since: datetime
    last_raised_at: datetime
    times: int
    told_at: datetime
    steps: int
    recovered_at: datetime | None

    @property
    def stands(self) -> bool:
        """Whether it is not over yet."""
        return self.recovered_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message about an alert, as it is handed to a channel; `at` is when it came up.

    `notice_id` is the same for every try and every channel, and for no other notice: 32 characters
    of 0-9 and a-f, by which a receiver knows a repetition.
    """

    notice_id: str
    seller_id: str
    key: str
    change: AlertChange
    subject: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """The words of one message about an alert."""

    change: AlertChange
    subject: str
    text: str


def raise_first(seller_id: str, key: str, subject: str, text: str, at: datetime) -> Alert:
    """An alert under a key that was never raised before."""
    return Alert(
        seller_id=seller_id,
        key=key,
        sequence=1,
        subject=subject,
        text=text,
        since=at,
        last_raised_at=at,
        times=1,
        told_at=at,
        steps=1,
        recovered_at=None,
    )


def raise_again(alert: Alert, subject: str, text: str, at: datetime) -> Alert:
    """`alert` raised once more: counted while it stands, begun anew when it was over.

    Only the latter is news: its `sequence` is the next one. The words are the latest.
    """
    if not alert.stands:
        anew = raise_first(alert.seller_id, alert.key, subject, text, at)
        return replace(anew, sequence=alert.sequence + 1)
    return replace(
        alert,
        subject=subject,
        text=text,
        last_raised_at=max(alert.last_raised_at, at),
        times=alert.times + 1,
    )


def recover(alert: Alert, at: datetime) -> Alert | None:
    """`alert` over and to be told of; None when it was over already."""
    if not alert.stands:
        return None
    return replace(alert, recovered_at=at, told_at=at, steps=alert.steps + 1)


def remind(alert: Alert, at: datetime) -> Alert | None:
    """`alert` to be told of again; None when it is over, or was told of less than a day ago."""
    if not alert.stands or at - alert.told_at < REMIND_AFTER:
        return None
    return replace(alert, told_at=at, steps=alert.steps + 1)


def word_raised(alert: Alert) -> Told:
    """How the beginning of an alert is told."""
    return Told(AlertChange.RAISED, alert.subject, alert.text)


def word_reminder(alert: Alert, at: datetime) -> Told:
    """How it is told that an alert still stands."""
    times = "once" if alert.times == 1 else f"{alert.times} times"
    lasted = spell_duration(at - alert.since)
    return Told(
        AlertChange.REMINDER,
        f"Still: {alert.subject}",
        f"{alert.text}\n\nThis has stood for {lasted}, and was raised {times}.",
    )


def word_recovered(alert: Alert, text: str) -> Told:
    """How it is told that an alert is over; `text` says why, and may be empty."""
    lasted = spell_duration((alert.recovered_at or alert.last_raised_at) - alert.since)
    first = f"{text}\n\n" if text else ""
    return Told(AlertChange.RECOVERED, f"Recovered: {alert.subject}", f"{first}It lasted {lasted}.")


def make_notice_id(seller_id: str, key: str, sequence: int, step: int) -> str:
    """The id of what is told of an alert at one step."""
    named = f"{seller_id}\n{key}\n{sequence}\n{step}".encode(errors="replace")
    return hashlib.sha256(named).hexdigest()[:32]


def word_for_telephone(subject: str, text: str) -> str:
    """Subject and text as one short message: lines joined, the end cut off."""
    whole = " ".join(f"{subject}: {text}".split())
    if len(whole) <= _LONGEST_TEXT_MESSAGE:
        return whole
    return whole[: _LONGEST_TEXT_MESSAGE - 1] + "…"


def delay_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that failed; None to give up.

    15 seconds, doubled each time, an hour at most.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    doubled: int = 2 ** max(attempts - 1, 0)
    return min(_FIRST_DELAY * doubled, _LONGEST_DELAY)


def spell_duration(lasted: timedelta) -> str:
    """A duration for people, in its two largest units: "2 h 5 min". Never negative."""
    seconds = max(int(lasted.total_seconds()), 0)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    figures = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    first = next((i for i, (figure, _) in enumerate(figures) if figure), len(figures) - 1)
    shown = [f"{figure} {unit}" for figure, unit in figures[first : first + 2] if figure]
    return " ".join(shown) or "0 s"
