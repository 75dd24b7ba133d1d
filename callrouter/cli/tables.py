"""`callrouter table`: routing tables that go live, and back."""

from functools import partial
from pathlib import Path

import click

from callrouter.adapters.policy_files.buyers_file import read_buyers
from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.routing_tables import Expecting
from callrouter.adapters.storage.stops import read_stops
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    author_options,
    example,
    force_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.table_editing import edit, renew_first_line
from callrouter.cli.table_history import history
from callrouter.cli.table_pointing import point
from callrouter.cli.table_replay import replay
from callrouter.cli.table_schedule import schedule
from callrouter.cli.table_text import print_activated, summarize_table
from callrouter.cli.table_try import try_
from callrouter.cli.table_views import diff, export, list_, show
from callrouter.domain.errors import PolicyFileError
from callrouter.domain.health.stops import group_stops
from callrouter.domain.tables.directory import Directory, replace_buyers
from callrouter.workflows.activate_table import activate_file, activate_version
from callrouter.workflows.import_table import import_table
from callrouter.workflows.live_tables import read_live_tables
from callrouter.workflows.roll_back_table import roll_back_table
from callrouter.workflows.validate_tables import validate_tables


@click.group()
def table() -> None:
    """Routing tables: who gets a campaign's calls. docs/routing-table.md explains the files."""


for command in (list_, show, export, edit, point, schedule, history, diff, try_, replay):
    table.add_command(command)

expect_option = click.option(
    "--expect",
    type=int,
    metavar="N",
    help="Only if version N is live now (0: none yet): refused when somebody was faster.",
)


@table.command(
    epilog=example(
        "callrouter table validate config/routing/flood-repair.toml",
        "callrouter table validate --buyers buyers.toml flood-repair.toml solar-quotes.toml",
    )
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--buyers",
    "buyers_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Check against these buyers files instead of the database; no database is needed then.",
)
@seller_option
@pass_cli
def validate(
    context: CliContext, files: tuple[Path, ...], buyers_files: tuple[Path, ...], seller: str | None
) -> None:
    """Say everything that is wrong with FILES, also between them; nothing is changed.

    They are checked as if all of them were to be activated: against the directory, and against
    the DIDs of the campaigns that are live.
    """
    texts = [(str(file), load_policy(file)) for file in files]
    if buyers_files:
        directory, at = _read_directory(buyers_files), context.clock.now()
        checked = validate_tables(texts, directory, {}, {}, at)
    else:
        seller_id = context.find_seller(seller)
        with context.database.read() as connection:
            checked = validate_tables(
                texts,
                read_directory(connection, seller_id, None),
                read_live_tables(connection, seller_id),
                group_stops(read_stops(connection, seller_id)),
                context.clock.now(),
            )
    for each in checked:
        if each.table is not None and not each.problems:
            click.echo(f"{each.file}: fine, {summarize_table(each.table)}")
        for warning in each.warnings:
            click.echo(f"warning: {warning}", err=True)
    problems = tuple(problem for each in checked for problem in each.problems)
    if problems:
        raise PolicyFileError(problems)


@table.command(
    epilog=example(
        'callrouter table activate config/routing/flood-repair.toml --note "crest is back"',
        "callrouter table activate flood-repair --version 4 --expect 3",
    )
)
@click.argument("file_or_campaign")
@click.option(
    "--version", type=int, metavar="N", help="Activate this stored version of a campaign."
)
@expect_option
@force_option
@seller_option
@author_options
@pass_cli
def activate(
    context: CliContext,
    file_or_campaign: str,
    version: int | None,
    expect: int | None,
    force: bool,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Route a campaign by a file, as a new version, or by a stored version with --version.

    Once this returns, every later call is routed by it. Refused as a whole when anything is wrong;
    the table before stays live then. So is an exported file whose version isn't live any more:
    somebody else was faster.
    """
    seller_id, at = context.find_seller(seller), context.clock.now()
    expected = Expecting.ANYTHING if expect is None else expect or None
    if version is None:
        text = load_policy(Path(file_or_campaign))
        act = partial(activate_file, context.database, seller_id, text, file_or_campaign)
    else:
        act = partial(activate_version, context.database, seller_id, file_or_campaign, version)
    activated = act(expected=expected, force=force, author=author, note=note, at=at)
    print_activated(activated)
    if version is None:
        renew_first_line(Path(file_or_campaign), text, activated)


@table.command(epilog=example('callrouter table rollback flood-repair --note "wrong number"'))
@click.argument("campaign")
@click.option(
    "--to", "to_version", type=int, metavar="N", help="The version before the live one if left out."
)
@force_option
@seller_option
@author_options
@pass_cli
def rollback(
    context: CliContext,
    campaign: str,
    to_version: int | None,
    force: bool,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Go back to the table that was live before, if today's directory still allows it.

    Doing it twice is back where you were: the version that was live before a rollback is the one
    that it replaced.
    """
    activated = roll_back_table(
        context.database,
        context.find_seller(seller),
        campaign,
        to_version=to_version,
        force=force,
        author=author,
        note=note,
        at=context.clock.now(),
    )
    print_activated(activated)


@table.command(name="import", epilog=example("callrouter table import drafts/flood-repair.toml"))
@click.argument("file", type=click.Path(path_type=Path))
@seller_option
@author_options
@pass_cli
def import_(context: CliContext, file: Path, seller: str | None, author: str, note: str) -> None:
    """Store FILE as its campaign's next version without making it live.

    `table activate CAMPAIGN --version N` does that later.
    """
    text = load_policy(file)
    stored = import_table(
        context.database,
        context.find_seller(seller),
        text,
        str(file),
        author=author,
        note=note,
        at=context.clock.now(),
    )
    click.echo(f"{stored.campaign_id}: stored as version {stored.version}, not live")


def _read_directory(buyers_files: tuple[Path, ...]) -> Directory:
    directory = Directory()
    for file in buyers_files:
        directory = replace_buyers(directory, *read_buyers(load_policy(file), str(file)))
    return directory
