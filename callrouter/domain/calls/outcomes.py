"""How each attempt of a call ended, and when: judged from whatever of its events arrived.

`DialCallStatus=completed` does not mean that anybody talked: only DialBridged does (Twilio's page
on <Dial>); the rules here say what stands in for it when it was lost.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.routing.decision import Closing

_TOGETHER = timedelta(seconds=2)
"""Two legs that the carrier took down for one hang-up bear stamps no further apart."""

_UNBRIDGED = {
    LegStatus.BUSY: AttemptOutcome.BUSY,
    LegStatus.NO_ANSWER: AttemptOutcome.NO_ANSWER,
    LegStatus.FAILED: AttemptOutcome.FAILED,
    LegStatus.COMPLETED: AttemptOutcome.DECLINED,
    LegStatus.CANCELED: AttemptOutcome.NO_ANSWER,
}
_UNANSWERED = frozenset(LegStatus) - {
    LegStatus.IN_PROGRESS,
    LegStatus.COMPLETED,
    LegStatus.UNKNOWN,
}
_CLOSED_WITH_CALLER_THERE = (Closing.MESSAGE, Closing.VOICEMAIL, Closing.NOT_IN_SERVICE)


@dataclass(frozen=True, slots=True)
class CallerLeg:
    """The caller's side of the call: its final status, its end, and the carrier's duration."""

    status: LegStatus | None
    ended_at: datetime | None
    duration_s: int | None


def read_caller_leg(history: CallHistory) -> CallerLeg:
    """The caller's leg from the number's status callback, else from the swept records.

    The carrier's stamp of the end comes first; without one, our own clock at the callback.
    """
    ended, swept = history.ended, history.swept
    durations = (ended.duration_s if ended else None, swept.duration_s if swept else None)
    return CallerLeg(
        status=ended.status if ended else swept.status if swept else None,
        ended_at=_caller_end_stamp(history) or (ended.received_at if ended else None),
        duration_s=next((seconds for seconds in durations if seconds is not None), None),
    )


def judge_attempt(attempt: Attempt, history: CallHistory) -> AttemptOutcome:
    """How this attempt ended, RINGING while nothing says that it did."""
    if was_bridged(attempt, history):
        return AttemptOutcome.CONNECTED
    taker = _find_taker(attempt, history)
    if taker is not None:
        return _judge_beside(attempt, taker, history)
    told, stayed = told_status(attempt), caller_stayed(attempt, history)
    if stayed is False:
        return _judge_left(attempt, told, history)
    if told is None:
        # The call went on, so that this is over; not even the carrier's records know a leg of it.
        return AttemptOutcome.FAILED if history.swept is not None else AttemptOutcome.RINGING
    if told is LegStatus.CANCELED and not stayed:
        return AttemptOutcome.ABANDONED
    return _UNBRIDGED[told]


def _find_taker(attempt: Attempt, history: CallHistory) -> Attempt | None:
    """The other destination, rung at the same time, that had the call."""
    if attempt.has_lead:
        return None
    beside = (a for a in history.attempts if a.attempt == attempt.attempt)
    return next((other for other in beside if was_bridged(other, history)), None)


def _judge_beside(attempt: Attempt, taker: Attempt, history: CallHistory) -> AttemptOutcome:
    """A destination that was rung beside the one that had the call: what it said itself, if it did.

    Its end is its own when it was busy, failed or refused, or came well before the bridge. An end
    at the bridge, or none that is known, is the carrier's, which takes the others down then.
    """
    told = final_status(attempt)
    if told in (LegStatus.BUSY, LegStatus.FAILED):
        return _UNBRIDGED[told]
    if attempt.screening is not None and not attempt.screening.accepted:
        return AttemptOutcome.DECLINED
    if told is None:
        is_unknown = history.swept is not None and not attempt.has_sign
        return AttemptOutcome.FAILED if is_unknown else AttemptOutcome.ELSEWHERE
    ended_at, joined_at = leg_end_stamp(attempt), _joined_at(taker)
    if told is LegStatus.CANCELED or ended_at is None or joined_at is None:
        return AttemptOutcome.ELSEWHERE
    return _UNBRIDGED[told] if joined_at - ended_at > _TOGETHER else AttemptOutcome.ELSEWHERE


def _joined_at(attempt: Attempt) -> datetime | None:
    """When caller and buyer were joined; after a mere whisper, the answer before it."""
    if attempt.screening is not None:
        return attempt.screening.received_at
    return leg_answered_at(attempt)


def _judge_left(attempt: Attempt, told: LegStatus | None, history: CallHistory) -> AttemptOutcome:
    """The attempt during or right after which the caller went.

    Twilio then says canceled, at times no-answer, and completed for a buyer who was being screened.
    """
    if told in (LegStatus.BUSY, LegStatus.FAILED):
        return _UNBRIDGED[told]
    if attempt.screening is not None and not attempt.screening.accepted:
        return AttemptOutcome.DECLINED
    if told is None and read_caller_leg(history).status is LegStatus.COMPLETED:
        return AttemptOutcome.RINGING  # they may well have talked: what would say so is lost
    return AttemptOutcome.ABANDONED


def caller_stayed(attempt: Attempt, history: CallHistory) -> bool | None:
    """Whether the caller was still there when this attempt ended; None while that is open.

    The Dial action tells. Twilio may leave it out when the caller has gone, never when the buyer
    has: without one, a caller who got nothing after this attempt left with it, unless the
    carrier's stamps say that the buyer's leg had ended well before. These come first for one that
    was rung beside others, as the caller may have gone on waiting for those.
    """
    if attempt.was_rung_beside and _ended_before_caller(attempt, history):
        return True
    end = attempt.dial_ended
    if end is not None and end.caller_status is not LegStatus.UNKNOWN:
        return not end.caller_status.is_final
    if went_on(attempt, history):
        return True
    if read_caller_leg(history).status is None:
        return None
    return _ended_before_caller(attempt, history)


def _ended_before_caller(attempt: Attempt, history: CallHistory) -> bool:
    """Whether the carrier's stamps say that this leg had ended well before the caller's."""
    leg_end, caller_end = leg_end_stamp(attempt), _caller_end_stamp(history)
    if leg_end is None or caller_end is None:
        return False
    return caller_end - leg_end > _TOGETHER


def went_on(attempt: Attempt, history: CallHistory) -> bool:
    """Whether we answered something after this attempt that only a waiting caller gets."""
    return any(
        decided.decision.attempt > attempt.attempt
        and (
            decided.decision.dial is not None
            or decided.decision.closing in _CLOSED_WITH_CALLER_THERE
        )
        for decided in history.decisions
    )


def told_status(attempt: Attempt) -> LegStatus | None:
    """The final status of the Dial by its action, else of the buyer's leg; None while open."""
    end = attempt.own_end
    if end is not None and end.status is not None and end.status.is_final:
        return end.status
    return final_status(attempt)


