"""What a person says of a buyer's file: by options, or asked at the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from callrouter.adapters.buyer_files.proposal import Open, Question
from callrouter.cli.options import ZoneType
from callrouter.cli.printing import make_visible
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.mapping import Field, LegRule, TimeForm
from callrouter.domain.tie_out.memory import AMPLE, Memory
from callrouter.workflows.read_buyer_file import (
    BuyerFile,
    Clues,
    Told,
    UnderstoodTable,
    list_questions,
    open_buyer_file,
    read_understood,
    understand,
)

_ORDERS = {"day-first": TimeForm.DAY_FIRST, "month-first": TimeForm.MONTH_FIRST}


class ColumnType(click.ParamType[str | tuple[Field, int]]):
    """A field and its column, as in start=3; columns count from 1."""

    name = "column"

    def convert(
        self,
        value: str | tuple[Field, int],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[Field, int]:
        """The field and the column from 0; a usage error for what isn't one."""
        if isinstance(value, tuple):
            return value
        named, _, number = value.partition("=")
        if named not in set(Field):
            known = ", ".join(each.replace("_", "-") for each in Field)
            named = named.replace("-", "_")
            if named not in set(Field):
                self.fail(f"{named!r} is no field; there is {known}", param, ctx)
        if not number.isdecimal() or int(number) < 1:
            self.fail(f"{value!r} names no column: write it like start=3", param, ctx)
        return Field(named), int(number) - 1


def told_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options that say how a file is to be read; it gets them as `told`."""

    @wraps(command)
    def run(
        *args: Any,
        dates: str | None,
        their_zone: str | None,
        country: str,
        legs: str | None,
        columns: tuple[tuple[Field, int], ...],
        **others: Any,
    ) -> None:
        told = Told(
            dates=_ORDERS[dates] if dates else None,
            zone=their_zone or "",
            country=country,
            legs=LegRule(legs.replace("-", "_")) if legs else None,
            columns=dict(columns),
        )
        command(*args, told=told, **others)

    run = click.option(
        "--legs", type=click.Choice([each.replace("_", "-") for each in LegRule]),
        help="What several rows of one call are.",
    )(run)  # fmt: skip
    run = click.option(
        "--country", metavar="XX", default="", help="Whose numbers stand without a country code."
    )(run)
    run = click.option(
        "--column", "columns", type=ColumnType(), multiple=True, metavar="FIELD=N",
        help="Which column a field is, as in start=3; may be repeated.",
    )(run)  # fmt: skip
    run = click.option(
        "--zone", "their_zone", type=ZoneType(), metavar="ZONE",
        help="The zone of the file's times; found from the calls, and believed if they don't say.",
    )(run)  # fmt: skip
    return click.option(
        "--dates", type=click.Choice(list(_ORDERS)), help="How 03/04/2026 is meant."
    )(run)


def read_told(
    path: Path, told: Told, clues: Clues, memory: Memory = AMPLE
) -> tuple[BuyerFile, Told]:
    """The file's records, and what was said of it in the end.

    What can't be told from the file is asked at a terminal; elsewhere RefusedError says by which
    option it is answered.
    """
    tables = open_buyer_file(path)
    while True:
        understood = understand(tables, told, clues)
        open_questions = list_questions(understood, told)
        if not open_questions:
            file = read_understood(path, understood, memory)
            return replace(file, zone_told=told.zone), told
        told = _ask(path.name, open_questions[0], told, understood)


def _ask(name: str, question: Question, told: Told, tables: tuple[UnderstoodTable, ...]) -> Told:
    place = f"{name}:{max(tables[0].raw.header_line, 1)}"
    if not sys.stdin.isatty():
        raise RefusedError(f"{place}: {question.text} Say it with {_name_option(question)}")
    click.echo(make_visible(f"{place}: {question.text}"), err=True)
    if question.about is Open.DAY_ORDER:
        names = [name for name, form in _ORDERS.items() if form.value in question.choices]
        chosen = click.prompt("dates", type=click.Choice(names), err=True)
        return replace(told, dates=_ORDERS[chosen])
    field = Field.TOTAL if question.about is Open.TWO_DURATIONS else Field.START
    width = max(table.raw.width for table in tables)
    number = click.prompt(f"{field} column, from 1", type=click.IntRange(1, width), err=True)
    return replace(told, columns={**told.columns, field: number - 1})


def _name_option(question: Question) -> str:
    match question.about:
        case Open.DAY_ORDER:
            return "--dates day-first or --dates month-first"
        case Open.TWO_DURATIONS:
            choices = " or ".join(f"--column total={int(each) + 1}" for each in question.choices)
            return choices or "--column total=N"
        case Open.NO_START:
            return "--column start=N, columns count from 1"


@contextmanager
def show_steps(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal; what is yielded hears of each step as it begins."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("reading", total=total + 1)

        def tell(step: str) -> None:
            bar.update(task, advance=1, description=step)

        yield tell
