from concurrent.futures import ThreadPoolExecutor

import pytest

from callrouter.adapters.storage.directories import save_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.live_numbers import NumberNow, find_number
from callrouter.adapters.storage.routing_tables import (
    Activation,
    ActivationAction,
    CampaignRow,
    Expecting,
    TableVersion,
    activate,
    active_version,
    add_table,
    list_activations,
    list_campaigns,
    list_versions,
    read_table_text,
)
from callrouter.adapters.storage.sellers import read_change_counter
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError, RefusedError
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import AdvertisedNumber
from tests.adapters.storage.builders import ACME, BOLT, add_sellers
from tests.domain.builders import T0, at

ONE, TWO, THREE = "+18005550101", "+18005550102", "+18005550103"


def add(
    database: Database, toml: str, campaign_id: str = "roofing", seller_id: str = "acme"
) -> int:
    with database.write() as connection:
        return add_table(connection, seller_id, campaign_id, toml, "ann", "why", T0)


def go_live(
    database: Database,
    version: int,
    *numbers: str,
    campaign_id: str = "roofing",
    seller_id: str = "acme",
    expected: int | Expecting | None = Expecting.ANYTHING,
    action: ActivationAction = ActivationAction.ACTIVATE,
    seconds: float = 0.0,
) -> int | None:
    advertised = tuple(AdvertisedNumber(number, "radio") for number in numbers)
    with database.write() as connection:
        return activate(
            connection,
            seller_id,
            campaign_id,
            version,
            advertised,
            expected,
            action,
            "ann",
            "why",
            at(seconds),
        )


def now(database: Database, number: str, seller_id: str = "acme") -> NumberNow | None:
    with database.read() as connection:
        return find_number(connection, seller_id, number)


@pytest.fixture
def stored(database: Database) -> Database:
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)
    return database


def test_tables_are_numbered_within_their_campaign_and_kept_as_written(stored: Database) -> None:
    assert [add(stored, "a = 1\r\n# é"), add(stored, "b = 2"), add(stored, "c", "solar")] == [
        1,
        2,
        1,
    ]
    with stored.read() as connection:
        assert read_table_text(connection, "acme", "roofing", 1) == "a = 1\r\n# é"
        assert list_versions(connection, "acme", "roofing") == (
            TableVersion(2, "ann", "why", T0),
            TableVersion(1, "ann", "why", T0),
        )
        assert list_campaigns(connection, "acme") == (
            CampaignRow("roofing", None, 2, T0),
            CampaignRow("solar", None, 1, T0),
        )
        assert list_campaigns(connection, "bolt") == ()


def test_the_text_of_the_newest_version_again_is_that_version(stored: Database) -> None:
    assert [add(stored, t) for t in ("a", "a", "b", "a", "a")] == [1, 1, 2, 3, 3]


def test_tables_that_are_added_at_once_each_get_a_number(stored: Database) -> None:
    with ThreadPoolExecutor(6) as threads:
        versions = list(threads.map(lambda n: add(stored, f"n = {n}"), range(12)))
    assert sorted(versions) == list(range(1, 13))


def test_a_table_of_an_unknown_seller_is_not_kept(stored: Database) -> None:
    with pytest.raises(NotFoundError, match="'cosy'"):
        add(stored, "a", seller_id="cosy")


def test_an_activation_routes_the_numbers_from_then_on(stored: Database) -> None:
    version = add(stored, "a")
    assert now(stored, ONE) is None
    assert go_live(stored, version, ONE, TWO) is None
    assert now(stored, ONE) == NumberNow("roofing", "radio", 1, 0, 0, lists_callers=False)
    assert now(stored, ONE, "bolt") is None
    assert now(stored, "nonsense\x00\ud800") is None


def test_finding_a_number_tells_the_directory_s_version_too(stored: Database) -> None:
    go_live(stored, add(stored, "a"), ONE)
    with stored.write() as connection:
        save_directory(connection, "acme", Directory(version=1), "ann", "", T0)
    assert now(stored, ONE) == NumberNow("roofing", "radio", 1, 1, 0, lists_callers=False)


