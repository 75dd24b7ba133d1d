"""The options that say which callers an entry of the lists speaks of, where, and until when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import click

from callrouter.cli.options import INSTANT, SPAN
from callrouter.domain.callers.caller_lists import (
    ListScope,
    PatternKind,
    check_pattern,
    spell_pattern,
)
from callrouter.domain.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Where:
    """The scope of an entry."""

    scope: ListScope
    scope_id: str


_WHO = (
    click.argument("numbers", metavar="[NUMBER]...", nargs=-1),
    click.option(
        "--prefix", "prefixes", multiple=True, metavar="+DIGITS", help="Numbers that begin so."
    ),
    click.option(
        "--country", "countries", multiple=True, metavar="XX", help="Callers from this country."
    ),
    click.option("--withheld", is_flag=True, help="Callers who withhold their number."),
    click.option("--everyone", is_flag=True, help="All callers."),
)
_WHERE = (
    click.option("--campaign", metavar="ID", help="In this campaign only."),
    click.option("--buyer", metavar="ID", help="For calls to this buyer only."),
)
_END = (
    click.option("--for", "span", type=SPAN, help="For so long, as in 30d; for good if left out."),
    click.option("--until", type=INSTANT, help="Until then."),
)


def who_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the ways to say which callers; it gets them as `patterns`.

    Raises RefusedError for what can't be a number, a prefix or a country.
    """

    @wraps(command)
    def run(
        *args: Any,
        numbers: tuple[str, ...],
        prefixes: tuple[str, ...],
        countries: tuple[str, ...],
        withheld: bool,
        everyone: bool,
        **others: Any,
    ) -> None:
        written = [
            *((PatternKind.NUMBER, number) for number in numbers),
            *((PatternKind.PREFIX, prefix) for prefix in prefixes),
            *((PatternKind.COUNTRY, country) for country in countries),
            *((PatternKind.WITHHELD, "") for _ in range(withheld)),
            *((PatternKind.EVERYONE, "") for _ in range(everyone)),
        ]
        problems = [p for p in (check_pattern(*each) for each in written) if p is not None]
        if problems:
            raise RefusedError("\n".join(problems))
        command(*args, patterns=tuple(spell_pattern(*each) for each in written), **others)

    return _decorate(run, _WHO)


def where_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the ways to say where an entry holds; it gets them as `where`."""

    @wraps(command)
    def run(*args: Any, campaign: str | None, buyer: str | None, **others: Any) -> None:
        if campaign is not None and buyer is not None:
            raise click.UsageError("--campaign and --buyer can't stand together")
        where = Where(ListScope.SELLER, "")
        if campaign is not None:
            where = Where(ListScope.CAMPAIGN, campaign)
        if buyer is not None:
            where = Where(ListScope.BUYER, buyer)
        command(*args, where=where, **others)

    return _decorate(run, _WHERE)


def end_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the ways to say until when; it gets `find_end`, which wants the time now."""

    @wraps(command)
    def run(*args: Any, span: timedelta | None, until: datetime | None, **others: Any) -> None:
        if span is not None and until is not None:
            raise click.UsageError("--for and --until can't stand together")

        def find_end(now: datetime) -> datetime | None:
            return until if span is None else now + span

        command(*args, find_end=find_end, **others)

    return _decorate(run, _END)


def _decorate(
    command: Callable[..., None],
    options: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...],
) -> Callable[..., None]:
    for option in reversed(options):
        command = option(command)
    return command
