"""What became of the dials that reserved something, as far as a call's events tell."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from callrouter.domain.attempt import Attempt
from callrouter.domain.call import CallHistory
from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.durations import measure_connected
from callrouter.domain.outcomes import judge_attempt
from callrouter.domain.payability import is_payable
from callrouter.domain.reservations import DialOutcome


def list_dial_outcomes(history: CallHistory) -> tuple[DialOutcome, ...]:
    """An outcome for each destination of each attempt that is over and reserved something.

    One more, of no destination, is that of the attempt as a whole. Whether a talk is payable is
    told once the call is over: then its figures are final.
    """
    reserving = [a for a in history.attempts if a.decided is not None and a.decided.reserves]
    return tuple(
        outcome
        for _, rung in groupby(reserving, key=lambda attempt: attempt.attempt)
        for outcome in _list_of_attempt(list(rung), history)
    )


def _list_of_attempt(rung: Sequence[Attempt], history: CallHistory) -> Iterator[DialOutcome]:
    """The outcomes of those that were rung in one attempt; none while one may still answer."""
    decided = rung[0].decided
    if decided is None or any(_may_answer(attempt, history) for attempt in rung):
        return
    any_connected = any_paid = False
    for dial in decided.decision.dials:
        own = next((a for a in rung if a.destination_id == dial.destination_id), None)
        connected = own is not None and judge_attempt(own, history) is AttemptOutcome.CONNECTED
        connected_ms = measure_connected(own, history).ms if own is not None else 0
        paid = is_payable(dial, connected_ms, connected=connected)
        any_connected, any_paid = any_connected or connected, any_paid or paid
        yield DialOutcome(
            attempt=rung[0].attempt,
            destination_id=dial.destination_id,
            was_dialled=own is not None and own.was_dialled,
            connected=connected,
            payable=paid if history.is_over or not connected else None,
        )
    yield DialOutcome(
        attempt=rung[0].attempt,
        destination_id="",
        was_dialled=any(attempt.was_dialled for attempt in rung),
        connected=any_connected,
        payable=any_paid if history.is_over or not any_connected else None,
    )


def _may_answer(attempt: Attempt, history: CallHistory) -> bool:
    """Whether this phone may still take the call: nobody says that it or the whole Dial ended."""
    if history.is_over or judge_attempt(attempt, history) is not AttemptOutcome.RINGING:
        return False
    end = attempt.dial_ended
    return attempt.has_lead or end is None or end.status is None
