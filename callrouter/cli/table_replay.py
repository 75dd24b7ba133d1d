"""`callrouter table replay`: recorded calls by a table that isn't live, beside the live one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    SPAN,
    example,
    json_option,
    output_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.printing import (
    as_json,
    make_visible,
    open_output,
    print_json,
    print_table,
)
from callrouter.cli.replay_text import (
    CAP_COLUMNS,
    COLUMNS,
    MOVE_COLUMNS,
    list_caps,
    list_moves,
    list_notes,
    list_rows,
    say_heading,
    write_csv,
)
from callrouter.cli.table_choice import choose_table, name_table
from callrouter.cli.table_views import find_version
from callrouter.workflows.live_tables import read_stored_table
from callrouter.workflows.replay_table import Progress as Told
from callrouter.workflows.replay_table import Replayed, replay_table


@click.command(
    epilog=example(
        "callrouter table replay night.toml --last 7d",
        "callrouter table replay flood-repair --version 4 --last 30d --csv -o replay.csv",
    )
)
@click.argument("file_or_campaign")
@click.option("--version", type=int, metavar="N", help="This stored version of a campaign.")
@click.option(
    "--last", type=SPAN, default="7d", metavar="SPAN", help="So far back; 7d if left out."
)
@click.option("--csv", "as_csv", is_flag=True, help="The destinations as CSV instead.")
@output_option
@seller_option
@json_option
@pass_cli
def replay(
    context: CliContext,
    file_or_campaign: str,
    version: int | None,
    last: timedelta,
    as_csv: bool,
    output: Path | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Run the recorded calls of a campaign through a file or a stored version, and the live table.

    Says of each buyer and destination what it would have got, what moves where, who is left with
    nobody and which caps would have been full. Nothing is made live, dialled or written.
    """
    if as_csv and as_json_text:
        raise click.UsageError("--csv and --json are two things: choose one")
    if output is not None and not as_csv:
        raise click.UsageError("--output goes with --csv")
    seller_id, until = context.find_seller(seller), context.clock.now()
    with context.database.read() as connection:
        candidate = choose_table(connection, seller_id, file_or_campaign, version)
        live_version = find_version(connection, seller_id, candidate.campaign_id, None)
        live = read_stored_table(connection, seller_id, candidate.campaign_id, live_version)
    with _progress() as told:
        replayed = replay_table(
            context.database, seller_id, candidate, live, until - last, until, told
        )
    if as_csv:
        with open_output(output) as out:
            write_csv(replayed, out)
    elif as_json_text:
        print_json(as_json(replayed.report))
    else:
        _print(replayed, name_table(candidate, file_or_campaign))


@contextmanager
def _progress() -> Iterator[Told]:
    columns = (TextColumn("calls"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("calls", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print(replayed: Replayed, name: str) -> None:
    click.echo(make_visible(say_heading(replayed, name)))
    click.echo()
    print_table(COLUMNS, list_rows(replayed), empty="nobody would have been dialled")
    for line in ("", *list_notes(replayed), ""):
        click.echo(make_visible(line))
    moves = list_moves(replayed)
    print_table(MOVE_COLUMNS, moves, empty="no call ends anywhere else")
    caps = list_caps(replayed)
    if caps:
        click.echo()
        print_table(CAP_COLUMNS, caps, empty="")
