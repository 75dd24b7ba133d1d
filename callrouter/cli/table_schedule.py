"""`callrouter table schedule`: swaps that wait for their time."""

from pathlib import Path

import click

from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.storage.scheduled_changes import list_changes
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    WHEN,
    author_options,
    example,
    force_option,
    json_option,
    pass_cli,
    seller_option,
    zone_option,
)
from callrouter.cli.printing import as_json, print_json, print_table, show_instant
from callrouter.cli.table_text import summarize_table
from callrouter.domain.clocks.when import When
from callrouter.domain.errors import RefusedError
from callrouter.domain.tables.scheduled_change import ScheduledChange
from callrouter.workflows.activate_table import WrittenTable, read_stored, read_written
from callrouter.workflows.compare_tables import compare_tables
from callrouter.workflows.schedule_swap import SwapTimes, cancel_change, schedule_swap


class _Adding(click.Group):
    """A group whose command `add` needn't be named: another first word is its first argument."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named, or `add` with all words."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["add", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Adding)
def schedule() -> None:
    """Swaps and ends of pointings that wait for their time; the clock process makes them."""


@schedule.command(
    epilog=example(
        "callrouter table schedule add flood-repair night.toml"
        ' --at "18:00 America/Chicago" --back "08:00 America/Chicago"',
        "callrouter table schedule add flood-repair --version 4 --at 2h",
    )
)
@click.argument("campaign")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--version", type=int, metavar="N", help="A stored version instead of a file.")
@click.option("--at", "swap", type=WHEN, metavar="WHEN", required=True, help="When it goes live.")
@click.option(
    "--back",
    type=WHEN,
    metavar="WHEN",
    help="When what it replaced goes live again; a span counts from the swap.",
)
@zone_option
@force_option
@seller_option
@author_options
@pass_cli
def add(
    context: CliContext,
    campaign: str,
    file: Path | None,
    version: int | None,
    swap: When,
    back: When | None,
    zone: str | None,
    force: bool,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Store FILE now, and route CAMPAIGN by it from --at on; `add` may be left out.

    Checked now and again when it is due; it replaces whatever is live then. --back is the way back
    to that: not to what is live now. It is refused, with an alert, when somebody has changed the
    table in between.
    """
    seller_id, at = context.find_seller(seller), context.clock.now()
    written = _read(context, seller_id, campaign, file, version)
    times = SwapTimes(swap, back, zone or "")
    scheduled = schedule_swap(
        context.database, seller_id, written, times, force=force, author=author, note=note, at=at
    )
    for change in filter(None, (scheduled.swap, scheduled.back)):
        click.echo(
            f"change {change.change_id}: {campaign}, {change}, at {show_instant(change.due_at)}"
        )
    examined = scheduled.examined
    click.echo(f"against what is live now: {summarize_table(examined.table)}")
    for difference in compare_tables(examined.before, examined.table) if examined.before else ():
        click.echo(f"  {difference}")
    for warning in (*examined.forced, *examined.warnings):
        click.echo(f"warning: {warning}", err=True)


@schedule.command(name="list", epilog=example("callrouter table schedule list --all"))
@click.option("--all", "show_all", is_flag=True, help="Those that have ended, too.")
@seller_option
@json_option
@pass_cli
def list_(context: CliContext, show_all: bool, seller: str | None, as_json_text: bool) -> None:
    """List the changes that wait for their time, and with --all what became of the others."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        changes = list_changes(connection, seller_id, pending_only=not show_all)
    if as_json_text:
        print_json(as_json(changes))
        return
    columns = ("id", "due", "campaign", "what", "state", "author", "note", "outcome")
    rows = [_cells(change) for change in changes]
    print_table(columns, rows, empty="nothing is scheduled")


@schedule.command(epilog=example("callrouter table schedule cancel 3"))
@click.argument("change", type=int)
@seller_option
@author_options
@pass_cli
def cancel(context: CliContext, change: int, seller: str | None, author: str, note: str) -> None:
    """Cancel a CHANGE that waits, a swap together with its way back. What is live stays."""
    cancelled = cancel_change(
        context.database,
        context.find_seller(seller),
        change,
        f"{author}: {note}" if note else author,
        context.clock.now(),
    )
    for each in cancelled:
        click.echo(f"change {each.change_id} is cancelled: {each.campaign_id}, {each}")


def _read(
    context: CliContext, seller_id: str, campaign: str, file: Path | None, version: int | None
) -> WrittenTable:
    if (file is None) == (version is None):
        raise click.UsageError("name a file, or a stored version with --version")
    if file is None:
        with context.database.read() as connection:
            return read_stored(connection, seller_id, campaign, version or 0)
    written = read_written(load_policy(file), str(file))
    if written.table.campaign_id != campaign:
        raise RefusedError(f"{file} is a table of {written.table.campaign_id}, not of {campaign}")
    return written


def _cells(change: ScheduledChange) -> tuple[str, ...]:
    return (
        str(change.change_id),
        show_instant(change.due_at),
        change.campaign_id,
        str(change),
        str(change.state),
        change.author,
        change.note,
        change.outcome,
    )
