"""How the figures of a counter are told to people: the words of a skip and of the room board."""

from datetime import datetime
from functools import lru_cache

from callrouter.domain.clocks.periods import Period, find_next_start, find_wall_time
from callrouter.domain.limits.caps import (
    ON_ACCOUNTS,
    UNLIMITED,
    Counter,
    Measure,
    SubjectKind,
    Usage,
)
from callrouter.domain.money import say_micros

_IN_PERIOD = {
    Period.HOUR: "this hour",
    Period.DAY: "today",
    Period.WEEK: "this week",
    Period.MONTH: "this month",
    Period.EVER: "ever",
}
_EACH_PERIOD = {
    Period.HOUR: "an hour",
    Period.DAY: "a day",
    Period.WEEK: "a week",
    Period.MONTH: "a month",
    Period.EVER: "ever",
}


def say_usage(counter: Counter, usage: Usage, at: datetime, amount: int = 1) -> str:
    """What the counter holds at `at`, and when it starts anew.

    "cap 50/50 connected today (3 of them in progress), resets 00:00 America/Chicago",
    "5 of 5 calls at once for buyer acme", "500.00 of 500.00 USD this week, resets …", or "12 s
    since the last call, spacing 30 s" where the limit leaves room and only the spacing doesn't.
    `amount` is what the dial would add; it is named where a part of it would fit.
    """
    ready_at = counter.ready_at(usage)
    fits = usage.total + amount <= counter.cap.limit
    if fits and ready_at is not None and usage.last_at is not None and ready_at > at:
        since_s = max((at - usage.last_at).total_seconds(), 0)
        whose = _say_whose(counter)
        return f"{since_s:.0f} s since the last call{whose}, spacing {counter.spacing_s} s"
    return _say_figures(counter, usage, amount) + _say_reset(counter, at)


def name_limit(counter: Counter, usage: Usage, amount: int = 1) -> str:
    """Which of a counter's limits holds a dial of `amount` back, whatever is counted by now.

    "50 connected a day", "5 calls at once for buyer acme", "spacing 30 s".
    """
    if usage.total + amount <= counter.cap.limit:
        return f"spacing {counter.spacing_s} s{_say_whose(counter)}"
    return say_limit(counter)


def say_limit(counter: Counter) -> str:
    """A counter's limit, as in "50 connected a day" or "5 calls at once for buyer acme".

    One that only counts has none: "calls at once".
    """
    cap, whose = counter.cap, _say_whose(counter)
    if cap.measure is Measure.CONCURRENT:
        limit = "" if cap.limit >= UNLIMITED else f"{cap.limit} "
        return f"{limit}{'call' if cap.limit == 1 else 'calls'} at once{whose}"
    if cap.measure in ON_ACCOUNTS:
        limit = f"{say_micros(cap.limit)} {counter.currency} of credit"
        return f"{limit if cap.limit else 'money paid in advance'}{whose}"
    period = _EACH_PERIOD[cap.period]
    if cap.measure is Measure.REVENUE:
        return f"{say_micros(cap.limit)} {counter.currency} {period}{whose}"
    return f"{cap.limit} {cap.measure} {period}{whose}"


def _say_figures(counter: Counter, usage: Usage, amount: int) -> str:
    measure, limit, whose = counter.cap.measure, counter.cap.limit, _say_whose(counter)
    if measure is Measure.CONCURRENT:
        of_limit = "" if limit >= UNLIMITED else f" of {limit}"
        calls = "call" if 1 in (limit, *(() if of_limit else (usage.total,))) else "calls"
        return f"{usage.total}{of_limit} {calls} at once{whose}"
    if measure in ON_ACCOUNTS:
        return _say_account(counter, usage)
    period = _IN_PERIOD[counter.cap.period]
    if measure is Measure.REVENUE:
        said = f"{say_micros(usage.total)} of {say_micros(limit)} {counter.currency}".rstrip()
        said += f" {period}{whose}"
        if usage.held:
            said += f" ({say_micros(usage.held)} of it in progress)"
        if usage.total < limit < usage.total + amount:
            said += f", the call would add {say_micros(amount)}"
        return said
    said = f"cap {usage.total}/{limit} {measure} {period}{whose}"
    return said + (f" ({usage.held} of them in progress)" if usage.held else "")


def _say_account(counter: Counter, usage: Usage) -> str:
    limit, currency = counter.cap.limit, counter.currency
    said = f"{say_micros(usage.total)} of {say_micros(limit)} {currency} credit used"
    if limit == 0:
        said = f"balance {say_micros(-usage.total)} {currency}"
    held = f" ({say_micros(usage.held)} held by calls in progress)" if usage.held else ""
    return f"{said}{_say_whose(counter)}{held}"


def _say_whose(counter: Counter) -> str:
    """Whose figure it is, unless it is the destination's own, of which the talk is anyway."""
    subject = counter.subject
    if subject.kind is SubjectKind.DESTINATION:
        return ""
    return f" for {subject.kind} {subject.subject_id}"


def _say_reset(counter: Counter, at: datetime) -> str:
    """Remembered for the minute: a cap without room is asked by every call that comes."""
    minute = at.replace(second=0, microsecond=0)
    return _say_reset_of(counter.cap.period, counter.zone, minute)


@lru_cache(maxsize=4096)
def _say_reset_of(period: Period, zone: str, minute: datetime) -> str:
    resets_at = find_next_start(period, zone, minute)
    if resets_at is None:
        return ""
    wall = find_wall_time(zone, resets_at)
    day = {Period.WEEK: f"{wall:%a} ", Period.MONTH: f"{wall:%b} {wall.day} "}
    return f", resets {day.get(period, '')}{wall:%H:%M} {zone}"
