"""A seller's lists as the CSV that `import_callers` reads, page by page: any length of list."""

import csv
from collections.abc import Iterator
from typing import TextIO

from callrouter.adapters.storage.caller_lists import ListPlace, list_entries
from callrouter.adapters.storage.engine import Database
from callrouter.domain.callers.caller_lists import ListEntry, ListScope
from callrouter.workflows.export_calls import spell_cell, spell_instant
from callrouter.workflows.import_callers import COLUMNS

_PAGE = 1000


def export_callers(database: Database, seller_id: str, out: TextIO) -> int:
    """Write a header and one line for each entry; their number."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for entry in stream_entries(database, seller_id):
        writer.writerow([spell_cell(cell) for cell in _cells(entry)])
        count += 1
    return count


def stream_entries(database: Database, seller_id: str) -> Iterator[ListEntry]:
    """All entries of a seller in their order, in constant memory."""
    after: ListPlace | None = None
    while True:
        with database.read() as connection:
            page = list_entries(connection, seller_id, after, _PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = ListPlace.of(page[-1])


def _cells(entry: ListEntry) -> tuple[str, ...]:
    return (
        entry.pattern,
        entry.effect.value,
        entry.scope_id if entry.scope is ListScope.CAMPAIGN else "",
        entry.scope_id if entry.scope is ListScope.BUYER else "",
        spell_instant(entry.expires_at) if entry.expires_at else "",
        entry.note,
    )
