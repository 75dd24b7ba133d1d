"""What came of a tie-out, printed and written to a folder: of two files, or kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click
import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_out_lines import stream_lines
from callrouter.cli.printing import make_visible, print_json, print_table
from callrouter.cli.tie_out_papers import ReadLines, write_report
from callrouter.cli.tie_out_text import (
    CLASS_COLUMNS,
    describe,
    list_class_cells,
    tie_out_as_json,
)
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.workflows.export_tie_out import Source, find_source
from callrouter.workflows.tie_out_period import TiedOut
from callrouter.workflows.view_tie_out import KeptTieOut


@dataclass(frozen=True, slots=True)
class Report:
    """What is printed and written of a tie-out; `words` come before it."""

    tied: KeptTieOut
    source: Source
    pages: ReadLines
    words: tuple[str, ...]

    @property
    def first_day(self) -> date:
        """The first day of the period."""
        return find_wall_time(self.tied.zone, self.tied.since).date()


def report_kept(
    database: Database, seller_id: str, tied: TiedOut, words: tuple[str, ...] = ()
) -> Report:
    """That of a tie-out that is kept: `words`, and how it came about."""
    number = tied.kept.number

    def pages(*, every_line: bool) -> Iterable[pl.DataFrame]:
        return stream_lines(database, seller_id, number, differing=not every_line)

    source = find_source(database, seller_id, tied.kept)
    return Report(tied.kept, source, pages, (*words, *_say_result(tied)))


def hand_out(report: Report, folder: Path, *, every_line: bool, as_json_text: bool) -> None:
    """Write all of it to the folder, and print its figures."""
    write_report(folder, report.tied, report.source, report.pages, every_line=every_line)
    if as_json_text:
        print_json(tie_out_as_json(report.tied))
        return
    for line in (*report.words, *describe(report.tied)):
        click.echo(make_visible(line))
    cells = list_class_cells(report.tied.totals, report.tied.currency)
    print_table(CLASS_COLUMNS, cells, empty="there is nothing to compare")


def _say_result(tied: TiedOut) -> Iterator[str]:
    if not tied.is_new:
        yield f"this file was tied out before, as tie-out {tied.kept.number}: nothing was changed"
    if tied.guessed:
        yield f"the period is guessed: {tied.guessed}"
    for each in tied.earlier:
        if each.changes.amends:
            yield f"it amends file {each.kept.number}, {each.kept.name}: {each.changes}"
        else:
            yield f"together with file {each.kept.number}, {each.kept.name}"
    if tied.is_new and tied.kept.supersedes is not None:
        yield f"it supersedes tie-out {tied.kept.supersedes}"
