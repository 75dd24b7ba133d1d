"""Count which rule turned which calls away over a period, by the decisions that were recorded."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, fields
from typing import TextIO

from sqlalchemy import Connection

from callrouter.adapters.storage.ended_calls import CallPeriod, stream_ended_calls
from callrouter.domain.routing.turned_away import TurnedAway, TurnedAwayCount
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.export_calls import spell_cell

_TELLS_EVERY = 100


@dataclass(frozen=True, slots=True)
class TurnedAwayReport:
    """How many calls ended in the period, how many nobody took, and what each rule did."""

    period: CallPeriod
    calls: int
    untaken: int
    rules: tuple[TurnedAway, ...]


def count_turned_away(
    connection: Connection,
    seller_id: str,
    period: CallPeriod,
    on_progress: Callable[[int], None] = lambda _: None,
) -> TurnedAwayReport:
    """The rules of all calls that arrived in the period and have ended, the dearest first.

    `on_progress` is told now and then how many calls are counted. Memory doesn't grow with them.
    """
    compiled = Compiled()
    count = TurnedAwayCount(
        lambda campaign_id, version: compiled.table(connection, seller_id, campaign_id, version)
    )
    for call in stream_ended_calls(connection, seller_id, period):
        count.add(call)
        if count.calls % _TELLS_EVERY == 0:
            on_progress(count.calls)
    return TurnedAwayReport(period, count.calls, count.untaken, count.list_rules())


def export_turned_away_csv(rules: Iterable[TurnedAway], out: TextIO) -> None:
    """A header, and a line for each rule of each route; empty where there is no estimate."""
    writer = csv.writer(out)
    writer.writerow(field.name for field in fields(TurnedAway))
    for rule in rules:
        writer.writerow("" if cell is None else spell_cell(cell) for cell in astuple(rule))
