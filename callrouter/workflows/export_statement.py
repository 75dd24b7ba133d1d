"""A statement as CSV and JSON lines, made from its entries each time, whatever their number.

The CSV of a closed statement is the same to the byte whenever it is made.
"""

import csv
import json
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

from callrouter.adapters.storage.account_statements import Account, read_statement
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.statement_lines import Selection, stream_lines, tally_lines
from callrouter.domain.billing.statement import Line, Statement, Summary, summarize
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.errors import NotFoundError
from callrouter.domain.money import say_micros
from callrouter.workflows.draft_statement import Drawn
from callrouter.workflows.export_calls import spell_cell, spell_instant

COLUMNS = (
    "statement",
    "entry",
    "kind",
    "booked_at",
    "call_id",
    "call_started_at",
    "call_started_local",
    "campaign",
    "destination",
    "caller",
    "did",
    "total_s",
    "connected_s",
    "amount",
    "currency",
    "reason",
    "reverses",
    "corrects",
    "terms_version",
)

LineRecord: TypeAlias = dict[str, str | int | float | None]
"""One line by the names in COLUMNS, in their order; amounts are decimal text."""
Told: TypeAlias = Callable[[int], None]
"""Hears how many lines have been written."""


class Writable(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> object:
        """Take some text."""


def find_statement(database: Database, seller_id: str, number: str) -> Drawn:
    """A closed statement by its number; raises NotFoundError when the seller has none with it."""
    with database.read() as connection:
        head = read_statement(connection, seller_id, number)
    if head is None:
        raise NotFoundError(f"there is no statement {number!r}")
    return Drawn(head, Selection(Account(seller_id, head.party, head.currency), number))


def summarize_statement(database: Database, drawn: Drawn) -> Summary:
    """What the lines of a statement come to."""
    with database.read() as connection:
        return summarize(tally_lines(connection, drawn.lines))


def export_statement_csv(database: Database, drawn: Drawn, out: Writable, told: Told) -> int:
    """Write a header and one line an entry; their number."""
    with database.read() as connection:
        lines = tell_lines(stream_lines(connection, drawn.lines), told)
        return sum(1 for _ in write_lines(drawn.head, lines, out))


def export_statement_json(database: Database, drawn: Drawn, out: Writable, told: Told) -> int:
    """Write one JSON object a line for each entry; their number."""
    count = 0
    with database.read() as connection:
        for line in tell_lines(stream_lines(connection, drawn.lines), told):
            out.write(json.dumps(make_line_record(drawn.head, line)) + "\n")
            count += 1
    return count


def write_lines(head: Statement, lines: Iterator[Line], out: Writable) -> Iterator[Line]:
    """Each line once it is written; the header before the first.

    Lines end in CRLF (RFC 4180), amounts are decimals, instants UTC, `call_started_local` is on the
    clocks of the party's zone.
    """
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in lines:
        cells = make_line_record(head, line).values()
        writer.writerow("" if cell is None else spell_cell(cell) for cell in cells)
        yield line


def tell_lines(lines: Iterator[Line], told: Told) -> Iterator[Line]:
    """The same lines, each of which is told."""
    for count, line in enumerate(lines, 1):
        told(count)
        yield line


def make_line_record(head: Statement, line: Line) -> LineRecord:
    """A line by the names of the columns; None where it says nothing."""
    entry, called_at = line.entry, line.entry.call_started_at
    local = find_wall_time(head.zone, called_at) if called_at else None
    return {
        "statement": head.number,
        "entry": entry.number,
        "kind": entry.kind.value,
        "booked_at": spell_instant(entry.booked_at),
        "call_id": entry.call_sid,
        "call_started_at": spell_instant(called_at) if called_at else None,
        "call_started_local": local.isoformat(timespec="milliseconds") if local else None,
        "campaign": entry.campaign_id,
        "destination": entry.destination_id,
        "caller": entry.ani,
        "did": entry.did,
        "total_s": entry.total_ms / 1000 if entry.call_sid else None,
        "connected_s": entry.connected_ms / 1000 if entry.call_sid else None,
        "amount": say_micros(entry.amount_micros),
        "currency": entry.currency,
        "reason": entry.reason,
        "reverses": entry.reverses,
        "corrects": entry.corrects,
        "terms_version": entry.terms_version or None,
    }
