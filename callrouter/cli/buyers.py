"""`callrouter buyers`: who pays for calls, and where each of them answers."""

from pathlib import Path

import click

from callrouter.adapters.policy_files.buyers_file import write_buyers
from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.storage.directories import list_directory_versions, read_directory
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    author_options,
    example,
    json_option,
    output_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.printing import as_json, open_output, print_json, print_table, show_instant
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.compare_tables import compare_directories


@click.group()
def buyers() -> None:
    """Who pays for calls, and where each of them answers."""


@buyers.command(epilog=example("callrouter buyers apply config/buyers/acme.toml"))
@click.argument("file", type=click.Path(path_type=Path))
@seller_option
@author_options
@pass_cli
def apply(context: CliContext, file: Path, seller: str | None, author: str, note: str) -> None:
    """Replace exactly the buyers that FILE names; all others stay as they are.

    Refused as a whole when anything in FILE is wrong, or when a destination would vanish that a
    live routing table names.
    """
    text = load_policy(file)
    applied = apply_buyers(
        context.database,
        context.find_seller(seller),
        text,
        str(file),
        author=author,
        note=note,
        at=context.clock.now(),
    )
    before, now = applied.before, applied.directory
    if before.version == now.version:
        click.echo(f"nothing changes: the directory stays at version {now.version}")
    else:
        click.echo(f"directory: version {before.version} -> {now.version}")
    for difference in compare_directories(before, now):
        click.echo(f"  {difference}")
    for warning in applied.warnings:
        click.echo(f"warning: {warning}", err=True)


@buyers.command(epilog=example("callrouter buyers export -o buyers.toml"))
@click.option("--version", type=int, metavar="N", help="The current one if left out.")
@output_option
@seller_option
@pass_cli
def export(
    context: CliContext, version: int | None, output: Path | None, seller: str | None
) -> None:
    """Write all buyers as one TOML file that `buyers apply` takes."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        directory = read_directory(connection, seller_id, version)
    with open_output(output) as out:
        out.write(write_buyers(directory.buyers, directory.destinations))


@buyers.command(epilog=example("callrouter buyers history"))
@seller_option
@json_option
@pass_cli
def history(context: CliContext, seller: str | None, as_json_text: bool) -> None:
    """List the versions of the directory: when, by whom and why."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        versions = list_directory_versions(connection, seller_id)
    if as_json_text:
        print_json(as_json(versions))
        return
    rows = [(str(v.version), show_instant(v.created_at), v.author, v.note) for v in versions]
    print_table(("version", "at", "author", "note"), rows, empty="no buyers were ever applied")
