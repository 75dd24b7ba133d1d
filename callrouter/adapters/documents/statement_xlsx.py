"""A statement as an Excel workbook: a sheet of sums, one of all calls, one of what else there is.

Instants are on the clocks of the party's zone; any number of calls takes the same memory.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from xlsxwriter.worksheet import Worksheet

from callrouter.adapters.documents.wording import KINDS, say_balance, say_kind, say_title
from callrouter.adapters.documents.workbook import MOST_ROWS, Book
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.statement import Line
from callrouter.domain.billing.statement_document import StatementDocument

_CALLS = (
    ("Call started", 20), ("Call", 37), ("Campaign", 18), ("Destination", 18), ("Caller", 15),
    ("Called", 15), ("Total s", 10), ("Connected s", 12), ("Amount", 12), ("Reason", 60),
    ("Corrects", 18), ("Entry", 8),
)  # fmt: skip
_OTHERS = (
    ("Booked", 20),
    ("What", 22),
    ("Amount", 12),
    ("Reason", 60),
    ("Corrects", 18),
    ("Entry", 8),
)
_PLACES = (
    ("Campaign", 24), ("Destination", 24), ("Payable calls", 14), ("Other calls", 14),
    ("Total s", 14), ("Connected s", 14), ("Amount", 14),
)  # fmt: skip


def write_statement_xlsx(document: StatementDocument, calls: Iterable[Line], file: Path) -> None:
    """Write the workbook to `file`; `calls` are all lines of calls in their order."""
    head = document.statement
    book = Book(file, head.zone, head.closed_at, f"{say_title(head)} {head.number}".rstrip())
    _write_sums(book, document)
    _write_calls(book, calls)
    if document.others:
        _write_others(book, document.others)
    book.book.close()


def _write_sums(book: Book, document: StatementDocument) -> None:
    head, sheet = document.statement, book.book.add_worksheet("Statement")
    for i, (_, width) in enumerate(_PLACES):
        sheet.set_column(i, i, width)
    row = 0
    for name, text in (
        (say_title(head), head.number),
        ("From", document.sender.name),
        ("To", document.recipient.name),
        ("Times are of", head.zone),
        ("Currency", head.currency),
    ):
        sheet.write_string(row, 0, name, book.bold)
        sheet.write_string(row, 1, text)
        row += 1
    for name, day in (
        ("From day", head.first_day),
        ("To day", head.last_day),
        ("Due", head.due_on),
    ):
        sheet.write_string(row, 0, name, book.bold)
        sheet.write_datetime(row, 1, datetime(day.year, day.month, day.day), book.date)  # noqa: DTZ001 - Excel's have no zone
        row += 1
    sums = [("Opening balance", head.opening_micros)]
    sums += [(KINDS[k], m) for k, m in document.summary.by_kind if k is not EntryKind.PAYMENT]
    sums += [("This statement", head.amount_micros), ("Payments", head.payments_micros)]
    sums += [(say_balance(head), abs(head.closing_micros))]
    for name, micros in sums:
        sheet.write_string(row, 0, name, book.bold)
        book.write_money(sheet, row, 1, micros)
        row += 1
    _write_places(book, sheet, document, row + 1)


def _write_places(book: Book, sheet: Worksheet, document: StatementDocument, row: int) -> None:
    for i, (title, _) in enumerate(_PLACES):
        sheet.write_string(row, i, title, book.head)
    for place in document.summary.places:
        row += 1
        sheet.write_string(row, 0, place.campaign_id)
        sheet.write_string(row, 1, place.destination_id)
        sheet.write_number(row, 2, place.payable_calls)
        sheet.write_number(row, 3, place.other_calls)
        book.write_seconds(sheet, row, 4, place.total_ms)
        book.write_seconds(sheet, row, 5, place.connected_ms)
        book.write_money(sheet, row, 6, place.amount_micros)
    calls = document.summary.calls
    sheet.write_string(row + 1, 0, "All calls", book.bold)
    sheet.write_number(row + 1, 2, calls.payable_calls)
    sheet.write_number(row + 1, 3, calls.other_calls)
    book.write_money(sheet, row + 1, 6, calls.amount_micros, book.total)


def _write_calls(book: Book, calls: Iterable[Line]) -> None:
    sheet, row, sheets = book.add_list("Calls", _CALLS), 0, 1
    for line in calls:
        if row == MOST_ROWS:
            sheets += 1
            sheet, row = book.add_list(f"Calls {sheets}", _CALLS), 0
        row += 1
        entry = line.entry
        book.write_time(sheet, row, 0, entry.call_started_at or entry.booked_at)
        texts = (entry.call_sid, entry.campaign_id, entry.destination_id, entry.ani, entry.did)
        for i, text in enumerate(texts, 1):
            sheet.write_string(row, i, text)
        book.write_seconds(sheet, row, 6, entry.total_ms)
        book.write_seconds(sheet, row, 7, entry.connected_ms)
        book.write_money(sheet, row, 8, entry.amount_micros)
        sheet.write_string(row, 9, entry.reason)
        sheet.write_string(row, 10, entry.corrects)
        sheet.write_number(row, 11, entry.number)
    sheet.autofilter(0, 0, row, len(_CALLS) - 1)


def _write_others(book: Book, others: Iterable[Line]) -> None:
    sheet = book.add_list("Other entries", _OTHERS)
    for row, line in enumerate(others, 1):
        entry = line.entry
        book.write_time(sheet, row, 0, entry.booked_at)
        sheet.write_string(row, 1, say_kind(line))
        book.write_money(sheet, row, 2, entry.amount_micros)
        sheet.write_string(row, 3, entry.reason)
        sheet.write_string(row, 4, entry.corrects)
        sheet.write_number(row, 5, entry.number)
