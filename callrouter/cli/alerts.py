"""`callrouter alert`: what is wrong now, and whether anybody would hear of it."""

import click

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.cli.alert_channels import to
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, print_json, print_table, show_instant
from callrouter.domain.alerts.alert import spell_duration
from callrouter.workflows.try_channels import try_channels


@click.group()
def alert() -> None:
    """What is wrong now, and who is told of it."""


alert.add_command(to)


@alert.command(name="list", epilog=example("callrouter alert list", "callrouter alert list --all"))
@click.option("--all", "show_all", is_flag=True, help="What is over, too: each key's last time.")
@seller_option
@json_option
@pass_cli
def list_(context: CliContext, show_all: bool, seller: str | None, as_json_text: bool) -> None:
    """List what is wrong now, the newest first."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        found = list_alerts(connection, seller_id, standing_only=not show_all)
    if as_json_text:
        print_json(as_json(found))
        return
    now = context.clock.now()
    rows = [
        (
            show_instant(each.since),
            spell_duration((each.recovered_at or now) - each.since),
            "stands" if each.stands else "over",
            str(each.times),
            each.key,
            each.subject,
            each.text,
        )
        for each in found
    ]
    columns = ("since", "for", "state", "times", "key", "subject", "text")
    print_table(columns, rows, empty="nothing is wrong" if not show_all else "nothing ever was")


@alert.command(epilog=example("callrouter alert test"))
@seller_option
@json_option
@pass_cli
def test(context: CliContext, seller: str | None, as_json_text: bool) -> None:
    """Send a test message through every channel now, and say what came of it.

    Exit code 1 when any channel failed, or there is none.
    """
    seller_id = context.find_seller(seller)
    box, means, now = context.secret_box, context.means, context.clock.now()
    trials = tuple(try_channels(context.database, box, means, seller_id, now))
    if as_json_text:
        print_json(
            [
                {"name": each.channel.name, "kind": each.channel.kind, "failure": each.failure}
                for each in trials
            ]
        )
    else:
        rows = [
            (
                each.channel.name,
                each.channel.kind,
                each.channel.shown_address,
                each.failure or "sent",
            )
            for each in trials
        ]
        columns = ("channel", "kind", "address", "result")
        empty = "there is no channel: add one with `callrouter alert to add`"
        print_table(columns, rows, empty=empty)
    failed = sum(bool(each.failure) for each in trials)
    if failed or not trials:
        raise click.ClickException(f"{failed} of {len(trials)} channels failed")
