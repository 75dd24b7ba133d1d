from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.leases import release_lease, take_lease
from tests.domain.builders import at


def take(database: Database, holder: str, now_s: float, name: str = "lead") -> bool:
    with database.write() as connection:
        return take_lease(connection, name, holder, at(now_s), timedelta(seconds=10))


def release(database: Database, holder: str) -> None:
    with database.write() as connection:
        release_lease(connection, "lead", holder)


def test_one_holds_a_lease_until_it_ends(database: Database) -> None:
    assert take(database, "one", 0)
    assert not take(database, "two", 9.9)
    assert take(database, "two", 10)
    assert not take(database, "one", 10.1)


def test_the_holder_renews_its_lease(database: Database) -> None:
    assert take(database, "one", 0)
    assert take(database, "one", 8)
    assert not take(database, "two", 12)
    assert take(database, "two", 18)


def test_a_lease_that_was_given_up_is_free_at_once(database: Database) -> None:
    take(database, "one", 0)
    release(database, "two")
    assert not take(database, "two", 1)
    release(database, "one")
    assert take(database, "two", 1)


def test_leases_of_other_names_are_other_leases(database: Database) -> None:
    assert take(database, "one", 0)
    assert take(database, "two", 0, "another")


def test_of_many_who_ask_at_once_one_gets_it(database: Database) -> None:
    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(lambda n: take(database, str(n), 0), range(6))) == (
            [False] * 5 + [True]
        )
        assert sum(threads.map(lambda n: take(database, f"late{n}", 60), range(6))) == 1
