"""`callrouter table try`: what would become of one call by a table, before it goes live."""

from collections.abc import Sequence

import click

from callrouter.adapters.storage.live_numbers import find_number
from callrouter.cli.call_options import Imagined, caller_options
from callrouter.cli.context import CliContext
from callrouter.cli.decision_text import say_decision
from callrouter.cli.foreseen_text import describe_foreseen
from callrouter.cli.options import (
    WHEN,
    example,
    json_option,
    pass_cli,
    seller_option,
    zone_option,
)
from callrouter.cli.printing import as_json, make_visible, print_json, show_instant
from callrouter.cli.table_choice import choose_table, name_table
from callrouter.domain.clocks.when import When, find_instant
from callrouter.domain.routing.decision import Decision
from callrouter.workflows.explain_route import explain_route, try_table


@click.command(
    name="try",
    epilog=example(
        "callrouter table try night.toml --did +18005550100 --ani +14155550123",
        'callrouter table try night.toml --did +18005550100 --ani anonymous --at "23:00"',
        "callrouter table try flood-repair --version 4 --did +18005550100 --ani +14155550123"
        " --state TX --zip 77002",
    ),
)
@click.argument("file_or_campaign")
@click.option("--version", type=int, metavar="N", help="This stored version of a campaign.")
@caller_options
@click.option("--at", "when", type=WHEN, metavar="WHEN", help="At that moment instead of now.")
@zone_option
@seller_option
@json_option
@pass_cli
def try_(
    context: CliContext,
    file_or_campaign: str,
    version: int | None,
    imagined: Imagined | None,
    when: When | None,
    zone: str | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show what would become of a call by a file or a stored version, and why nothing else.

    By today's directory and what stands now: stops, caps, the caller's past. Nothing is made live,
    reserved, dialled or written.
    """
    if imagined is None:
        raise click.UsageError("name a call: --did and --ani")
    seller_id, now = context.find_seller(seller), context.clock.now()
    call = imagined.as_call()
    with context.database.read() as connection:
        table = choose_table(connection, seller_id, file_or_campaign, version)
        at = now if when is None else find_instant(when, now, zone or table.zone)
        decisions = try_table(connection, seller_id, table, call, at)
        is_live = find_number(connection, seller_id, imagined.did) is not None
        by_live = explain_route(connection, seller_id, call, max(at, now), now) if is_live else ()
    if as_json_text:
        print_json(as_json(decisions))
        return
    name = name_table(table, file_or_campaign)
    lines = [f"{imagined.ani} calls {imagined.did} at {show_instant(at)}, by {name}"]
    lines += describe_foreseen(decisions)
    lines += ["", _say_live(by_live)]
    for line in lines:
        click.echo(make_visible(line))


def _say_live(decisions: Sequence[Decision]) -> str:
    if not decisions:
        return "By what is live the number is in no table."
    versions = f"{decisions[0].campaign_id} version {decisions[0].table_version}"
    said = ", then ".join(say_decision(decision) for decision in decisions)
    return f"By what is live, {versions}: {said}"
