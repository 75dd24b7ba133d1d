"""The options that say which lines of a tie-out are meant, as one Chosen."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from callrouter.domain.money import read_amount
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.workflows.choose_lines import Chosen


def chosen_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options; it gets them as `chosen`. A usage error when none is there."""

    @wraps(command)
    def run(
        *args: Any,
        line_nos: tuple[int, ...],
        classes: tuple[str, ...],
        within_s: float | None,
        up_to: str | None,
        at_least: str | None,
        **others: Any,
    ) -> None:
        if not (line_nos or classes or within_s is not None or up_to or at_least):
            raise click.UsageError(
                "which lines? Name --line, --class, --within, --up-to or --at-least"
            )
        chosen = Chosen(
            line_nos=frozenset(line_nos),
            classes=frozenset(map(DifferenceClass, classes)),
            within_ms=None if within_s is None else round(within_s * 1000),
            up_to_micros=None if up_to is None else _read_amount(up_to),
            at_least_micros=None if at_least is None else _read_amount(at_least),
        )
        command(*args, chosen=chosen, **others)

    for option in (
        click.option("--line", "line_nos", type=click.IntRange(0), multiple=True, metavar="N",
                     help="This line; may be repeated."),
        click.option("--class", "classes", multiple=True,
                     type=click.Choice([each.value for each in DifferenceClass]),
                     help="Every line of this class; may be repeated."),
        click.option("--within", "within_s", type=click.FloatRange(0), metavar="SECONDS",
                     help="Whose seconds differ by so many at most."),
        click.option("--up-to", metavar="AMOUNT", help="Whose money differs by so much at most."),
        click.option("--at-least", metavar="AMOUNT",
                     help="Whose money differs by so much or more."),
    ):  # fmt: skip
        run = option(run)
    return run


def _read_amount(text: str) -> int:
    read = read_amount(text, "USD")
    if isinstance(read, str):
        raise click.UsageError(read)
    return read
