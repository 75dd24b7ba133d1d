"""`callrouter payment import`: the payments of a bank's file."""

from pathlib import Path

import click

from callrouter.adapters.bank_files.reader import load_bank_file
from callrouter.adapters.policy_files.bank_mapping_file import read_bank_mapping
from callrouter.adapters.policy_files.document import load_policy
from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.payment_text import csv_option, say_money
from callrouter.cli.printing import JsonValue, print_rows
from callrouter.domain.money import say_micros
from callrouter.workflows.import_bank_file import (
    Imported,
    RowClass,
    RowResult,
    import_bank_file,
)

_COLUMNS = ("line", "class", "paid", "amount", "of", "payment", "payer", "text", "why")


@click.command(
    name="import",
    epilog=example(
        "callrouter payment import bank.csv --mapping config/bank/first.toml --dry-run",
        "callrouter payment import bank.csv --mapping config/bank/first.toml --author ann",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mapping", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="How the bank writes its files; see docs/payments.md.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say what would become of each row.")
@click.option(
    "--leave-refused", is_flag=True, help="Take the other rows although some are refused."
)
@csv_option
@seller_option
@author_option
@json_option
@click.pass_context
@pass_cli
def import_(
    context: CliContext,
    click_context: click.Context,
    file: Path,
    mapping: Path,
    dry_run: bool,
    leave_refused: bool,
    as_csv: bool,
    seller: str | None,
    author: str,
    as_json_text: bool,
) -> None:
    """Take the payments of a bank's CSV FILE.

    Every row ends in one class: taken, already there, not for us, unknown payer, refused. While
    any is refused nothing is written. The same file again, or one that overlaps, changes nothing
    twice. Exit code 1 when something was refused.
    """
    rules = read_bank_mapping(load_policy(mapping), str(mapping))
    rows = load_bank_file(file, rules)
    imported = import_bank_file(
        context.database, context.find_seller(seller), rows, rules, author, context.clock.now(),
        dry_run=dry_run, leaves_refused=leave_refused,
    )  # fmt: skip
    value: JsonValue = {
        "written": imported.written,
        "counts": {str(each): count for each, count in imported.count().items()},
        "rows": [_tell(row) for row in imported.rows],
    }
    print_rows(
        _COLUMNS, [_cells(row) for row in imported.rows], value,
        empty="the file has no rows", as_csv=as_csv, as_json_text=as_json_text,
    )  # fmt: skip
    click.echo(_sum_up(imported, dry_run=dry_run), err=as_csv or as_json_text)
    if imported.count()[RowClass.REFUSED]:
        click_context.exit(1)


def _cells(result: RowResult) -> tuple[str, ...]:
    row = result.row
    return (
        str(result.line),
        result.row_class.value,
        row.paid_on.isoformat() if row else "",
        say_money(row.amount_micros, row.currency) if row else "",
        str(result.owner.party) if result.owner else "",
        result.name,
        row.payer if row else "",
        row.text if row else "",
        result.reason,
    )


def _tell(result: RowResult) -> dict[str, JsonValue]:
    row, owner = result.row, result.owner
    return {
        "line": result.line,
        "class": result.row_class.value,
        "payment": result.name,
        "paid_on": row.paid_on.isoformat() if row else None,
        "amount": say_micros(row.amount_micros) if row else None,
        "currency": row.currency if row else None,
        "payer": row.payer if row else "",
        "text": row.text if row else "",
        "side": owner.party.side.value if owner else None,
        "party": owner.party.party_id if owner else None,
        "statement": owner.statement if owner else "",
        "reason": result.reason,
    }


def _sum_up(imported: Imported, *, dry_run: bool) -> str:
    counts = ", ".join(f"{count} {each}" for each, count in imported.count().items() if count)
    if imported.written:
        return counts or "no rows"
    why = "a dry run" if dry_run else "some rows are refused"
    return f"{counts or 'no rows'}; nothing was written: {why}"
