"""`callrouter tie-out mapping`: how a buyer's files are read, as it is remembered."""

from pathlib import Path

import click

from callrouter.adapters.storage.buyer_mappings import (
    forget_mapping,
    list_mappings,
    save_mapping,
)
from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, make_visible, print_json, print_table, show_instant
from callrouter.cli.tie_out_options import read_told, told_options
from callrouter.cli.tie_out_text import FIELD_COLUMNS, describe_mapping, list_field_cells
from callrouter.workflows.find_clues import find_clues
from callrouter.workflows.read_buyer_file import Told

_buyer = click.option("--buyer", required=True, metavar="ID", help="Whose files.")
_file = click.argument("path", metavar="FILE", type=click.Path(path_type=Path))


@click.group()
def mapping() -> None:
    """How a buyer's files are read: confirmed once, remembered by their layout."""


@mapping.command(epilog=example("callrouter tie-out mapping show --buyer acme"))
@_buyer
@seller_option
@json_option
@pass_cli
def show(context: CliContext, buyer: str, seller: str | None, as_json_text: bool) -> None:
    """Show what is remembered of a buyer's files, the newest first, and what was forgotten."""
    with context.database.read() as connection:
        versions = list_mappings(connection, context.find_seller(seller), buyer)
    if as_json_text:
        print_json(as_json(versions))
        return
    if not versions:
        click.echo("nothing is remembered yet")
    for version in versions:
        what = "" if version.mapping else f": layout {version.layout} was forgotten"
        at = show_instant(version.made_at)
        click.echo(make_visible(f"version {version.version}, {at} by {version.author}{what}"))
        if version.mapping is not None:
            for line in describe_mapping(version.mapping):
                click.echo(make_visible(f"  {line}"))
            print_table(FIELD_COLUMNS, list_field_cells(version.mapping), empty="no column")


@mapping.command(
    epilog=example(
        "callrouter tie-out mapping confirm buyer.csv --buyer acme",
        "callrouter tie-out mapping confirm buyer.csv --buyer acme --column total=7",
    )
)
@_file
@_buyer
@told_options
@seller_option
@author_option
@pass_cli
def confirm(
    context: CliContext, path: Path, buyer: str, told: Told, seller: str | None, author: str
) -> None:
    """Read files like FILE from now on as this one is read, with what the options say."""
    seller_id, database = context.find_seller(seller), context.database
    file, _ = read_told(path, told, find_clues(database, seller_id, buyer))
    at = context.clock.now()
    for each in file.mappings:
        with database.write() as connection:
            version = save_mapping(connection, seller_id, buyer, each, author, at)
        click.echo(make_visible(f"files like {file.name} of {buyer}: version {version}"))
        print_table(FIELD_COLUMNS, list_field_cells(each), empty="no column")


@mapping.command(
    epilog=example("callrouter tie-out mapping forget --buyer acme --layout columns-5-instants-2")
)
@_buyer
@click.option("--layout", metavar="NAME", help="This layout alone, as `show` names it.")
@seller_option
@author_option
@pass_cli
def forget(
    context: CliContext, buyer: str, layout: str | None, seller: str | None, author: str
) -> None:
    """Look at a buyer's next file as if none had come before; the history keeps what was."""
    seller_id, at = context.find_seller(seller), context.clock.now()
    with context.database.write() as connection:
        known: dict[str, bool] = {}
        for version in list_mappings(connection, seller_id, buyer):
            known.setdefault(version.layout, version.mapping is not None)
        wanted = [name for name, is_known in known.items() if is_known and layout in (None, name)]
        for name in wanted:
            forget_mapping(connection, seller_id, buyer, name, author, at)
    forgotten = ", ".join(wanted)
    click.echo(make_visible(f"forgotten: {forgotten}" if wanted else "nothing was remembered"))
