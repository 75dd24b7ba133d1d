"""How many versions a process keeps in memory, and which."""

from collections.abc import Iterator

import pytest

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.workflows.compiled import MOST_VERSIONS, Compiled
from tests.switchboards import SELLER, TABLE, activate, open_seller

FLOOD, SOLAR = "flood-repair", "solar-quotes"
VERSIONS = range(1, MOST_VERSIONS + 2)


@pytest.fixture
def swapped(sqlite_url: str) -> Iterator[Database]:
    """A seller whose campaign had one live version more than is kept of one."""
    database = open_database(sqlite_url)
    open_seller(database)
    for version in VERSIONS[1:]:
        activate(database, TABLE.replace("ring_s = 20", f"ring_s = {10 + version}"))
    yield database
    database.dispose()


def take(
    compiled: Compiled, database: Database, version: int, campaign_id: str = FLOOD
) -> RoutingTable:
    with database.read() as connection:
        return compiled.table(connection, SELLER.seller_id, campaign_id, version)


def test_a_version_is_read_once_while_it_is_asked_for(swapped: Database) -> None:
    compiled = Compiled()
    newest = take(compiled, swapped, VERSIONS[-1])
    for version in VERSIONS[:-1]:
        take(compiled, swapped, version)
        assert take(compiled, swapped, VERSIONS[-1]) is newest


def test_of_many_versions_the_longest_unused_goes_and_is_read_again_when_asked_for(
    swapped: Database,
) -> None:
    compiled = Compiled()
    solar = take(compiled, swapped, 1, SOLAR)
    first, *others = (take(compiled, swapped, version) for version in VERSIONS)

    kept = [take(compiled, swapped, version) for version in VERSIONS[1:]]

    assert all(mine is theirs for mine, theirs in zip(kept, others, strict=True))
    again = take(compiled, swapped, VERSIONS[0])
    assert again == first
    assert again is not first
    assert take(compiled, swapped, 1, SOLAR) is solar


def test_another_plan_is_there_to_fall_back_on_however_many_there_were(swapped: Database) -> None:
    compiled = Compiled()
    directory = Directory(1, {}, {})
    for version in VERSIONS:
        compiled.plan_of(SELLER.seller_id, take(compiled, swapped, version), directory)

    last = compiled.last_used_plan(SELLER.seller_id, FLOOD, VERSIONS[-1], directory.version)

    assert last is not None
    assert last.table.version == VERSIONS[-2]
    assert compiled.last_used_plan(SELLER.seller_id, SOLAR, 1, 1) is None
