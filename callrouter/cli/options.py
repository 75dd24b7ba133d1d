"""Options and help that several commands share."""

import getpass
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from callrouter.cli.context import CliContext
from callrouter.domain.clocks.time_spans import read_span
from callrouter.domain.clocks.when import When, is_zone, read_when

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

pass_cli = click.make_pass_decorator(CliContext)

seller_option = click.option(
    "--seller", metavar="ID", help="Whose; needed only when there are several sellers."
)
json_option = click.option("--json", "as_json_text", is_flag=True, help="Print JSON instead.")

output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write; replaced only once all of it is there. Standard output if left out.",
)


class Instant(click.ParamType[str | datetime]):
    """An instant such as 2026-11-21T15:04:05Z or 2026-11-21; UTC unless it names an offset."""

    name = "instant"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant, aware UTC; a usage error for what isn't ISO 8601."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} isn't an instant: write it like 2026-11-21T15:04:05Z", param, ctx)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class WhenType(click.ParamType["str | When"]):
    """A moment as people say it: 2h, 18:00, 18:00 America/Chicago, 2026-11-26 18:00, an instant."""

    name = "when"

    def convert(
        self, value: "str | When", param: click.Parameter | None, ctx: click.Context | None
    ) -> When:
        """What is meant; a usage error that says what could be written instead."""
        if not isinstance(value, str):
            return value
        when = read_when(value)
        if isinstance(when, str):
            self.fail(when, param, ctx)
        return when


class ZoneType(click.ParamType[str]):
    """An IANA time zone, area and city."""

    name = "zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The zone's name; a usage error for one that doesn't exist."""
        if not is_zone(value):
            self.fail(f"there is no zone {value!r}: write it like America/Chicago", param, ctx)
        return value


class Day(click.ParamType["str | date"]):
    """A day such as 2026-11-25."""

    name = "day"

    def convert(
        self, value: "str | date", param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The day; a usage error for what is none."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} isn't a day: write it like 2026-11-25", param, ctx)


INSTANT = Instant()
WHEN = WhenType()
DAY = Day()

zone_option = click.option(
    "--zone",
    type=ZoneType(),
    metavar="ZONE",
    help="Whose clock times are on, as in America/Chicago; the table's zone if left out.",
)


class Span(click.ParamType[str | timedelta]):
    """A span of time such as 90s, 15m, 2h or 30d."""

    name = "span"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The span; a usage error for anything else."""
        if isinstance(value, timedelta):
            return value
        seconds = read_span(value)
        if seconds is None:
            self.fail(
                f"{value!r} isn't a span of time: write it like 90s, 15m, 2h or 30d", param, ctx
            )
        return timedelta(seconds=seconds)


SPAN = Span()

force_option = click.option(
    "--force",
    is_flag=True,
    help="Also when a DID is left with nobody at some hour of the coming week; it stays in the "
    "history.",
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


def author_options(command: CommandT) -> CommandT:
    """`--author` and `--note`: who changes something, and why; both stay in the history."""
    command = click.option("--note", default="", metavar="TEXT", help="Why, for the history.")(
        command
    )
    return author_option(command)


def author_option(command: CommandT) -> CommandT:
    """`--author` alone, where there is nothing to explain."""
    return click.option(
        "--author",
        default=_login_name,
        metavar="NAME",
        help="Who, for the history; your login name by default.",
    )(command)


def example(*lines: str) -> str:
    """The end of a command's help: lines that can be typed as they stand."""
    shown = "\n".join(f"  {line}" for line in lines)
    return f"\b\nExample:\n{shown}"


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
