"""A dial takes all that it needs of the counters, or nothing, and never beyond a limit."""

from concurrent.futures import ThreadPoolExecutor

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.engine import Database
from callrouter.domain.limits.caps import DialClaims, Usage
from tests.adapters.storage.cap_room import (
    add_up,
    claim,
    figures,
    read_counters,
    take,
    take_all,
    usage_of,
)
from tests.domain.builders import at

EAST = "connected/day:2026-09-15/destination:acme-east"
BUYER = "connected/day:2026-09-15/buyer:acme"
MONEY = "revenue/ever/buyer:acme"
DESK = "concurrent/ever/destination:acme-east"


def test_calls_are_reserved_up_to_the_limit(database: Database) -> None:
    assert [take(database, f"CA{n}", claim(EAST, 3)) for n in range(5)] == [
        *[()] * 3,
        *[(EAST,)] * 2,
    ]
    assert figures(database, EAST) == (0, 3)


def test_one_counter_without_room_refuses_the_whole_dial(database: Database) -> None:
    take(database, "CA1", claim(BUYER, 1))
    assert take(database, "CA2", claim(EAST, 9), claim(BUYER, 1), claim(DESK, 1)) == (BUYER,)
    assert read_counters(database) == {("acme", BUYER): (0, 1)} == add_up(database)


def test_every_counter_without_room_is_named(database: Database) -> None:
    take(database, "CA1", claim(EAST, 1), claim(DESK, 1))
    refused = take(database, "CA2", claim(EAST, 1), claim(DESK, 1), claim(BUYER, 1))
    assert sorted(refused) == [DESK, EAST]


def test_the_first_claim_on_a_counter_is_held_to_the_limit_too(database: Database) -> None:
    assert take(database, "CA1", claim(MONEY, 40_000_000, 45_000_000)) == (MONEY,)
    assert usage_of(database, MONEY) == Usage()


def test_money_is_reserved_by_its_amount(database: Database) -> None:
    def dial(call: str) -> tuple[str, ...]:
        return take(database, call, claim(MONEY, 100_000_000, 45_000_000))

    assert [dial("CA1"), dial("CA2"), dial("CA3")] == [(), (), (MONEY,)]
    assert figures(database, MONEY) == (0, 90_000_000)


def test_the_same_dial_again_reserves_nothing_more(database: Database) -> None:
    assert take(database, "CA1", claim(EAST, 1)) == ()
    assert take(database, "CA1", claim(EAST, 1)) == ()
    assert figures(database, EAST) == (0, 1)


def test_a_repeat_that_asks_for_more_reserves_what_is_new(database: Database) -> None:
    take(database, "CA1", claim(EAST, 1))
    assert take(database, "CA1", claim(EAST, 1), claim(BUYER, 1)) == ()
    assert (figures(database, EAST), figures(database, BUYER)) == ((0, 1), (0, 1))


def test_each_attempt_of_a_call_reserves_anew(database: Database) -> None:
    assert take(database, "CA1", claim(BUYER, 2), attempt=1) == ()
    assert take(database, "CA1", claim(BUYER, 2), attempt=2, to="acme-west") == ()
    assert take(database, "CA1", claim(BUYER, 2), attempt=3, to="acme-north") == (BUYER,)


def test_a_counter_that_is_claimed_twice_is_taken_once_by_the_stricter_limit(
    database: Database,
) -> None:
    assert take(database, "CA1", claim(DESK, 5), claim(DESK, spacing_s=30)) == ()
    assert figures(database, DESK) == (0, 1)
    assert take(database, "CA2", claim(DESK, 5), claim(DESK, 1), now=60) == (DESK,)


def test_a_lowered_limit_holds_at_once(database: Database) -> None:
    take(database, "CA1", claim(EAST, 5))
    take(database, "CA2", claim(EAST, 5))
    assert take(database, "CA3", claim(EAST, 2)) == (EAST,)
    assert take(database, "CA4", claim(EAST, 3)) == ()


def test_dials_to_a_subject_keep_their_distance(database: Database) -> None:
    def dial(call: str, now: float) -> tuple[str, ...]:
        return take(database, call, claim(DESK, spacing_s=30), now=now)

    assert dial("CA1", 0) == ()
    assert dial("CA2", 29.999) == (DESK,)
    assert usage_of(database, DESK).last_at == at(0)
    assert dial("CA3", 30) == ()
    assert dial("CA4", 31) == (DESK,)
    assert usage_of(database, DESK) == Usage(0, 2, at(30))


def test_the_last_dial_is_never_moved_back(database: Database) -> None:
    take(database, "CA1", claim(DESK), now=10)
    take(database, "CA2", claim(DESK), now=9)
    assert usage_of(database, DESK).last_at == at(10)


def test_destinations_that_ring_together_reserve_together(database: Database) -> None:
    west = "concurrent/ever/destination:acme-west"
    ring = (
        DialClaims("acme-west", (claim(west, 1), claim(BUYER, 3, spacing_s=5))),
        DialClaims("acme-east", (claim(DESK, 1), claim(BUYER, 3, spacing_s=5))),
    )
    assert take_all(database, "CA1", *ring) == ()
    assert figures(database, BUYER) == (0, 2)
    assert sorted(take_all(database, "CA2", *ring, now=60)) == sorted([BUYER, DESK, west])
    assert take_all(database, "CA1", *ring, now=60) == ()
    assert read_counters(database) == add_up(database)


def test_a_dial_without_claims_takes_nothing(database: Database) -> None:
    assert take(database, "CA1") == ()
    assert read_counters(database) == {}


def test_sellers_count_apart(database: Database) -> None:
    assert take(database, "CA1", claim(EAST, 1), seller="acme") == ()
    assert take(database, "CA1", claim(EAST, 1), seller="bolt") == ()
    assert usage_of(database, EAST, "bolt") == Usage(0, 1, at(0))
    assert usage_of(database, EAST, "cosy") == Usage()


def test_usage_is_read_for_any_number_of_counters(database: Database) -> None:
    take(database, "CA1", claim(EAST), now=7)
    keys = [EAST, *(f"attempts/ever/destination:{n}" for n in range(200)), EAST, 'odd "key"']
    with database.read() as connection:
        usage = read_usage(connection, "acme", keys)
        assert read_usage(connection, "acme", []) == {}
    assert usage[EAST] == Usage(0, 1, at(7))
    assert usage == {key: usage[EAST] if key == EAST else Usage() for key in keys}


def test_of_many_who_reserve_the_same_dial_at_once_one_takes_the_room(database: Database) -> None:
    def dial(_: int) -> tuple[str, ...]:
        return take(database, "CA1", claim(EAST, 5), claim(DESK, 5))

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(dial, range(24))) == {()}
    assert read_counters(database) == {("acme", EAST): (0, 1), ("acme", DESK): (0, 1)}
