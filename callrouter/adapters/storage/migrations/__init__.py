"""Brings a database to this version's schema; run by `callrouter db upgrade`.

A migration must leave the running version working: add first, remove a release later.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.revisions import head_revision

_FOLDER = Path(__file__).parent
_LOCK = 0x63616C6C  # any number that nothing else takes: "call"


def upgrade(db_url: str) -> str:
    """Bring the database at `db_url` to the newest revision; its name.

    In one transaction, one process at a time: a second one waits and finds nothing left to do.
    Raises SettingsError or StorageUnavailableError when the database can't be opened.
    """
    database = open_database(db_url)
    try:
        upgrade_database(database)
    finally:
        database.dispose()
    return head_revision()


def upgrade_database(database: Database) -> None:
    """The same for a database that is open already."""
    with database.unhurried().write() as connection:
        connection.begin()  # for Alembic to see that the transaction is ours to end
        if database.is_postgresql:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
