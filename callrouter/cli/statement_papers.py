"""The options by which a statement is written: CSV, JSON lines, Excel, PDF; with a progress bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.policy_files.letterhead_file import read_letterheads
from callrouter.cli.context import CliContext
from callrouter.cli.options import output_option
from callrouter.cli.printing import make_visible, open_output, whole_file
from callrouter.domain.billing.statement_document import Letterhead
from callrouter.workflows.draft_statement import Drawn
from callrouter.workflows.export_statement import (
    Told,
    export_statement_csv,
    export_statement_json,
)

_EVERY = 500


@dataclass(frozen=True, slots=True)
class Papers:
    """In which forms a statement is wanted; `output` is where CSV or JSON lines go."""

    csv: bool
    json_lines: bool
    output: Path | None
    xlsx: Path | None
    pdf: Path | None

    @property
    def wants_any(self) -> bool:
        """Whether any form was asked for."""
        return self.wants_lines or self.xlsx is not None or self.pdf is not None

    @property
    def wants_lines(self) -> bool:
        """Whether the lines are wanted as text."""
        return self.csv or self.json_lines or self.output is not None


def paper_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options of the forms; it gets them as `papers`."""

    @wraps(command)
    def run(
        *args: Any,
        as_csv: bool,
        output: Path | None,
        xlsx: Path | None,
        pdf: Path | None,
        as_json_lines: bool = False,
        **others: Any,
    ) -> None:
        if as_csv and as_json_lines:
            raise click.UsageError("--csv and --json are two things: choose one")
        command(*args, papers=Papers(as_csv, as_json_lines, output, xlsx, pdf), **others)

    file = click.Path(dir_okay=False, path_type=Path)
    run = click.option("--pdf", type=file, metavar="FILE", help="Write a PDF to send.")(run)
    run = click.option("--xlsx", type=file, metavar="FILE", help="Write an Excel workbook.")(run)
    run = output_option(run)
    return click.option("--csv", "as_csv", is_flag=True, help="Write every entry as CSV.")(run)


def write_papers(context: CliContext, seller_id: str, drawn: Drawn, papers: Papers) -> None:
    """Write a statement in each form that is wanted; says on standard error where to."""
    total = drawn.head.entries
    if papers.wants_lines:
        export = export_statement_json if papers.json_lines else export_statement_csv
        with open_output(papers.output) as out, show_progress("entries", total) as told:
            count = export(context.database, drawn, out, told)
        if papers.output is not None:
            _say_written(papers.output, f"{count} entries")
    if papers.xlsx is not None or papers.pdf is not None:
        _print_papers(context, seller_id, drawn, papers)


def _print_papers(context: CliContext, seller_id: str, drawn: Drawn, papers: Papers) -> None:
    # What writes them takes longer to import than most commands take to run.
    from callrouter.workflows.print_statement import export_statement_pdf, export_statement_xlsx

    total = drawn.head.entries
    letterhead = _find_letterhead(context, seller_id)
    if papers.xlsx is not None:
        with whole_file(papers.xlsx) as file, show_progress("calls", total) as told:
            export_statement_xlsx(context.database, drawn, letterhead, file, told)
        _say_written(papers.xlsx, "the workbook is")
    if papers.pdf is not None:
        with whole_file(papers.pdf) as file, show_progress("calls", total) as told:
            left_out = export_statement_pdf(context.database, drawn, letterhead, file, told)
        _say_written(papers.pdf, "the PDF is")
        if left_out:
            click.echo(f"{left_out} calls aren't listed in it, which it says", err=True)


@contextmanager
def show_progress(what: str, total: int) -> Iterator[Told]:
    """A bar on a terminal; what is yielded hears how many are done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=total)

        def told(done: int) -> None:
            if done % _EVERY == 0:
                bar.update(task, completed=done)

        yield told


def _find_letterhead(context: CliContext, seller_id: str) -> Letterhead | None:
    path = context.settings.letterhead
    return read_letterheads(load_policy(path), str(path)).get(seller_id) if path else None


def _say_written(file: Path, what: str) -> None:
    click.echo(make_visible(f"{what} written to {file}"), err=True)
