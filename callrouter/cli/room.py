"""`callrouter room`: who can take calls right now, and why the others can't."""

import sys
from collections.abc import Sequence

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, make_visible, print_json, print_table
from callrouter.domain.health.stops import say_stop
from callrouter.domain.limits.cap_words import say_usage
from callrouter.domain.limits.standing import say_standing
from callrouter.domain.routing.decision import SkipRule
from callrouter.domain.routing.room import (
    CampaignRoom,
    DestinationRoom,
    Gauge,
    Role,
    SharedRoom,
)
from callrouter.domain.routing.room_words import say_hours, say_taken_by
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.export_room import export_room_csv, list_room_rows
from callrouter.workflows.view_room import view_room

_COLUMNS = (
    "now",
    "destination",
    "buyer",
    "standing",
    "priority",
    "calls",
    "hours",
    "why not, what it asks",
    "caps",
)
_SHARED_COLUMNS = ("now", "shared by", "stops, standing", "caps")


@click.command(
    epilog=example(
        "callrouter room",
        "callrouter room --campaign flood-repair --json",
    )
)
@click.option("--campaign", metavar="ID", help="Of this campaign alone.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a line for each counter.")
@seller_option
@json_option
@pass_cli
def room(
    context: CliContext,
    campaign: str | None,
    as_csv: bool,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show who can take calls right now: hours, stops, breakers, caps and calls at once.

    By the live tables and the rules that calls go by. What depends on the caller, such as a filter,
    is named but not judged.
    """
    if as_csv and as_json_text:
        raise click.UsageError("--csv and --json are two things: choose one")
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        rooms = view_room(Compiled(), connection, seller_id, context.clock.now(), campaign)
    if as_csv:
        export_room_csv(rooms, sys.stdout)
    elif as_json_text:
        print_json([as_json(row) for row in list_room_rows(rooms)])
    else:
        _print_rooms(rooms)


def _print_rooms(rooms: Sequence[CampaignRoom]) -> None:
    if not rooms:
        click.echo("no campaign has a live table")
    for number, each in enumerate(rooms):
        if number:
            click.echo()
        asks = f"; asks {', '.join(each.asks)}" if each.asks else ""
        named = f"{each.campaign_id}, table version {each.table_version}"
        click.echo(make_visible(f"{named}: {say_taken_by(each)}{asks}"))
        print_table(_COLUMNS, [_cells(it, each) for it in each.destinations], empty="")
        if each.shared:
            click.echo()
            print_table(_SHARED_COLUMNS, [_shared_cells(it, each) for it in each.shared], empty="")


def _cells(it: DestinationRoom, room: CampaignRoom) -> tuple[str, ...]:
    stops = [say_stop(stop, room.at) for stop in it.stops]
    why = [it.skip.saw] if it.skip and it.skip.rule is not SkipRule.CLOSED else []
    words = [*dict.fromkeys((*why, *stops)), *(f"asks {each}" for each in it.asks)]
    return (
        it.skip.rule if it.skip else "open",
        " ".join((it.destination_id, *it.pointed_numbers)),
        it.buyer_id or "-",
        it.standing.state if it.standing else "-",
        str(it.priority) if it.role is Role.ROUTE else it.role,
        str(it.live_calls),
        _say_hours(it, room),
        "; ".join(words) or "-",
        _say_gauges(it.gauges, room),
    )


def _say_hours(it: DestinationRoom, room: CampaignRoom) -> str:
    if it.skip and it.skip.rule is SkipRule.CLOSED:
        return it.skip.saw
    return "-" if it.role is Role.OVERFLOW else say_hours(it.hours, room.at)


def _shared_cells(it: SharedRoom, room: CampaignRoom) -> tuple[str, ...]:
    words = [say_stop(stop, room.at) for stop in it.stops]
    words += [say_standing(it.standing)] if it.standing else []
    is_stopped = bool(it.stops) or (it.standing and not it.standing.effect.takes_calls)
    return (
        "room" if it.has_room else "stopped" if is_stopped else "full",
        f"{it.subject.kind} {it.subject.subject_id}",
        "; ".join(words) or "-",
        _say_gauges(it.gauges, room),
    )


def _say_gauges(gauges: Sequence[Gauge], room: CampaignRoom) -> str:
    said = (say_usage(gauge.counter, gauge.usage, room.at) for gauge in gauges)
    return "; ".join(said) or "-"
