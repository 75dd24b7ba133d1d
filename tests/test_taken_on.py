import shutil
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.schema import metadata
from tests.switchboards import OTHER_SELLER, SELLER, T0, open_seller

# Nobody else's: so that the first is taken on by the workflows, whatever ran before.
AT = T0 + timedelta(microseconds=1)


def take_on_both(database: Database) -> dict[str, list[dict[str, object]]]:
    """Every row of the database once it has two sellers."""
    open_seller(database, SELLER, at=AT)
    open_seller(database, OTHER_SELLER, tables=(), at=AT)
    with database.read() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in metadata.sorted_tables
        }


def test_sellers_that_are_put_back_are_those_that_were_taken_on(
    sqlite_url: str, database: Database, tmp_path: Path
) -> None:
    shutil.copyfile(tmp_path / "callrouter.db", tmp_path / "first.db")
    first = open_database(f"sqlite:///{tmp_path / 'first.db'}")
    assert take_on_both(database) == take_on_both(first)
    first.dispose()
