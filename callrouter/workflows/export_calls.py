"""CDRs as CSV and as JSON lines, row by row, so that any number of calls fits into memory.

Both have the same columns; docs/cdr.md says what each figure means.
"""

import csv
import json
import re
from datetime import UTC, datetime
from typing import TextIO, TypeAlias

from callrouter.adapters.storage.cdrs import CdrFilter, StoredCdr, stream_cdrs
from callrouter.adapters.storage.engine import Database

Cell: TypeAlias = str | int | float | list[str]
CallRecord: TypeAlias = dict[str, Cell]
"""One call by the names in COLUMNS, in their order; seconds as numbers, flags as a list."""

COLUMNS = (
    "call_id",
    "started_at",
    "ended_at",
    "campaign",
    "publisher",
    "did",
    "ani",
    "buyer",
    "destination",
    "attempts",
    "attempt_outcomes",
    "disposition",
    "hangup_party",
    "total_s",
    "ring_s",
    "answered_s",
    "connected_s",
    "connected_source",
    "table_version",
    "revision",
    "flags",
)

EVERY_CALL = CdrFilter()

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# A plain number, a telephone number included, is a value to any program that opens the file.
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def export_calls_csv(
    database: Database, seller_id: str, out: TextIO, wanted: CdrFilter = EVERY_CALL
) -> int:
    """Write a header and one line for each call that is wanted; their number."""
    writer = csv.writer(out)  # lines end in CRLF (RFC 4180); a CR within a cell is quoted
    writer.writerow(COLUMNS)
    count = 0
    with database.read() as connection:
        for stored in stream_cdrs(connection, seller_id, wanted):
            writer.writerow([spell_cell(cell) for cell in make_record(stored).values()])
            count += 1
    return count


def export_calls_json(
    database: Database, seller_id: str, out: TextIO, wanted: CdrFilter = EVERY_CALL
) -> int:
    """Write one JSON object a line for each call that is wanted; their number."""
    count = 0
    with database.read() as connection:
        for stored in stream_cdrs(connection, seller_id, wanted):
            out.write(json.dumps(make_record(stored)) + "\n")
            count += 1
    return count


def make_record(stored: StoredCdr) -> CallRecord:
    """A CDR by the names of the columns."""
    cdr = stored.cdr
    return {
        "call_id": cdr.call_sid,
        "started_at": spell_instant(cdr.started_at),
        "ended_at": spell_instant(cdr.ended_at),
        "campaign": cdr.campaign_id,
        "publisher": cdr.publisher,
        "did": cdr.did,
        "ani": cdr.ani,
        "buyer": cdr.buyer_id,
        "destination": cdr.destination_id,
        "attempts": cdr.count_attempts(),
        "attempt_outcomes": cdr.attempt_outcomes(),
        "disposition": cdr.disposition.value,
        "hangup_party": cdr.hangup_party.value,
        "total_s": cdr.total_ms / 1000,
        "ring_s": cdr.ring_ms / 1000,
        "answered_s": cdr.answered_ms / 1000,
        "connected_s": cdr.connected_ms / 1000,
        "connected_source": cdr.connected_source.value,
        "table_version": cdr.table_version,
        "revision": stored.revision,
        "flags": [flag.value for flag in cdr.flags],
    }


def spell_instant(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as in 2026-11-21T15:04:05.120Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def spell_cell(cell: Cell) -> str:
    """A CSV cell: seconds with three decimals, a list's words with spaces between.

    What a spreadsheet would run as a formula gets an apostrophe in front. A number, also in E.164
    with its plus, stays as it is: it does no harm there, and machines read it.
    """
    match cell:
        case str():
            is_formula = cell.startswith(_STARTS_FORMULA) and not _PLAIN_NUMBER.fullmatch(cell)
            return f"'{cell}" if is_formula else cell
        case float():
            return f"{cell:.3f}"
        case list():
            return " ".join(cell)
        case _:
            return str(cell)
