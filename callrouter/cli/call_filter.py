"""The options that select calls, as one CdrFilter."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import click

from callrouter.adapters.storage.cdrs import CdrFilter
from callrouter.cli.options import INSTANT
from callrouter.domain.cdr import Disposition

_OPTIONS = (
    click.option("--since", type=INSTANT, help="Started then or later; UTC unless it says else."),
    click.option("--until", type=INSTANT, help="Started before then."),
    click.option("--campaign", metavar="ID", help="Of this campaign."),
    click.option("--buyer", metavar="ID", help="Connected to this buyer, or last offered to it."),
    click.option(
        "--disposition",
        type=click.Choice([each.value for each in Disposition]),
        help="That ended like this.",
    ),
    click.option("--did", metavar="NUMBER", help="To this number of ours."),
    click.option("--ani", metavar="NUMBER", help="From this caller."),
)


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the selecting options; it gets them as `wanted`."""

    @wraps(command)
    def run(
        *args: Any,
        since: datetime | None,
        until: datetime | None,
        campaign: str | None,
        buyer: str | None,
        disposition: str | None,
        did: str | None,
        ani: str | None,
        **others: Any,
    ) -> None:
        wanted = CdrFilter(
            since=since,
            until=until,
            campaign=campaign,
            buyer=buyer,
            disposition=Disposition(disposition) if disposition else None,
            did=did,
            ani=ani,
        )
        command(*args, wanted=wanted, **others)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run
