"""From a call's events to its CDR: `derive`, pure, whatever the events' order and repeats.

Which source each figure comes from, and what is flagged, is described in docs/cdr.md.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory, read_history
from callrouter.domain.calls.durations import Connected, measure_connected, measure_total
from callrouter.domain.calls.events import (
    CallArrived,
    CallEvent,
    CallSwept,
    LegStatus,
    LegSwept,
    RouteDecided,
)
from callrouter.domain.calls.outcomes import (
    caller_stayed,
    judge_attempt,
    leg_answered_at,
    leg_duration_s,
    leg_ended_at,
    read_caller_leg,
)
from callrouter.domain.cdr import (
    AttemptOutcome,
    AttemptRecord,
    Cdr,
    CdrFlag,
    Disposition,
    HangupParty,
)
from callrouter.domain.routing.decision import Closing

_FURTHEST_FIRST = (
    (AttemptOutcome.DECLINED, Disposition.DECLINED),
    (AttemptOutcome.NO_ANSWER, Disposition.NO_ANSWER),
    (AttemptOutcome.BUSY, Disposition.BUSY),
    (AttemptOutcome.FAILED, Disposition.FAILED),
)


def derive(events: Iterable[CallEvent]) -> Cdr:
    """The CDR that these events of one call amount to.

    Any order and any repeats give the same CDR. Raises ValueError when there are no events.
    """
    return derive_from(read_history(events))


def derive_from(history: CallHistory) -> Cdr:
    """The CDR of a call whose events were grouped already."""
    if not history.events:
        raise ValueError("a CDR needs at least one event of its call")
    measured = [(a, measure_connected(a, history)) for a in history.attempts]
    figures = [figure for _, figure in measured]
    recorded = [
        (_record_attempt(a, history, figure.ms), figure) for a, figure in measured if a.was_dialled
    ]
    attempts = tuple(record for record, _ in recorded)
    joined = [each for each in recorded if each[0].outcome is AttemptOutcome.CONNECTED]
    shown = (joined or recorded)[-1][0] if recorded else None
    shown_figure = (joined or recorded)[-1][1] if recorded else Connected()
    total = measure_total(history, figures)
    latest = history.decisions[-1].decision if history.decisions else None
    told_of = history.arrived or history.swept
    campaign_id, publisher = _find_campaign(history, shown)
    disposition = _judge_call(history, attempts)
    return Cdr(
        call_sid=history.events[0].call_sid,
        started_at=total.started_at,
        ended_at=total.ended_at,
        campaign_id=campaign_id,
        publisher=publisher,
        did=told_of.did if told_of else "",
        ani=told_of.ani if told_of else "",
        buyer_id=shown.buyer_id if shown else "",
        destination_id=shown.destination_id if shown else "",
        attempts=attempts,
        disposition=disposition,
        hangup_party=_find_hangup_party(history, disposition),
        total_ms=total.ms,
        ring_ms=_sum_ring(attempts),
        answered_ms=sum(a.answered_ms for a in attempts),
        connected_ms=sum(a.connected_ms for a in attempts),
        connected_source=shown_figure.source,
        table_version=shown.table_version if shown else latest.table_version if latest else 0,
        flags=_list_flags(history, total.flags, figures),
    )


def _find_campaign(history: CallHistory, shown: AttemptRecord | None) -> tuple[str, str]:
    """Campaign and publisher: of the decision behind the attempt that is shown, else the newest.

    A decision that only closes the call may have been made without knowing its campaign.
    """
    behind = [a.decided for a in history.attempts if shown and a.attempt == shown.attempt]
    for decided in (*behind, *reversed(history.decisions)):
        if decided is not None and decided.decision.campaign_id:
            return decided.decision.campaign_id, decided.decision.publisher
    return "", ""


def _record_attempt(attempt: Attempt, history: CallHistory, connected_ms: int) -> AttemptRecord:
    decided, dial = attempt.decided, attempt.dial
    # A buyer's id is known only for the destination that we decided on.
    is_ours = dial is not None and dial.destination_id == attempt.destination_id
    dialed_at = decided.received_at if decided else _earliest(attempt)
    leg_s = leg_duration_s(attempt)
    answered_ms = leg_s * 1000 if leg_s is not None and leg_answered_at(attempt) else 0
    return AttemptRecord(
        attempt=attempt.attempt,
        destination_id=attempt.destination_id,
        buyer_id=dial.buyer_id if dial is not None and is_ours else "",
        outcome=judge_attempt(attempt, history),
        leg_sid=attempt.leg_sid,
        dialed_at=dialed_at,
        ring_ms=_measure_ring(attempt, history, dialed_at),
        answered_ms=max(answered_ms, connected_ms),
        connected_ms=connected_ms,
        table_version=decided.decision.table_version if decided else 0,
    )


def _measure_ring(attempt: Attempt, history: CallHistory, dialed_at: datetime) -> int:
    """Milliseconds from dialling to answer, refusal or giving up; 0 where nothing says when."""
    rung_until = leg_answered_at(attempt)
    if rung_until is None:
        outcome = judge_attempt(attempt, history)
        if outcome is AttemptOutcome.CONNECTED:
            return 0  # answered, but when is lost; the end of the talk is not the end of ringing
        rung_until = leg_ended_at(attempt)
        if rung_until is None and outcome is AttemptOutcome.ABANDONED:
            rung_until = read_caller_leg(history).ended_at
    if rung_until is None:
        return 0
    return max(0, round((rung_until - dialed_at) / timedelta(milliseconds=1)))


def _sum_ring(attempts: tuple[AttemptRecord, ...]) -> int:
    """Milliseconds that the caller waited: phones that rang together did so at the same time."""
    waited: dict[int, int] = {}
    for record in sorted(attempts, key=lambda a: a.outcome is AttemptOutcome.CONNECTED):
        is_joined = record.outcome is AttemptOutcome.CONNECTED
        rung = waited.get(record.attempt, 0)
        waited[record.attempt] = record.ring_ms if is_joined else max(rung, record.ring_ms)
    return sum(waited.values())


def _earliest(attempt: Attempt) -> datetime:
    events = (attempt.whisper, attempt.screening, attempt.dial_ended, *attempt.legs.values())
    signs = [event.received_at for event in events if event is not None]
    if attempt.swept is not None:
        signs.append(attempt.swept.started_at or attempt.swept.received_at)
    return min(signs)


def _judge_call(history: CallHistory, attempts: tuple[AttemptRecord, ...]) -> Disposition:
    outcomes = {attempt.outcome for attempt in attempts}
    closings = {d.decision.closing for d in history.decisions if d.decision.closing is not None}
    if AttemptOutcome.CONNECTED in outcomes:
        return Disposition.CONNECTED
    if history.voicemail is not None and history.voicemail.duration_s >= 1:
        return Disposition.VOICEMAIL
    if Closing.CALLER_GONE in closings or _was_abandoned(history, attempts):
        return Disposition.ABANDONED
    if AttemptOutcome.RINGING in outcomes:
        return Disposition.UNRESOLVED
    for outcome, disposition in _FURTHEST_FIRST:
        if outcome in outcomes:
            return disposition
    if Closing.NOT_IN_SERVICE in closings:
        return Disposition.NOT_IN_SERVICE
    return Disposition.NO_DESTINATION if closings else Disposition.UNRESOLVED


def _was_abandoned(history: CallHistory, attempts: tuple[AttemptRecord, ...]) -> bool:
    """Whether the caller left while we still had somebody to dial, or before we had answered."""
    settled = {a.attempt for a in attempts if a.outcome is not AttemptOutcome.RINGING}
    if any(a.outcome is AttemptOutcome.ABANDONED for a in attempts) or any(
        a.attempt in settled and caller_stayed(a, history) is False for a in history.attempts
    ):
        return True
    caller_status = read_caller_leg(history).status
    if caller_status is None:
        return False
    if not history.decisions:
        # We never answered: somebody else did, unless the caller gave up waiting for us.
        return not attempts and caller_status in (LegStatus.NO_ANSWER, LegStatus.CANCELED)
    last = history.decisions[-1].decision
    return last.dial is not None and last.attempt not in {a.attempt for a in attempts}


def _find_hangup_party(history: CallHistory, disposition: Disposition) -> HangupParty:
    """Who ended it; of a talk, by how the caller stood when the buyer's leg had ended."""
    if disposition is Disposition.CONNECTED:
        return _find_who_ended_talk(history)
    if disposition is Disposition.ABANDONED:
        return HangupParty.CALLER
    if disposition is Disposition.UNRESOLVED:
        return HangupParty.UNKNOWN
    if history.voicemail is not None and history.voicemail.caller_hung_up:
        return HangupParty.CALLER
    return HangupParty.ROUTER


