"""A reservation is converted or released once, whoever tells it, and corrected when it must be."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.settlements import settle
from callrouter.domain.limits.reservations import DialOutcome, ReservationState
from tests.adapters.storage.cap_room import (
    LEASE_S,
    add_up,
    claim,
    expire,
    figures,
    read_counters,
    take,
    tell,
)
from tests.domain.builders import at

ATTEMPTS = "attempts/day:2026-09-15/destination:acme-east"
CONNECTED = "connected/day:2026-09-15/destination:acme-east"
PAYABLE = "payable/day:2026-09-15/buyer:acme"
MONEY = "revenue/ever/buyer:acme"
DESK = "concurrent/ever/destination:acme-east"
PRICE = 45_000_000
CLAIMS = (
    *(claim(key, 10) for key in (ATTEMPTS, CONNECTED, PAYABLE, DESK)),
    claim(MONEY, 10 * PRICE, PRICE),
)
HELD, CONVERTED, RELEASED, EXPIRED = ReservationState
OTHERS = {ATTEMPTS: (1, 0), DESK: (0, 0)}


def counted(database: Database) -> dict[str, tuple[int, int]]:
    assert read_counters(database) == add_up(database)
    return {counter: figure for (_, counter), figure in read_counters(database).items()}


@pytest.mark.parametrize(
    ("was_dialled", "connected", "payable", "used"),
    [
        pytest.param(True, True, True, (1, 1, 1, PRICE), id="payable"),
        pytest.param(True, True, False, (1, 1, 0, 0), id="too short to be paid"),
        pytest.param(True, False, False, (1, 0, 0, 0), id="nobody answered"),
        pytest.param(False, False, False, (0, 0, 0, 0), id="never dialled"),
    ],
)
def test_what_came_of_a_dial_counts_and_the_rest_is_free_again(
    database: Database,
    was_dialled: bool,
    connected: bool,
    payable: bool,
    used: tuple[int, int, int, int],
) -> None:
    take(database, "CA1", *CLAIMS)
    told = tell(database, "CA1", was_dialled=was_dialled, connected=connected, payable=payable)

    assert len(told) == len(CLAIMS)
    assert {settled.was for settled in told} == {HELD}
    assert counted(database) == {
        **{key: (n, 0) for key, n in zip((ATTEMPTS, CONNECTED, PAYABLE, MONEY), used, strict=True)},
        DESK: (0, 0),
    }


def test_what_is_not_known_yet_stays_held(database: Database) -> None:
    take(database, "CA1", *CLAIMS)
    tell(database, "CA1", connected=True, payable=None)
    assert counted(database) == OTHERS | {CONNECTED: (1, 0), PAYABLE: (0, 1), MONEY: (0, PRICE)}
    tell(database, "CA1", connected=True, payable=True)
    assert counted(database) == OTHERS | {CONNECTED: (1, 0), PAYABLE: (1, 0), MONEY: (PRICE, 0)}


def test_room_that_was_released_is_used_again(database: Database) -> None:
    assert take(database, "CA1", claim(CONNECTED, 1)) == ()
    assert take(database, "CA2", claim(CONNECTED, 1)) == (CONNECTED,)
    tell(database, "CA1", connected=False)
    assert take(database, "CA3", claim(CONNECTED, 1)) == ()


def test_the_same_told_again_changes_nothing(database: Database) -> None:
    take(database, "CA1", *CLAIMS)
    tell(database, "CA1", connected=True, payable=True)
    before = counted(database)
    assert tell(database, "CA1", connected=True, payable=True, now=61) == ()
    assert counted(database) == before


def test_told_by_many_at_once_it_counts_once(database: Database) -> None:
    take(database, "CA1", *CLAIMS)
    with ThreadPoolExecutor(6) as threads:
        told = list(
            threads.map(lambda _: tell(database, "CA1", connected=True, payable=True), range(12))
        )
    assert sum(map(len, told)) == len(CLAIMS)
    assert counted(database)[MONEY] == (PRICE, 0)


@pytest.mark.parametrize("first", [True, False])
def test_a_changed_outcome_corrects_the_counters(database: Database, first: bool) -> None:
    take(database, "CA1", *CLAIMS)
    tell(database, "CA1", connected=first, payable=first)
    told = tell(database, "CA1", connected=not first, payable=not first)

    assert {settled.counter for settled in told} == {CONNECTED, PAYABLE, MONEY}
    assert all(settled.is_correction for settled in told)
    counts = int(not first)
    assert counted(database) == OTHERS | {
        CONNECTED: (counts, 0),
        PAYABLE: (counts, 0),
        MONEY: (counts * PRICE, 0),
    }


def test_a_correction_counts_beyond_the_limit(database: Database) -> None:
    take(database, "CA1", claim(CONNECTED, 1))
    tell(database, "CA1", connected=False)
    take(database, "CA2", claim(CONNECTED, 1))
    tell(database, "CA2", connected=True)
    [settled] = tell(database, "CA1", connected=True)

    assert (settled.was, settled.became, settled.amount) == (RELEASED, CONVERTED, 1)
    assert figures(database, CONNECTED) == (2, 0)
    assert take(database, "CA3", claim(CONNECTED, 2)) == (CONNECTED,)


def test_a_lease_that_ended_gives_its_room_back_once(database: Database) -> None:
    take(database, "CA1", *CLAIMS)
    assert expire(database, LEASE_S - 1) == 0
    assert expire(database, LEASE_S) == len(CLAIMS)
    assert expire(database, LEASE_S) == 0
    assert set(counted(database).values()) == {(0, 0)}


def test_what_is_settled_has_no_lease(database: Database) -> None:
    take(database, "CA1", claim(CONNECTED))
    tell(database, "CA1", connected=True)
    assert expire(database, 10 * LEASE_S) == 0
    assert figures(database, CONNECTED) == (1, 0)


def test_the_truth_that_comes_after_the_lease_counts_all_the_same(database: Database) -> None:
    take(database, "CA1", *CLAIMS)
    expire(database)
    told = tell(database, "CA1", connected=True, payable=False, now=LEASE_S + 1)

    assert {settled.was for settled in told} == {EXPIRED}
    assert all(settled.is_correction for settled in told)
    assert counted(database) == OTHERS | {CONNECTED: (1, 0), PAYABLE: (0, 0), MONEY: (0, 0)}


def test_the_leases_that_ended_first_are_released_first_and_only_so_many(
    database: Database,
) -> None:
    for number in range(5):
        take(database, f"CA{number}", claim(CONNECTED), now=number)
    assert expire(database, LEASE_S + 10, most=2) == 2
    assert [len(tell(database, f"CA{n}", connected=True)) for n in range(5)] == [1] * 5
    assert figures(database, CONNECTED) == (5, 0)


def test_many_clocks_release_each_reservation_once(database: Database) -> None:
    for number in range(30):
        take(database, f"CA{number}", claim(CONNECTED), claim(DESK), now=number)
    with ThreadPoolExecutor(5) as threads:
        released = sum(threads.map(lambda _: expire(database, 10 * LEASE_S, 7), range(20)))
    assert released + expire(database, 10 * LEASE_S) == 60
    assert counted(database) == {CONNECTED: (0, 0), DESK: (0, 0)}


def test_all_dials_of_a_call_are_settled_in_one_go(database: Database) -> None:
    take(database, "CA1", claim(ATTEMPTS), claim(PAYABLE), to="acme-east")
    take(database, "CA1", claim(PAYABLE), to="acme-west", attempt=2)
    outcomes = [
        DialOutcome(attempt=1, destination_id="acme-east", connected=False, payable=False),
        DialOutcome(attempt=2, destination_id="acme-west", connected=True, payable=True),
        DialOutcome(attempt=3, destination_id="acme-north", connected=True, payable=True),
    ]
    with database.write() as connection:
        told = settle(connection, "acme", "CA1", outcomes, at(60))
        assert settle(connection, "acme", "CA1", [], at(60)) == ()
    assert [(settled.attempt, settled.counter, settled.became) for settled in told] == [
        (1, ATTEMPTS, CONVERTED),
        (1, PAYABLE, RELEASED),
        (2, PAYABLE, CONVERTED),
    ]
    assert counted(database) == {ATTEMPTS: (1, 0), PAYABLE: (1, 0)}


def test_a_call_of_another_seller_or_without_reservations_is_not_settled(
    database: Database,
) -> None:
    take(database, "CA1", claim(CONNECTED))
    assert tell(database, "CA1", connected=True, seller="bolt") == ()
    assert tell(database, "CA2", connected=True) == ()
    assert figures(database, CONNECTED) == (0, 1)
