"""The files that a tie-out is written to: the report, its lines as CSV, its figures as JSON."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import click
import polars as pl

from callrouter.cli.printing import as_json, make_visible, whole_file
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.counts import say_count
from callrouter.workflows.export_tie_out import Source, write_reports
from callrouter.workflows.view_tie_out import KeptTieOut
from callrouter.workflows.write_tie_out import write_lines_csv


class ReadLines(Protocol):
    """Reads a tie-out's lines (LINE_COLUMNS) from the first one on."""

    def __call__(self, *, every_line: bool) -> Iterable[pl.DataFrame]:
        """All of them, or but those that agree."""
        ...


def write_report(
    folder: Path, tied: KeptTieOut, source: Source, pages: ReadLines, *, every_line: bool
) -> None:
    """Write report.html, report.pdf, differences.xlsx, differences.csv and totals.json.

    `every_line`: lines.csv instead of differences.csv, with those that agree. Says on standard
    error where to. Raises RefusedError when the folder can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_reports(folder, tied, source, lambda: pages(every_line=False))
    except OSError as error:
        raise RefusedError(f"{folder} can't be written to: {error.strerror}") from error
    name = "lines.csv" if every_line else "differences.csv"
    with whole_file(folder / name) as file, file.open("wb") as out:
        count = write_lines_csv(pages(every_line=every_line), out)
    with whole_file(folder / "totals.json") as file:
        file.write_text(json.dumps(as_json(tied), indent=2, ensure_ascii=False) + "\n", "utf-8")
    written = say_count(count, "line")
    click.echo(make_visible(f"the report and {written} written to {folder}/"), err=True)
