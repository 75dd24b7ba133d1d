"""How an attempt counts for its destination: what its circuit breaker and its revenue go by.

An attempt that the caller ended says nothing of the destination, and counts neither way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.durations import measure_connected
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.calls.outcomes import caller_stayed, judge_attempt, leg_ended_at, told_status
from callrouter.domain.cdr import AttemptOutcome, ConnectedSource
from callrouter.domain.health.circuit_breaker import BreakerSettings, Result, Side
from callrouter.domain.routing.payability import earn_micros

LEAST_RING_S = 10
"""A phone that was told to ring for less had no fair chance to be answered."""

LONGEST_EARLY_DROP_S = 300
"""The most that `early_drop_s` may be."""


class CountedOutcome(StrEnum):
    """How an attempt ended, as far as it says something of the destination."""

    CONNECTED = "connected"
    """Joined; the caller ended it, or nobody knows who."""
    HUNG_UP = "hung_up"
    """Joined; the buyer ended it."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    """Answered, but nobody took the call: no digit was pressed, or the whisper was hung up on."""
    FAILED = "failed"
    NOTHING = "nothing"
    """It says nothing: the caller left, another phone was faster, or it rang too short a time."""


_BUYER_SIDE = frozenset({CountedOutcome.BUSY, CountedOutcome.NO_ANSWER, CountedOutcome.DECLINED})
_COUNTED = {
    AttemptOutcome.BUSY: CountedOutcome.BUSY,
    AttemptOutcome.NO_ANSWER: CountedOutcome.NO_ANSWER,
    AttemptOutcome.DECLINED: CountedOutcome.DECLINED,
    AttemptOutcome.FAILED: CountedOutcome.FAILED,
    AttemptOutcome.ABANDONED: CountedOutcome.NOTHING,
    AttemptOutcome.ELSEWHERE: CountedOutcome.NOTHING,
}
_SAID = {CountedOutcome.NO_ANSWER: "no answer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationOutcome:
    """What one attempt came to for the destination that was dialled; money in micro-units."""

    call_sid: str
    attempt: int
    destination_id: str
    buyer_id: str
    campaign_id: str
    dialed_at: datetime
    ended_at: datetime
    outcome: CountedOutcome
    connected_ms: int = 0
    revenue_micros: int = 0


def read_outcome(
    attempt: Attempt, history: CallHistory, heard_at: datetime
) -> DestinationOutcome | None:
    """What `attempt` came to for its destination by what was heard by `heard_at`.

    None while it isn't over, and for an attempt of which nobody knows what was dialled.
    """
    judged, decided, dial = judge_attempt(attempt, history), attempt.decided, attempt.dial
    if judged is AttemptOutcome.RINGING or decided is None or dial is None:
        return None
    connected_ms = measure_connected(attempt, history).ms
    is_joined = judged is AttemptOutcome.CONNECTED
    # The carrier may have dialled something else than we had decided.
    is_ours = dial.destination_id == attempt.destination_id
    # Of an attempt that nothing tells the end of, it is known how long it can have rung.
    given_up_at = decided.received_at + timedelta(seconds=dial.ring_s if is_ours else LEAST_RING_S)
    return DestinationOutcome(
        call_sid=decided.call_sid,
        attempt=attempt.attempt,
        destination_id=attempt.destination_id,
        buyer_id=dial.buyer_id if is_ours else "",
        campaign_id=decided.decision.campaign_id,
        dialed_at=decided.received_at,
        # The carrier's clock may be ahead of ours.
        ended_at=min(leg_ended_at(attempt) or given_up_at, heard_at),
        outcome=_count(attempt, history, judged, dial.ring_s),
        connected_ms=connected_ms,
        revenue_micros=earn_micros(dial, connected_ms, connected=is_joined) if is_ours else 0,
    )


def _count(
    attempt: Attempt, history: CallHistory, judged: AttemptOutcome, ring_s: int
) -> CountedOutcome:
    if judged is AttemptOutcome.CONNECTED:
        # Without a duration nobody can say that it was dropped early.
        is_measured = measure_connected(attempt, history).source is not ConnectedSource.NONE
        has_buyer_ended = is_measured and caller_stayed(attempt, history) is True
        return CountedOutcome.HUNG_UP if has_buyer_ended else CountedOutcome.CONNECTED
    told = told_status(attempt)
    is_cut_short = told is LegStatus.CANCELED or ring_s < LEAST_RING_S
    if judged is AttemptOutcome.NO_ANSWER and is_cut_short:
        return CountedOutcome.NOTHING
    return _COUNTED[judged]


def may_be_failure(outcome: DestinationOutcome) -> bool:
    """Whether there are settings by which it speaks against the destination."""
    if outcome.outcome is CountedOutcome.HUNG_UP:
        return outcome.connected_ms < 1000 * LONGEST_EARLY_DROP_S
    return outcome.outcome in _BUYER_SIDE or outcome.outcome is CountedOutcome.FAILED


def count_outcome(outcome: DestinationOutcome, settings: BreakerSettings) -> Result | None:
    """How it counts for a breaker with these settings; None when it counts neither way.

    Whoever talked for `early_drop_s` was served. A buyer who hangs up sooner wasn't there; a
    caller who does says nothing.
    """
    word = _SAID.get(outcome.outcome, str(outcome.outcome))
    failed: Side | None = None
    if outcome.outcome is CountedOutcome.FAILED:
        failed = Side.CARRIER
    elif outcome.outcome in _BUYER_SIDE:
        failed = Side.BUYER
    elif outcome.outcome is CountedOutcome.NOTHING:
        return None
    elif outcome.connected_ms < settings.early_drop_s * 1000:
        if outcome.outcome is CountedOutcome.CONNECTED:
            return None
        failed, word = Side.BUYER, "early drop"
    return Result(outcome.dialed_at, outcome.ended_at, failed, word)


def count_outcomes(
    outcomes: Iterable[DestinationOutcome], settings: BreakerSettings
) -> tuple[Result, ...]:
    """Those of the outcomes that count."""
    counted = (count_outcome(outcome, settings) for outcome in outcomes)
    return tuple(result for result in counted if result is not None)
