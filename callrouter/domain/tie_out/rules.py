"""What a tie-out goes by: the period, the terms, what is tolerated."""

from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.billing.terms import Clock, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutRules:
    """The rules of one tie-out.

    `since` to before `until` is the period, by the start of the call with us. `terms` are those of
    the buyer that were in force in it, in the agreement's order; none where nothing was agreed:
    money is 0 then. `clock` is the time of ours that their total is held against unless the data
    say otherwise. `tolerance_ms` is what counts as rounding. `dispute_days` after the period's end
    a difference can no longer be raised (None: no such window). `zone` is the agreement's (IANA):
    totals are told by its days.
    """

    since: datetime
    until: datetime
    currency: str
    terms: tuple[Terms, ...] = ()
    clock: Clock = Clock.CONNECTED
    tolerance_ms: int = 1000
    dispute_days: int | None = None
    zone: str = "UTC"

    @property
    def since_ms(self) -> int:
        """The period's first instant, as frames have it."""
        return _to_ms(self.since)

    @property
    def until_ms(self) -> int:
        """The first instant after the period."""
        return _to_ms(self.until)


def _to_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
