"""`callrouter table list|show|export|diff`: looking at routing tables."""

from difflib import unified_diff
from pathlib import Path

import click
from sqlalchemy import Connection

from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.policy_files.taken_from import (
    TakenFrom,
    mark_taken_from,
    split_taken_from,
)
from callrouter.adapters.storage.routing_tables import (
    active_version,
    list_campaigns,
    read_table_text,
)
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, output_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, open_output, print_json, print_table
from callrouter.cli.table_text import describe_table
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.compare_tables import compare_tables
from callrouter.workflows.live_tables import name_version, read_stored_table

version_option = click.option("--version", type=int, metavar="N", help="The live one if left out.")


@click.command(name="list", epilog=example("callrouter table list"))
@seller_option
@json_option
@pass_cli
def list_(context: CliContext, seller: str | None, as_json_text: bool) -> None:
    """List the campaigns with the version that is live and the newest one."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        campaigns = list_campaigns(connection, seller_id)
    if as_json_text:
        print_json(as_json(campaigns))
        return
    rows = [(c.campaign_id, _or_none(c.active_version), str(c.newest_version)) for c in campaigns]
    print_table(("campaign", "live", "newest"), rows, empty="there is no campaign yet")


@click.command(epilog=example("callrouter table show flood-repair --version 2"))
@click.argument("campaign")
@version_option
@seller_option
@json_option
@pass_cli
def show(
    context: CliContext, campaign: str, version: int | None, seller: str | None, as_json_text: bool
) -> None:
    """Show a routing table for reading; `table export` gives the file."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        number = find_version(connection, seller_id, campaign, version)
        stored = read_stored_table(connection, seller_id, campaign, number)
    if as_json_text:
        print_json(as_json(stored))
        return
    for line in describe_table(stored):
        click.echo(line)


@click.command(epilog=example("callrouter table export flood-repair -o flood-repair.toml"))
@click.argument("campaign")
@version_option
@output_option
@seller_option
@pass_cli
def export(
    context: CliContext,
    campaign: str,
    version: int | None,
    output: Path | None,
    seller: str | None,
) -> None:
    """Write a routing table as the TOML file that it came from, comments and all.

    A first line says which version it is. `table activate` is refused when that isn't live any
    more, so that nobody overwrites what somebody else changed meanwhile.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        number = find_version(connection, seller_id, campaign, version)
        text = read_table_text(connection, seller_id, campaign, number)
    with open_output(output) as out:
        out.write(mark_taken_from(text, TakenFrom(campaign, number)))


@click.command(
    epilog=example(
        "callrouter table diff flood-repair 2 3",
        "callrouter table diff flood-repair live config/routing/flood-repair.toml",
    )
)
@click.argument("campaign")
@click.argument("before")
@click.argument("after")
@seller_option
@json_option
@pass_cli
def diff(
    context: CliContext,
    campaign: str,
    before: str,
    after: str,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show what differs between two tables of CAMPAIGN: BEFORE and AFTER.

    Each is a version's number, `live`, or a file. Lines of the files, or with --json each key with
    its two values.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        old_text, old_name = _read_side(connection, seller_id, campaign, before)
        new_text, new_name = _read_side(connection, seller_id, campaign, after)
    if as_json_text:
        old, new = read_table(old_text, old_name), read_table(new_text, new_name)
        print_json(as_json(compare_tables(old, new)))
        return
    old_lines, new_lines = old_text.splitlines(), new_text.splitlines()
    for line in unified_diff(old_lines, new_lines, old_name, new_name, lineterm=""):
        click.echo(line)


def _read_side(connection: Connection, seller_id: str, campaign: str, side: str) -> tuple[str, str]:
    """The text of one side of a comparison, and its name."""
    if side != "live" and not side.isdecimal():
        return split_taken_from(load_policy(Path(side)), campaign)[1], side
    wanted = None if side == "live" else int(side)
    version = find_version(connection, seller_id, campaign, wanted)
    text = read_table_text(connection, seller_id, campaign, version)
    return text, name_version(campaign, version)


def find_version(connection: Connection, seller_id: str, campaign: str, version: int | None) -> int:
    """The version that is meant; raises NotFoundError when none is live."""
    found = version or active_version(connection, seller_id, campaign)
    if found is None:
        raise NotFoundError(f"campaign {campaign!r} has no live table; name one with --version")
    return found


def _or_none(version: int | None) -> str:
    return "-" if version is None else str(version)
