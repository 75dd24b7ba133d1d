"""What a tie-out goes by: the period, the terms, what is tolerated."""

from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.billing.terms import Agreement, Clock, Terms, TheirTime


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutRules:
    """The rules of one tie-out.

    `since` to before `until` is the period, by the start of the call with us. `terms` are those of
    the buyer that were in force in it, in the agreement's order; none where nothing was agreed:
    money is 0 then. `clock` is the time of ours that their total is held against unless the data
    say otherwise. `tolerance_ms` is what counts as rounding. `dispute_days` after the period's end
    a difference can no longer be raised (None: no such window). `zone` is the agreement's (IANA):
    totals are told by its days. `their_zone` is the one that their stamps are said to be in, ""
    where nothing is said; `their_time` the time of theirs that is compared, None where the data
    are to say it.
    """

    since: datetime
    until: datetime
    currency: str
    terms: tuple[Terms, ...] = ()
    clock: Clock = Clock.CONNECTED
    tolerance_ms: int = 1000
    dispute_days: int | None = None
    zone: str = "UTC"
    their_zone: str = ""
    their_time: TheirTime | None = None

    @property
    def since_ms(self) -> int:
        """The period's first instant, as frames have it."""
        return _to_ms(self.since)

    @property
    def until_ms(self) -> int:
        """The first instant after the period."""
        return _to_ms(self.until)


def make_rules(
    agreement: Agreement | None, since: datetime, until: datetime, currency: str
) -> TieOutRules:
    """The rules of a period by what a buyer has agreed to; without an agreement money is 0.

    Our answered time is compared where all of the terms count it, else our connected time.
    """
    if agreement is None:
        return TieOutRules(since=since, until=until, currency=currency)
    own = agreement.tie_out
    clocks = {terms.clock for terms in agreement.terms}
    return TieOutRules(
        since=since,
        until=until,
        currency=currency,
        terms=tuple(terms for terms in agreement.terms if terms.currency == currency),
        clock=Clock.ANSWERED if clocks == {Clock.ANSWERED} else Clock.CONNECTED,
        tolerance_ms=own.tolerance_ms,
        dispute_days=own.dispute_days,
        zone=agreement.zone,
        their_zone=own.zone,
        their_time=own.their_time,
    )


def _to_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
