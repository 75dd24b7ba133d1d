"""Calls in the columns of another system, as CSV or JSON lines; any number in the same memory."""

import csv
import json
from collections.abc import Iterator
from typing import TextIO

from callrouter.adapters.call_files import CallForm, ToldCall, list_columns, write_rows
from callrouter.adapters.storage.cdrs import CdrCursor, CdrFilter, list_cdrs
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.margins import read_booked
from callrouter.workflows.export_calls import spell_cell

_PAGE = 500


def export_calls_as(
    database: Database,
    seller_id: str,
    form: CallForm,
    out: TextIO,
    wanted: CdrFilter,
    *,
    as_json_lines: bool = False,
) -> int:
    """Write every call that is wanted, the newest first, with what it was charged; their number.

    Destinations' numbers are today's. In JSON each row is an object of texts. Of the calls of one
    buyer, nothing is told but what is that buyer's: no publisher, no payout, no other buyer's
    attempts or charges.
    """
    columns = list_columns(form)
    writer = csv.writer(out)
    if not as_json_lines:
        writer.writerow(columns)
    count = 0
    for call in _stream_told(database, seller_id, wanted):
        for row in write_rows(call, form):
            if as_json_lines:
                out.write(json.dumps(dict(zip(columns, row, strict=True))) + "\n")
            else:
                writer.writerow([spell_cell(cell) for cell in row])
        count += 1
    return count


def _stream_told(database: Database, seller_id: str, wanted: CdrFilter) -> Iterator[ToldCall]:
    with database.read() as connection:
        directory = read_directory(connection, seller_id, None)
    dials = {each.destination_id: each.dial for each in directory.destinations.values()}
    after: CdrCursor | None = None
    while True:
        with database.read() as connection:
            page = list_cdrs(connection, seller_id, wanted, after, _PAGE)
            call_sids = [stored.cdr.call_sid for stored in page]
            booked = read_booked(connection, seller_id, call_sids)
        for stored in page:
            told = ToldCall(stored.cdr, tuple(booked.get(stored.cdr.call_sid, ())), dials)
            yield told.only_of(wanted.buyer) if wanted.buyer else told
        if len(page) < _PAGE:
            return
        after = CdrCursor.behind(page[-1])
