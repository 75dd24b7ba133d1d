"""Databases that can't be reached, and processes that must do without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.workflows.ports import Clock
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import make_board

PATIENCE_S = 0.7
AWAY = {
    "refused": "postgresql://postgres@127.0.0.1:9/callrouter",
    "unreadable": "sqlite:///{folder}/unreadable.db",
}
"""A server that nobody runs (port 9 discards), and a file that is none."""


def make_unreachable(kind: str, folder: Path) -> str:
    """The URL of a database that can't serve."""
    (folder / "unreadable.db").mkdir(exist_ok=True)
    return AWAY[kind].format(folder=folder)


@contextmanager
def without_database(url: str, folder: Path, clock: Clock) -> Iterator[Switchboard]:
    """A process that starts while its database is away, in the folder of one that ran before."""
    database: Database = open_database(url, patience_s=PATIENCE_S)
    with make_board(database, folder, clock) as board:
        yield board
    database.dispose()
