"""`callrouter statement`: what parties owe for a period, closed once and kept as it was."""

import csv
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from callrouter.adapters.storage.account_statements import list_statements
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    author_option,
    example,
    json_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.party_options import currency_option, party_options
from callrouter.cli.printing import make_visible, print_json, print_table
from callrouter.cli.statement_papers import Papers, paper_options, show_progress, write_papers
from callrouter.cli.statement_text import (
    LIST_COLUMNS,
    PLACE_COLUMNS,
    describe_head,
    head_as_json,
    list_cells,
    list_places,
    say_entries,
    statement_as_json,
)
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.statement import Statement
from callrouter.domain.money import say_amount
from callrouter.workflows.close_statement import close_due_statements, close_statement
from callrouter.workflows.draft_statement import Drawn, draft_statement
from callrouter.workflows.export_calls import spell_cell
from callrouter.workflows.export_statement import find_statement, summarize_statement
from callrouter.workflows.verify_statement import verify_statement

_until_option = click.option(
    "--until", "until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY",
    help="Its last day, in the party's zone; the end of the agreed period if left out.",
)  # fmt: skip


@click.group()
def statement() -> None:
    """Statements: what was charged or paid out in a period, call by call."""


@statement.command(
    name="list",
    epilog=example("callrouter statement list", "callrouter statement list --buyer acme --csv"),
)
@party_options(required=False)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N",
    help="At most so many, the newest first.",
)  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead.")
@seller_option
@json_option
@pass_cli
def list_(
    context: CliContext,
    party: Party | None,
    limit: int,
    as_csv: bool,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """List closed statements, the newest first."""
    if as_csv and as_json_text:
        raise click.UsageError("--csv and --json are two things: choose one")
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        found = list_statements(connection, seller_id, party, limit)
    if as_json_text:
        print_json([head_as_json(head) for head in found])
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(LIST_COLUMNS)
        writer.writerows([spell_cell(cell) for cell in list_cells(head)] for head in found)
    else:
        print_table(LIST_COLUMNS, [list_cells(h) for h in found], empty="no statement is closed")


@statement.command(epilog=example("callrouter statement show acme-2026-0007"))
@click.argument("number")
@seller_option
@json_option
@pass_cli
def show(context: CliContext, number: str, seller: str | None, as_json_text: bool) -> None:
    """Show a closed statement: its period, its sums, its calls by campaign and destination."""
    drawn = find_statement(context.database, context.find_seller(seller), number)
    _print(context, drawn, as_json_text=as_json_text)


@statement.command(
    epilog=example(
        "callrouter statement draft --buyer acme",
        "callrouter statement draft --publisher radio-one --until 2026-11-25 --pdf draft.pdf",
    )
)
@party_options(required=True)
@currency_option
@_until_option
@paper_options
@seller_option
@json_option
@pass_cli
def draft(
    context: CliContext,
    party: Party,
    currency: str | None,
    until: datetime | None,
    papers: Papers,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show what the party's next statement would be as things stand now; nothing is written.

    It covers the period, by the agreed cycle, of the first entry that is on no statement yet.
    """
    seller_id = context.find_seller(seller)
    now = context.clock.now()
    drawn = draft_statement(context.database, seller_id, party, currency, _day(until), now)
    if papers.wants_any:
        write_papers(context, seller_id, drawn, papers)
    else:
        _print(context, drawn, as_json_text=as_json_text)


@statement.command(
    epilog=example(
        "callrouter statement close --buyer acme",
        "callrouter statement close --publisher radio-one --until 2026-11-25",
        "callrouter statement close --due",
    )
)
@party_options(required=False)
@click.option("--due", is_flag=True, help="All that the clock process would close now, instead.")
@currency_option
@_until_option
@author_option
@seller_option
@json_option
@pass_cli
def close(
    context: CliContext,
    party: Party | None,
    due: bool,
    currency: str | None,
    until: datetime | None,
    author: str,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Close the party's next statement: it gets its number, and is never changed again.

    On it is every entry that is booked before its end and on none yet. Its period must be over.
    What comes later, a correction of one of its calls too, is on the next one.
    """
    if due == (party is not None) or (due and (currency or until or seller)):
        raise click.UsageError("say either whose, with --buyer or --publisher, or --due alone")
    now = context.clock.now()
    closed: tuple[Statement, ...]
    if party is None:
        grace = timedelta(seconds=context.settings.statement_grace_s)
        closed = close_due_statements(context.database, context.clock, grace)
    else:
        seller_id = context.find_seller(seller)
        closed = (
            close_statement(
                context.database, seller_id, party, currency, _day(until), author, now
            ).head,
        )
    if as_json_text:
        print_json([head_as_json(head) for head in closed])
        return
    for head in closed:
        amount = say_amount(head.amount_micros, head.currency)
        click.echo(f"{say_entries(head)}, {amount}, due {head.due_on}")
    if not closed:
        click.echo("no statement is due")


@statement.command(
    epilog=example(
        "callrouter statement export acme-2026-0007 -o acme-2026-0007.csv",
        "callrouter statement export acme-2026-0007 --xlsx acme.xlsx --pdf acme.pdf",
    )
)
@click.argument("number")
@paper_options
@click.option("--json", "as_json_lines", is_flag=True, help="JSON, one entry a line.")
@seller_option
@pass_cli
def export(context: CliContext, number: str, papers: Papers, seller: str | None) -> None:
    """Write a closed statement: CSV to standard output unless another form is named.

    The CSV is the same to the byte whenever it is written. Any number of calls takes the same
    memory; a PDF lists 5,000 of them and says how many more there are.
    """
    seller_id = context.find_seller(seller)
    drawn = find_statement(context.database, seller_id, number)
    if not papers.wants_any:
        papers = replace(papers, csv=True)
    write_papers(context, seller_id, drawn, papers)


@statement.command(
    epilog=example(
        "callrouter statement verify acme-2026-0007",
        "callrouter statement verify acme-2026-0007 sent/acme-2026-0007.csv",
    )
)
@click.argument("number")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@seller_option
@json_option
@pass_cli
def verify(
    context: CliContext, number: str, file: Path | None, seller: str | None, as_json_text: bool
) -> None:
    """Make a statement anew from its entries and compare it with what was stored.

    With FILE, also whether that is its CSV, byte for byte. Exit code 1 when anything disagrees.
    """
    drawn = find_statement(context.database, context.find_seller(seller), number)
    with show_progress("entries", drawn.head.entries) as told:
        verified = verify_statement(context.database, drawn, file, told)
    if as_json_text:
        print_json(
            {
                "number": number,
                "csv_sha256": verified.csv_sha256,
                "csv_bytes": verified.csv_bytes,
                "problems": list(verified.problems),
            }
        )
    else:
        head = verified.statement
        amount = say_amount(head.amount_micros, head.currency)
        click.echo(f"{say_entries(head)}, {amount}")
        click.echo(f"its CSV: {verified.csv_bytes} bytes, SHA-256 {verified.csv_sha256}")
        for problem in verified.problems:
            click.echo(make_visible(f"wrong: {problem}"))
    if verified.problems:
        count = len(verified.problems)
        raise click.ClickException(f"{number} has {count} problem{'s' if count > 1 else ''}")
    if not as_json_text:
        click.echo("it is what its entries say" + (f", and {file} is its CSV" if file else ""))


def _print(context: CliContext, drawn: Drawn, *, as_json_text: bool) -> None:
    summary = summarize_statement(context.database, drawn)
    if as_json_text:
        print_json(statement_as_json(drawn.head, summary))
        return
    for line in describe_head(drawn.head, summary):
        click.echo(make_visible(line))
    click.echo()
    print_table(PLACE_COLUMNS, list_places(summary), empty="no calls are on it")


def _day(until: datetime | None) -> date | None:
    return until.date() if until else None
