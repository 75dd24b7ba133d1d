"""`callrouter rate again` and `missing`: after terms were added or changed."""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from callrouter.adapters.storage.cdrs import count_cdrs
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    INSTANT,
    author_option,
    example,
    json_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.party_options import party_options
from callrouter.cli.printing import (
    as_json,
    print_json,
    print_table,
    show_instant,
    show_seconds,
)
from callrouter.domain.billing.call_entries import Change
from callrouter.domain.billing.party import Party
from callrouter.domain.money import say_amount, say_micros
from callrouter.workflows.export_calls import spell_cell, spell_instant
from callrouter.workflows.find_missing_terms import find_missing_terms
from callrouter.workflows.rate_period import RatedAgain, Wanted, rate_period

_SHOWN = 50
_COLUMNS = ("call", "started", "party", "was", "is", "corrects", "reason")
_CSV_COLUMNS = (
    "call_id",
    "started_at",
    "side",
    "party",
    "amount_before",
    "currency_before",
    "amount",
    "currency",
    "corrects",
    "reason",
)
_since = click.option(
    "--since",
    type=INSTANT,
    required=True,
    metavar="TIME",
    help="Of calls that began then or later.",
)
_until = click.option(
    "--until", type=INSTANT, metavar="TIME", help="Of calls before that; now if left out."
)


@click.command(
    epilog=example(
        "callrouter rate again --since 2026-11-01 --buyer acme",
        "callrouter rate again --since 2026-11-01 --buyer acme --post",
    )
)
@party_options(required=False)
@_since
@_until
@click.option("--post", "posts", is_flag=True, help="Do it; else only what would change is shown.")
@click.option("--csv", "as_csv", is_flag=True, help="Print every change as CSV.")
@seller_option
@author_option
@json_option
@pass_cli
def again(
    context: CliContext,
    party: Party | None,
    since: datetime,
    until: datetime | None,
    posts: bool,
    as_csv: bool,
    seller: str | None,
    author: str,
    as_json_text: bool,
) -> None:
    """Rate the calls of a period again, by the terms as they are now: all, or those of a party.

    What would change is shown, and written with --post: what stands is reversed, the right entry
    added; where a closed statement has it, in the open period. Calls whose terms are gone, and
    those that a person has taken back, stay as they are.
    """
    if as_csv and as_json_text:
        raise click.UsageError("--csv and --json are two things: choose one")
    seller_id = context.find_seller(seller)
    now = context.clock.now()
    wanted = Wanted(since, until or now, party)
    with context.database.read() as connection:
        total = count_cdrs(connection, seller_id, wanted.of_cdrs)
    rated = rate_period(context.database, seller_id, wanted, now, author=author if posts else None)
    with _watch(rated, total) as watched:
        _show(watched, posts=posts, as_csv=as_csv, as_json_text=as_json_text)


@click.command(epilog=example("callrouter rate missing --since 2026-11-01"))
@_since
@_until
@seller_option
@json_option
@pass_cli
def missing(
    context: CliContext,
    since: datetime,
    until: datetime | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show the talks that nobody is charged for since there are no terms for them.

    By party and campaign; of publishers those that have agreed to anything. Add the terms, then
    `callrouter rate again`.
    """
    seller_id = context.find_seller(seller)
    found = find_missing_terms(context.database, seller_id, since, until or context.clock.now())
    if as_json_text:
        print_json(as_json(found))
        return
    rows = [
        (
            str(each.party),
            each.campaign_id,
            str(each.calls),
            show_seconds(each.connected_ms),
            show_instant(each.first_at),
            show_instant(each.last_at),
            "not for these" if each.has_any else "none at all",
        )
        for each in found
    ]
    columns = ("party", "campaign", "calls", "connected_s", "first", "last", "terms")
    print_table(columns, rows, empty="there are terms for every talk")


def _show(rated: Iterable[RatedAgain], *, posts: bool, as_csv: bool, as_json_text: bool) -> None:
    """Every change, of a table the first ones; then what they come to."""
    writer = csv.writer(sys.stdout)
    shown: list[RatedAgain] = []
    calls = changed = 0
    sums: Counter[tuple[str, str]] = Counter()
    closed: set[str] = set()
    if as_csv:
        writer.writerow(_CSV_COLUMNS)
    for each in rated:
        calls += 1
        changed += bool(each.changes)
        for change, statement in each.changes:
            sums[change.right.party.side.value, change.right.currency] += _difference(change)
            closed |= {statement} - {""}
        if as_csv:
            for record in _records(each):
                writer.writerow(["" if v is None else spell_cell(v) for v in record.values()])
        elif each.changes and (as_json_text or len(shown) < _SHOWN):
            shown.append(each)
    if as_json_text:
        print_json([record for each in shown for record in _records(each)])
    elif not as_csv:
        print_table(_COLUMNS, list(_rows(shown)), empty="nothing changes")
    _sum_up(calls, changed, sums, closed, posts=posts)


def _sum_up(
    calls: int,
    changed: int,
    sums: Counter[tuple[str, str]],
    closed: set[str],
    *,
    posts: bool,
) -> None:
    plural = "" if calls == 1 else "s"
    became = "changed" if posts else "would change"
    words = [f"{calls} call{plural} rated again, {changed} {became}"]
    for (side, currency), micros in sorted(sums.items()):
        words.append(f"{side}s {say_amount(micros, currency)}")
    if closed:
        words.append(f"closed statements corrected: {', '.join(sorted(closed))}")
    if changed and not posts:
        words.append("nothing was written: --post does it")
    click.echo("; ".join(words), err=True)


def _difference(change: Change) -> int:
    """How much more is due than before; of an account in another currency all of it."""
    standing, right = change.standing, change.right
    was = standing.amount_micros if standing and standing.currency == right.currency else 0
    return right.amount_micros - was


def _rows(shown: Iterable[RatedAgain]) -> Iterator[tuple[str, ...]]:
    for each in shown:
        for change, statement in each.changes:
            standing, right = change.standing, change.right
            yield (
                each.call_sid,
                show_instant(each.started_at),
                str(right.party),
                say_amount(standing.amount_micros, standing.currency) if standing else "-",
                say_amount(right.amount_micros, right.currency),
                statement or "-",
                right.reason,
            )


def _records(each: RatedAgain) -> Iterator[dict[str, str | None]]:
    for change, statement in each.changes:
        standing, right = change.standing, change.right
        values = (
            each.call_sid,
            spell_instant(each.started_at),
            right.party.side.value,
            right.party.party_id,
            say_micros(standing.amount_micros) if standing else None,
            standing.currency if standing else None,
            say_micros(right.amount_micros),
            right.currency,
            statement,
            right.reason,
        )
        yield dict(zip(_CSV_COLUMNS, values, strict=True))


@contextmanager
def _watch(rated: Iterable[RatedAgain], total: int) -> Iterator[Iterable[RatedAgain]]:
    """The same, with a bar on the terminal that tells how far it is."""
    if not sys.stderr.isatty():
        yield rated
        return
    columns = (TextColumn("rating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar.track(rated, total=total)
