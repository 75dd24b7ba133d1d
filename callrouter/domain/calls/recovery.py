"""Revenue recovery: whether a destination that ended a talk early loses the caller to the next one.

Judged when the Dial's action comes; which destination is next isn't known here.
"""

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.durations import measure_connected
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.calls.outcomes import leg_duration_s, was_bridged
from callrouter.domain.cdr import ConnectedSource
from callrouter.domain.routing.decision import Dial


def may_recover(attempt: Attempt, history: CallHistory, presumed: Dial | None = None) -> bool:
    """Whether the caller of this attempt, who was put through, is to be offered to the next one.

    By the rule that the attempt was dialled under, or (its decision being out of reach) that it is
    `presumed` to have been: the destination ended the talk in less than `under_s`, as far as a
    figure says so (after a whisper or digits this is the carrier's count of the buyer's leg, which
    is longer). Never when the caller isn't known to be there still, nor when our own time limit
    ended the talk. An earlier attempt of which nothing is known here counts as a recovery, so that
    `most` holds also when records are out of reach.
    """
    dial, end = attempt.dial or presumed, attempt.dial_ended
    if dial is None or dial.recovery is None or end is None:
        return False
    if end.caller_status is not LegStatus.IN_PROGRESS or not was_bridged(attempt, history):
        return False
    talk = measure_connected(attempt, history)
    if talk.source is ConnectedSource.NONE or talk.ms >= dial.recovery.under_s * 1000:
        return False
    if (leg_duration_s(attempt) or 0) >= dial.call_s:
        return False
    return _count_recoveries(attempt, history) < dial.recovery.most


def _count_recoveries(attempt: Attempt, history: CallHistory) -> int:
    """How many earlier attempts were put through, or may have been: the call went on after them."""
    earlier = [a for a in history.attempts if 0 < a.attempt < attempt.attempt and a.has_lead]
    joined = sum(was_bridged(a, history) for a in earlier)
    return joined + attempt.attempt - 1 - len(earlier)
