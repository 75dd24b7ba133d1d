"""`callrouter table history`: what was live when, by whom and why, and what it changed."""

from collections.abc import Mapping
from functools import cache

import click
from sqlalchemy import Connection

from callrouter.adapters.storage.routing_tables import (
    Activation,
    active_version,
    list_activations,
    list_versions,
)
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli, seller_option
from callrouter.cli.printing import (
    JsonValue,
    as_json,
    make_visible,
    print_json,
    print_table,
    show_instant,
)
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.workflows.compare_tables import Difference, compare_tables
from callrouter.workflows.live_tables import read_stored_table

_COLUMNS = ("at", "action", "from", "to", "author", "note")


@click.command(
    epilog=example(
        "callrouter table history flood-repair", "callrouter table history flood-repair --diff"
    )
)
@click.argument("campaign")
@click.option("--diff", "with_diff", is_flag=True, help="With what each activation changed.")
@seller_option
@json_option
@pass_cli
def history(
    context: CliContext, campaign: str, with_diff: bool, seller: str | None, as_json_text: bool
) -> None:
    """List what was live when, by whom and why, and the versions that never were."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        live = active_version(connection, seller_id, campaign)
        activations = list_activations(connection, seller_id, campaign)
        versions = list_versions(connection, seller_id, campaign)
        changed = _compare_all(connection, seller_id, campaign, activations) if with_diff else None
    if as_json_text:
        told = [_tell(activation, changed) for activation in activations]
        shown = {"live": live, "activations": told, "versions": as_json(versions)}
        print_json({"campaign": campaign, **shown})
        return
    if changed is None:
        rows = [_cells(activation) for activation in activations]
        print_table(_COLUMNS, rows, empty=f"{campaign} was never live")
    else:
        for activation in activations:
            click.echo(make_visible("  ".join(filter(None, _cells(activation)))))
            for difference in changed[activation.sequence]:
                click.echo(make_visible(f"  {difference}"))
    was_live = {a.version for a in activations}
    for v in versions:
        if v.version not in was_live:
            stored = f"stored {show_instant(v.created_at)} by {v.author}"
            line = f"version {v.version} was never live ({stored}) {v.note}".rstrip()
            click.echo(make_visible(line))


def _compare_all(
    connection: Connection, seller_id: str, campaign: str, activations: tuple[Activation, ...]
) -> Mapping[int, tuple[Difference, ...]]:
    """What each activation changed, by its sequence; nothing for the first."""

    @cache
    def read(version: int) -> RoutingTable:
        return read_stored_table(connection, seller_id, campaign, version)

    return {
        each.sequence: ()
        if each.previous_version is None
        else compare_tables(read(each.previous_version), read(each.version))
        for each in activations
    }


def _tell(
    activation: Activation, changed: Mapping[int, tuple[Difference, ...]] | None
) -> JsonValue:
    told = as_json(activation)
    assert isinstance(told, dict)  # noqa: S101 - it is a dataclass
    return told if changed is None else {**told, "diff": as_json(changed[activation.sequence])}


def _cells(activation: Activation) -> tuple[str, ...]:
    previous = activation.previous_version
    return (
        show_instant(activation.activated_at),
        str(activation.action),
        "-" if previous is None else str(previous),
        str(activation.version),
        activation.author,
        activation.note,
    )