def final_status(attempt: Attempt) -> LegStatus | None:
    """The status in which the buyer's leg ended: its own callback's, else the swept record's."""
    if attempt.final_leg is not None:
        return attempt.final_leg.status
    if attempt.swept is not None and attempt.swept.status.is_final:
        return attempt.swept.status
    return None


def was_bridged(attempt: Attempt, history: CallHistory) -> bool:
    """Whether caller and buyer were joined in this attempt.

    Of those that were rung together only the one can be that the Dial's end is about, or that got
    furthest where this was lost.

    DialBridged decides. Where it is missing: a leg that was completed was bridged, unless the
    caller's leg was never answered, which by answerOnBridge happens at the bridge and never
    before. A buyer who pressed a key must have accepted; after a whisper otherwise, or when the
    action was lost together with the leg's end, it must have been this bridge that answered the
    caller.
    """
    if not attempt.has_lead:
        return False
    end = attempt.dial_ended
    if end is not None and end.bridged is not None:
        return end.bridged
    told = told_status(attempt)
    is_lost = end is not None and told is None
    if told is not LegStatus.COMPLETED and not is_lost:
        return False
    if {read_caller_leg(history).status, end.caller_status if end else None} & _UNANSWERED:
        return False
    if attempt.screening is not None:
        return attempt.screening.accepted
    if is_lost or attempt.is_whispered:
        return _answered_caller(attempt, history)
    return True


def _answered_caller(attempt: Attempt, history: CallHistory) -> bool:
    """Whether the caller's leg was answered in this attempt: not before, nor by what followed."""
    end = attempt.dial_ended
    if end is not None and end.caller_status in (LegStatus.IN_PROGRESS, LegStatus.COMPLETED):
        earlier = (other for other in history.attempts if other.attempt < attempt.attempt)
        return not any(was_bridged(other, history) for other in earlier)
    is_answered = read_caller_leg(history).status is LegStatus.COMPLETED
    return is_answered and not went_on(attempt, history)


def leg_duration_s(attempt: Attempt) -> int | None:
    """Whole seconds from the buyer's answer to the leg's end, by the carrier's own count."""
    figures = (
        attempt.final_leg.duration_s if attempt.final_leg else None,
        attempt.swept.duration_s if attempt.swept else None,
        attempt.own_end.duration_s if attempt.own_end else None,
    )
    return next((seconds for seconds in figures if seconds is not None), None)


def leg_ended_at(attempt: Attempt) -> datetime | None:
    """When the buyer's leg ended: the carrier's stamp, else our clock when we were first told."""
    told = [
        event.received_at for event in (attempt.own_end, attempt.final_leg) if event is not None
    ]
    return leg_end_stamp(attempt) or min(told, default=None)


def leg_end_stamp(attempt: Attempt) -> datetime | None:
    """When the buyer's leg ended by the carrier's stamp, whole seconds; None if it never said."""
    final, swept = attempt.final_leg, attempt.swept
    return (final.occurred_at if final else None) or (swept.ended_at if swept else None)


def leg_answered_at(attempt: Attempt) -> datetime | None:
    """When the buyer's phone was answered (before any whisper), or None if it never was."""
    answered = attempt.legs.get(LegStatus.IN_PROGRESS)
    if answered is not None and answered.occurred_at is not None:
        return answered.occurred_at
    ended_at, seconds = leg_ended_at(attempt), leg_duration_s(attempt)
    if told_status(attempt) is LegStatus.COMPLETED and ended_at and seconds is not None:
        return ended_at - timedelta(seconds=seconds)
    told = [event.received_at for event in (answered, attempt.whisper) if event is not None]
    return min(told, default=None)


def _caller_end_stamp(history: CallHistory) -> datetime | None:
    ended, swept = history.ended, history.swept
    return (ended.occurred_at if ended else None) or (swept.ended_at if swept else None)
