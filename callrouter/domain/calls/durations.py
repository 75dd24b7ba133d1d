"""The two durations that a CDR is about, total and connected, each from the best source there is.

Which source is taken when, and what is flagged, is described in docs/cdr.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.events import CallEnded, LegProgressed, LegStatus
from callrouter.domain.calls.outcomes import (
    judge_attempt,
    leg_answered_at,
    leg_duration_s,
    leg_end_stamp,
    leg_ended_at,
    read_caller_leg,
    went_on,
)
from callrouter.domain.cdr import AttemptOutcome, CdrFlag, ConnectedSource

_CARRIER_RESOLUTION = timedelta(seconds=1)
_GAP = frozenset({CdrFlag.DURATION_GAP})
_MISSING = frozenset({CdrFlag.DURATION_MISSING})


@dataclass(frozen=True, slots=True)
class Connected:
    """How long one attempt's caller and buyer were joined, and who says so."""

    ms: int = 0
    source: ConnectedSource = ConnectedSource.NONE
    flags: frozenset[CdrFlag] = frozenset()


@dataclass(frozen=True, slots=True)
class Total:
    """From the call's reaching us to the end of the caller's leg."""

    started_at: datetime
    ended_at: datetime
    ms: int
    flags: frozenset[CdrFlag] = frozenset()


def measure_connected(attempt: Attempt, history: CallHistory) -> Connected:
    """How long caller and buyer were joined in this attempt; zero when they weren't.

    Without whisper or screening the buyer's leg says it; with a whisper only, the caller's leg,
    which by answerOnBridge is answered at the bridge; with screening, event times.
    """
    if judge_attempt(attempt, history) is not AttemptOutcome.CONNECTED:
        return Connected()
    by_leg = _measure_by_leg(attempt)
    if not attempt.is_whispered:
        return by_leg
    since_bridge_s = _since_bridge_s(attempt, history)
    ended_at, screening = leg_ended_at(attempt), attempt.screening
    if screening is not None and screening.accepted and ended_at is not None:
        ms = max(0, _ms(ended_at - screening.received_at))
        return Connected(
            ms, ConnectedSource.EVENT_TIMES, _flag_screened(ms, by_leg, since_bridge_s)
        )
    leg_s = leg_duration_s(attempt)
    if since_bridge_s is not None and (leg_s is None or since_bridge_s <= leg_s):
        return Connected(since_bridge_s * 1000, ConnectedSource.CARRIER_CALL)
    if since_bridge_s is not None and leg_s is not None and since_bridge_s - leg_s <= 1:
        return by_leg  # a whisper of no length, and two roundings
    return replace(by_leg, flags=by_leg.flags | _MISSING)


def _since_bridge_s(attempt: Attempt, history: CallHistory) -> int | None:
    """The caller leg's CallDuration, where it counts from this attempt's bridge to its end.

    It does when nothing else answered the caller's leg before and nothing of ours followed.
    """
    caller_leg = read_caller_leg(history)
    if caller_leg.status is not LegStatus.COMPLETED or went_on(attempt, history):
        return None
    outcomes = [judge_attempt(other, history) for other in history.attempts]
    return caller_leg.duration_s if outcomes.count(AttemptOutcome.CONNECTED) == 1 else None


def _flag_screened(ms: int, by_leg: Connected, since_bridge_s: int | None) -> frozenset[CdrFlag]:
    """The caller's leg should say the same; the buyer's leg, which is longer, at least as much."""
    if since_bridge_s is not None:
        return _GAP if abs(ms - since_bridge_s * 1000) > 1000 else frozenset()
    is_known = by_leg.source is not ConnectedSource.NONE
    return _GAP if is_known and ms - by_leg.ms > 1000 else frozenset()


def _measure_by_leg(attempt: Attempt) -> Connected:
    """From the buyer's answer to the leg's end: with a whisper or screening, longer than joined."""
    final, swept, dial = attempt.final_leg, attempt.swept, attempt.own_end
    said = (
        (final.duration_s if final else None, ConnectedSource.CARRIER_LEG),
        (swept.duration_s if swept else None, ConnectedSource.CARRIER_REST),
        (dial.duration_s if dial else None, ConnectedSource.CARRIER_DIAL),
    )
    figures = [(seconds * 1000, source) for seconds, source in said if seconds is not None]
    answered_at, ended_at = leg_answered_at(attempt), leg_ended_at(attempt)
    # Our own clock at the end takes in how long the carrier took to tell: no check on its figures.
    is_comparable = leg_end_stamp(attempt) is not None or not figures
    if answered_at is not None and ended_at is not None and is_comparable:
        figures.append((max(0, _ms(ended_at - answered_at)), ConnectedSource.EVENT_TIMES))
    if not figures:
        return Connected(flags=_MISSING)
    ms, source = figures[0]
    all_ms = [figure for figure, _ in figures]
    flags = _GAP if max(all_ms) - min(all_ms) > 1000 else frozenset()
    return Connected(ms, source, flags)


def measure_total(history: CallHistory, connected: Sequence[Connected]) -> Total:
    """When the call began and ended, and how long it was: never shorter than connected.

    It begins by our clock at the first webhook; by the carrier's where that is earlier beyond
    doubt. The carrier's whole seconds may fall short of connected by up to one; more than that
    means that the clocks disagree, as does a stamp of something before it is said to have been.
    """
    connected_ms = sum(figure.ms for figure in connected)
    started_at = _started_at(history)
    told_at = read_caller_leg(history).ended_at or max(history.last_heard_at, started_at)
    ended_at = max(told_at, started_at)
    short_by = timedelta(milliseconds=connected_ms) - (ended_at - started_at)
    is_apart = (
        history.misdated
        or short_by > _CARRIER_RESOLUTION
        or started_at - told_at > _CARRIER_RESOLUTION
        or any(_is_ahead(event) for event in history.events)
    )
    flags = frozenset({CdrFlag.CLOCK_GAP}) if is_apart else frozenset()
    if short_by > timedelta(0):
        return Total(started_at, ended_at + short_by, connected_ms, flags)
    return Total(started_at, ended_at, _ms(ended_at - started_at), flags)


def _started_at(history: CallHistory) -> datetime:
    first = history.events[0].received_at
    carrier = history.swept.started_at if history.swept else None
    if carrier is not None and first - carrier >= _CARRIER_RESOLUTION:
        return carrier
    return first


def _is_ahead(event: object) -> bool:
    """Whether the carrier says that something happened later than we heard of it."""
    if not isinstance(event, LegProgressed | CallEnded) or event.occurred_at is None:
        return False
    return event.occurred_at - event.received_at > _CARRIER_RESOLUTION


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))
