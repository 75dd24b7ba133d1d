"""`callrouter db`: the database's schema."""

import click

from callrouter.adapters.storage.migrations import upgrade_database
from callrouter.adapters.storage.revisions import current_revision, head_revision
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli
from callrouter.cli.printing import print_json


@click.group()
def db() -> None:
    """The database's schema."""


@db.command(epilog=example("callrouter db upgrade"))
@pass_cli
def upgrade(context: CliContext) -> None:
    """Bring the database to this version's schema; harmless when it is there already.

    Run it before a new version's processes start. The version before keeps working meanwhile.
    """
    before = current_revision(context.any_database)
    upgrade_database(context.any_database)
    head = head_revision()
    if before == head:
        click.echo(f"{context.any_database.shown_url} is at schema {head} already")
    else:
        click.echo(f"{context.any_database.shown_url}: schema {before or 'none'} -> {head}")


@db.command(epilog=example("callrouter db status"))
@json_option
@pass_cli
def status(context: CliContext, as_json_text: bool) -> None:
    """Say which schema the database has and which one this version needs."""
    current, head = current_revision(context.any_database), head_revision()
    url = context.any_database.shown_url
    if as_json_text:
        print_json({"database": url, "schema": current, "needed": head})
        return
    is_behind = current is None or current < head
    told = f"{url} is at schema {current or 'none'}; this version needs {head}"
    click.echo(f"{told}: run `callrouter db upgrade`" if is_behind else told)
