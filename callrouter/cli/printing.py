"""Lists and values for people and for programs: a table, or JSON of a stable shape."""

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TextIO, TypeAlias

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callrouter.domain.errors import RefusedError
from callrouter.workflows.export_calls import spell_cell, spell_instant

JsonValue: TypeAlias = (
    str | int | float | bool | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)

_FIGURE = re.compile(r"-?[0-9][0-9.]*( %)?")


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    empty: str,
    console: Console | None = None,
) -> None:
    """A table: fitted into a terminal's width, else aligned columns that tools can cut.

    Without rows it is the line `empty`. Columns of figures stand to the right.
    """
    if not rows:
        click.echo(empty)
        return
    shown = [[make_visible(cell) for cell in row] for row in rows]
    console = console or Console(file=sys.stdout)
    if console.is_terminal:
        console.print(_lay_out(columns, shown))
    else:
        for line in align([list(columns), *shown], _figure_columns(shown)):
            click.echo(line)


def print_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    value: JsonValue,
    *,
    empty: str,
    as_csv: bool,
    as_json_text: bool,
) -> None:
    """The same as a table, as CSV that a spreadsheet may open, or as JSON."""
    if as_csv and as_json_text:
        raise click.UsageError("--csv and --json are two things: choose one")
    if as_json_text:
        print_json(value)
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows([spell_cell(cell) for cell in row] for row in rows)
    else:
        print_table(columns, rows, empty=empty)


def align(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Rows as lines with two spaces between columns; those in `right` stand to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def print_json(value: JsonValue) -> None:
    """A value as indented JSON."""
    click.echo(json.dumps(value, indent=2))


@contextmanager
def open_output(file: Path | None) -> Iterator[TextIO]:
    """Where a command writes: standard output, or a file that is there only when it is whole.

    Raises RefusedError when the file can't be written.
    """
    if file is None:
        yield sys.stdout
        return
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as out:
            yield out
        unfinished.replace(file)
    except OSError as error:
        raise RefusedError(f"{file} can't be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """A file to write into, which takes the place of `file` once all of it is there.

    Raises RefusedError when it can't be written.
    """
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        unfinished.touch()
        yield unfinished
        unfinished.replace(file)
    except OSError as error:
        raise RefusedError(f"{file} can't be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def as_json(value: object) -> JsonValue:
    """A value of ours as JSON: fields by name, instants in ISO 8601 UTC with milliseconds.

    A time on the wall, or a day, has no zone.

    Raises TypeError for what has no place in JSON.
    """
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case datetime():
            return spell_instant(value) if value.tzinfo else value.isoformat()
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): as_json(each) for key, each in value.items()}
        case tuple() | list():
            return [as_json(each) for each in value]
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def show_instant(at: datetime) -> str:
    """An instant for people, in UTC to the second: 2026-11-21 15:04:05Z."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def show_seconds(ms: int) -> str:
    """Milliseconds as seconds with three decimals."""
    return f"{ms / 1000:.3f}"


def make_visible(text: str) -> str:
    """Text of strangers, safe to print: what would steer a terminal is spelt out."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _figure_columns(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    return frozenset(
        i
        for i in range(len(rows[0]))
        if all(_FIGURE.fullmatch(row[i]) or not row[i] for row in rows) and any(r[i] for r in rows)
    )


def _lay_out(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    right = _figure_columns(rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
