"""What a person puts against the ladder for a while: a promise to pay, or a state of their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callrouter.domain.billing.standing_ladder import Judged, Ladder


class HoldKind(StrEnum):
    """A promise to pay keeps a state from getting worse; an override is the state, good or bad."""

    PROMISE = "promise"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingHold:
    """One promise or override: who set it and why, and the instant at which it ends by itself.

    `hold_id` counts a buyer's holds from 1. `lifted_at` is None unless a person, or a later one
    of the same kind, ended it before.
    """

    buyer_id: str
    hold_id: int
    kind: HoldKind
    state: str
    until: datetime
    reason: str
    author: str
    set_at: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""

    def stands_at(self, at: datetime) -> bool:
        """Whether it holds at that instant."""
        return self.lifted_at is None and at < self.until


def apply_holds(
    ladder: Ladder, judged: Judged, holds: Iterable[StandingHold], at: datetime
) -> Judged:
    """The state under what holds it: an override is the state, a promise keeps it from falling.

    What names a state that the ladder has no more, holds nothing.
    """
    for hold in sorted(holds, key=lambda each: each.kind is HoldKind.OVERRIDE):
        held = ladder.find(hold.state)
        if held is None or not hold.stands_at(at):
            continue
        until = f"{hold.until:%Y-%m-%d %H:%M} UTC"
        if hold.kind is HoldKind.OVERRIDE:
            judged = Judged(held, f"by {hold.author} until {until}: {hold.reason}")
        elif ladder.place_of(judged.rung.name) > ladder.place_of(held.name):
            by_figures = f"else {judged.rung.name}: {judged.reason}"
            judged = Judged(held, f"promised to pay until {until}: {hold.reason}; {by_figures}")
    return judged
