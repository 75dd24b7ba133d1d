"""Options of the audit's commands: which day, and in which form."""

from datetime import date, datetime, timedelta

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import DAY
from callrouter.domain.errors import RefusedError

day_option = click.option(
    "--day",
    type=DAY,
    metavar="DAY",
    help="A UTC day, as in 2026-11-25; the latest if left out.",
)


run_option = click.option(
    "--run",
    "number",
    type=click.IntRange(1),
    metavar="N",
    help="That run of the day; the last whole one if left out.",
)


def pick_finished_day(context: CliContext, day: date | None) -> date:
    """The day that was named, else yesterday. Raises RefusedError for one that isn't over yet."""
    now: datetime = context.clock.now()
    if day is None:
        return now.date() - timedelta(days=1)
    if day >= now.date():
        raise RefusedError(f"{day} isn't over yet in UTC: a day is audited when all of it is there")
    return day
