"""Eight processes, thousands of calls, a few places: never one over, and all of them used."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from callrouter.adapters.storage.engine import open_database
from tests.adapters.storage import credit_race
from tests.adapters.storage.cap_race import LIMITS, START_S, Leg, Ran, come_to_start, run
from tests.adapters.storage.cap_room import SELLER, add_up, read_counters

# Each of eight processes would count the lines that tests beside this one run.
pytestmark = pytest.mark.uncounted

RUNNERS = 8
CALLS = 5000


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Processes that have come to the start."""
    context = get_context("spawn")
    with ProcessPoolExecutor(
        RUNNERS,
        mp_context=context,
        initializer=come_to_start,
        initargs=(context.Barrier(RUNNERS),),
    ) as executor:
        yield executor


def race(processes: ProcessPoolExecutor, url: str, calls: int, *, releases: bool) -> Ran:
    """Run it, in all processes at once; what came of it in all."""
    legs = [Leg(url, runner, calls // RUNNERS, releases) for runner in range(RUNNERS)]
    ran = list(processes.map(run, legs, timeout=START_S))
    return Ran(
        sum((each.taken for each in ran), Counter[str]()),
        sum(each.refused_calls for each in ran),
    )


def read_totals(url: str) -> dict[str, tuple[int, int]]:
    """What each counter says, once it was made sure that the reservations say the same."""
    database = open_database(url)
    counters = read_counters(database)
    assert counters == add_up(database)
    database.dispose()
    return {counter: counters[SELLER, counter] for _, counter in counters}


def test_no_cap_is_overshot_and_every_one_is_used_up(
    database_url: str, processes: ProcessPoolExecutor
) -> None:
    ran = race(processes, database_url, CALLS, releases=False)

    assert ran.taken == LIMITS
    assert read_totals(database_url) == {key: (0, limit) for key, limit in LIMITS.items()}
    assert ran.refused_calls >= CALLS - sum(LIMITS.values())


def test_what_is_released_in_the_race_is_used_again(
    database_url: str, processes: ProcessPoolExecutor
) -> None:
    ran = race(processes, database_url, CALLS // 5, releases=True)

    assert sum(ran.taken.values()) > sum(LIMITS.values())
    assert read_totals(database_url) == {key: (limit, 0) for key, limit in LIMITS.items()}


def test_money_paid_in_advance_is_spent_to_the_last_call_and_no_further(
    database_url: str, processes: ProcessPoolExecutor
) -> None:
    database = open_database(database_url)
    credit_race.pay(database, 60)

    legs = [Leg(database_url, runner, 40, releases=True) for runner in range(RUNNERS)]
    charged = sum(processes.map(credit_race.run, legs, timeout=START_S))

    assert charged == 60
    assert read_counters(database) == {(SELLER, credit_race.ACCOUNT): (0, 0)}
    database.dispose()
