"""Remove many rows in transactions of a bounded size, so that nobody waits long for any of them."""

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database

Remove: TypeAlias = Callable[[Connection, int], int]
"""Removes at most so many rows within a transaction; how many it removed."""

_MOST_IN_ONE_GO = 1000


def remove_in_batches(database: Database, remove: Remove) -> int:
    """Call `remove` until nothing is left for it; how many rows it removed in all.

    Raises what it raises; what was removed until then stays removed.
    """
    removed = 0
    while True:
        with database.write() as connection:
            latest = remove(connection, _MOST_IN_ONE_GO)
        removed += latest
        if latest < _MOST_IN_ONE_GO:
            return removed