def _find_who_ended_talk(history: CallHistory) -> HangupParty:
    """Of the last attempt that was bridged: the caller still there means that the buyer hung up.

    Or that we did: a leg as long as the time limit that we had set was cut off by it.
    """
    joined = [a for a in history.attempts if judge_attempt(a, history) is AttemptOutcome.CONNECTED]
    stayed = caller_stayed(joined[-1], history)
    if stayed is None:
        return HangupParty.UNKNOWN
    if not stayed:
        return HangupParty.CALLER
    leg_s, dial = leg_duration_s(joined[-1]), joined[-1].dial
    if dial is not None and leg_s is not None and leg_s >= dial.call_s:
        return HangupParty.ROUTER
    return HangupParty.CALLEE


def _list_flags(
    history: CallHistory, clock_flags: frozenset[CdrFlag], connected: Iterable[Connected]
) -> tuple[CdrFlag, ...]:
    flags = set(clock_flags).union(*(figure.flags for figure in connected))
    if any(isinstance(e, CallArrived | RouteDecided) and e.degraded for e in history.events):
        flags.add(CdrFlag.DEGRADED)
    if any(isinstance(e, CallSwept | LegSwept) for e in history.events):
        flags.add(CdrFlag.SWEPT)
    if history.fallbacks:
        flags.add(CdrFlag.FALLBACK)
    if any(a.was_dialled and a.dial and a.dial.overflow for a in history.attempts):
        flags.add(CdrFlag.OVERFLOW)
    return tuple(flag for flag in CdrFlag if flag in flags)
