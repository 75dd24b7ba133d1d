"""`callrouter callers`: who is blocked, who is allowed, and what is known of a caller."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from callrouter.cli.caller_options import Where, end_options, where_options, who_options
from callrouter.cli.caller_view import show
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    author_options,
    example,
    json_option,
    output_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.printing import as_json, open_output, print_json, print_table, show_instant
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry, ListScope
from callrouter.domain.errors import RefusedError
from callrouter.workflows.export_callers import export_callers, stream_entries
from callrouter.workflows.import_callers import import_callers, read_caller_file
from callrouter.workflows.list_callers import forget_expired, list_callers, unlist_callers

_COLUMNS = ("callers", "effect", "where", "until", "added", "author", "note")


@click.group()
def callers() -> None:
    """Which callers are blocked, and which are always let in; calls obey at once."""


callers.add_command(show)


@callers.command(
    epilog=example(
        'callrouter callers block +14155550123 --campaign flood-repair --for 30d --note "prank"',
        "callrouter callers block --prefix +1900 --country CA",
        "callrouter callers block --withheld --buyer acme",
    )
)
@who_options
@where_options
@end_options
@seller_option
@author_options
@pass_cli
def block(
    context: CliContext,
    patterns: tuple[str, ...],
    where: Where,
    find_end: Callable[[datetime], datetime | None],
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Turn callers away: nobody is dialled for them.

    They hear what the table says when nobody is left. With --buyer, only that buyer is passed by.
    """
    _add(context, ListEffect.BLOCK, patterns, where, find_end, seller, author, note)


