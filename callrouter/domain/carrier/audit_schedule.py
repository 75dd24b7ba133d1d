"""When a seller's nightly audit is due, and of which day. A day is the carrier's: UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SETTLES_AFTER = timedelta(hours=1)
"""So long after midnight most calls of the day are over, and the carrier lists them."""
MOST_DAYS_BACK = 3
"""After an outage of the clock process, older days are audited by hand."""


@dataclass(frozen=True, slots=True)
class AuditSchedule:
    """At which time of the day, on whose clocks, the day before is audited; or that it isn't."""

    at: time = time(6)
    zone: str = "UTC"
    is_on: bool = True


def latest_due_day(schedule: AuditSchedule, now: datetime) -> date:
    """The newest UTC day whose audit is due at `now`: the last that is over at the hour chosen."""
    zone = ZoneInfo(schedule.zone)
    today = now.astimezone(zone).date()
    due_at = _on(today, schedule.at, zone)
    if due_at > now:
        due_at = _on(today - timedelta(days=1), schedule.at, zone)
    return (due_at - SETTLES_AFTER).date() - timedelta(days=1)


def list_due_days(schedule: AuditSchedule, now: datetime, last: date | None) -> tuple[date, ...]:
    """The days that are due at `now`, the oldest first; `last` is the newest that was audited.

    Days that were left out are made good, a few of them at most. A seller whose days were never
    audited begins with the latest.
    """
    newest = latest_due_day(schedule, now)
    if last is None:
        return (newest,)
    missing = min((newest - last).days, MOST_DAYS_BACK)
    return tuple(newest - timedelta(days=back) for back in reversed(range(missing)))


def start_of(day: date) -> datetime:
    """The instant at which a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def _on(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
