"""Options of the audit's commands: which day, and in which form."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any

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


def form_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` --json and --csv, of which one at most may be chosen."""

    @wraps(command)
    def run(*args: Any, as_json_text: bool, as_csv: bool, **others: Any) -> None:
        if as_csv and as_json_text:
            raise click.UsageError("--csv and --json are two things: choose one")
        command(*args, as_json_text=as_json_text, as_csv=as_csv, **others)

    decorated = click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead.")(run)
    return click.option("--json", "as_json_text", is_flag=True, help="Print JSON instead.")(
        decorated
    )


def pick_finished_day(context: CliContext, day: date | None) -> date:
    """The day that was named, else yesterday. Raises RefusedError for one that isn't over yet."""
    now: datetime = context.clock.now()
    if day is None:
        return now.date() - timedelta(days=1)
    if day >= now.date():
        raise RefusedError(f"{day} isn't over yet in UTC: a day is audited when all of it is there")
    return day
