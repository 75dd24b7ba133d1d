"""A statement as a PDF that can be sent: letterhead, totals by place, then every call.

The same statement gives the same bytes.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from callrouter.adapters.documents.paper import MARGIN_MM, Paper, choose_sheet
from callrouter.adapters.documents.paper_table import Column, PaperTable
from callrouter.adapters.documents.wording import (
    KINDS,
    say_balance,
    say_day,
    say_kind,
    say_local,
    say_money,
    say_title,
)
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Side
from callrouter.domain.billing.statement import Line, Place
from callrouter.domain.billing.statement_document import StatementDocument, say_hours, say_seconds

_POINTS, _SMALL = 8.5, 7.5
_RIGHT_MM = 88.0
_SUMS = (Column("", 33), Column("", _RIGHT_MM - 33, "R"))


def write_statement_pdf(
    document: StatementDocument, calls: Iterable[Line], left_out: int, file: Path
) -> None:
    """Write the statement to `file`; `calls` are its lines of calls in their order.

    `left_out` more of them aren't listed: the document says so, and that the CSV has them.
    Raises RefusedError when the letterhead names a font that can't be used.
    """
    head = document.statement
    foot = f"{document.sender.name} · {say_title(head)} {head.number}".rstrip()
    with Paper(choose_sheet(head.currency), foot, head.closed_at) as paper:
        if document.sender.font:
            paper.add_fallback(document.sender.font)
        paper.set_title(f"{say_title(head)} {head.number}".rstrip())
        paper.set_author(document.sender.name)
        paper.set_lang("en")
        paper.add_page()
        _write_letterhead(paper, document)
        _write_sums(paper, document)
        _write_places(paper, document)
        _write_how_to_pay(paper, document)
        _write_others(paper, document)
        _write_calls(paper, document, calls, left_out)
        paper.output(str(file))


def _write_letterhead(paper: Paper, document: StatementDocument) -> None:
    head, sender = document.statement, document.sender
    top, middle = paper.get_y(), paper.w - paper.r_margin - _RIGHT_MM
    paper.style(15, bold=True)
    paper.line_of_text(sender.name, height_mm=7.5, width_mm=middle - paper.l_margin - 4)
    paper.style(_POINTS, faint=True)
    for text in (*sender.address, *sender.contact):
        paper.line_of_text(text, width_mm=middle - paper.l_margin - 4)
    bottom = paper.get_y()
    paper.set_xy(middle, top)
    paper.style(19, bold=True, accent=True)
    paper.cell(_RIGHT_MM, 8, say_title(head), align="R")
    paper.set_xy(middle, top + 8)
    paper.style(11, faint=True)
    paper.cell(_RIGHT_MM, 6, head.number or "not closed yet", align="R")
    paper.set_xy(paper.l_margin, max(bottom, top + 16) + 3)
    paper.rule(heavy=True)
    paper.ln(6)


def _write_sums(paper: Paper, document: StatementDocument) -> None:
    """The recipient on the left; dates and what is due on the right."""
    head, recipient = document.statement, document.recipient
    top, middle = paper.get_y(), paper.w - paper.r_margin - _RIGHT_MM
    width = middle - paper.l_margin - 6
    paper.style(_SMALL, faint=True)
    paper.line_of_text("To", width_mm=width)
    paper.style(10.5, bold=True)
    paper.line_of_text(recipient.name, height_mm=5.4, width_mm=width)
    paper.style(9)
    for text in (*recipient.address, recipient.email):
        paper.line_of_text(text, width_mm=width)
    bottom = paper.get_y()
    paper.set_left_margin(middle)
    paper.set_xy(middle, top)
    for name, value in (
        ("Period", f"{say_day(head.first_day)} to {say_day(head.last_day)}"),
        ("Times are of", head.zone),
        ("Drawn up" if head.is_draft else "Closed", say_local(head.closed_at, head.zone)),
        ("Due", say_day(head.due_on)),
        ("Currency", head.currency),
    ):
        PaperTable(paper, _SUMS, 9).row((name, value))
    paper.ln(2)
    for name, micros, bold in _list_sums(document):
        if bold:
            paper.rule()
            paper.ln(0.8)
        PaperTable(paper, _SUMS, 10 if bold else 9).row((name, say_money(micros)), bold=bold)
    paper.set_left_margin(MARGIN_MM)
    paper.set_xy(paper.l_margin, max(bottom, paper.get_y()) + 8)


def _list_sums(document: StatementDocument) -> list[tuple[str, int, bool]]:
    head = document.statement
    sums = [("Opening balance", head.opening_micros, False)]
    sums += [
        (KINDS[kind], micros, False)
        for kind, micros in document.summary.by_kind
        if kind is not EntryKind.PAYMENT
    ]
    sums.append(("This statement", head.amount_micros, True))
    sums.append((KINDS[EntryKind.PAYMENT], head.payments_micros, False))
    sums.append((say_balance(head), abs(head.closing_micros), True))
    return sums


def _write_places(paper: Paper, document: StatementDocument) -> None:
    width = paper.epw
    columns = (
        Column("Campaign", width * 0.21, most_lines=2),
        Column("Destination", width * 0.21, most_lines=2),
        Column("Payable", width * 0.09, "R"),
        Column("Not payable", width * 0.11, "R"),
        Column("Total", width * 0.12, "R"),
        Column("Connected", width * 0.12, "R"),
        Column(f"Amount {document.statement.currency}", width * 0.14, "R"),
    )
    paper.heading("Calls by campaign and destination")
    table = PaperTable(paper, columns, _POINTS)
    for place in document.summary.places:
        table.row(_cells_of_place(place))
    if not document.summary.places:
        table.row(("No calls", *[""] * 6), faint=True)
    paper.rule()
    paper.ln(0.8)
    table.row(("All calls", *_cells_of_place(document.summary.calls)[1:]), bold=True)
    paper.ln(6)


def _cells_of_place(place: Place) -> Sequence[str]:
    return (
        place.campaign_id,
        place.destination_id,
        f"{place.payable_calls:,}",
        f"{place.other_calls:,}",
        say_hours(place.total_ms),
        say_hours(place.connected_ms),
        say_money(place.amount_micros),
    )


def _write_how_to_pay(paper: Paper, document: StatementDocument) -> None:
    head, lines = document.statement, document.sender.how_to_pay
    if not lines or head.party.side is Side.PUBLISHER or head.closing_micros <= 0:
        return
    if paper.room_mm < 14 + 4.4 * len(lines):
        paper.add_page(same=True)
    paper.heading("How to pay")
    paper.style(9)
    for text in lines:
        paper.line_of_text(text)
    if head.number:
        paper.line_of_text(f"Please name {head.number}.")
    paper.ln(6)


def _write_others(paper: Paper, document: StatementDocument) -> None:
    """Payments first, then what else isn't a call."""
    width, zone = paper.epw, document.statement.zone
    columns = (
        Column("Booked", width * 0.2),
        Column("What", width * 0.16),
        Column("Reason", width * 0.5, most_lines=4),
        Column(f"Amount {document.statement.currency}", width * 0.14, "R"),
    )
    for title, are_payments in (("Payments", True), ("Other entries", False)):
        lines = [x for x in document.others if (x.kind is EntryKind.PAYMENT) == are_payments]
        if not lines:
            continue
        if paper.room_mm < 25:
            paper.add_page(same=True)
        paper.heading(title)
        table = PaperTable(paper, columns, _POINTS)
        for line in lines:
            booked, amount = line.entry.booked_at, line.entry.amount_micros
            cells = (say_local(booked, zone), say_kind(line), _say_reason(line), say_money(amount))
            table.row(cells)
        paper.ln(6)


