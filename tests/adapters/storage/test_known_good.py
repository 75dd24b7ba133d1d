from pathlib import Path

import pytest

from callrouter.adapters.storage.directories import decode_directory, save_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.known_good import (
    KnownGoodRows,
    NumberRow,
    TableRow,
    read_known_good,
)
from callrouter.adapters.storage.known_good_file import KnownGoodFile, KnownGoodFileError
from callrouter.adapters.storage.routing_tables import (
    ActivationAction,
    Expecting,
    activate,
    add_table,
)
from callrouter.adapters.storage.sellers import open_tokens
from callrouter.domain.tables.directory import Buyer, Directory, replace_buyers
from callrouter.domain.tables.routing_table import AdvertisedNumber
from tests.adapters.storage.builders import ACME, BOLT, BOX, add_sellers
from tests.domain.builders import T0

DIRECTORY = replace_buyers(Directory(), {"acme": Buyer("acme", "Acme", "UTC")}, {})


def read(database: Database) -> KnownGoodRows:
    with database.read() as connection:
        return read_known_good(connection)


@pytest.fixture
def configured(database: Database) -> Database:
    """Two sellers, one with a directory, a live table and a draft."""
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)
        save_directory(connection, "acme", DIRECTORY, "ann", "", T0)
        for toml in ("live = 1", "draft = 2"):
            add_table(connection, "acme", "roofing", toml, "ann", "", T0)
        numbers = (AdvertisedNumber("+18005550101", "radio"), AdvertisedNumber("+18005550102"))
        anything = Expecting.ANYTHING
        activate(
            connection,
            "acme",
            "roofing",
            1,
            numbers,
            anything,
            ActivationAction.ACTIVATE,
            "ann",
            "",
            T0,
        )
    return database


def test_all_that_is_live_is_read_and_nothing_else(configured: Database) -> None:
    rows = read(configured)
    assert rows.changes == 2 + 1 + 2 + 1
    assert [(s.seller_id, s.directory_version) for s in rows.sellers] == [("acme", 1), ("bolt", 0)]
    assert rows.numbers == (
        NumberRow("acme", "+18005550101", "roofing", "radio"),
        NumberRow("acme", "+18005550102", "roofing", ""),
    )
    assert rows.tables == (TableRow("acme", "roofing", 1, "live = 1"),)
    [directory] = rows.directories
    assert decode_directory(directory.version, directory.body) == DIRECTORY


def test_tokens_stay_sealed_until_they_are_opened(configured: Database) -> None:
    rows = read(configured)
    acme = rows.sellers[0]
    assert open_tokens(BOX, acme.primary_token, acme.secondary_token) == ACME.tokens
    assert acme.primary_token not in repr(rows)


def test_an_empty_database_has_nothing_good(database: Database) -> None:
    assert read(database) == KnownGoodRows(0, (), (), (), ())


def test_the_file_gives_back_what_was_saved_last(configured: Database, tmp_path: Path) -> None:
    file = KnownGoodFile(tmp_path / "known_good.json")
    assert file.load() is None
    file.save(KnownGoodRows(0, (), (), (), ()))
    rows = read(configured)
    file.save(rows)
    assert KnownGoodFile(tmp_path / "known_good.json").load() == rows
    assert [path.name for path in tmp_path.glob("known_good*")] == ["known_good.json"]


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    KnownGoodFile(tmp_path / "known_good.json").save(KnownGoodRows(0, (), (), (), ()))
    assert (tmp_path / "known_good.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b'{"changes": 1, "sel', b"[]", b"\xff\xfe\x00"], ids=repr)
def test_a_damaged_file_is_named_and_not_believed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "known_good.json"
    path.write_bytes(content)
    with pytest.raises(KnownGoodFileError, match=r"known_good\.json can't be used"):
        KnownGoodFile(path).load()


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = KnownGoodFile(tmp_path / "no such folder" / "known_good.json")
    with pytest.raises(OSError, match="no such folder"):
        file.save(KnownGoodRows(0, (), (), (), ()))
    (tmp_path / "known_good.json").mkdir()
    with pytest.raises(OSError, match="known_good"):
        KnownGoodFile(tmp_path / "known_good.json").save(KnownGoodRows(0, (), (), (), ()))
    assert [path.name for path in tmp_path.glob("known_good*")] == ["known_good.json"]
