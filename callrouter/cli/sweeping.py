"""`callrouter sweep`: asking the carrier about open calls, now."""

from datetime import timedelta

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli
from callrouter.cli.printing import as_json, print_json
from callrouter.workflows.sweep_at_once import sweep_at_once


@click.command(epilog=example("callrouter sweep --all"))
@click.option("--all", "every_open_call", is_flag=True, help="Every open call, not only those due.")
@json_option
@pass_cli
def sweep(context: CliContext, every_open_call: bool, as_json_text: bool) -> None:
    """Ask the carrier about calls whose end was never reported, and write their CDRs.

    The clock process does this by itself; this is for when it doesn't run, or to wait for nothing.
    """
    swept = sweep_at_once(
        context.database,
        context.make_carrier_of(context.settings, context.database),
        context.clock,
        timedelta(seconds=context.settings.sweep_after_s),
        every_open_call=every_open_call,
    )
    if as_json_text:
        print_json(as_json(swept))
        return
    click.echo(f"asked about {swept.asked} calls: {swept.closed} closed, {swept.left} left open")
