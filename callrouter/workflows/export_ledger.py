"""Accounts as CSV and as JSON lines, entry by entry, so that any number of them fits into memory.

Both have the same columns; docs/ledger.md says what each is.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from typing import TextIO, TypeAlias

from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import AccountId
from callrouter.adapters.storage.ledger_lists import EntryFilter, LedgerLine, stream_lines
from callrouter.domain.money import say_micros
from callrouter.workflows.export_calls import spell_cell, spell_instant

EntryRecord: TypeAlias = dict[str, str | int | float | None]
"""One entry by the names in COLUMNS, in their order; amounts as decimal text."""

COLUMNS = (
    "side",
    "party",
    "number",
    "kind",
    "amount",
    "currency",
    "booked_at",
    "posted_at",
    "reference",
    "reason",
    "author",
    "reverses",
    "corrects",
    "statement",
    "call_id",
    "call_started_at",
    "campaign",
    "destination",
    "ani",
    "did",
    "total_s",
    "connected_s",
    "cdr_revision",
    "terms_version",
)


def export_ledger_csv(
    database: Database,
    seller_id: str,
    accounts: Sequence[AccountId],
    out: TextIO,
    wanted: EntryFilter,
) -> int:
    """Write a header and one line for each entry that is wanted; their number."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    with database.read() as connection:
        for record in _stream(connection, seller_id, accounts, wanted):
            writer.writerow(["" if v is None else spell_cell(v) for v in record.values()])
            count += 1
    return count


def export_ledger_json(
    database: Database,
    seller_id: str,
    accounts: Sequence[AccountId],
    out: TextIO,
    wanted: EntryFilter,
) -> int:
    """Write one JSON object a line for each entry that is wanted; their number."""
    count = 0
    with database.read() as connection:
        for record in _stream(connection, seller_id, accounts, wanted):
            out.write(json.dumps(record) + "\n")
            count += 1
    return count


def make_entry_record(line: LedgerLine) -> EntryRecord:
    """An entry by the names of the columns; what only entries of calls have is None in others."""
    entry = line.entry
    began_at = entry.call_started_at
    is_of_call = bool(entry.call_sid)
    return {
        "side": entry.party.side.value,
        "party": entry.party.party_id,
        "number": entry.number,
        "kind": entry.kind.value,
        "amount": say_micros(entry.amount_micros),
        "currency": entry.currency,
        "booked_at": spell_instant(entry.booked_at),
        "posted_at": spell_instant(entry.posted_at),
        "reference": entry.reference,
        "reason": entry.reason,
        "author": entry.author,
        "reverses": entry.reverses,
        "corrects": entry.corrects,
        "statement": line.statement,
        "call_id": entry.call_sid,
        "call_started_at": None if began_at is None else spell_instant(began_at),
        "campaign": entry.campaign_id,
        "destination": entry.destination_id,
        "ani": entry.ani,
        "did": entry.did,
        "total_s": entry.total_ms / 1000 if is_of_call else None,
        "connected_s": entry.connected_ms / 1000 if is_of_call else None,
        "cdr_revision": entry.cdr_revision if is_of_call else None,
        "terms_version": entry.terms_version if is_of_call else None,
    }


def _stream(
    connection: Connection, seller_id: str, accounts: Sequence[AccountId], wanted: EntryFilter
) -> Iterator[EntryRecord]:
    for party, currency in accounts:
        for line in stream_lines(connection, seller_id, party, currency, wanted):
            yield make_entry_record(line)
