"""What calls of a period earned, by call, buyer, campaign, publisher or day: rows and CSV."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from sqlalchemy import Connection

from callrouter.adapters.storage.cdrs import CdrFilter
from callrouter.adapters.storage.margins import stream_call_money
from callrouter.domain.billing.margin import Margin, MarginBy, MarginSum
from callrouter.domain.money import say_micros
from callrouter.workflows.export_calls import spell_cell

_TELLS_EVERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRow:
    """A margin as programs read it: amounts as decimal text, and the margin in micro-units too."""

    group: str
    currency: str
    calls: int
    revenue: str
    payouts: str
    carrier_cost: str
    margin: str
    margin_micros: int
    unpriced_legs: int


COLUMNS = tuple(MarginRow.__dataclass_fields__)


def view_margin(
    connection: Connection,
    seller_id: str,
    wanted: CdrFilter,
    by: MarginBy,
    zone: str = "UTC",
    on_progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Margin]:
    """Each group's margin in each currency; calls one by one, the newest first, are groups too.

    `on_progress` is told now and then how many calls are counted. Memory grows with the groups
    only, and by call not at all.
    """
    total = MarginSum(by, zone)
    counted = 0
    for call in stream_call_money(connection, seller_id, wanted):
        if by is MarginBy.CALL:
            alone = MarginSum(by)
            alone.add(call)
            yield from alone.list_margins()
        else:
            total.add(call)
        counted += 1
        if counted % _TELLS_EVERY == 0:
            on_progress(counted)
    on_progress(counted)
    yield from total.list_margins()


def make_margin_row(margin: Margin) -> MarginRow:
    """A margin by the names of the columns."""
    return MarginRow(
        group=margin.group,
        currency=margin.currency,
        calls=margin.calls,
        revenue=say_micros(margin.revenue_micros),
        payouts=say_micros(margin.payout_micros),
        carrier_cost=say_micros(margin.cost_micros),
        margin=say_micros(margin.margin_micros),
        margin_micros=margin.margin_micros,
        unpriced_legs=margin.unpriced,
    )


def export_margin_csv(margins: Iterable[Margin], out: TextIO) -> None:
    """A header, and a line for each group and currency."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for margin in margins:
        row = make_margin_row(margin)
        writer.writerow([spell_cell(getattr(row, name)) for name in COLUMNS])
