"""What calls earned: what buyers were charged, less what publishers get and what the carrier took.

Every currency by itself: amounts of two are never added, and nothing is converted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from callrouter.domain.billing.party import Party, Side


class MarginBy(StrEnum):
    """What calls are put together by."""

    CALL = "call"
    BUYER = "buyer"
    CAMPAIGN = "campaign"
    PUBLISHER = "publisher"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Booked:
    """The sum of a call's entries in one account, as signed in the ledger."""

    party: Party
    currency: str
    amount_micros: int


@dataclass(frozen=True, slots=True)
class CarrierCost:
    """What the carrier took for a call's legs in one currency; `unpriced` legs have no price yet.

    Without a price there is no currency: it is "" then.
    """

    currency: str
    cost_micros: int
    unpriced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMoney:
    """Everything that one call moved. `buyer_id` is its CDR's: connected, or last offered to."""

    call_sid: str
    started_at: datetime
    campaign_id: str
    publisher: str
    buyer_id: str
    booked: tuple[Booked, ...] = ()
    costs: tuple[CarrierCost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What one group of calls came to in one currency; `calls` moved money in it.

    `unpriced` counts legs that have no price yet: with them the cost will be higher.
    """

    group: str
    currency: str
    calls: int = 0
    revenue_micros: int = 0
    payout_micros: int = 0
    cost_micros: int = 0
    unpriced: int = 0

    @property
    def margin_micros(self) -> int:
        """Revenue, less payouts, less the carrier's cost."""
        return self.revenue_micros - self.payout_micros - self.cost_micros


class MarginSum:
    """Adds calls up by group and currency; memory grows with the groups, not with the calls."""

    def __init__(self, by: MarginBy, zone: str = "UTC") -> None:
        self._by = by
        self._zone = ZoneInfo(zone)
        self._rows: dict[tuple[str, str], Margin] = {}

    def add(self, call: CallMoney) -> None:
        """Add one call, once each.

        By buyer, each buyer's charges are its own; payouts and cost are those of the CDR's buyer.
        By publisher, each one's payouts are its own; the rest are those of the CDR's publisher.
        """
        counted: set[tuple[str, str]] = set()
        for part in _split(call):
            group = self._group(call, part.party)
            key = (group, part.currency)
            row = self._rows.get(key) or Margin(group=group, currency=part.currency)
            self._rows[key] = replace(
                row,
                calls=row.calls + (key not in counted),
                revenue_micros=row.revenue_micros + part.revenue,
                payout_micros=row.payout_micros + part.payout,
                cost_micros=row.cost_micros + part.cost,
                unpriced=row.unpriced + part.unpriced,
            )
            counted.add(key)

    def list_margins(self) -> tuple[Margin, ...]:
        """Each group with each of its currencies, in their order."""
        return tuple(self._rows[key] for key in sorted(self._rows))

    def _group(self, call: CallMoney, party: Party | None) -> str:
        match self._by:
            case MarginBy.CALL:
                return call.call_sid
            case MarginBy.CAMPAIGN:
                return call.campaign_id
            case MarginBy.DAY:
                return str(call.started_at.astimezone(self._zone).date())
            case MarginBy.BUYER:
                return _name(party, Side.BUYER) or call.buyer_id
            case _:
                return _name(party, Side.PUBLISHER) or call.publisher


def _name(party: Party | None, side: Side) -> str:
    return party.party_id if party is not None and party.side is side else ""


@dataclass(frozen=True, slots=True)
class _Part:
    party: Party | None
    currency: str
    revenue: int = 0
    payout: int = 0
    cost: int = 0
    unpriced: int = 0


def _split(call: CallMoney) -> Iterator[_Part]:
    for booked in call.booked:
        is_revenue = booked.party.side is Side.BUYER
        yield _Part(
            booked.party,
            booked.currency,
            revenue=booked.amount_micros if is_revenue else 0,
            payout=0 if is_revenue else booked.amount_micros,
        )
    named = (*(cost.currency for cost in call.costs), *(each.currency for each in call.booked))
    known = [currency for currency in named if currency]
    for cost in call.costs:
        # A leg without a price stands where its price will most likely come to stand.
        currency = cost.currency or next(iter(known), "")
        yield _Part(None, currency, cost=cost.cost_micros, unpriced=cost.unpriced)
