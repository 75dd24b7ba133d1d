"""What becomes of a reservation: it is held from the dial on, then converted or released.

    held      -> converted   it counts for good            held -> released   it counts no more
    held      -> expired     its lease ended and nobody had said what became of the call
    expired   -> converted   the truth came late: it counts, even beyond the limit
    expired   -> released    the truth came late, and changes nothing
    released  -> converted   the truth changed, as when a lost event turns up: counted after all
    converted -> released    the truth changed the other way: taken off again

Whatever is told twice changes nothing the second time.
"""

from dataclasses import dataclass
from enum import StrEnum

from callrouter.domain.limits.caps import ON_ACCOUNTS, Measure


class ReservationState(StrEnum):
    """How a reservation stands; the transitions are drawn above."""

    HELD = "held"
    CONVERTED = "converted"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOutcome:
    """What became of one destination that was dialled as attempt `attempt`; None: not known yet.

    `was_dialled` is False for a dial that never happened: the carrier refused it, or the caller
    had gone before. In a group that rings together, `connected` is True for the one that won.
    `is_charged` tells that whatever the call costs its buyer is on the account by now.
    """

    attempt: int
    destination_id: str
    was_dialled: bool = True
    connected: bool | None = None
    payable: bool | None = None
    is_charged: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """One reservation that an outcome moved from `was` to `became`, and its counter with it."""

    attempt: int
    destination_id: str
    counter: str
    measure: Measure
    amount: int
    was: ReservationState
    became: ReservationState

    @property
    def is_correction(self) -> bool:
        """Whether the counter had been told otherwise before: it may be over its limit now."""
        return self.was is not ReservationState.HELD


def settle_measure(measure: Measure, outcome: DialOutcome) -> ReservationState | None:
    """What an ended dial makes of its claim on a counter of `measure`; None: not known yet.

    Attempts count when dialled, connected calls when joined, payable calls and their revenue when
    payable. A dial that ended is no call at once any more. Credit is never converted: a charge is
    an entry of its own, and until that is there the claim stands for it.
    """
    if measure in ON_ACCOUNTS:
        return _settle_credit(measure, outcome)
    counts: bool | None = False
    if outcome.was_dialled:
        match measure:
            case Measure.ATTEMPTS:
                counts = True
            case Measure.CONNECTED:
                counts = outcome.connected
            case Measure.PAYABLE | Measure.REVENUE:
                counts = outcome.payable
            case _:
                counts = False
    if counts is None:
        return None
    return ReservationState.CONVERTED if counts else ReservationState.RELEASED


def _settle_credit(measure: Measure, outcome: DialOutcome) -> ReservationState | None:
    costs_nothing = not outcome.was_dialled or (
        measure is Measure.CREDIT and outcome.connected is False
    )
    return ReservationState.RELEASED if outcome.is_charged or costs_nothing else None
