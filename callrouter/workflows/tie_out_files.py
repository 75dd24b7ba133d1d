"""Tie two files out, ours as `calls export` wrote it and theirs: nothing is asked of a database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl

from callrouter.domain.billing.terms import Agreement, Clock, Cycle
from callrouter.domain.tie_out.mapping import Mapping
from callrouter.domain.tie_out.memory import AMPLE, Memory, read_in_order
from callrouter.domain.tie_out.pricing_frame import Times, choose_for_each, price_each
from callrouter.domain.tie_out.rules import TieOutRules, make_rules
from callrouter.domain.tie_out.tie_out import TieOut
from callrouter.workflows.compare_with_records import refuse_other_month
from callrouter.workflows.read_buyer_file import BuyerFile
from callrouter.workflows.read_our_file import read_our_file
from callrouter.workflows.tell_lines import tell_lines
from callrouter.workflows.tie_out_period import choose_period, join_files, run
from callrouter.workflows.view_tie_out import KeptTieOut
from callrouter.workflows.write_tie_out import leave_agreeing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilesTiedOut:
    """What came of two files; `lines` are LINE_COLUMNS, `guessed` says why this period."""

    found: TieOut
    lines: pl.LazyFrame
    memory: Memory
    rules: TieOutRules
    mappings: tuple[Mapping, ...]
    guessed: str

    def pages(self, *, every_line: bool) -> Iterator[pl.DataFrame]:
        """The lines, piece by piece: all, or but those that agree."""
        pieces = read_in_order(self.lines, "line_no", self.memory)
        return pieces if every_line else map(leave_agreeing, pieces)

    def describe(self, buyer_id: str, at: datetime) -> KeptTieOut:
        """The same as a tie-out that is kept has it, without number and author."""
        return KeptTieOut(
            number=0,
            buyer_id=buyer_id,
            since=self.rules.since,
            until=self.rules.until,
            zone=self.rules.zone,
            currency=self.rules.currency,
            files=(),
            mappings=self.mappings,
            clock=self.found.clock,
            measure=self.found.measure,
            totals=self.found.totals,
            notices=self.found.notices,
            lines=self.found.totals.whole.lines,
            supersedes=None,
            author="",
            made_at=at,
        )


def tie_out_files(
    ours: Path,
    file: BuyerFile,
    agreement: Agreement | None,
    days: tuple[date, date] | None,
    buyer_id: str | None = None,
    memory: Memory = AMPLE,
) -> FilesTiedOut:
    """Tie out a buyer's file against a file of our calls.

    Calls are priced by the terms of the agreement, each by its own time alone: what a duplicate
    window or a most a day would change isn't known. Without an agreement there is no money, and
    periods are months in UTC. Raises RefusedError as `tie_out_period` does.
    """
    zone, cycle = (agreement.zone, agreement.cycle) if agreement else ("UTC", Cycle.MONTH)
    period, guessed = choose_period(file, zone, cycle, days)
    refuse_other_month(file.name, file.stamps, period.starts_at, period.ends_at)
    currency = agreement.terms[0].currency if agreement else "USD"
    rules = make_rules(agreement, period.starts_at, period.ends_at, currency)
    priced = price_calls(read_our_file(ours, buyer_id), rules)
    calls = memory.put_aside(chain([priced.clear()], priced.iter_slices(memory.most_rows)))
    theirs = join_files(file)
    found = run(file, calls, theirs, rules, memory=memory)
    return FilesTiedOut(
        found=found,
        lines=memory.put_aside(tell_lines(found.lines, calls, theirs, memory)),
        memory=memory,
        rules=rules,
        mappings=file.mappings,
        guessed=guessed,
    )


def price_calls(ours: pl.DataFrame, rules: TieOutRules) -> pl.DataFrame:
    """OURS with what the terms make of each call's own time."""
    if not rules.terms or ours.is_empty():
        return ours
    at_ms = ours["started_at_ms"].to_numpy()
    times = Times(
        at_ms,
        (ours["connected_ms"] > 0).to_numpy(),
        {clock: np.asarray(ours[f"{clock}_ms"].to_numpy()) for clock in Clock},
    )
    chosen = choose_for_each(at_ms, ours["campaign_id"], ours["destination_id"], rules.terms)
    return ours.with_columns(charged_micros=price_each(times, chosen, rules.terms))
