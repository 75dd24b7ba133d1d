"""Keep how attempts ended for their destinations, and turn the circuit breakers by that.

All of it within the transaction in which the attempt was told to be over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.attempt_outcomes import read_recent_outcomes, record_outcome
from callrouter.adapters.storage.directories import current_version
from callrouter.adapters.storage.stops import change_stop, last_closed_at, read_stops_of
from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.destination_outcomes import (
    count_outcomes,
    may_be_failure,
    read_outcome,
)
from callrouter.domain.health.circuit_breaker import (
    Breaker,
    BreakerSettings,
    Phase,
    Result,
    Turn,
    judge_results,
)
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.health.trip_guard import TripVerdict
from callrouter.domain.tables.directory import Directory, breaker_settings
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.left_in_tables import Tables, weigh_taking_out
from callrouter.workflows.raise_alert import raise_alert, recover_alert

log = structlog.get_logger()

BREAKER = "breaker"
"""Who turned it, in the history."""
ALL_BAD, LAST_ONE = "all-bad:", "last-one:"
"""What the keys of alerts begin with that tell of breakers which may not open."""
_MOST_OUTCOMES = 200
_PHASES = {StopCause.BREAKER_OPEN: Phase.OPEN, StopCause.HALF_OPEN: Phase.HALF_OPEN}


def note_attempt(
    connection: Connection,
    seller_id: str,
    attempt: Attempt,
    history: CallHistory,
    at: datetime,
    compiled: Compiled | None = None,
) -> bool:
    """Keep how an attempt ended, and judge its destinations by it; nothing while it isn't over.

    True when stops may have changed by it: nothing may be decided in the same transaction then, as
    `judge_destination` says. May be called any number of times, with whatever more is known of the
    call by then: only news are judged. A call that went well for a destination that gets calls
    costs one statement. Without `compiled` a failure reads the directory, and a breaker that
    is about to open every live table.
    """
    outcome = read_outcome(attempt, history, at)
    if outcome is None or not record_outcome(connection, seller_id, outcome):
        return False
    if not may_be_failure(outcome) and not _was_probe(attempt):
        return False
    destination_id = outcome.destination_id
    return judge_destination(connection, seller_id, destination_id, at, compiled or Compiled())


def _was_probe(attempt: Attempt) -> bool:
    """Whether a breaker stood for its destination when it was decided on."""
    conditions = attempt.decided.conditions if attempt.decided else None
    stops = conditions.stops if conditions else ()
    return any(stop.is_breaker and stop.subject_id == attempt.destination_id for stop in stops)


@dataclass(frozen=True, slots=True)
class _Case:
    """A destination that is judged: what stands for it, and what is known of it."""

    seller_id: str
    destination_id: str
    directory: Directory
    settings: BreakerSettings
    standing: Stop | None
    at: datetime


def judge_destination(
    connection: Connection, seller_id: str, destination_id: str, at: datetime, compiled: Compiled
) -> bool:
    """Open, close or keep the breaker by how the destination's last attempts ended.

    Where it would open but mustn't, since nobody else would be left or all others look bad too,
    nothing is changed, and an alert raised. True when the breaker was to turn: the conditions
    version may have been raised. Decide nothing before that is committed, since `Compiled` keeps
    stops by their version, and another transaction gets that one when this is rolled back.
    """
    directory = compiled.directory(connection, seller_id, current_version(connection, seller_id))
    case = _Case(
        seller_id,
        destination_id,
        directory,
        breaker_settings(directory, destination_id),
        _find_breaker(connection, seller_id, destination_id),
        at,
    )
    breaker = read_breaker(connection, seller_id, destination_id, case.standing)
    results = read_results(connection, seller_id, destination_id, breaker, case.settings, at)
    turn = judge_results(breaker, results, case.settings, at)
    if turn is None:
        return False
    if turn.breaker.phase is Phase.OPEN:
        own = frozenset({destination_id})
        tables = weigh_taking_out(connection, compiled, seller_id, directory, own, at)
        if tables.verdict is not TripVerdict.TRIP:
            _refuse(connection, case, turn, tables)
            return True
    _turn(connection, case, turn)
    return True


def read_breaker(
    connection: Connection, seller_id: str, destination_id: str, standing: Stop | None
) -> Breaker:
    """The breaker behind the stop that stands, or a closed one."""
    if standing is None:
        return Breaker(Phase.CLOSED, last_closed_at(connection, seller_id, destination_id))
    phase = _PHASES[standing.cause]
    return Breaker(phase, standing.since, standing.until, standing.cool_down_s)


def read_results(
    connection: Connection,
    seller_id: str,
    destination_id: str,
    breaker: Breaker,
    settings: BreakerSettings,
    at: datetime,
) -> tuple[Result, ...]:
    """What a breaker is judged by: the outcomes of its window and, half open, since it is."""
    since = at - timedelta(seconds=settings.window_s)
    if breaker.phase is not Phase.CLOSED and breaker.since is not None:
        since = min(since, breaker.since)
    outcomes = read_recent_outcomes(connection, seller_id, destination_id, since, _MOST_OUTCOMES)
    return count_outcomes(outcomes, settings)


def _find_breaker(connection: Connection, seller_id: str, destination_id: str) -> Stop | None:
    stops = read_stops_of(connection, seller_id, StopKind.DESTINATION, destination_id)
    return next((stop for stop in stops if stop.is_breaker), None)


def _turn(connection: Connection, case: _Case, turn: Turn) -> None:
    """Write what the breaker is now; nothing when another process was quicker."""
    seller_id, destination_id, now = case.seller_id, case.destination_id, turn.breaker
    stop = None
    if now.phase is Phase.OPEN:
        stop = Stop(
            kind=StopKind.DESTINATION,
            subject_id=destination_id,
            cause=StopCause.BREAKER_OPEN,
            since=case.at,
            until=now.until,
            reason=turn.reason,
            author=BREAKER,
            zone=case.directory.zone_of(destination_id),
            cool_down_s=now.cool_down_s,
        )
    changed = change_stop(
        connection,
        seller_id,
        case.standing,
        stop,
        at=case.at,
        author=BREAKER,
        reason=turn.reason,
        figures=turn.figures,
    )
    if not changed:
        return
    log.warning(
        "breaker_turned",
        seller=seller_id,
        destination=destination_id,
        phase=now.phase,
        reason=turn.reason,
    )
    _tell(connection, case, turn)


def _tell(connection: Connection, case: _Case, turn: Turn) -> None:
    destination_id, key = case.destination_id, f"breaker:{case.destination_id}"
    if turn.breaker.phase is Phase.CLOSED:
        recover_alert(connection, case.seller_id, key, turn.reason, case.at)
        return
    subject = f"{destination_id} gets no calls: {turn.reason}"
    text = (
        f"The circuit breaker of {destination_id} opened: {turn.reason}.\n"
        f"It is tried again with one call after {turn.breaker.cool_down_s} s ({turn.figures})."
    )
    raise_alert(connection, case.seller_id, key, subject, text, case.at)


def _refuse(connection: Connection, case: _Case, turn: Turn, tables: Tables) -> None:
    """Change nothing, and say so: once for a campaign of which all look bad."""
    destination_id = case.destination_id
    for campaign_id in tables.all_bad:
        raise_alert(
            connection,
            case.seller_id,
            f"{ALL_BAD}{campaign_id}",
            f"every destination of {campaign_id} looks bad",
            f"Last of all {destination_id}: {turn.reason}. Nothing was changed: when all fail at "
            "once, look at the carrier and at our own side first.",
            case.at,
        )
    if not tables.all_bad:
        campaigns = ", ".join(tables.last_of)
        raise_alert(
            connection,
            case.seller_id,
            f"{LAST_ONE}{destination_id}",
            f"{destination_id} looks bad and is the last one of {campaigns}",
            f"{destination_id}: {turn.reason}. It goes on getting calls, since nobody else of "
            f"{campaigns} takes any.",
            case.at,
        )


def begin_half_open(stop: Stop) -> Stop:
    """The stop of a breaker that has cooled down: from then on one call at a time gets through."""
    return replace(stop, cause=StopCause.HALF_OPEN, since=stop.until or stop.since, until=None)
