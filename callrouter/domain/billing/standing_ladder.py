"""The states that an account goes through, from the best to the worst, and which one it is in.

Figures in, a state with its reason out; where the figures come from isn't known here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from callrouter.domain.limits.standing import NO_EFFECT, Effect
from callrouter.domain.money import say_amount

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFigures:
    """What a buyer's account comes to at one moment, in micro-units of `currency`.

    `owed_micros` is the sum of all entries, below 0 for money paid in advance; `unbilled_micros` is
    the part that is on no statement yet, `overdue_micros` what is open of statements past their
    due date, `days_overdue` how long the oldest of these is. `held_micros` is what calls in
    progress may add. `limit_micros` is 0 for who pays in advance, None without a limit;
    `dearest_micros` what the dearest call costs.
    """

    currency: str
    owed_micros: int = 0
    unbilled_micros: int = 0
    overdue_micros: int = 0
    days_overdue: int = 0
    held_micros: int = 0
    limit_micros: int | None = None
    dearest_micros: int = 0

    @property
    def exposure_micros(self) -> int:
        """Unpaid, unbilled, and the worst case of calls in progress."""
        return self.owed_micros + self.held_micros

    @property
    def is_prepaid(self) -> bool:
        """Whether calls are paid for in advance."""
        return self.limit_micros == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One state: when an account is in it, and what that means.

    Any of the conditions will do: so many days overdue, so many percent of the credit limit, a
    balance for fewer than `calls_left` of the dearest call; None asks for nothing. With
    `tells_buyer` the buyer is written to. The seller is told of every state but the first.
    """

    name: str
    effect: Effect = NO_EFFECT
    days_overdue: int | None = None
    exposure_percent: int | None = None
    calls_left: int | None = None
    tells_buyer: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """The states, the best first, which has no conditions; the worst whose condition holds counts.

    What an account is in because of its exposure it leaves only `margin_percent` below: else it
    would go back and forth with every call.
    """

    rungs: tuple[Rung, ...]
    margin_percent: int = 5

    def find(self, name: str | None) -> Rung | None:
        """The state of that name, if there is one."""
        return next((rung for rung in self.rungs if rung.name == name), None)

    def place_of(self, name: str | None) -> int:
        """How bad a state is: 0 for the best one, and for one that isn't there any more."""
        return next((place for place, rung in enumerate(self.rungs) if rung.name == name), 0)


@dataclass(frozen=True, slots=True)
class Judged:
    """The state that an account is in, and why, with figures."""

    rung: Rung
    reason: str


DEFAULT_LADDER = Ladder(
    (
        Rung(name="good"),
        Rung(name="watched", days_overdue=1, exposure_percent=80, calls_left=5),
        Rung(
            name="limited",
            effect=Effect(ranks_later=True),
            days_overdue=7,
            exposure_percent=95,
            tells_buyer=True,
        ),
        Rung(
            name="suspended",
            effect=Effect(takes_calls=False),
            days_overdue=14,
            tells_buyer=True,
        ),
    )
)
"""What holds until a seller applies a file of its own."""


def judge_account(ladder: Ladder, figures: AccountFigures, was: str | None = None) -> Judged:
    """The state that `figures` make, for an account that `was` in one before; None for a new one.

    Worse figures never make a better state.
    """
    was_place = ladder.place_of(was)
    for place in range(len(ladder.rungs) - 1, 0, -1):
        rung = ladder.rungs[place]
        margin = ladder.margin_percent if place <= was_place else 0
        reason = next(_find_reasons(rung, figures, margin), None)
        if reason is not None:
            return Judged(rung, reason)
    return Judged(ladder.rungs[0], _say_owed(figures))


def _find_reasons(rung: Rung, figures: AccountFigures, margin: int) -> Iterator[str]:
    days, percent, calls = rung.days_overdue, rung.exposure_percent, rung.calls_left
    currency, limit = figures.currency, figures.limit_micros
    if days is not None and figures.overdue_micros > 0 and figures.days_overdue >= days:
        day = "day" if figures.days_overdue == 1 else "days"
        overdue = say_amount(figures.overdue_micros, currency)
        yield f"{figures.days_overdue} {day} overdue with {overdue}, {_say_owed(figures)}"
    if percent is not None and limit:
        least = max(percent - margin, 1)
        if figures.exposure_micros * _PERCENT >= limit * least:
            share = figures.exposure_micros * _PERCENT // limit
            used = say_amount(figures.exposure_micros, currency)
            yield f"{used} of {say_amount(limit, currency)} credit used, {share} %"
    if calls is not None and figures.is_prepaid:
        dearest = max(figures.dearest_micros, 1)
        if -figures.owed_micros < calls * dearest:
            left = say_amount(-figures.owed_micros, currency)
            yield f"balance {left}, the dearest call costs {say_amount(dearest, currency)}"


def _say_owed(figures: AccountFigures) -> str:
    if figures.owed_micros < 0:
        return f"{say_amount(-figures.owed_micros, figures.currency)} paid in advance"
    return f"{say_amount(figures.owed_micros, figures.currency)} owed"
