"""`callrouter audit margin`: what calls earned, by whatever they are put together by."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from callrouter.adapters.storage.carrier_costs import Cost
from callrouter.adapters.storage.cdrs import CdrFilter
from callrouter.adapters.storage.margins import sum_costs_without_cdr
from callrouter.cli.context import CliContext
from callrouter.cli.options import INSTANT, ZoneType, example, form_options, pass_cli, seller_option
from callrouter.cli.printing import print_table
from callrouter.domain.billing.margin import Margin, MarginBy
from callrouter.workflows.export_audit import say_costs
from callrouter.workflows.view_margin import (
    export_margin_csv,
    make_margin_row,
    view_margin,
)

_LAST = timedelta(days=7)


@click.command(
    epilog=example(
        "callrouter audit margin --by buyer --since 2026-11-01 --until 2026-12-01",
        "callrouter audit margin --by call --since 2026-11-25 --csv",
    )
)
@click.option("--since", type=INSTANT, help="Of calls that began then or later; a week ago.")
@click.option("--until", type=INSTANT, help="Of calls that began before then; now if left out.")
@click.option(
    "--by",
    type=click.Choice([by.value for by in MarginBy]),
    default=MarginBy.CAMPAIGN.value,
    show_default=True,
    help="What calls are put together by.",
)
@click.option("--campaign", metavar="ID", help="Of this campaign alone.")
@click.option("--zone", type=ZoneType(), default="UTC", metavar="ZONE", help="Whose days; UTC.")
@seller_option
@form_options
@pass_cli
def margin(
    context: CliContext,
    since: datetime | None,
    until: datetime | None,
    by: str,
    campaign: str | None,
    zone: str,
    seller: str | None,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """Show what calls earned: charges to buyers, less payouts, less the carrier's cost.

    By what stands in the ledger and in the carrier's records now. Each currency has lines of its
    own: nothing is converted, and amounts of two are never added.
    """
    seller_id = context.find_seller(seller)
    until = until or context.clock.now()
    since = since or until - _LAST
    if since >= until:
        raise click.UsageError("the period ends before it begins: see --since and --until")
    wanted = CdrFilter(since=since, until=until, campaign=campaign)
    with context.database.read() as connection, _showing_progress() as on_progress:
        found = view_margin(connection, seller_id, wanted, MarginBy(by), zone, on_progress)
        if as_csv:
            export_margin_csv(found, sys.stdout)
            return
        if as_json_text:
            _print_json(found)
            return
        margins = list(found)
        others = () if campaign else sum_costs_without_cdr(connection, seller_id, since, until)
    _print_margins(by, margins, others)


def _print_json(margins: Iterator[Margin]) -> None:
    """A list whose members are written one by one: of calls there may be any number."""
    between = ""
    click.echo("[", nl=False)
    for each in margins:
        click.echo(f"{between}\n  {json.dumps(asdict(make_margin_row(each)))}", nl=False)
        between = ","
    click.echo("\n]" if between else "]")


def _print_margins(by: str, margins: list[Margin], others: tuple[Cost, ...]) -> None:
    rows = [
        (
            row.group or "-",
            row.currency or "-",
            str(row.calls),
            row.revenue,
            row.payouts,
            row.carrier_cost,
            row.margin,
            str(row.unpriced_legs) if row.unpriced_legs else "",
        )
        for row in map(make_margin_row, margins)
    ]
    columns = (by, "currency", "calls", "revenue", "payouts", "carrier", "margin", "unpriced")
    print_table(columns, rows, empty="no call of that period moved any money")
    if len({each.currency for each in margins}) > 1:
        click.echo("currencies are kept apart: nothing is converted or added across them", err=True)
    if others:
        click.echo(
            f"not in it: {say_costs(others)} that the carrier charged for calls without a CDR here",
            err=True,
        )


@contextmanager
def _showing_progress() -> Iterator[Callable[[int], None]]:
    """How many calls are counted, on standard error where that is a terminal; gone at the end."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("calls", total=None)
        yield lambda n: progress.update(task, description=f"{n} calls counted")
