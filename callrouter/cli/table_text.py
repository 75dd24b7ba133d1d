"""Routing tables in a person's words."""

import click

from callrouter.cli.printing import align, make_visible
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    LastResort,
    NobodyLeft,
    Route,
    RoutingTable,
)
from callrouter.workflows.activate_table import Activated
from callrouter.workflows.compare_tables import compare_tables


def print_activated(activated: Activated) -> None:
    """What went live in the place of what, and each thing that this changes."""
    now, before = activated.table, activated.before
    if before == now:
        click.echo(f"{now.campaign_id}: version {now.version} is live already, nothing changes")
        return
    was = f"version {before.version}" if before else "nothing"
    click.echo(f"{now.campaign_id}: {was} -> version {now.version}, {summarize_table(now)}")
    for difference in compare_tables(before, now) if before else ():
        click.echo(make_visible(f"  {difference}"))
    for warning in (*activated.forced, *activated.warnings):
        click.echo(f"warning: {warning}", err=True)


def summarize_table(table: RoutingTable) -> str:
    """A table in half a line: how much of what it has."""
    return (
        f"{_count(len(table.numbers), 'DID')}, {_count(len(table.routes), 'route')}, "
        f"then {_name_end(table.nobody_left)}"
    )


def describe_table(table: RoutingTable) -> list[str]:
    """A table in full, for reading."""
    limits = table.limits
    return [
        f"campaign {table.campaign_id}, version {table.version}",
        f"withheld callers: {table.withheld_callers}; language: {table.language}",
        f"a call may use up: {_count(limits.attempts, 'attempt')}, {limits.ring_s} s of ringing, "
        f"{limits.call_s} s of talk",
        "",
        *align([("DID", "publisher"), *((n.number, n.publisher) for n in table.numbers)]),
        "",
        *align([_ROUTE_COLUMNS, *(_route_cells(route) for route in _in_order(table))]),
        "",
        f"nobody left: {_describe_end(table.nobody_left)}",
        *_describe_rest(table),
    ]


def _describe_rest(table: RoutingTable) -> list[str]:
    """Whatever else the table says, key by key: what a table with only the above doesn't."""
    bare = RoutingTable(
        campaign_id=table.campaign_id,
        numbers=tuple(AdvertisedNumber(n.number, n.publisher) for n in table.numbers),
        routes=tuple(
            Route(r.destination_id, r.priority, r.weight, r.ring_s, r.whisper, r.screening)
            for r in table.routes
        ),
        limits=table.limits,
        nobody_left=table.nobody_left,
        withheld_callers=table.withheld_callers,
        language=table.language,
    )
    said = [f"{each.key}: {each.after}" for each in compare_tables(bare, table)]
    return ["", *map(make_visible, said)] if said else []


_ROUTE_COLUMNS = ("priority", "weight", "destination", "ring", "before the two are joined")


def _route_cells(route: Route) -> tuple[str, ...]:
    heard = [f'whisper "{route.whisper}"'] if route.whisper else []
    if route.screening:
        heard.append(
            f'"{route.screening.prompt}" and {route.screening.digit} '
            f"within {route.screening.wait_s} s"
        )
    return (
        str(route.priority),
        str(route.weight),
        route.destination_id,
        f"{route.ring_s} s",
        ", ".join(heard),
    )


def _in_order(table: RoutingTable) -> list[Route]:
    return sorted(table.routes, key=lambda route: route.priority)


def _name_end(end: NobodyLeft) -> str:
    if end.resort is LastResort.OVERFLOW:
        return f"overflow {end.overflow_destination_id}"
    return "voicemail" if end.resort is LastResort.VOICEMAIL else "a message"


def _describe_end(end: NobodyLeft) -> str:
    if end.resort is LastResort.OVERFLOW:
        return (
            f'dial {end.overflow_destination_id} for {end.overflow_ring_s} s, then say "{end.say}"'
        )
    if end.resort is LastResort.VOICEMAIL:
        return f'say "{end.say}" and record for up to {end.voicemail_max_s} s'
    return f'say "{end.say}"'


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