def test_the_next_activation_replaces_the_numbers(stored: Database) -> None:
    go_live(stored, add(stored, "a"), ONE, TWO)
    assert go_live(stored, add(stored, "b"), TWO, THREE) == 1
    assert now(stored, ONE) is None
    assert now(stored, TWO) == NumberNow("roofing", "radio", 2, 0, 0, lists_callers=False)
    assert now(stored, THREE) == NumberNow("roofing", "radio", 2, 0, 0, lists_callers=False)


def test_what_was_live_when_is_logged(stored: Database) -> None:
    add(stored, "a")
    add(stored, "b")
    go_live(stored, 1, ONE)
    go_live(stored, 2, ONE, seconds=60)
    go_live(stored, 1, ONE, action=ActivationAction.ROLLBACK, seconds=90)
    activated, rolled_back = ActivationAction.ACTIVATE, ActivationAction.ROLLBACK
    with stored.read() as connection:
        assert active_version(connection, "acme", "roofing") == 1
        assert list_activations(connection, "acme", "roofing") == (
            Activation(3, 1, 2, rolled_back, "ann", "why", at(90)),
            Activation(2, 2, 1, activated, "ann", "why", at(60)),
            Activation(1, 1, None, activated, "ann", "why", at(0)),
        )
        assert read_change_counter(connection) == 2 + 2 + 3


@pytest.mark.parametrize("expected", [None, 2], ids=["nothing live", "another version live"])
def test_an_activation_that_expected_something_else_is_refused(
    stored: Database, expected: int | None
) -> None:
    add(stored, "a")
    add(stored, "b")
    go_live(stored, 1, ONE, expected=None)
    with pytest.raises(ChangedUnderneathError, match="version 1 live"):
        go_live(stored, 2, TWO, expected=expected)
    assert now(stored, ONE) == NumberNow("roofing", "radio", 1, 0, 0, lists_callers=False)
    assert now(stored, TWO) is None


def test_of_activations_at_once_that_expect_the_same_exactly_one_succeeds(
    stored: Database,
) -> None:
    for n in range(6):
        add(stored, f"n = {n}")

    def try_it(version: int) -> bool:
        try:
            go_live(stored, version, ONE, expected=None)
        except ChangedUnderneathError:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(try_it, range(1, 7))) == [False] * 5 + [True]


def test_a_number_of_another_live_table_is_refused_by_name(stored: Database) -> None:
    go_live(stored, add(stored, "a"), ONE, TWO)
    solar = add(stored, "b", "solar")
    with pytest.raises(RefusedError, match=rf"\{TWO} \(campaign 'roofing'\)"):
        go_live(stored, solar, TWO, THREE, campaign_id="solar")
    assert now(stored, THREE) is None
    assert now(stored, TWO) == NumberNow("roofing", "radio", 1, 0, 0, lists_callers=False)
    with stored.read() as connection:
        assert active_version(connection, "acme", "solar") is None


def test_the_same_number_of_another_seller_is_another_number(stored: Database) -> None:
    go_live(stored, add(stored, "a"), ONE)
    go_live(stored, add(stored, "b", seller_id="bolt"), ONE, seller_id="bolt")
    go_live(stored, add(stored, "c", seller_id="bolt"), seller_id="bolt")
    assert now(stored, ONE) == NumberNow("roofing", "radio", 1, 0, 0, lists_callers=False)
    assert now(stored, ONE, "bolt") is None


@pytest.mark.parametrize(
    ("campaign_id", "version", "said"),
    [
        pytest.param("roofing", 2, "'roofing' has no routing table version 2", id="version"),
        pytest.param("solar", 1, "'solar' has no routing table version 1", id="campaign"),
    ],
)
def test_what_was_never_stored_cannot_go_live(
    stored: Database, campaign_id: str, version: int, said: str
) -> None:
    add(stored, "a")
    with pytest.raises(NotFoundError, match=said):
        go_live(stored, version, ONE, campaign_id=campaign_id)


def test_a_campaign_that_is_not_there_is_not_found(stored: Database) -> None:
    with stored.read() as connection, pytest.raises(NotFoundError, match="'solar'"):
        active_version(connection, "acme", "solar")
