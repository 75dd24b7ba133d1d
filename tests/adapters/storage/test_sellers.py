from dataclasses import replace

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import (
    Seller,
    add_seller,
    list_sellers,
    read_change_counter,
    set_tokens,
)
from callrouter.adapters.storage.tables import sellers
from callrouter.domain.errors import NotFoundError, RefusedError, SettingsError
from tests.adapters.storage.builders import ACME, BOLT, BOX, add_sellers
from tests.domain.builders import T0


def add(database: Database, *some: Seller) -> None:
    with database.write() as connection:
        add_sellers(connection, *some)


def listed(database: Database) -> tuple[Seller, ...]:
    with database.read() as connection:
        return list_sellers(connection, BOX)


def test_sellers_are_read_as_they_were_added_by_id(database: Database) -> None:
    add(database, BOLT, ACME)
    assert listed(database) == (ACME, BOLT)


def test_tokens_are_nowhere_in_the_database_and_in_no_repr(database: Database) -> None:
    add(database, ACME)
    with database.read() as connection:
        [row] = connection.execute(sa.select(sellers))
    for token in ACME.tokens:
        assert token not in str(row)
        assert token not in repr(ACME)


@pytest.mark.parametrize(
    ("seller", "said"),
    [
        pytest.param(replace(BOLT, seller_id="acme"), "its id is taken", id="id"),
        pytest.param(
            replace(BOLT, account_sid=ACME.account_sid),
            f"its AccountSid {ACME.account_sid} is taken",
            id="AccountSid",
        ),
        pytest.param(replace(BOLT, seller_id="Bolt & Co"), "'Bolt & Co'", id="malformed id"),
        pytest.param(replace(BOLT, seller_id=""), "''", id="no id"),
        pytest.param(replace(BOLT, tokens=()), "not 0", id="no token"),
        pytest.param(replace(BOLT, tokens=("a", "b", "c")), "not 3", id="three tokens"),
        pytest.param(replace(BOLT, tokens=("",)), "one or two tokens", id="an empty token"),
    ],
)
def test_a_seller_that_breaks_a_rule_is_refused_and_nothing_is_changed(
    database: Database, seller: Seller, said: str
) -> None:
    add(database, ACME)
    with pytest.raises(RefusedError, match=said), database.write() as connection:
        add_seller(connection, BOX, seller, T0)
    assert listed(database) == (ACME,)


def test_tokens_are_rotated(database: Database) -> None:
    add(database, ACME, BOLT)
    with database.write() as connection:
        set_tokens(connection, BOX, "acme", ("new", "primary"))
    assert listed(database) == (replace(ACME, tokens=("new", "primary")), BOLT)
    with database.write() as connection:
        set_tokens(connection, BOX, "acme", ("new",))
    assert listed(database)[0].tokens == ("new",)


def test_the_tokens_of_nobody_cannot_be_set(database: Database) -> None:
    with pytest.raises(NotFoundError, match="'acme'"), database.write() as connection:
        set_tokens(connection, BOX, "acme", ("new",))


def test_every_change_of_sellers_is_counted(database: Database) -> None:
    add(database, ACME)
    with database.write() as connection:
        set_tokens(connection, BOX, "acme", ("new",))
    with database.read() as connection:
        assert read_change_counter(connection) == 2


def test_another_secret_key_is_said_to_be_wrong(database: Database) -> None:
    add(database, ACME)
    with (
        pytest.raises(SettingsError, match="SECRET_KEY isn't the one"),
        database.read() as connection,
    ):
        list_sellers(connection, SecretBox("another key"))


def test_what_was_sealed_is_opened_by_the_same_key_only() -> None:
    sealed = SecretBox("one").seal("tökén")
    assert SecretBox("one").open(sealed) == "tökén"
    assert "tökén" not in sealed
    assert SecretBox("one").seal("tökén") != sealed
    for wrong in (sealed[:-4], "", "plain"):
        with pytest.raises(SettingsError, match="SECRET_KEY"):
            SecretBox("one").open(wrong)
    with pytest.raises(SettingsError, match="SECRET_KEY is empty"):
        SecretBox("")
