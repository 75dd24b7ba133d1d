"""A part of a transaction that may fail without taking the rest with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.use import run_command


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what is done within when it fails, whatever failed; the exception goes on.

    What was done before stays, unless the connection itself is gone. Not one within another.
    """
    run_command(connection, "SAVEPOINT part")
    try:
        yield
    except BaseException:
        run_command(connection, "ROLLBACK TO SAVEPOINT part")
        raise
    run_command(connection, "RELEASE SAVEPOINT part")
