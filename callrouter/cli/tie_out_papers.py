"""The files that a tie-out is written to: its lines as CSV, its figures as JSON."""

from collections.abc import Iterable
from pathlib import Path

import click
import polars as pl

from callrouter.cli.printing import make_visible, whole_file
from callrouter.workflows.view_tie_out import KeptTieOut
from callrouter.workflows.write_tie_out import leave_agreeing, write_json, write_lines_csv


def write_report(
    folder: Path, tied: KeptTieOut, lines: Iterable[pl.DataFrame], *, every_line: bool
) -> None:
    """Write differences.csv and totals.json into `folder`; says on standard error where to.

    `every_line`: lines.csv instead, with those that agree.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = lines if every_line else map(leave_agreeing, lines)
    name = "lines.csv" if every_line else "differences.csv"
    with whole_file(folder / name) as file, file.open("wb") as out:
        count = write_lines_csv(pages, out)
    with whole_file(folder / "totals.json") as file, file.open("wb") as out:
        write_json(tied, out)
    click.echo(make_visible(f"{count:,} lines and the totals written to {folder}/"), err=True)
