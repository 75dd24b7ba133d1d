"""`callrouter table edit`, and the line of a file that says which version it was taken from."""

from contextlib import suppress
from pathlib import Path

import click

from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.policy_files.taken_from import (
    TakenFrom,
    mark_taken_from,
    split_taken_from,
)
from callrouter.adapters.storage.routing_tables import read_table_text
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    author_options,
    example,
    force_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.table_text import print_activated
from callrouter.cli.table_views import find_version
from callrouter.domain.errors import CallrouterError
from callrouter.workflows.activate_table import Activated, activate_file


@click.command(epilog=example('callrouter table edit flood-repair --note "crest is back"'))
@click.argument("campaign")
@force_option
@seller_option
@author_options
@pass_cli
def edit(
    context: CliContext, campaign: str, force: bool, seller: str | None, author: str, note: str
) -> None:
    """Edit the live table of CAMPAIGN in $EDITOR, and route by it once that is closed.

    Nothing is overwritten that somebody else has changed meanwhile. What is refused is kept in a
    file beside you.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        version = find_version(connection, seller_id, campaign, None)
        body = read_table_text(connection, seller_id, campaign, version)
    text = mark_taken_from(body, TakenFrom(campaign, version))
    edited = click.edit(text, extension=".toml")
    if edited is None or edited == text:
        click.echo(f"{campaign}: nothing was edited, version {version} stays live")
        return
    file = Path(f"{campaign}.edited.toml")
    try:
        activated = activate_file(
            context.database,
            seller_id,
            edited,
            str(file),
            force=force,
            author=author,
            note=note,
            at=context.clock.now(),
        )
    except CallrouterError:
        _keep(file, edited)
        raise
    print_activated(activated)


def renew_first_line(file: Path, text: str, activated: Activated) -> None:
    """Say in an activated file, if its first line names a version, that it is of the live one now.

    So the next change of that file expects its own version to be live. A file that can't be written
    stays as it is.
    """
    campaign_id, version = activated.table.campaign_id, activated.table.version
    taken_from, body = split_taken_from(text, campaign_id)
    if taken_from in (None, version) or load_policy(file) != text:
        return
    renewed = mark_taken_from(body, TakenFrom(campaign_id, version))
    with suppress(OSError), file.open("w", encoding="utf-8", newline="") as out:
        out.write(renewed)
        click.echo(f"{file}: its first line says version {version} now")


def _keep(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8", newline="") as out:
            out.write(text)
    except OSError as error:
        click.echo(f"{file} can't be written: {error.strerror}; this is what you wrote:", err=True)
        click.echo(text, nl=False)
    else:
        click.echo(f"what you wrote is kept in {file}", err=True)
