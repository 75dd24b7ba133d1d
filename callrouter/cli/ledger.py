"""`callrouter ledger`: accounts, entry by entry, and what they stand at."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click

from callrouter.adapters.storage.ledger import AccountId, list_accounts
from callrouter.adapters.storage.ledger_lists import EntryFilter, LedgerLine, list_newest
from callrouter.cli.context import CliContext
from callrouter.cli.ledger_writing import post, reverse
from callrouter.cli.options import (
    INSTANT,
    example,
    json_option,
    output_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.party_options import currency_option, party_options
from callrouter.cli.printing import (
    JsonValue,
    as_json,
    make_visible,
    open_output,
    print_json,
    print_table,
    show_instant,
    show_seconds,
)
from callrouter.domain.billing.ageing import Ageing
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Party
from callrouter.domain.money import say_micros
from callrouter.workflows.check_accounts import check_accounts
from callrouter.workflows.export_ledger import (
    export_ledger_csv,
    export_ledger_json,
    make_entry_record,
)
from callrouter.workflows.find_account import choose_currency
from callrouter.workflows.view_balances import AccountView, view_balances

_CHECKED = timedelta(days=35)
_ACCOUNT = ("side", "party", "currency")
_COLUMNS = ("no", "booked", "kind", "amount", "call", "connected_s", "statement", "by", "reason")

_since = click.option("--since", type=INSTANT, metavar="TIME", help="Booked from then on.")
_until = click.option("--until", type=INSTANT, metavar="TIME", help="Booked before that.")


@click.group()
def ledger() -> None:
    """What buyers owe and publishers are owed, entry by entry; nothing is ever changed there."""


@ledger.command(
    epilog=example(
        "callrouter ledger show --buyer acme",
        "callrouter ledger show --publisher radio-one --kind reversal --since 2026-11-01",
    )
)
@party_options(required=True)
@currency_option
@click.option(
    "--kind", type=click.Choice([str(kind) for kind in EntryKind]), help="Only entries of this."
)
@click.option("--call", "call_sid", metavar="CALL", help="Only entries of this call.")
@_since
@_until
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N",
    help="At most so many, the newest first.",
)  # fmt: skip
@click.option("--before", type=click.IntRange(1), metavar="NO", help="Only older than this entry.")
@seller_option
@json_option
@pass_cli
def show(
    context: CliContext,
    party: Party,
    currency: str | None,
    kind: str | None,
    call_sid: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    before: int | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """List the entries of an account, the newest first."""
    seller_id = context.find_seller(seller)
    wanted = EntryFilter(
        kind=EntryKind(kind) if kind else None, call_sid=call_sid, since=since, until=until
    )
    with context.database.read() as connection:
        currency = choose_currency(connection, seller_id, party, currency)
        lines = list_newest(connection, seller_id, party, currency, wanted, limit, before)
    if as_json_text:
        print_json([make_entry_record(line) for line in lines])
        return
    print_table(_COLUMNS, [_cells(line) for line in lines], empty="no entry")
    if len(lines) == limit:
        older = f"older ones with --before {lines[-1].entry.number}"
        click.echo(f"the newest {limit}; {older}, all with `ledger export`", err=True)


@ledger.command(
    epilog=example("callrouter ledger balance", "callrouter ledger balance --buyer acme")
)
@party_options(required=False)
@seller_option
@json_option
@pass_cli
def balance(
    context: CliContext, party: Party | None, seller: str | None, as_json_text: bool
) -> None:
    """Show what each account stands at: what is due, and what that is made of.

    The balance is what is on no statement yet (unbilled) and what is open of statements, less the
    credit: money that no statement has needed yet. Below 0 more was paid than is due. What is held
    is what calls in progress may still cost a buyer with a credit limit.
    """
    found = view_balances(context.database, context.find_seller(seller), party, context.clock.now())
    if as_json_text:
        print_json([_as_json(each) for each in found])
        return
    rows = [
        (
            *_name(each),
            say_micros(each.account.balance_micros),
            say_micros(each.unbilled_micros),
            say_micros(each.ageing.open_micros),
            say_micros(each.ageing.overdue_micros),
            say_micros(each.credit_micros),
            say_micros(each.account.held_micros),
        )
        for each in found
    ]
    columns = (*_ACCOUNT, "balance", "unbilled", "open", "overdue", "credit", "held")
    print_table(columns, rows, empty="no account has any entry")


@ledger.command(epilog=example("callrouter ledger ageing", "callrouter ledger ageing --json"))
@party_options(required=False)
@seller_option
@json_option
@pass_cli
def ageing(
    context: CliContext, party: Party | None, seller: str | None, as_json_text: bool
) -> None:
    """Show what is open of closed statements, by how many days it is overdue.

    Payments are taken off the statement that they name, else off the oldest.
    """
    found = view_balances(context.database, context.find_seller(seller), party, context.clock.now())
    if as_json_text:
        print_json([_as_json(each) for each in found])
        return
    rows = [
        (*_name(each), *map(say_micros, (each.ageing.open_micros, *_list_buckets(each.ageing))))
        for each in found
    ]
    columns = (*_ACCOUNT, "open", "not due", "1-30", "31-60", "61-90", "over 90")
    print_table(columns, rows, empty="no account has any entry")


@ledger.command(
    epilog=example(
        "callrouter ledger export --buyer acme --since 2026-11-01 -o acme.csv",
        "callrouter ledger export --json",
    )
)
@party_options(required=False)
@_since
@_until
@click.option("--json", "as_json_lines", is_flag=True, help="JSON, one entry a line.")
@output_option
@seller_option
@pass_cli
def export(
    context: CliContext,
    party: Party | None,
    since: datetime | None,
    until: datetime | None,
    as_json_lines: bool,
    output: Path | None,
    seller: str | None,
) -> None:
    """Write entries as CSV, account by account, in the order in which they were written.

    Any number of entries takes the same memory. A cell that a spreadsheet would run as a formula
    has an apostrophe in front.
    """
    seller_id = context.find_seller(seller)
    accounts = _find_accounts(context, seller_id, party)
    write = export_ledger_json if as_json_lines else export_ledger_csv
    wanted = EntryFilter(since=since, until=until)
    with open_output(output) as out:
        count = write(context.database, seller_id, accounts, out, wanted)
    if output is not None:
        click.echo(f"{count} entries written to {output}", err=True)


@ledger.command(epilog=example("callrouter ledger check --since 2026-11-01"))
@click.option(
    "--since", type=INSTANT, metavar="TIME", help="Calls since then; of 35 days if left out."
)
@click.option("--until", type=INSTANT, metavar="TIME", help="Calls before then.")
@seller_option
@json_option
@pass_cli
def check(
    context: CliContext,
    since: datetime | None,
    until: datetime | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Check that accounts add up, and that every talk is booked once; exit code 1 if not.

    Balances are held against all of their entries, calls against their latest CDRs. How much a call
    comes to isn't worked out again: see `callrouter rate again`.
    """
    seller_id, now = context.find_seller(seller), context.clock.now()
    checked = check_accounts(context.database, seller_id, since or now - _CHECKED, until or now)
    if as_json_text:
        print_json(as_json(checked))
    else:
        for problem in checked.problems:
            click.echo(make_visible(problem))
        click.echo(
            f"accounts: {checked.accounts}, entries: {checked.entries}, calls: {checked.calls}",
            err=True,
        )
    if checked.problems:
        raise click.ClickException(f"problems: {len(checked.problems)}")


