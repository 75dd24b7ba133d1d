"""What became of the dials that reserved something, as far as a call's events tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.durations import measure_connected
from callrouter.domain.calls.outcomes import judge_attempt
from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.limits.caps import name_buyer
from callrouter.domain.limits.reservations import DialOutcome
from callrouter.domain.routing.decision import Decision, Dial
from callrouter.domain.routing.payability import is_payable


def list_dial_outcomes(history: CallHistory) -> tuple[DialOutcome, ...]:
    """An outcome for each destination of each attempt that is over and reserved something.

    One more, of no destination, is that of the attempt as a whole; and one for each buyer, where
    several were rung together. What a decision reserved that the carrier never saw, since another
    one was made during an outage, was not dialled. Whether a talk is payable is told once the call
    is over: then its figures are final.
    """
    reserving: dict[int, list[Decision]] = {}
    for decided in history.decisions:
        if decided.reserves:
            reserving.setdefault(decided.decision.attempt, []).append(decided.decision)
    return tuple(
        outcome
        for number, decisions in reserving.items()
        for outcome in _list_of_attempt(number, decisions, history)
    )


def _list_of_attempt(
    number: int, decisions: Sequence[Decision], history: CallHistory
) -> Iterator[DialOutcome]:
    """The outcomes of those that were to be rung in one attempt; none while one may answer."""
    rung = {a.destination_id: a for a in history.attempts if a.attempt == number}
    if any(_may_answer(attempt, history) for attempt in rung.values()):
        return
    dials = {dial.destination_id: dial for decision in decisions for dial in decision.dials}
    of_dials = {dial: _judge_dial(number, dial, rung, history) for dial in dials.values()}
    yield from of_dials.values()
    any_dialled = any(attempt.was_dialled for attempt in rung.values())
    yield _sum_up(number, "", of_dials.values(), was_dialled=any_dialled)
    buyers = {dial.buyer_id for dial in of_dials}
    for buyer_id in sorted(buyers) if len(buyers) > 1 else ():
        own = [outcome for dial, outcome in of_dials.items() if dial.buyer_id == buyer_id]
        any_dialled = any(outcome.was_dialled for outcome in own)
        yield _sum_up(number, name_buyer(buyer_id), own, was_dialled=any_dialled)


def _judge_dial(
    number: int, dial: Dial, rung: Mapping[str, Attempt], history: CallHistory
) -> DialOutcome:
    own = rung.get(dial.destination_id)
    connected = own is not None and judge_attempt(own, history) is AttemptOutcome.CONNECTED
    connected_ms = measure_connected(own, history).ms if own is not None else 0
    paid = is_payable(dial, connected_ms, connected=connected)
    return DialOutcome(
        attempt=number,
        destination_id=dial.destination_id,
        was_dialled=own is not None and own.was_dialled,
        connected=connected,
        payable=paid if history.is_over or not connected else None,
    )


def _sum_up(
    number: int, name: str, outcomes: Iterable[DialOutcome], *, was_dialled: bool
) -> DialOutcome:
    """The outcome of several dials together: of all, or of one buyer's."""
    connected = [outcome for outcome in outcomes if outcome.connected]
    paid = {outcome.payable for outcome in connected}
    return DialOutcome(
        attempt=number,
        destination_id=name,
        was_dialled=was_dialled,
        connected=bool(connected),
        payable=None if None in paid else True in paid,
    )


def _may_answer(attempt: Attempt, history: CallHistory) -> bool:
    """Whether this phone may still take the call: nobody says that it or the whole Dial ended."""
    if history.is_over or judge_attempt(attempt, history) is not AttemptOutcome.RINGING:
        return False
    end = attempt.dial_ended
    return attempt.has_lead or end is None or end.status is None
