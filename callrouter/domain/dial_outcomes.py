"""What became of the dials that reserved something, as far as a call's events tell."""

from collections.abc import Iterator

from callrouter.domain.call import Attempt, CallHistory
from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.durations import measure_connected
from callrouter.domain.outcomes import judge_attempt
from callrouter.domain.payability import is_payable
from callrouter.domain.reservations import DialOutcome


def list_dial_outcomes(history: CallHistory) -> tuple[DialOutcome, ...]:
    """An outcome for each destination of each attempt that is over and reserved something.

    Whether a talk is payable is told once the call is over: then its figures are final.
    """
    return tuple(
        outcome
        for attempt in history.attempts
        if attempt.decided is not None and attempt.decided.reserves
        for outcome in _list_of_attempt(attempt, history)
    )


def _list_of_attempt(attempt: Attempt, history: CallHistory) -> Iterator[DialOutcome]:
    judged = judge_attempt(attempt, history)
    if attempt.decided is None or (judged is AttemptOutcome.RINGING and not history.is_over):
        return
    decision = attempt.decided.decision
    dials = (decision.dial, *decision.also) if decision.dial else ()
    rings_together = len(dials) > 1
    connected = judged is AttemptOutcome.CONNECTED
    connected_ms = measure_connected(attempt, history).ms
    for dial in dials:
        is_answerer = dial.destination_id == attempt.destination_id
        paid = is_payable(dial, connected_ms, connected=connected and is_answerer)
        yield DialOutcome(
            attempt=attempt.attempt,
            destination_id=dial.destination_id,
            was_dialled=attempt.was_dialled and (rings_together or is_answerer),
            connected=connected and is_answerer,
            payable=paid if history.is_over or not connected else None,
        )
    answering = [d for d in dials if d.destination_id == attempt.destination_id]
    paid = any(is_payable(dial, connected_ms, connected=connected) for dial in answering)
    yield DialOutcome(
        attempt=attempt.attempt,
        destination_id="",
        was_dialled=attempt.was_dialled,
        connected=connected,
        payable=paid if history.is_over or not connected else None,
    )
