"""What becomes of a difference: who is right, and what that moves in which account.

A decision can be changed: what is posted is always the step from what was posted for it before.
"""

from dataclasses import dataclass
from enum import StrEnum

from callrouter.domain.billing.pricing import price_share
from callrouter.domain.billing.terms import Share
from callrouter.domain.errors import RefusedError
from callrouter.domain.money import say_amount
from callrouter.domain.tie_out.classes import DifferenceClass

_HALF = 500_000
"""Parts per million."""


class Decision(StrEnum):
    """What was decided about a difference."""

    STAND = "stand"
    """Ours is right; nothing moves."""
    ACCEPT = "accept"
    """Theirs is right."""
    SPLIT = "split"
    """An amount between the two, or any that both agreed on."""
    ASK = "ask"
    """The buyer is asked; nothing moves meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One line of a tie-out as far as settling needs it; money in micro-units of `currency`.

    `our_micros` and `their_micros` are the line's; None where their side says nothing that has a
    price. `payout_micros` is what the call's publisher got for it before anything was settled, None
    without a publisher; `share` is set where that is a share of what buyers pay, in one currency.
    """

    tie_out: int
    line_no: int
    difference_class: DifferenceClass
    currency: str
    our_micros: int
    their_micros: int | None
    payout_micros: int | None = None
    share: Share | None = None

    def __str__(self) -> str:
        return f"line {self.line_no} of tie-out {self.tie_out}"


@dataclass(frozen=True, slots=True)
class Moved:
    """What decisions about a difference have come to in the two accounts, in all."""

    buyer_micros: int = 0
    publisher_micros: int = 0


NOTHING_MOVED = Moved()


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision and its money: what the buyer pays now, and the steps that are to be posted."""

    decision: Decision
    agreed_micros: int
    step: Moved


def settle(
    difference: Difference,
    decision: Decision,
    before: Moved = NOTHING_MOVED,
    *,
    agreed_micros: int | None = None,
    publisher_follows: bool = True,
) -> Settlement:
    """What `decision` moves, `before` being what earlier ones about the same line have moved.

    `agreed_micros` is what the buyer pays by a SPLIT, half the way where None. Where
    `publisher_follows`, a share of what the buyer pays is worked out anew, and a fixed payout is
    taken back whole when the buyer pays nothing any more, for that is what the trade does.
    Raises RefusedError for what can't be decided about this line.
    """
    _refuse_unfit(difference, decision, agreed_micros)
    agreed = _agree(difference, decision, agreed_micros)
    target = Moved(
        agreed - difference.our_micros,
        _move_publisher(difference, agreed) if publisher_follows else 0,
    )
    step = Moved(
        target.buyer_micros - before.buyer_micros,
        target.publisher_micros - before.publisher_micros,
    )
    return Settlement(decision, agreed, step)


def _refuse_unfit(difference: Difference, decision: Decision, agreed_micros: int | None) -> None:
    if agreed_micros is not None and decision is not Decision.SPLIT:
        raise RefusedError(f"an amount is only for a split: {decision} has its own")
    if agreed_micros is not None and agreed_micros < 0:
        raise RefusedError("what the buyer pays for a call can't be less than 0")
    theirs = difference.their_micros
    if agreed_micros is not None and theirs is not None:
        _refuse_beyond(difference, agreed_micros, max(difference.our_micros, theirs))
    if difference.difference_class is DifferenceClass.DUPLICATE:
        raise RefusedError(
            f"{difference} says again what another record says: there is nothing to settle"
        )
    needs_theirs = decision is Decision.ACCEPT or (
        decision is Decision.SPLIT and agreed_micros is None
    )
    if needs_theirs and difference.their_micros is None:
        raise RefusedError(
            f"{difference} has nothing of theirs to accept: split with an amount, stand or ask"
        )


def _refuse_beyond(difference: Difference, agreed_micros: int, most_micros: int) -> None:
    if agreed_micros > most_micros:
        most = say_amount(most_micros, difference.currency)
        raise RefusedError(
            f"{difference} is worth {most} at most, by either side: what is owed beyond it is an"
            " entry by hand (`callrouter ledger post`)"
        )


def _agree(difference: Difference, decision: Decision, agreed_micros: int | None) -> int:
    """What the buyer pays for the call by a decision."""
    if agreed_micros is not None:
        return agreed_micros
    theirs = difference.their_micros
    if theirs is None or decision in (Decision.STAND, Decision.ASK):
        return difference.our_micros
    if decision is Decision.ACCEPT:
        return theirs
    return price_share(_HALF, difference.our_micros + theirs, difference.currency)


def _move_publisher(difference: Difference, agreed: int) -> int:
    payout = difference.payout_micros
    if payout is None or agreed == difference.our_micros:
        return 0
    if difference.share is not None:
        return price_share(difference.share.parts_per_million, agreed, difference.currency) - payout
    return -payout if agreed == 0 else 0
