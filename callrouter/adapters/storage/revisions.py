"""Which revision of the schema a database is at, and which one this version of callrouter wants.

Read without Alembic, which takes longer to import than most commands take to run.
"""

from pathlib import Path

import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database

_VERSIONS = Path(__file__).parent / "migrations" / "versions"
_STORED = sa.table("alembic_version", sa.column("version_num", sa.String))


def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None when it was never migrated."""
    with database.read() as connection:
        if not sa.inspect(connection).has_table(_STORED.name):
            return None
        return connection.scalar(sa.select(_STORED.c.version_num))


def head_revision() -> str:
    """The newest revision that this version of callrouter knows; they are numbered."""
    return max(path.stem.split("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))
