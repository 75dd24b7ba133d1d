"""`callrouter ledger`: accounts, entry by entry, and what they stand at."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from callrouter.adapters.storage.ledger import AccountBalance, AccountId, list_accounts
from callrouter.adapters.storage.ledger_lists import (
    EntryFilter,
    LedgerLine,
    list_newest,
    sum_unbilled,
)
from callrouter.cli.context import CliContext
from callrouter.cli.ledger_writing import currency_option, post, reverse
from callrouter.cli.options import (
    INSTANT,
    example,
    json_option,
    output_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.party_options import party_options
from callrouter.cli.printing import (
    JsonValue,
    open_output,
    print_json,
    print_table,
    show_instant,
    show_seconds,
)
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Party
from callrouter.domain.money import say_micros
from callrouter.workflows.export_ledger import (
    export_ledger_csv,
    export_ledger_json,
    make_entry_record,
)
from callrouter.workflows.post_entry import choose_currency

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
    """Show what each account stands at: what is due, how much of it is on no statement yet.

    Below 0 the party has paid more than is due. What is held is what calls in progress may still
    cost a buyer with a credit limit.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        accounts = [a for a in list_accounts(connection, seller_id) if party in (None, a.party)]
        unbilled = [
            sum_unbilled(connection, seller_id, each.party, each.currency) for each in accounts
        ]
    if as_json_text:
        print_json([_as_json(*pair) for pair in zip(accounts, unbilled, strict=True)])
        return
    rows = [
        (
            each.party.side.value,
            each.party.party_id,
            each.currency,
            say_micros(each.balance_micros),
            say_micros(open_micros),
            say_micros(each.held_micros),
        )
        for each, open_micros in zip(accounts, unbilled, strict=True)
    ]
    columns = ("side", "party", "currency", "balance", "unbilled", "held")
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


def _as_json(account: AccountBalance, unbilled_micros: int) -> JsonValue:
    return {
        "side": account.party.side.value,
        "party": account.party.party_id,
        "currency": account.currency,
        "balance": say_micros(account.balance_micros),
        "unbilled": say_micros(unbilled_micros),
        "held": say_micros(account.held_micros),
    }


for command in (post, reverse):
    ledger.add_command(command)
