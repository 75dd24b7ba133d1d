"""Judges a finished call: what the router's CDR of it must say, from the carrier's own view."""

from callrouter.simulator.clock import whole_second
from callrouter.simulator.live_call import LiveCall
from callrouter.simulator.truth import (
    NO_TIME,
    AttemptOutcome,
    AttemptTruth,
    CallTruth,
    Disposition,
    HangupParty,
    IntervalMs,
    Window,
)

_FURTHEST_FIRST = (
    AttemptOutcome.DECLINED,
    AttemptOutcome.NO_ANSWER,
    AttemptOutcome.BUSY,
    AttemptOutcome.FAILED,
)


def judge(call: LiveCall) -> CallTruth:
    """The truth of a call that is over and about which every webhook was sent."""
    if call.record.ended_at is None:
        raise ValueError(f"call {call.record.sid} isn't over: nothing to judge yet")
    ended_at = whole_second(call.record.ended_at)
    started_at = whole_second(call.record.started_at)
    attempts = tuple(attempt.truth() for attempt in call.attempts)
    connected = NO_TIME
    for attempt in attempts:
        connected += _connected(call, attempt)
    disposition, also_right = _disposition(call, attempts)
    first_webhook = call.first_webhook
    arrived = first_webhook or Window(call.record.started_at, call.record.ended_at)
    return CallTruth(
        call_sid=call.record.sid,
        did=call.did.number,
        caller=call.caller.number,
        started_at=started_at,
        first_webhook=first_webhook,
        ended_at=ended_at,
        attempts=attempts,
        disposition=disposition,
        hangup_party=call.conversation_ended_by or call.hangup_party,
        total=IntervalMs.since(arrived, ended_at),
        total_if_looked_up=IntervalMs.exactly(int((ended_at - started_at).total_seconds())),
        connected=connected,
        also_right=also_right,
        violations=tuple(call.violations),
        caller_heard_error=call.caller_heard_error,
        accepted_webhooks=call.accepted_webhooks,
        retries=call.retries,
        fallbacks=call.fallbacks,
        slowest_answer_ms=call.slowest_answer_ms,
    )


def _connected(call: LiveCall, attempt: AttemptTruth) -> IntervalMs:
    """How long an attempt was connected, as exactly as the router can know it.

    A plain leg: the carrier's whole seconds. A screened one: from the router's stamp of the key
    that accepted, between sending it and its answer, to the reported end. One with a whisper or
    digits only, where its bridge answered the caller's leg: the smaller of the carrier's figures
    for the two legs, neither of which is shorter than the talk (one counts what the buyer's side
    heard, the other what follows the talk). Else anything from the talk alone to the buyer's leg.
    """
    if attempt.bridged is None:
        return NO_TIME
    if not attempt.whispered and not attempt.keyed:
        return IntervalMs.exactly(attempt.leg_seconds)
    if attempt.screened:
        return IntervalMs.since(attempt.bridged, attempt.ended_at)
    if call.answered_by_leg == attempt.leg_sid:
        return IntervalMs.exactly(min(call.record.duration_s, attempt.leg_seconds))
    talk = IntervalMs.since(attempt.bridged, attempt.ended_at)
    return IntervalMs(talk.low, max(talk.high, attempt.leg_seconds * 1000))


def _disposition(
    call: LiveCall, attempts: tuple[AttemptTruth, ...]
) -> tuple[Disposition, frozenset[Disposition]]:
    """The first of the closed list that is true, in its order of precedence; what else is right.

    A caller who hung up before anything was played has abandoned. Unless that answer is known to
    have dialled somebody, the router may as well say that it had nobody to dial: the carrier has
    only its word for what the answer was, and both are true.
    """
    nobody = Disposition.NO_DESTINATION if call.did.in_service else Disposition.NOT_IN_SERVICE
    outcomes = {attempt.outcome for attempt in attempts}
    if AttemptOutcome.CONNECTED in outcomes:
        return Disposition.CONNECTED, frozenset()
    if call.recorded_s >= 1:
        return Disposition.VOICEMAIL, frozenset()
    if call.left_during_dial or call.missed_a_dial:
        return Disposition.ABANDONED, frozenset()
    if call.hangup_party is HangupParty.CALLER and not call.heard_anything:
        return Disposition.ABANDONED, frozenset({nobody})
    for outcome in _FURTHEST_FIRST:
        if outcome in outcomes:
            return Disposition(outcome.value), frozenset()
    return nobody, frozenset()
