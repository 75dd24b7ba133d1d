"""Reads a bank's CSV file by its mapping: rows with their lines, and what is wrong with the rest.

Knows no seller and no buyer.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from callrouter.adapters.bank_files.figures import read_day, read_figure
from callrouter.domain.billing.bank_mapping import BankMapping, Incoming, fold
from callrouter.domain.billing.bank_rows import BankRow
from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.domain.money import DECIMALS

LARGEST_FILE_BYTES = 8 * 1024 * 1024
MOST_ROWS = 5_000
"""As many as can be taken in one transaction without callers waiting long for it."""
_LONGEST_CELL = 2_000
_MARKS_OF_ORDER = {
    "utf-8": (codecs.BOM_UTF8,),
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
"""By which a file's first bytes say in what encoding it is."""


@dataclass(frozen=True, slots=True)
class BankFile:
    """What a file says: the rows that can be read, and a problem for each that can't."""

    rows: tuple[BankRow, ...]
    problems: tuple[FileProblem, ...]


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Why a row can't be read, and in which column."""

    column: str
    message: str


def load_bank_file(path: Path, mapping: BankMapping) -> BankFile:
    """The rows of a file on disk; raises PolicyFileError when it can't be read at all."""
    try:
        with path.open("rb") as opened:
            content = opened.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise _refuse(str(path), 1, f"can't be read: {error.strerror}") from error
    return read_bank_file(content, str(path), mapping)


def read_bank_file(content: bytes, file: str, mapping: BankMapping) -> BankFile:
    """The rows of a file's bytes; `file` is its name in messages.

    Raises PolicyFileError where nothing of it can be relied on: too large, another encoding than
    the mapping says, not CSV, a column missing.
    """
    if len(content) > LARGEST_FILE_BYTES:
        raise _refuse(file, 1, "is larger than 8 MiB, the most a bank's file may be")
    text = _decode(content, file, mapping.encoding)
    rows: list[BankRow] = []
    problems: list[FileProblem] = []
    for line, cells in _read_cells(text, file, mapping):
        if len(rows) + len(problems) == MOST_ROWS:
            raise _refuse(file, line, f"has more than {MOST_ROWS} rows: import it in parts")
        row = cells if isinstance(cells, _Wrong) else _read_row(line, cells, mapping)
        if isinstance(row, _Wrong):
            problems.append(FileProblem(file, line, row.column, row.message))
        else:
            rows.append(row)
    return BankFile(tuple(rows), tuple(problems))


def _decode(content: bytes, file: str, encoding: str) -> str:
    for named, marks in _MARKS_OF_ORDER.items():
        if content.startswith(marks) and named != encoding:
            raise _refuse(
                file, 1, f'begins as {named} does: the mapping says encoding = "{encoding}"'
            )
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refuse(file, line, f"isn't {encoding} text, as the mapping says") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refuse(file, line, "has a NUL byte: it isn't a CSV file in this encoding")
    return text


def _read_cells(
    text: str, file: str, mapping: BankMapping
) -> Iterator[tuple[int, dict[str, str] | _Wrong]]:
    """Each row's line with its cells by heading, or with what is wrong about the row as such."""
    lines = islice(io.StringIO(text, newline=""), mapping.skip_lines, None)
    reader = csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    headings: list[str] | None = None
    begins = mapping.skip_lines + 1
    try:
        for row in reader:
            line, begins = begins, mapping.skip_lines + reader.line_num + 1
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if headings is None:
                headings = _check_headings(cells, file, line, mapping)
            else:
                yield line, _name_cells(headings, cells)
    except csv.Error as error:
        raise _refuse(file, begins, f"can't be read as CSV: {error}") from error
    if headings is None:
        raise _refuse(file, 1, "has no heading, nor any row")


def _check_headings(cells: list[str], file: str, line: int, mapping: BankMapping) -> list[str]:
    wanted = mapping.columns.all()
    wrong = [name for name in wanted if cells.count(name) != 1]
    if wrong:
        shown = ", ".join(cells)[:300]
        raise PolicyFileError(
            tuple(
                FileProblem(file, line, name, f"must be a column, once; found are: {shown}")
                for name in wrong
            )
        )
    return cells


def _name_cells(headings: Sequence[str], cells: list[str]) -> dict[str, str] | _Wrong:
    while len(cells) > len(headings) and not cells[-1]:  # a delimiter at the end of the line
        cells.pop()
    if len(cells) != len(headings):
        return _Wrong("(row)", f"has {len(cells)} cells under {len(headings)} headings")
    if any(len(cell) > _LONGEST_CELL for cell in cells):
        return _Wrong("(row)", f"has a cell of more than {_LONGEST_CELL} characters")
    return dict(zip(headings, cells, strict=True))


def _read_row(line: int, cells: dict[str, str], mapping: BankMapping) -> BankRow | _Wrong:
    columns = mapping.columns
    day = read_day(cells[columns.date], mapping.dates)
    if isinstance(day, str):
        return _Wrong(columns.date, day)
    currency = cells.get(columns.currency, "").upper() or mapping.currency
    if currency not in DECIMALS:
        known = ", ".join(DECIMALS)
        return _Wrong(columns.currency, f"{currency!r} isn't a currency; known are {known}")
    amount = _read_amount(cells, currency, mapping)
    if isinstance(amount, _Wrong):
        return amount
    return BankRow(
        line=line,
        paid_on=day,
        amount_micros=amount,
        currency=currency,
        bank_reference=cells.get(columns.bank_reference, ""),
        payer=cells.get(columns.payer, ""),
        texts=tuple(cells[name] for name in columns.texts if cells[name]),
    )


def _read_amount(cells: dict[str, str], currency: str, mapping: BankMapping) -> int | _Wrong:
    """What came, positive, or went, negative; 0 for a row that moves nothing."""
    columns = mapping.columns
    if not columns.amount:
        return _read_credit(cells, currency, mapping)
    amount = _figure(cells, columns.amount, currency, mapping)
    if isinstance(amount, _Wrong) or mapping.incoming is Incoming.POSITIVE:
        return amount
    if mapping.incoming is Incoming.NEGATIVE:
        return -amount
    if amount < 0:
        message = f"{cells[columns.amount]!r} is negative, and yet {columns.mark} says what it is"
        return _Wrong(columns.amount, message)
    return amount if fold(cells[columns.mark]) in mapping.marks else -amount


def _read_credit(cells: dict[str, str], currency: str, mapping: BankMapping) -> int | _Wrong:
    """Of two columns the one that is filled; with what sign they write what went, banks differ."""
    columns = mapping.columns
    came = cells[columns.credit]
    went = cells.get(columns.debit, "")
    if came and went:
        return _Wrong(columns.credit, f"is filled, and {columns.debit} too: it can't be both")
    if went:
        amount = _figure(cells, columns.debit, currency, mapping)
        return amount if isinstance(amount, _Wrong) else -abs(amount)
    if not came:
        return 0
    amount = _figure(cells, columns.credit, currency, mapping)
    if isinstance(amount, int) and amount < 0:
        return _Wrong(columns.credit, f"{came!r} is negative in a column of what came")
    return amount


def _figure(
    cells: dict[str, str], column: str, currency: str, mapping: BankMapping
) -> int | _Wrong:
    amount = read_figure(cells[column], currency, mapping)
    return _Wrong(column, amount) if isinstance(amount, str) else amount


def _refuse(file: str, line: int, message: str) -> PolicyFileError:
    return PolicyFileError((FileProblem(file, line, "(file)", message),))