@callers.command(
    epilog=example('callrouter callers allow +14155550124 --note "a call centre: one number"')
)
@who_options
@where_options
@end_options
@seller_option
@author_options
@pass_cli
def allow(
    context: CliContext,
    patterns: tuple[str, ...],
    where: Where,
    find_end: Callable[[datetime], datetime | None],
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Always let callers in: no less specific block holds for them.

    They are never duplicates, repeats or too soon either, as a call centre must be that sends one
    number for every call.
    """
    _add(context, ListEffect.ALLOW, patterns, where, find_end, seller, author, note)


@callers.command(
    epilog=example(
        "callrouter callers remove +14155550123 --campaign flood-repair",
        "callrouter callers remove --expired",
    )
)
@who_options
@where_options
@click.option("--expired", is_flag=True, help="All entries that have expired, instead.")
@seller_option
@pass_cli
def remove(
    context: CliContext,
    patterns: tuple[str, ...],
    where: Where,
    expired: bool,
    seller: str | None,
) -> None:
    """Take callers off the lists, in just this scope; entries of other scopes stay."""
    if expired == bool(patterns):
        raise click.UsageError("say either which callers, or --expired")
    if expired and where.scope is not ListScope.SELLER:
        raise click.UsageError("--expired is of all scopes: leave --campaign and --buyer out")
    seller_id = context.find_seller(seller)
    if expired:
        count = forget_expired(context.database, seller_id, context.clock.now())
        click.echo(f"{count} expired entr{'y' if count == 1 else 'ies'} removed")
        return
    removed = unlist_callers(context.database, seller_id, patterns, where.scope, where.scope_id)
    for place in removed:
        spoken = f"{place.pattern}{_place(place.scope, place.scope_id)}"
        click.echo(f"no longer {_PAST[place.effect]}: {spoken}")


@callers.command(name="list", epilog=example("callrouter callers list --limit 20"))
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, metavar="N",
    help="At most so many; `callers export` writes all.",
)  # fmt: skip
@seller_option
@json_option
@pass_cli
def list_(context: CliContext, limit: int, seller: str | None, as_json_text: bool) -> None:
    """List the entries by what they speak of; one that has expired is marked."""
    seller_id = context.find_seller(seller)
    found = list(islice(stream_entries(context.database, seller_id), limit + 1))
    now = context.clock.now()
    if as_json_text:
        print_json(as_json(found[:limit]))
    else:
        rows = [_cells(entry, now) for entry in found[:limit]]
        print_table(_COLUMNS, rows, empty="the lists are empty")
    if len(found) > limit:
        click.echo(f"the first {limit}; see more with --limit, all with `callers export`", err=True)


@callers.command(
    name="import",
    epilog=example(
        "callrouter callers import pranks.csv --for 90d",
        "callrouter callers import partners.csv --as allow --campaign flood-repair",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--as", "effect", type=click.Choice([e.value for e in ListEffect]), default="block",
    show_default=True, help="What lines do that have no `effect` of their own.",
)  # fmt: skip
@where_options
@end_options
@seller_option
@author_options
@pass_cli
def import_(
    context: CliContext,
    file: Path,
    effect: str,
    where: Where,
    find_end: Callable[[datetime], datetime | None],
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Put the callers of a CSV FILE on the lists.

    Either one number a line, or a header with `callers` and any of `effect`, `campaign`, `buyer`,
    `until`, `for` and `note`; what a line doesn't say, the options do. Nothing is kept when any
    line is wrong; each is named.
    """
    seller_id, now = context.find_seller(seller), context.clock.now()
    defaults = ListEntry(
        effect=ListEffect(effect),
        pattern="",
        scope=where.scope,
        scope_id=where.scope_id,
        expires_at=find_end(now),
        note=note,
        author=author,
        added_at=now,
    )
    with _open_text(file) as lines:
        entries = read_caller_file(context.database, seller_id, lines, str(file), defaults, now)
    with _progress_bar(len(entries)) as on_progress:
        import_callers(context.database, seller_id, entries, on_progress)
    blocked = sum(entry.effect is ListEffect.BLOCK for entry in entries)
    click.echo(f"{len(entries)} entries kept: {blocked} block, {len(entries) - blocked} allow")


@callers.command(epilog=example("callrouter callers export -o callers.csv"))
@output_option
@seller_option
@pass_cli
def export(context: CliContext, output: Path | None, seller: str | None) -> None:
    """Write all entries as a CSV that `callers import` takes."""
    seller_id = context.find_seller(seller)
    with open_output(output) as out:
        count = export_callers(context.database, seller_id, out)
    if output is not None:
        click.echo(f"{count} entries written to {output}", err=True)


_PAST = {ListEffect.BLOCK: "blocked", ListEffect.ALLOW: "allowed"}


def _add(
    context: CliContext,
    effect: ListEffect,
    patterns: tuple[str, ...],
    where: Where,
    find_end: Callable[[datetime], datetime | None],
    seller: str | None,
    author: str,
    note: str,
) -> None:
    if not patterns:
        raise click.UsageError(
            "say which callers: a number, --prefix, --country, --withheld or --everyone"
        )
    now = context.clock.now()
    end = find_end(now)
    entries = tuple(
        ListEntry(
            effect=effect,
            pattern=pattern,
            scope=where.scope,
            scope_id=where.scope_id,
            expires_at=end,
            note=note,
            author=author,
            added_at=now,
        )
        for pattern in dict.fromkeys(patterns)
    )
    list_callers(context.database, context.find_seller(seller), entries, now)
    until = f" until {show_instant(end)}" if end else ""
    for entry in entries:
        place = _place(entry.scope, entry.scope_id)
        click.echo(f"{_PAST[effect]}: {entry.pattern}{place}{until}")


def _place(scope: ListScope, scope_id: str) -> str:
    return "" if scope is ListScope.SELLER else f" ({scope} {scope_id})"


def _cells(entry: ListEntry, now: datetime) -> tuple[str, ...]:
    until = show_instant(entry.expires_at) if entry.expires_at else ""
    return (
        entry.pattern,
        entry.effect.value,
        f"{entry.scope} {entry.scope_id}".strip(),
        until if entry.holds_at(now) else f"{until} (expired)",
        show_instant(entry.added_at),
        entry.author,
        entry.note,
    )


@contextmanager
def _open_text(file: Path) -> Iterator[Iterator[str]]:
    """The lines of a file that people made; raises RefusedError when it can't be read as text."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except OSError as error:
        raise RefusedError(f"{file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RefusedError(f"{file} isn't UTF-8 text: save it as CSV in UTF-8") from error


@contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("callers", total=total)
        yield lambda done: bar.update(task, completed=done)