def _find_accounts(context: CliContext, seller_id: str, party: Party | None) -> Sequence[AccountId]:
    with context.database.read() as connection:
        found = list_accounts(connection, seller_id)
    return [(each.party, each.currency) for each in found if party in (None, each.party)]


def _cells(line: LedgerLine) -> tuple[str, ...]:
    entry = line.entry
    kind = entry.kind.replace("_", " ")
    return (
        str(entry.number),
        show_instant(entry.booked_at),
        f"{kind} of {entry.reverses}" if entry.reverses else kind,
        say_micros(entry.amount_micros),
        entry.call_sid,
        show_seconds(entry.connected_ms) if entry.call_sid else "",
        line.statement,
        entry.author,
        f"{entry.reason} (corrects {entry.corrects})" if entry.corrects else entry.reason,
    )


def _name(view: AccountView) -> tuple[str, str, str]:
    account = view.account
    return account.party.side.value, account.party.party_id, account.currency


def _list_buckets(ageing: Ageing) -> tuple[int, ...]:
    return (
        ageing.not_due_micros,
        ageing.to_30_days_micros,
        ageing.to_60_days_micros,
        ageing.to_90_days_micros,
        ageing.over_90_days_micros,
    )


def _as_json(view: AccountView) -> JsonValue:
    buckets = ("not_due", "to_30_days", "to_60_days", "to_90_days", "over_90_days")
    amounts = {
        "balance": view.account.balance_micros,
        "unbilled": view.unbilled_micros,
        "open": view.ageing.open_micros,
        "overdue": view.ageing.overdue_micros,
        **dict(zip(buckets, _list_buckets(view.ageing), strict=True)),
        "credit": view.credit_micros,
        "held": view.account.held_micros,
    }
    named = dict(zip(_ACCOUNT, _name(view), strict=True))
    return named | {name: say_micros(micros) for name, micros in amounts.items()}


for command in (post, reverse):
    ledger.add_command(command)
