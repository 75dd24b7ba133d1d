"""A tie-out is written: its row, its lines by thousands, and only then it is there for anybody."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_out_lines import add_lines, remove_lines
from callrouter.adapters.storage.tie_outs import (
    begin_tie_out,
    find_standing,
    finish_tie_out,
    list_unfinished,
    remove_unfinished,
)
from callrouter.workflows.view_tie_out import KeptTieOut, encode_row

_GIVEN_UP_AFTER = timedelta(hours=6)


def keep_tie_out(
    database: Database,
    seller_id: str,
    found: KeptTieOut,
    lines: Iterable[pl.DataFrame],
    at: datetime,
) -> KeptTieOut:
    """Keep a tie-out with its lines (LINE_COLUMNS), piece by piece, under the seller's next number.

    It supersedes the one that stands for the buyer and period. What others left half-written hours
    ago is cleared away.
    """
    _clear_unfinished(database, seller_id, found.buyer_id, at - _GIVEN_UP_AFTER)
    with database.write() as connection:
        before = find_standing(connection, seller_id, found.buyer_id, found.since, found.until)
        kept = replace(found, supersedes=before.number if before else None)
        number = begin_tie_out(connection, seller_id, encode_row(kept))
    for piece in lines:
        add_lines(database, seller_id, number, piece)
    with database.write() as connection:
        finish_tie_out(connection, seller_id, number, at)
    return replace(kept, number=number)


def _clear_unfinished(database: Database, seller_id: str, buyer_id: str, before: datetime) -> None:
    with database.read() as connection:
        numbers = list_unfinished(connection, seller_id, buyer_id, before)
    for number in numbers:
        remove_lines(database, seller_id, number)
        with database.write() as connection:
            remove_unfinished(connection, seller_id, number)
