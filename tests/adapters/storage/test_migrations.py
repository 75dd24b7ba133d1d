import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from callrouter.adapters.storage import migrations
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.migrations import upgrade
from callrouter.adapters.storage.revisions import current_revision, head_revision
from callrouter.adapters.storage.schema import metadata
from tests.postgresql import PostgresqlServer

VERSIONS = Path(migrations.__file__).parent / "versions"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_server: PostgresqlServer
) -> Iterator[str]:
    """The URL of a database in which nothing is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/fresh.db"
        return
    with postgresql_server.connect("postgres") as connection:
        connection.execute("CREATE DATABASE fresh")
    yield postgresql_server.url_of("fresh")
    with postgresql_server.connect("postgres") as connection:
        connection.execute("DROP DATABASE fresh WITH (FORCE)")


def test_the_migrated_schema_is_the_one_that_the_statements_are_written_for(
    database: Database,
) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            key = inspector.get_pk_constraint(table.name)
            assert key["constrained_columns"] == list(table.primary_key.columns.keys())
            partial = {
                index["name"]
                for index in inspector.get_indexes(table.name)
                if any("where" in option for option in index.get("dialect_options", {}))
            }
            assert partial == {
                index.name
                for index in table.indexes
                if index.dialect_options["sqlite"]["where"] is not None
            }


def test_every_key_of_what_belongs_to_a_seller_begins_with_the_seller() -> None:
    of_nobody = {"job_leases", "config_changes"}
    keys = {table.name: table.primary_key.columns.keys()[0] for table in metadata.sorted_tables}
    assert {name for name, first in keys.items() if first != "seller_id"} == of_nobody


def test_an_empty_database_is_migrated_once(fresh_url: str) -> None:
    database = open_database(fresh_url)
    assert current_revision(database) is None
    assert upgrade(fresh_url) == head_revision()
    assert upgrade(fresh_url) == head_revision()
    assert current_revision(database) == head_revision()
    database.dispose()


@pytest.mark.uncounted
def test_two_processes_may_migrate_at_once(fresh_url: str) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert list(processes.map(upgrade, [fresh_url] * 2)) == [head_revision()] * 2


def test_a_migration_that_fails_leaves_the_database_as_it_was(fresh_url: str) -> None:
    database = open_database(fresh_url)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE cdrs (mine integer)")
    with pytest.raises(sa.exc.DBAPIError, match="cdrs"):
        upgrade(fresh_url)
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == ["cdrs"]
    database.dispose()


def test_migrations_are_numbered_and_the_newest_is_named_in_the_head_file() -> None:
    numbers = [path.name[:4] for path in sorted(VERSIONS.glob("[0-9]*.py"))]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    for path in VERSIONS.glob("[0-9]*.py"):
        [revision] = re.findall(r'^revision = "(\d{4})"$', path.read_text(), re.MULTILINE)
        assert revision == path.name[:4]
    assert (VERSIONS / ".head").read_text().split() == [head_revision()] == numbers[-1:]


def test_migrations_do_not_depend_on_the_tables_as_they_are_now() -> None:
    for path in VERSIONS.glob("[0-9]*.py"):
        assert "callrouter" not in path.read_text()
