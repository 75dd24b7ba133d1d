"""What an attempt of a replay comes to: as it really was, or drawn from the destination's own past.

The dice are the call's id, so that a replay comes out the same each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from callrouter.domain.calls.destination_outcomes import CountedOutcome, DestinationOutcome
from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.replay.recorded import RecordedCall
from callrouter.domain.routing.strategies.weight import find_dice

_LONGEST_RING_MS = 60_000
_JOINED = (CountedOutcome.CONNECTED, CountedOutcome.HUNG_UP)


@dataclass(frozen=True, slots=True)
class ReplayedOutcome:
    """How an attempt ends. `caller_left`: while it rang; `buyer_hung_up`: after a talk."""

    connected: bool = False
    connected_ms: int = 0
    ring_ms: int = 0
    caller_left: bool = False
    buyer_hung_up: bool = False
    is_estimate: bool = True


NOBODY_KNOWS = ReplayedOutcome()
"""Of a destination without any past, where no other has one either: it doesn't answer."""


class OutcomePool:
    """The last attempts of each destination that a table names."""

    def __init__(self, past: Mapping[str, tuple[DestinationOutcome, ...]]) -> None:
        """`past` by destination; one with none is estimated by those of all the others."""
        self._own = {
            destination_id: tuple(_read(each) for each in outcomes)
            for destination_id, outcomes in past.items()
            if outcomes
        }
        self._all = tuple(each for outcomes in self._own.values() for each in outcomes)

    def has_past(self, destination_id: str) -> bool:
        """Whether it is estimated by figures of its own."""
        return destination_id in self._own

    def find(self, recorded: RecordedCall, destination_id: str) -> ReplayedOutcome:
        """What becomes of the call there: as it was if it was dialled there, else a draw."""
        for place, attempt in enumerate(recorded.attempts):
            if attempt.destination_id == destination_id:
                connected = attempt.outcome is AttemptOutcome.CONNECTED
                went_on = place + 1 < len(recorded.attempts)
                return ReplayedOutcome(
                    connected=connected,
                    connected_ms=attempt.connected_ms if connected else 0,
                    ring_ms=attempt.ring_ms,
                    caller_left=attempt.outcome is AttemptOutcome.ABANDONED,
                    buyer_hung_up=connected and (went_on or recorded.buyer_hung_up),
                    is_estimate=False,
                )
        pool = self._own.get(destination_id, self._all)
        if not pool:
            return NOBODY_KNOWS
        roll = find_dice(recorded.call.call_sid).roll(f"outcome {destination_id}")
        return pool[min(int(roll * len(pool)), len(pool) - 1)]


def _read(past: DestinationOutcome) -> ReplayedOutcome:
    connected = past.outcome in _JOINED
    lasted_ms = (past.ended_at - past.dialed_at) // timedelta(milliseconds=1)
    return ReplayedOutcome(
        connected=connected,
        connected_ms=past.connected_ms if connected else 0,
        ring_ms=min(max(lasted_ms - past.connected_ms, 0), _LONGEST_RING_MS),
        caller_left=past.outcome is CountedOutcome.NOTHING,
        buyer_hung_up=past.outcome is CountedOutcome.HUNG_UP,
    )
