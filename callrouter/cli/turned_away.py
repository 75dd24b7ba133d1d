"""`callrouter route turned-away`: which rule costs what."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from callrouter.adapters.storage.ended_calls import CallPeriod, count_ended_calls
from callrouter.cli.context import CliContext
from callrouter.cli.options import INSTANT, SPAN, example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, print_json, print_table, show_instant
from callrouter.domain.money import say_amount
from callrouter.domain.routing.turned_away import TurnedAway
from callrouter.workflows.count_turned_away import (
    TurnedAwayReport,
    count_turned_away,
    export_turned_away_csv,
)

_COLUMNS = (
    "campaign",
    "destination",
    "rule",
    "calls",
    "nobody took",
    "cost at most",
    "payable",
    "estimate",
)


@click.command(
    name="turned-away",
    epilog=example(
        "callrouter route turned-away --last 7d",
        "callrouter route turned-away --campaign flood-repair --since 2026-11-01 --csv",
    ),
)
@click.option(
    "--last", type=SPAN, default="7d", show_default=True, help="Of calls since so long ago."
)
@click.option("--since", type=INSTANT, help="Of calls since then instead.")
@click.option("--until", type=INSTANT, help="Of calls before then; now if left out.")
@click.option("--campaign", metavar="ID", help="Of this campaign alone.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, money in micro-units.")
@seller_option
@json_option
@pass_cli
def turned_away(
    context: CliContext,
    last: timedelta,
    since: datetime | None,
    until: datetime | None,
    campaign: str | None,
    as_csv: bool,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Count the calls that each rule of each route turned away, and what that cost.

    Of calls that have ended. A call that nobody took cost at most the price of the route; the
    estimate takes only the share that is payable of what the route is dialled for. Several rules
    may have turned one call away, so that costs can't be added up.
    """
    if as_csv and as_json_text:
        raise click.UsageError("--csv and --json are two things: choose one")
    until = until or context.clock.now()
    period = CallPeriod(since or until - last, until, campaign)
    if period.since >= period.until:
        raise click.UsageError("the period ends before it begins: see --since and --until")
    report = _count(context, context.find_seller(seller), period)
    if as_csv:
        export_turned_away_csv(report.rules, sys.stdout)
    elif as_json_text:
        print_json(as_json(report))
    else:
        _print_report(report)


def _count(context: CliContext, seller_id: str, period: CallPeriod) -> TurnedAwayReport:
    with context.database.read() as connection:
        total = count_ended_calls(connection, seller_id, period)
        with _showing_progress(total) as progress:
            task = progress.add_task("calls", total=total)
            return count_turned_away(
                connection, seller_id, period, lambda n: progress.update(task, completed=n)
            )


@contextmanager
def _showing_progress(total: int) -> Iterator[Progress]:
    """A bar on standard error, where that is a terminal; gone when all is counted."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (console.is_terminal and total),
    ) as progress:
        yield progress


def _print_report(report: TurnedAwayReport) -> None:
    period = report.period
    rows = [_cells(each) for each in report.rules]
    print_table(_COLUMNS, rows, empty="no rule turned anybody away")
    click.echo(
        f"{report.calls} calls ended, {report.untaken} of them taken by nobody, "
        f"of those that came from {show_instant(period.since)} to {show_instant(period.until)}",
        err=True,
    )


def _cells(each: TurnedAway) -> tuple[str, ...]:
    is_priced = each.unpriced < each.untaken or not each.untaken
    return (
        each.campaign_id,
        each.destination_id,
        f"{each.rule}: {each.subject}" if each.subject else each.rule,
        str(each.calls),
        str(each.untaken),
        say_amount(each.at_most_micros, each.currency) if is_priced else "no price",
        f"{each.payable} of {each.dials}",
        "-"
        if each.estimate_micros is None or not is_priced
        else say_amount(each.estimate_micros, each.currency),
    )
