"""`callrouter tie-out dispute`: differences that are raised with the buyer, until they are over."""

from pathlib import Path

import click

from callrouter.adapters.documents.dispute_pdf import write_dispute_pdf
from callrouter.adapters.documents.tie_out_xlsx import write_dispute_xlsx
from callrouter.adapters.storage.disputes import list_disputes
from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.printing import (
    as_json,
    make_visible,
    print_json,
    print_table,
    show_instant,
    whole_file,
)
from callrouter.cli.tie_out_choice import chosen_options
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.disputes import DisputeState
from callrouter.workflows.choose_lines import Chosen
from callrouter.workflows.export_dispute import draw_up_dispute, write_dispute_csv
from callrouter.workflows.raise_dispute import (
    DisputeView,
    change_state,
    raise_dispute,
    view_dispute,
)

_COLUMNS = ("number", "buyer", "tie-out", "state", "owner", "opened", "raise by", "note")
_STEPS = {
    "send": DisputeState.SENT,
    "answer": DisputeState.ANSWERED,
    "close": DisputeState.CLOSED,
    "reopen": DisputeState.OPEN,
}
_number = click.argument("number", type=click.IntRange(1))
_note = click.option("--note", default="", metavar="WORDS", help="What there is to say.")


@click.group()
def dispute() -> None:
    """Differences that are raised with a buyer: opened, sent, answered, closed."""


@dispute.command(
    name="open",
    epilog=example(
        "callrouter tie-out dispute open 3 --at-least 0.01",
        'callrouter tie-out dispute open 3 --line 17 --late --note "their file came on the 8th"',
    ),
)
@click.argument("tie_out", metavar="NUMBER", type=click.IntRange(1))
@chosen_options
@_note
@click.option("--late", is_flag=True, help="After the terms' window; --note must say why.")
@seller_option
@author_option
@json_option
@pass_cli
def open_(
    context: CliContext,
    tie_out: int,
    chosen: Chosen,
    note: str,
    late: bool,
    seller: str | None,
    author: str,
    as_json_text: bool,
) -> None:
    """Open a dispute about lines of tie-out NUMBER; each line is in one dispute at most."""
    raised = raise_dispute(
        context.database,
        context.find_seller(seller),
        tie_out,
        chosen,
        owner=author,
        note=note,
        at=context.clock.now(),
        late=late,
    )
    if as_json_text:
        print_json(as_json(raised))
        return
    by = f", to be raised until {raised.dispute.raise_by}" if raised.dispute.raise_by else ""
    lines = say_count(raised.added, "line")
    click.echo(f"dispute {raised.dispute.number} opened with {lines}{by}")
    if raised.elsewhere:
        elsewhere = say_count(raised.elsewhere, "of the lines is", "of the lines are")
        click.echo(f"{elsewhere} in another dispute already")


@dispute.command(name="list", epilog=example("callrouter tie-out dispute list --buyer acme"))
@click.option("--buyer", metavar="ID", help="With this buyer.")
@seller_option
@json_option
@pass_cli
def list_(context: CliContext, buyer: str | None, seller: str | None, as_json_text: bool) -> None:
    """List disputes, the newest first."""
    with context.database.read() as connection:
        found = list_disputes(connection, context.find_seller(seller), buyer)
    if as_json_text:
        print_json(as_json(found))
        return
    rows = [
        (
            str(each.number),
            each.buyer_id,
            str(each.tie_out),
            each.state,
            each.owner,
            show_instant(each.opened_at),
            str(each.raise_by or "-"),
            each.note,
        )
        for each in found
    ]
    print_table(_COLUMNS, rows, empty="nothing was raised yet")


@dispute.command(epilog=example("callrouter tie-out dispute show 4"))
@_number
@seller_option
@json_option
@pass_cli
def show(context: CliContext, number: int, seller: str | None, as_json_text: bool) -> None:
    """Show a dispute: its state, what was decided about its lines, every change."""
    view = view_dispute(context.database, context.find_seller(seller), number)
    _print(view, as_json_text=as_json_text)


def _add_step(name: str, to: DisputeState, words: str) -> None:
    @dispute.command(
        name=name, help=words, epilog=example(f'callrouter tie-out dispute {name} 4 --note "…"')
    )
    @_number
    @_note
    @click.option("--owner", metavar="WHO", help="Who sees to it from now on.")
    @seller_option
    @author_option
    @json_option
    @pass_cli
    def step(
        context: CliContext,
        number: int,
        note: str,
        owner: str | None,
        seller: str | None,
        author: str,
        as_json_text: bool,
    ) -> None:
        view = change_state(
            context.database,
            context.find_seller(seller),
            number,
            to,
            note=note,
            author=author,
            at=context.clock.now(),
            owner=owner,
        )
        _print(view, as_json_text=as_json_text)


_WORDS = {
    "send": "Note that a dispute was sent to the buyer.",
    "answer": "Note that the buyer has answered.",
    "close": "Close a dispute; every line must be decided.",
    "reopen": "Open a closed dispute again.",
}
for _name, _to in _STEPS.items():
    _add_step(_name, _to, _WORDS[_name])


@dispute.command(
    epilog=example("callrouter tie-out dispute file 4 --pdf dispute.pdf --xlsx dispute.xlsx")
)
@_number
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE", help="As CSV.")
@click.option("--xlsx", type=click.Path(path_type=Path), metavar="FILE", help="As a workbook.")
@click.option("--pdf", type=click.Path(path_type=Path), metavar="FILE", help="As a PDF.")
@seller_option
@pass_cli
def file(
    context: CliContext,
    number: int,
    csv_file: Path | None,
    xlsx: Path | None,
    pdf: Path | None,
    seller: str | None,
) -> None:
    """Write a dispute to send: their record, our call, why they differ, the money."""
    if not (csv_file or xlsx or pdf):
        raise click.UsageError("in which form? Name --csv, --xlsx or --pdf, each with a file")
    seller_id, at = context.find_seller(seller), context.clock.now()
    paper = draw_up_dispute(context.database, seller_id, number, at)
    if csv_file:
        with whole_file(csv_file) as unfinished, unfinished.open("wb") as out:
            write_dispute_csv(paper, out)
    if xlsx:
        with whole_file(xlsx) as unfinished:
            write_dispute_xlsx(paper.letter, paper.tell_lines(), unfinished)
    if pdf:
        with whole_file(pdf) as unfinished:
            write_dispute_pdf(paper.letter, paper.tell_lines(), unfinished)
    written = ", ".join(str(each) for each in (csv_file, xlsx, pdf) if each)
    lines = say_count(paper.letter.lines, "line")
    click.echo(make_visible(f"{lines} written to {written}"), err=True)


def _print(view: DisputeView, *, as_json_text: bool) -> None:
    if as_json_text:
        print_json(as_json(view))
        return
    made = view.dispute
    ended = f" ({view.outcome})" if view.outcome else ""
    click.echo(
        make_visible(
            f"dispute {made.number} with {made.buyer_id} about tie-out {made.tie_out}:"
            f" {made.state}{ended}, owner {made.owner}"
        )
    )
    for line_no, decision in view.decisions.items():
        click.echo(f"line {line_no}: {decision or 'undecided'}")
    for each in view.changes:
        said = f"{show_instant(each.changed_at)} {each.state} by {each.author} {each.note}"
        click.echo(make_visible(said.rstrip()))
