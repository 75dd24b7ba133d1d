"""The files that a tie-out is written to: the report, its lines as CSV, its figures as JSON."""

import json
from pathlib import Path

import click

from callrouter.cli.printing import as_json, make_visible, whole_file
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.counts import say_count
from callrouter.workflows.export_tie_out import Pages, Source, write_reports
from callrouter.workflows.view_tie_out import KeptTieOut
from callrouter.workflows.write_tie_out import leave_agreeing, write_lines_csv


def write_report(
    folder: Path, tied: KeptTieOut, source: Source, pages: Pages, *, every_line: bool
) -> None:
    """Write report.html, report.pdf, differences.xlsx, differences.csv and totals.json.

    `every_line`: lines.csv instead of differences.csv, with those that agree. Says on standard
    error where to. Raises RefusedError when the folder can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_reports(folder, tied, source, pages)
    except OSError as error:
        raise RefusedError(f"{folder} can't be written to: {error.strerror}") from error
    lines = pages() if every_line else map(leave_agreeing, pages())
    name = "lines.csv" if every_line else "differences.csv"
    with whole_file(folder / name) as file, file.open("wb") as out:
        count = write_lines_csv(lines, out)
    with whole_file(folder / "totals.json") as file:
        file.write_text(json.dumps(as_json(tied), indent=2, ensure_ascii=False) + "\n", "utf-8")
    written = say_count(count, "line")
    click.echo(make_visible(f"the report and {written} written to {folder}/"), err=True)
