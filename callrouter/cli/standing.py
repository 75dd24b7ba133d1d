"""`callrouter standing`: how buyers' accounts stand, by which states, and the money at stake."""

import csv
import sys
from datetime import datetime
from pathlib import Path

import click

from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.storage.standings import StandingChange, list_standing_changes
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    author_option,
    author_options,
    example,
    json_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.printing import (
    JsonValue,
    as_json,
    make_visible,
    print_json,
    print_table,
    show_instant,
)
from callrouter.cli.standing_holds import override, promise
from callrouter.domain.billing.standing_words import list_figures, say_effect
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.apply_standing import apply_standing
from callrouter.workflows.export_calls import spell_cell, spell_instant
from callrouter.workflows.judge_standing import Account, judge_accounts
from callrouter.workflows.review_standing import review_account
from callrouter.workflows.view_stake import COLUMNS, export_stake_csv, view_stake

_HISTORY = ("changed_at", "buyer", "old", "new", "author", "reason")
_csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead.")


@click.group()
def standing() -> None:
    """How buyers' accounts stand: who pays, who is late, and what that means for their calls."""


@standing.command(epilog=example("callrouter standing show", "callrouter standing show acme"))
@click.argument("buyer", required=False)
@seller_option
@json_option
@pass_cli
def show(context: CliContext, buyer: str | None, seller: str | None, as_json_text: bool) -> None:
    """Show the state of every buyer's account, or all about one: figures, reason, what holds it."""
    seller_id, now = context.find_seller(seller), context.clock.now()
    with context.database.read() as connection:
        accounts = judge_accounts(connection, seller_id, now)
    if buyer is not None:
        accounts = tuple(each for each in accounts if each.buyer_id == buyer)
        if not accounts:
            raise NotFoundError(f"buyer {buyer!r} has no account: apply its terms first")
    if as_json_text:
        print_json([_to_json(each, now) for each in accounts])
    elif buyer is not None:
        _print_one(accounts[0], now)
    else:
        rows = [
            (each.buyer_id, each.judged.rung.name, _say_means(each), each.judged.reason)
            for each in accounts
        ]
        print_table(("buyer", "state", "calls", "because"), rows, empty="no buyer has an account")


@standing.command(
    epilog=example("callrouter standing history", "callrouter standing history --buyer acme --csv")
)
@click.option("--buyer", metavar="ID", help="Of this buyer alone.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N",
    help="At most so many, the newest first.",
)  # fmt: skip
@seller_option
@_csv_option
@json_option
@pass_cli
def history(
    context: CliContext,
    buyer: str | None,
    limit: int,
    seller: str | None,
    as_csv: bool,
    as_json_text: bool,
) -> None:
    """List every change of state, the newest first, with who or what made it and why."""
    _refuse_both(as_csv, as_json_text)
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        changes = list_standing_changes(connection, seller_id, buyer_id=buyer, most=limit)
    if as_json_text:
        print_json([as_json(each) for each in changes])
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(_HISTORY)
        for each in changes:
            cells = (spell_instant(each.changed_at), *_cells(each))
            writer.writerow([spell_cell(cell) for cell in cells])
    else:
        rows = [(show_instant(each.changed_at), *_cells(each)) for each in changes]
        print_table(_HISTORY, rows, empty="no account has changed its state")


@standing.command(
    epilog=example('callrouter standing apply config/standing.toml --note "milder in December"')
)
@click.argument("file", type=click.Path(path_type=Path))
@seller_option
@author_options
@pass_cli
def apply(context: CliContext, file: Path, seller: str | None, author: str, note: str) -> None:
    """Make a file of states the one that all accounts go by, and look at each of them at once."""
    seller_id, now = context.find_seller(seller), context.clock.now()
    applied = apply_standing(
        context.database,
        seller_id,
        load_policy(file),
        str(file),
        author=author,
        note=note,
        at=now,
    )
    names = " > ".join(rung.name for rung in applied.ladder.rungs)
    click.echo(f"states, version {applied.version}: {names}")
    _review(context, seller_id, author)


@standing.command(epilog=example("callrouter standing review"))
@seller_option
@author_option
@pass_cli
def review(context: CliContext, seller: str | None, author: str) -> None:
    """Look at every account now, rather than within a minute."""
    _review(context, context.find_seller(seller), author)


@standing.command(epilog=example("callrouter standing stake", "callrouter standing stake --csv"))
@seller_option
@_csv_option
@json_option
@pass_cli
def stake(context: CliContext, seller: str | None, as_csv: bool, as_json_text: bool) -> None:
    """Show the money at stake now: owed, overdue, unbilled, in progress, limit, days overdue."""
    _refuse_both(as_csv, as_json_text)
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        rows = view_stake(connection, seller_id, context.clock.now())
    if as_json_text:
        print_json([as_json(row) for row in rows])
    elif as_csv:
        export_stake_csv(rows, sys.stdout)
    else:
        shown = [tuple(str(getattr(row, name)) for name in COLUMNS) for row in rows]
        print_table(COLUMNS, shown, empty="no buyer has an account")


def _review(context: CliContext, seller_id: str, author: str) -> None:
    with context.database.read() as connection:
        buyers = [a.buyer_id for a in judge_accounts(connection, seller_id, context.clock.now())]
    changed = [
        buyer
        for buyer in buyers
        if review_account(context.database, seller_id, buyer, author=author, at=context.clock.now())
    ]
    with context.database.read() as connection:
        accounts = judge_accounts(connection, seller_id, context.clock.now())
    for each in accounts:
        if each.buyer_id in changed:
            said = f"{each.buyer_id}: {each.judged.rung.name}: {each.judged.reason}"
            click.echo(make_visible(said))
    noun = "account" if len(buyers) == 1 else "accounts"
    click.echo(f"{len(buyers)} {noun} looked at, {len(changed)} in another state")


def _refuse_both(as_csv: bool, as_json_text: bool) -> None:
    if as_csv and as_json_text:
        raise click.UsageError("--csv and --json are two things: choose one")


def _cells(change: StandingChange) -> tuple[str, ...]:
    return change.buyer_id, change.old or "-", change.new, change.author, change.reason


def _say_means(account: Account) -> str:
    return say_effect(account.judged.rung.effect)


def _print_one(account: Account, now: datetime) -> None:
    lines = [
        f"{account.buyer_id}: {account.judged.rung.name}",
        f"because: {account.judged.reason}",
        f"calls: {_say_means(account)}",
        *(f"{name}: {said}" for name, said in list_figures(account.figures)),
        *(
            f"{hold.kind} until {show_instant(hold.until)} by {hold.author}: {hold.state},"
            f" {hold.reason}"
            for hold in account.holds
            if hold.stands_at(now)
        ),
    ]
    for line in lines:
        click.echo(make_visible(line))


def _to_json(account: Account, now: datetime) -> JsonValue:
    return {
        "buyer": account.buyer_id,
        "state": account.judged.rung.name,
        "reason": account.judged.reason,
        "effect": as_json(account.judged.rung.effect),
        "figures": as_json(account.figures),
        "holds": [as_json(hold) for hold in account.holds if hold.stands_at(now)],
    }


for command in (promise, override):
    standing.add_command(command)
