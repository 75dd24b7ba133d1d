from dataclasses import replace

import pytest

from callrouter.adapters.storage.directories import (
    DirectoryVersion,
    list_directory_versions,
    read_directory,
    save_directory,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sellers import read_change_counter
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError
from callrouter.domain.tables.directory import Buyer, Destination, Directory, replace_buyers
from tests.adapters.storage.builders import ACME, BOLT, add_sellers
from tests.domain.builders import at

FIRST = replace_buyers(
    Directory(),
    {"acme": Buyer("acme", "Acme “Roofing”", "America/Chicago")},
    {
        "acme-east": Destination("acme-east", "acme", "+12125550111"),
        "acme-sip": Destination("acme-sip", "acme", "sip:a@pbx.example", enabled=False, note="x"),
    },
)
SECOND = replace_buyers(FIRST, {"bolt": Buyer("bolt", "Bolt", "UTC")}, {})


def save(database: Database, directory: Directory, seconds: float = 0.0) -> None:
    with database.write() as connection:
        save_directory(connection, "acme", directory, "ann", "why", at(seconds))


@pytest.fixture
def stored(database: Database) -> Database:
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)
    return database


def test_a_seller_begins_with_an_empty_directory(stored: Database) -> None:
    with stored.read() as connection:
        assert read_directory(connection, "acme", None) == Directory()


def test_every_version_is_read_as_it_was_saved(stored: Database) -> None:
    save(stored, FIRST)
    save(stored, SECOND, 60)
    with stored.read() as connection:
        assert read_directory(connection, "acme", None) == SECOND
        assert read_directory(connection, "acme", 1) == FIRST
        assert read_directory(connection, "acme", 0) == Directory()
        assert read_directory(connection, "bolt", None) == Directory()


def test_the_history_says_who_changed_it_when_and_why(stored: Database) -> None:
    save(stored, FIRST)
    save(stored, SECOND, 60)
    with stored.read() as connection:
        assert list_directory_versions(connection, "acme") == (
            DirectoryVersion(2, "ann", "why", at(60)),
            DirectoryVersion(1, "ann", "why", at(0)),
        )
        assert list_directory_versions(connection, "bolt") == ()
        assert read_change_counter(connection) == 2 + 2


@pytest.mark.parametrize("version", [1, 3], ids=["twice the same", "a step left out"])
def test_a_version_that_does_not_follow_the_current_one_is_refused(
    stored: Database, version: int
) -> None:
    save(stored, FIRST)
    with pytest.raises(ChangedUnderneathError, match="at version 1"):
        save(stored, replace(SECOND, version=version))
    with stored.read() as connection:
        assert read_directory(connection, "acme", None) == FIRST


def test_what_is_not_there_is_not_found(stored: Database) -> None:
    with stored.read() as connection:
        with pytest.raises(NotFoundError, match="no directory version 7"):
            read_directory(connection, "acme", 7)
        with pytest.raises(NotFoundError, match="'cosy'"):
            read_directory(connection, "cosy", None)
    with pytest.raises(NotFoundError, match="'cosy'"), stored.write() as connection:
        save_directory(connection, "cosy", FIRST, "ann", "", at(0))
