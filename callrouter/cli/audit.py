"""`callrouter audit`: our calls against the carrier's own records, what they cost and earned."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from itertools import islice

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from callrouter.adapters.storage.audits import AuditRun, Finding, list_runs, read_run
from callrouter.cli.audit_margin import margin
from callrouter.cli.audit_options import day_option, pick_finished_day, run_option
from callrouter.cli.audit_schedule import schedule
from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, form_options, pass_cli, seller_option
from callrouter.cli.printing import as_json, print_json, print_table, show_instant
from callrouter.domain.carrier.carrier_audit import AuditClass
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.audit_day import AuditProgress, audit_day
from callrouter.workflows.export_audit import (
    DayCost,
    export_findings_csv,
    export_runs_csv,
    make_finding_row,
    make_run_row,
    read_day_cost,
    say_costs,
    stream_findings,
)


@click.group()
def audit() -> None:
    """Our calls against the carrier's own records: what is off, what they cost and earned."""


audit.add_command(margin)
audit.add_command(schedule)


@audit.command(
    epilog=example("callrouter audit run", "callrouter audit run --day 2026-11-25 --check")
)
@day_option
@click.option("--check", is_flag=True, help="Exit code 1 when something is off.")
@seller_option
@author_option
@form_options
@pass_cli
def run(
    context: CliContext,
    day: date | None,
    check: bool,
    seller: str | None,
    author: str,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """Compare a day's calls with the carrier's records now, as one more run of that day.

    The clock process does this each night. Calls that we miss are taken up: their CDRs are written
    by what the carrier says. Nothing else is changed.
    """
    seller_id, day = context.find_seller(seller), pick_finished_day(context, day)
    with _showing_progress() as on_progress:
        made = audit_day(
            context.database,
            context.books_of(seller_id),
            context.clock,
            seller_id,
            day,
            author=author,
            on_progress=on_progress,
        )
    _print_run(context, seller_id, made, as_json_text=as_json_text, as_csv=as_csv)
    if check and made.findings:
        sys.exit(1)


@audit.command(epilog=example("callrouter audit show", "callrouter audit show --day 2026-11-25"))
@day_option
@run_option
@seller_option
@form_options
@pass_cli
def show(
    context: CliContext,
    day: date | None,
    number: int | None,
    seller: str | None,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """Show a run: how many legs are in each class, and what the day's legs cost so far."""
    seller_id = context.find_seller(seller)
    found = _find_run(context, seller_id, day, number)
    _print_run(context, seller_id, found, as_json_text=as_json_text, as_csv=as_csv)


@audit.command(
    epilog=example(
        "callrouter audit findings",
        "callrouter audit findings --day 2026-11-25 --kind differs --csv",
    )
)
@day_option
@run_option
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in AuditClass if kind.is_off]),
    help="Of this kind only; several may be named.",
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N",
    help="At most so many; JSON and CSV have all.",
)  # fmt: skip
@seller_option
@form_options
@pass_cli
def findings(
    context: CliContext,
    day: date | None,
    number: int | None,
    kinds: tuple[str, ...],
    limit: int,
    seller: str | None,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """List what a run found to be off, and what was done about it."""
    seller_id = context.find_seller(seller)
    found = _find_run(context, seller_id, day, number)
    wanted = tuple(AuditClass(kind) for kind in kinds)
    with context.database.read() as connection:
        each = stream_findings(connection, seller_id, found, wanted)
        if as_csv:
            export_findings_csv(each, sys.stdout)
        elif as_json_text:
            print_json([asdict(make_finding_row(finding)) for finding in each])
        else:
            _print_findings(found, list(islice(each, limit + 1)), limit)


@audit.command(epilog=example("callrouter audit history --limit 7"))
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=30, show_default=True, metavar="N",
    help="At most so many, the latest day first.",
)  # fmt: skip
@seller_option
@form_options
@pass_cli
def history(
    context: CliContext, limit: int, seller: str | None, as_json_text: bool, as_csv: bool
) -> None:
    """List the runs of all days, those that could not be finished included."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        runs = list_runs(connection, seller_id, most=limit)
    if as_csv:
        export_runs_csv(runs, sys.stdout)
        return
    if as_json_text:
        print_json([make_run_row(each) for each in runs])
        return
    rows = [
        (
            str(each.day),
            str(each.run),
            each.author,
            show_instant(each.started_at),
            str(each.our_legs),
            str(each.their_legs),
            str(each.findings),
            each.failure or ("" if each.finished_at else "not finished"),
        )
        for each in runs
    ]
    columns = ("day", "run", "by", "begun", "our legs", "their legs", "findings", "failure")
    print_table(columns, rows, empty="no day was audited yet")


def _find_run(
    context: CliContext, seller_id: str, day: date | None, number: int | None
) -> AuditRun:
    with context.database.read() as connection:
        found = read_run(connection, seller_id, day, number)
    if found is None:
        which = f" of {day}" if day else ""
        what = f"run {number}{which}" if number is not None else f"whole run{which}"
        raise NotFoundError(f"there is no {what}; make one with `callrouter audit run`")
    return found


def _print_run(
    context: CliContext, seller_id: str, run: AuditRun, *, as_json_text: bool, as_csv: bool
) -> None:
    if as_csv:
        export_runs_csv([run], sys.stdout)
        return
    with context.database.read() as connection:
        cost = read_day_cost(connection, seller_id, run)
    if as_json_text:
        print_json({**make_run_row(run), "costs": as_json(cost.costs), "unpriced": cost.unpriced})
        return
    rows = [(kind.value, str(run.classes[kind])) for kind in AuditClass if run.classes.get(kind)]
    print_table(("class", "legs"), rows, empty="no call began on that day")
    for line in _say_run(run, cost):
        click.echo(line)


def _say_run(run: AuditRun, cost: DayCost) -> Iterator[str]:
    yield (
        f"{run.day}, run {run.run} by {run.author}: {run.our_legs} legs of ours, "
        f"{run.their_legs} of the carrier's, {run.findings} findings"
    )
    yield f"the carrier charged {say_costs(cost.costs)}" + (
        f"; {cost.unpriced} legs have no price yet" if cost.unpriced else ""
    )
    if run.findings:
        yield f"see them with `callrouter audit findings --day {run.day}`"


def _print_findings(run: AuditRun, found: list[Finding], limit: int) -> None:
    rows = [
        (
            each.kind.value,
            each.call_sid,
            "" if each.leg_sid == each.call_sid else each.leg_sid,
            each.text,
            each.outcome,
        )
        for each in found[:limit]
    ]
    columns = ("kind", "call", "leg", "what", "done")
    print_table(columns, rows, empty=f"run {run.run} of {run.day} found nothing off")
    if len(found) > limit:
        click.echo(f"the first {limit}; see more with --limit, all with --csv", err=True)


@contextmanager
def _showing_progress() -> Iterator[Callable[[AuditProgress], None]]:
    """What is done so far, on standard error where that is a terminal; gone at the end."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("asking the carrier", total=None)

        def show_progress(now: AuditProgress) -> None:
            done = f"{now.listed} legs listed"
            if now.compared:
                done += f", {now.compared} calls compared"
            progress.update(task, description=done)

        yield show_progress
