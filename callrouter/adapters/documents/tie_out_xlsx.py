"""A tie-out as an Excel workbook: a sheet of sums, one of lines; and a dispute's lines alone."""

from collections.abc import Iterable
from pathlib import Path

from xlsxwriter.worksheet import Worksheet

from callrouter.adapters.documents.tie_out_wording import say_dispute, say_tie_out
from callrouter.adapters.documents.workbook import MOST_ROWS, Book
from callrouter.domain.tie_out.report import (
    CLASS_WORDS,
    DisputeLetter,
    ReportedLine,
    TieOutReport,
)
from callrouter.domain.tie_out.totals import Sums

_LINES = (
    ("Line", 8), ("Class", 26), ("Why", 60), ("Began (ours)", 20), ("Caller", 15), ("Called", 15),
    ("Destination", 18), ("Our s", 10), ("Ours", 12), ("Their s", 10), ("Theirs", 12),
    ("Theirs less ours", 15), ("Their start", 26), ("Their id", 24), ("Their record", 24),
    ("Our call", 37), ("Settled", 40),
)  # fmt: skip
_SUMS = (
    ("Class", 30), ("Our calls", 12), ("Their records", 14), ("Our s", 14), ("Their s", 14),
    ("Ours", 14), ("Theirs", 14), ("Theirs less ours", 16),
)  # fmt: skip


def write_tie_out_xlsx(report: TieOutReport, lines: Iterable[ReportedLine], file: Path) -> None:
    """Write the workbook to `file`; `lines` are all that shall be in it, in their order."""
    book = Book(file, report.zone, report.made_at, say_tie_out(report))
    _write_sums(book, report)
    _write_lines(book, lines)
    book.book.close()


def write_dispute_xlsx(letter: DisputeLetter, lines: Iterable[ReportedLine], file: Path) -> None:
    """Write a dispute's lines to `file`, to be sent to the buyer."""
    book = Book(file, letter.zone, letter.made_at, say_dispute(letter))
    _write_lines(book, lines)
    book.book.close()


def _write_sums(book: Book, report: TieOutReport) -> None:
    sheet = book.book.add_worksheet("Tie-out")
    for i, (_, width) in enumerate(_SUMS):
        sheet.set_column(i, i, width)
    row = 0
    for name, text in (
        ("Tie-out", say_tie_out(report)),
        ("From", report.seller),
        ("Times are of", report.zone),
        ("Currency", report.currency),
        *(("File", file) for file in report.files),
        ("Read as", report.reading),
        ("Their clock", report.clock),
        ("Compared", report.measure),
        *(("Note", notice) for notice in report.notices),
    ):
        sheet.write_string(row, 0, name, book.bold)
        sheet.write_string(row, 1, text)
        row += 1
    row += 1
    for i, (title, _) in enumerate(_SUMS):
        sheet.write_string(row, i, title, book.head)
    for difference, sums in report.totals.classes.items():
        row += 1
        _write_class(book, sheet, row, CLASS_WORDS[difference], sums)
    _write_class(book, sheet, row + 1, "Both sides", report.totals.whole)


def _write_class(book: Book, sheet: Worksheet, row: int, name: str, sums: Sums) -> None:
    sheet.write_string(row, 0, name)
    sheet.write_number(row, 1, sums.our_calls)
    sheet.write_number(row, 2, sums.rows)
    book.write_seconds(sheet, row, 3, sums.our_ms)
    book.write_seconds(sheet, row, 4, sums.their_ms)
    book.write_money(sheet, row, 5, sums.our_micros)
    book.write_money(sheet, row, 6, sums.their_micros)
    book.write_money(sheet, row, 7, sums.micros)


def _write_lines(book: Book, lines: Iterable[ReportedLine]) -> None:
    sheet, row, sheets = book.add_list("Lines", _LINES), 0, 1
    for line in lines:
        if row == MOST_ROWS:
            sheets += 1
            sheet, row = book.add_list(f"Lines {sheets}", _LINES), 0
        row += 1
        _write_line(book, sheet, row, line)
    sheet.autofilter(0, 0, row, len(_LINES) - 1)


def _write_line(book: Book, sheet: Worksheet, row: int, line: ReportedLine) -> None:
    sheet.write_number(row, 0, line.line_no)
    if line.at is not None:
        book.write_time(sheet, row, 3, line.at)
    texts = {
        1: CLASS_WORDS[line.difference],
        2: line.why,
        4: line.caller,
        5: line.did,
        6: line.destination_id,
        12: line.their_start,
        13: line.their_ids,
        14: line.place,
        15: line.call_sid,
        16: line.settled,
    }
    for column, text in texts.items():
        sheet.write_string(row, column, text)
    for column, ms in ((7, line.our_ms), (9, line.their_ms)):
        if ms is not None:
            book.write_seconds(sheet, row, column, ms)
    gap = (line.their_micros or 0) - (line.our_micros or 0)
    for column, micros in ((8, line.our_micros), (10, line.their_micros), (11, gap)):
        if micros is not None:
            book.write_money(sheet, row, column, micros)
