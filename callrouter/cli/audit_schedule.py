"""`callrouter audit schedule`: at which hour the nightly audit is made."""

from datetime import datetime, time

import click

from callrouter.adapters.storage.audit_nights import read_schedule, save_schedule
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    ZoneType,
    author_option,
    example,
    json_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.printing import print_json
from callrouter.domain.carrier.audit_schedule import AuditSchedule


@click.command(
    epilog=example(
        "callrouter audit schedule",
        "callrouter audit schedule --at 05:00 --zone America/Chicago",
        "callrouter audit schedule --off",
    )
)
@click.option("--at", type=click.DateTime(["%H:%M"]), help="At which time each day.")
@click.option("--zone", type=ZoneType(), metavar="ZONE", help="On whose clocks.")
@click.option("--on/--off", "is_on", default=None, help="Whether it is made at all.")
@seller_option
@author_option
@json_option
@pass_cli
def schedule(
    context: CliContext,
    at: datetime | None,
    zone: str | None,
    is_on: bool | None,
    seller: str | None,
    author: str,
    as_json_text: bool,
) -> None:
    """Show when the nightly audit is made, or choose another time. A day ends at midnight UTC."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        chosen = read_schedule(connection, seller_id)
    if (at, zone, is_on) != (None, None, None):
        when: time = at.time() if at is not None else chosen.at
        on = is_on if is_on is not None else chosen.is_on
        chosen = AuditSchedule(when, zone or chosen.zone, on)
        with context.database.write() as connection:
            save_schedule(connection, seller_id, chosen, author, context.clock.now())
    if as_json_text:
        print_json({"at": f"{chosen.at:%H:%M}", "zone": chosen.zone, "is_on": chosen.is_on})
        return
    if chosen.is_on:
        click.echo(f"each day at {chosen.at:%H:%M} {chosen.zone}")
    else:
        click.echo("off: a day is audited by hand only")
