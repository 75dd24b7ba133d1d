"""What a seller's calls look like right now: those in progress, and the latest that ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callrouter.adapters.storage.calls import CallRow, read_events
from callrouter.adapters.storage.cdrs import CdrFilter, StoredCdr, list_cdrs, list_open_calls
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory, read_history
from callrouter.domain.calls.outcomes import judge_attempt, leg_answered_at, leg_duration_s
from callrouter.domain.cdr import AttemptOutcome


@dataclass(frozen=True, slots=True)
class LiveAttempt:
    """An attempt of a call in progress: its outcome, or `ringing`, `screening`, `talking`."""

    destination_id: str
    state: str
    connected_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    """A call in progress, with both durations as they stand."""

    call_sid: str
    arrived_at: datetime
    campaign_id: str
    did: str
    ani: str
    total_ms: int
    connected_ms: int
    attempts: tuple[LiveAttempt, ...]


@dataclass(frozen=True, slots=True)
class CallsNow:
    """One look at a seller's calls."""

    at: datetime
    live: tuple[LiveCall, ...]
    recent: tuple[StoredCdr, ...]


def view_calls(database: Database, seller_id: str, at: datetime, most: int) -> CallsNow:
    """The newest calls of either kind, at most `most` of each."""
    with database.read() as connection:
        live = tuple(
            _view_live(row, read_history(read_events(connection, seller_id, row.call_sid)), at)
            for row in list_open_calls(connection, seller_id, most)
        )
        return CallsNow(at, live, list_cdrs(connection, seller_id, CdrFilter(), None, most))


def _view_live(row: CallRow, history: CallHistory, at: datetime) -> LiveCall:
    attempts = tuple(_view_attempt(attempt, history, at) for attempt in history.attempts)
    return LiveCall(
        call_sid=row.call_sid,
        arrived_at=row.arrived_at,
        campaign_id=row.campaign_id,
        did=row.did,
        ani=row.ani,
        total_ms=_ms(at - row.arrived_at),
        connected_ms=sum(attempt.connected_ms for attempt in attempts),
        attempts=attempts,
    )


def _view_attempt(attempt: Attempt, history: CallHistory, at: datetime) -> LiveAttempt:
    outcome = judge_attempt(attempt, history)
    joined_at = leg_answered_at(attempt)
    if attempt.is_screened and joined_at is not None:
        accepted = attempt.screening is not None and attempt.screening.accepted
        joined_at = attempt.screening.received_at if attempt.screening and accepted else None
        if outcome is AttemptOutcome.RINGING and joined_at is None:
            return LiveAttempt(attempt.destination_id, "screening", 0)
    if outcome is AttemptOutcome.CONNECTED:
        talked_ms = (leg_duration_s(attempt) or 0) * 1000
        return LiveAttempt(attempt.destination_id, outcome, talked_ms)
    if outcome is AttemptOutcome.RINGING and joined_at is not None:
        return LiveAttempt(attempt.destination_id, "talking", _ms(at - joined_at))
    return LiveAttempt(attempt.destination_id, outcome, 0)


def _ms(span: timedelta) -> int:
    return max(0, round(span / timedelta(milliseconds=1)))
