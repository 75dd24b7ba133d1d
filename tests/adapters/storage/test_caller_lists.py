from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.caller_lists import (
    ListPlace,
    add_entries,
    list_entries,
    remove_entry,
    remove_expired,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tables import sellers
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry, ListScope
from callrouter.domain.errors import NotFoundError
from tests.adapters.storage.builders import ACME, BOLT, add_sellers
from tests.domain.builders import T0, at

PRANK = ListEntry(
    effect=ListEffect.BLOCK,
    pattern="+14155550123",
    scope=ListScope.CAMPAIGN,
    scope_id="flood-repair",
    expires_at=at(60),
    note="prank",
    author="ada",
    added_at=T0,
)
PREMIUM = ListEntry(effect=ListEffect.BLOCK, pattern="+1900*", added_at=T0)
CALL_CENTRE = ListEntry(effect=ListEffect.ALLOW, pattern="+14155550124", added_at=T0)


@pytest.fixture(autouse=True)
def _two_sellers(database: Database) -> None:
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)


def add(database: Database, *entries: ListEntry, seller_id: str = "acme") -> None:
    with database.write() as connection:
        add_entries(connection, seller_id, entries)


def entries_of(database: Database, seller_id: str = "acme") -> tuple[ListEntry, ...]:
    with database.read() as connection:
        return list_entries(connection, seller_id, None, 100)


def has_lists(database: Database, seller_id: str = "acme") -> bool:
    with database.read() as connection:
        return bool(
            connection.execute(
                sa.select(sellers.c.lists_callers).where(sellers.c.seller_id == seller_id)
            ).scalar_one()
        )


def test_what_was_added_is_listed_by_pattern(database: Database) -> None:
    add(database, PREMIUM, CALL_CENTRE, PRANK)
    assert set(entries_of(database)) == {PRANK, CALL_CENTRE, PREMIUM}
    assert [e for e in entries_of(database) if e != PREMIUM] == [PRANK, CALL_CENTRE]
    assert entries_of(database, "bolt") == ()


def test_an_entry_takes_the_place_of_one_for_the_same_callers(database: Database) -> None:
    later = replace(PRANK, expires_at=None, note="again", author="bob", added_at=at(5))
    add(database, PRANK)
    add(database, later)
    assert entries_of(database) == (later,)


def test_a_block_and_an_allow_of_the_same_callers_stand_beside_each_other(
    database: Database,
) -> None:
    allowed = replace(PRANK, effect=ListEffect.ALLOW)
    add(database, PRANK, allowed)
    assert entries_of(database) == (allowed, PRANK)


def test_a_page_begins_behind_the_one_before(database: Database) -> None:
    add(
        database,
        *(
            replace(PREMIUM, pattern=f"+1{area}*", scope=scope, scope_id=scope_id)
            for area in (900, 901, 902)
            for scope, scope_id in ((ListScope.SELLER, ""), (ListScope.BUYER, "acme"))
        ),
    )
    whole = entries_of(database)
    paged: list[ListEntry] = []
    with database.read() as connection:
        while page := list_entries(
            connection, "acme", ListPlace.of(paged[-1]) if paged else None, 4
        ):
            paged += page
    assert tuple(paged) == whole
    assert len(whole) == 6


def test_only_the_very_entry_is_removed(database: Database) -> None:
    add(database, PRANK, PREMIUM)
    add(database, PRANK, seller_id="bolt")
    place = ListPlace.of(PRANK)
    with database.write() as connection:
        assert not remove_entry(connection, "acme", replace(place, scope_id="solar-quotes"))
        assert not remove_entry(connection, "acme", replace(place, effect=ListEffect.ALLOW))
        assert remove_entry(connection, "acme", place)
        assert not remove_entry(connection, "acme", place)
    assert entries_of(database) == (PREMIUM,)
    assert entries_of(database, "bolt") == (PRANK,)


def test_expired_entries_are_removed_together(database: Database) -> None:
    add(database, PRANK, PREMIUM, replace(CALL_CENTRE, expires_at=at(61)))
    add(database, PRANK, seller_id="bolt")
    with database.write() as connection:
        assert remove_expired(connection, "acme", at(60), 10) == 1
        assert remove_expired(connection, "acme", at(60), 10) == 0
    assert len(entries_of(database)) == 2
    assert entries_of(database, "bolt") == (PRANK,)


def test_a_seller_is_marked_while_there_are_entries(database: Database) -> None:
    assert not has_lists(database)
    add(database, PRANK, PREMIUM)
    assert has_lists(database)
    assert not has_lists(database, "bolt")
    with database.write() as connection:
        remove_entry(connection, "acme", ListPlace.of(PREMIUM))
    assert has_lists(database)
    with database.write() as connection:
        remove_expired(connection, "acme", at(60), 10)
    assert not has_lists(database)


def test_the_mark_is_right_when_one_adds_while_another_removes(database: Database) -> None:
    add(database, PRANK)

    def remove() -> None:
        with database.write() as connection:
            assert remove_entry(connection, "acme", ListPlace.of(PRANK))

    with ThreadPoolExecutor(1) as others:
        with database.write() as connection:
            add_entries(connection, "acme", (PREMIUM,))
            removed = others.submit(remove)  # it waits until this one is committed
        removed.result(timeout=30)
    assert entries_of(database) == (PREMIUM,)
    assert has_lists(database)


def test_a_seller_who_is_not_there_is_named(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no seller 'nobody'"):
        add(database, PRANK, seller_id="nobody")