def _write_calls(
    paper: Paper, document: StatementDocument, calls: Iterable[Line], left_out: int
) -> None:
    """Every call, on pages in landscape that begin with the header row."""
    head = document.statement
    table: PaperTable | None = None
    for line in calls:
        if table is None:
            paper.add_page(orientation="landscape")
            paper.heading("Calls")
            table = PaperTable(paper, _columns_of_calls(paper.epw, head.currency), _SMALL)
        table.row(_cells_of_call(line, head.zone), faint=not line.entry.amount_micros)
    if left_out:
        paper.ln(3)
        paper.style(_POINTS, bold=True)
        paper.line_of_text(
            f"{left_out:,} more lines aren't listed here; all of them are in the statement's CSV"
            " and Excel files, and in all sums above."
        )


def _columns_of_calls(width: float, currency: str) -> tuple[Column, ...]:
    fixed = (
        Column("Call", 29),
        Column("Caller", 22),
        Column("Called", 22),
        Column("Campaign", 28, most_lines=2),
        Column("Destination", 28, most_lines=2),
        Column("Total s", 15, "R"),
        Column("Connected s", 19, "R"),
        Column(f"Amount {currency}", 21, "R"),
    )
    rest = width - sum(column.width_mm for column in fixed)
    return (*fixed, Column("Reason", rest, most_lines=4))


def _cells_of_call(line: Line, zone: str) -> Sequence[str]:
    entry = line.entry
    return (
        say_local(entry.call_started_at or entry.booked_at, zone),
        entry.ani,
        entry.did,
        entry.campaign_id,
        entry.destination_id,
        say_seconds(entry.total_ms),
        say_seconds(entry.connected_ms),
        say_money(entry.amount_micros),
        _say_reason(line),
    )


def _say_reason(line: Line) -> str:
    corrects = line.entry.corrects
    return f"{line.entry.reason} (corrects {corrects})" if corrects else line.entry.reason
