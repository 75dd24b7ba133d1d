"""Commands that only look: tie-outs that were kept, their lines, how a file would be read."""

import sys
from pathlib import Path

import click

from callrouter.adapters.storage.tie_out_lines import stream_lines
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, form_options, json_option, pass_cli, seller_option
from callrouter.cli.printing import JsonValue, as_json, make_visible, print_json, print_table
from callrouter.cli.tie_out_options import told_options
from callrouter.cli.tie_out_text import (
    CLASS_COLUMNS,
    FIELD_COLUMNS,
    LIST_COLUMNS,
    describe,
    describe_mapping,
    list_cells,
    list_class_cells,
    list_field_cells,
    tie_out_as_json,
)
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.counts import say_count
from callrouter.workflows.read_buyer_file import (
    Told,
    UnderstoodTable,
    list_questions,
    open_buyer_file,
    read_understood,
    understand,
)
from callrouter.workflows.view_tie_out import view_tie_out, view_tie_outs
from callrouter.workflows.write_tie_out import write_lines_csv, write_lines_json

_PROBLEMS_SHOWN = 20
_LINE_COLUMNS = ("line", "class", "call", "our s", "their s", "their record", "why")
_number = click.argument("number", type=click.IntRange(1))


@click.command(
    name="list", epilog=example("callrouter tie-out list", "callrouter tie-out list --buyer acme")
)
@click.option("--buyer", metavar="ID", help="Of this buyer.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N",
    help="At most so many, the newest first.",
)  # fmt: skip
@seller_option
@json_option
@pass_cli
def list_(
    context: CliContext, buyer: str | None, limit: int, seller: str | None, as_json_text: bool
) -> None:
    """List tie-outs, the newest first; those that stand are superseded by no later one."""
    seller_id = context.find_seller(seller)
    found = view_tie_outs(context.database, seller_id, buyer, limit=limit)
    if as_json_text:
        print_json([tie_out_as_json(each) for each in found])
        return
    superseded = {each.supersedes for each in found}
    rows = [list_cells(each, stands=each.number not in superseded) for each in found]
    print_table(LIST_COLUMNS, rows, empty="nothing was tied out yet")


@click.command(epilog=example("callrouter tie-out show 3", "callrouter tie-out show 3 --json"))
@_number
@seller_option
@json_option
@pass_cli
def show(context: CliContext, number: int, seller: str | None, as_json_text: bool) -> None:
    """Show a tie-out: the clock, what was compared, each class in calls, seconds and money."""
    tied = view_tie_out(context.database, context.find_seller(seller), number)
    if as_json_text:
        print_json(tie_out_as_json(tied))
        return
    for line in describe(tied):
        click.echo(make_visible(line))
    cells = list_class_cells(tied.totals, tied.currency)
    print_table(CLASS_COLUMNS, cells, empty="nothing was compared")


@click.command(
    epilog=example(
        "callrouter tie-out lines 3 --class across_threshold",
        "callrouter tie-out lines 3 --csv",
    )
)
@_number
@click.option(
    "--class", "wanted", type=click.Choice([each.value for each in DifferenceClass]),
    help="Of this class alone.",
)  # fmt: skip
@seller_option
@form_options
@pass_cli
def lines(
    context: CliContext,
    number: int,
    wanted: str | None,
    seller: str | None,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """Print the lines of a tie-out, one a call or record; --json is one object a line."""
    seller_id = context.find_seller(seller)
    view_tie_out(context.database, seller_id, number)
    chosen = DifferenceClass(wanted) if wanted else None
    pages = stream_lines(context.database, seller_id, number, chosen)
    if as_csv or as_json_text:
        write = write_lines_csv if as_csv else write_lines_json
        write(pages, sys.stdout.buffer)
        return
    rows = [
        (
            str(row["line_no"]),
            row["class"],
            row["call_sid"],
            _say_seconds(row["our_ms"]),
            _say_seconds(row["their_ms"]),
            _say_place(row["part"], row["line"], row["their_call_ids"]),
            row["why"],
        )
        for page in pages
        for row in page.iter_rows(named=True)
    ]
    print_table(_LINE_COLUMNS, rows, empty="there is no such line")


@click.command(
    epilog=example("callrouter tie-out file buyer.csv", "callrouter tie-out file odd.csv --json")
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@told_options
@json_option
def file(path: Path, told: Told, as_json_text: bool) -> None:
    """Show how a buyer's FILE would be read, and what of it can't be; nothing is kept.

    What only a person can tell is shown with the option that tells it. No database is asked: what
    is remembered of a buyer's files (`callrouter tie-out mapping show`) isn't known here.
    """
    tables = understand(open_buyer_file(path), told)
    questions = list_questions(tables, told)
    if as_json_text:
        print_json([_tell(table) for table in tables])
        return
    for table in tables:
        _print_table(path, table)
    for question in questions:
        click.echo(make_visible(f"to be told: {question.text}"))
    if questions:
        return
    read = read_understood(path, tables)
    wrong = say_count(len(read.problems), "row or cell", "rows or cells")
    click.echo(f"{say_count(read.records, 'record')}, {wrong} can't be read")
    for problem in read.problems[:_PROBLEMS_SHOWN]:
        click.echo(make_visible(f"{path.name}: {problem}"))


def _print_table(path: Path, table: UnderstoodTable) -> None:
    raw = table.raw
    name = f"{path.name}, {raw.part}" if raw.part else path.name
    rows, columns = say_count(raw.cells.height, "row"), say_count(raw.width, "column")
    click.echo(make_visible(f"{name}: {rows}, {columns}"))
    for line in (*describe_mapping(table.mapping), *table.proposal.words):
        click.echo(make_visible(line))
    print_table(FIELD_COLUMNS, list_field_cells(table.mapping), empty="no column was understood")


def _tell(table: UnderstoodTable) -> JsonValue:
    return {
        "part": table.raw.part,
        "rows": table.raw.cells.height,
        "confidence": table.proposal.confidence,
        "mapping": as_json(table.mapping),
        "words": list(table.proposal.words),
        "questions": as_json(table.proposal.questions),
    }


def _say_seconds(ms: int | None) -> str:
    return "" if ms is None else f"{ms / 1000:.3f}"


def _say_place(part: str, line: int | None, ids: str) -> str:
    if line is None:
        return ""
    place = f"{part}:{line}" if part else f"line {line}"
    return f"{place} {ids}".strip()
