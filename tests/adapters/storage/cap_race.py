"""One of several processes that race for the same caps; started by test_cap_race."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.reservations import reserve
from callrouter.adapters.storage.settlements import settle
from callrouter.domain.limits.caps import Claim, DialClaims
from callrouter.domain.limits.reservations import DialOutcome
from tests.adapters.storage.cap_room import SELLER, NoRoomError, claim
from tests.domain.builders import at

LIMITS = {
    f"connected/day:2026-09-15/destination:of-{limit}-{letter}": limit
    for limit in (1, 7, 50)
    for letter in "ab"
}
START_S = 120.0
_ALONE_EVERY = 4


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one process's calls: how many took each counter, and how many got nothing."""

    taken: Counter[str]
    refused_calls: int


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of the race that one process runs."""

    url: str
    runner: int
    calls: int
    releases: bool


_barriers: list[Barrier] = []


def come_to_start(barrier: Barrier) -> None:
    """Keep what lets all start at the same moment."""
    _barriers.append(barrier)


def run(leg: Leg) -> Ran:
    """Place the calls as fast as can be; what one takes of a cap is never over it.

    With `releases` half of the calls give back what they got; when all have run, the rest of the
    room is used up by calls that keep it.
    """
    chance = random.Random(leg.runner)  # noqa: S311
    database = open_database(leg.url)
    with database.read() as connection:
        read_usage(connection, SELLER, list(LIMITS))
    come_together()
    taken, refused_calls = Counter[str](), 0
    for number in range(leg.calls):
        call = f"CA{leg.runner}-{number}"
        wanted = (each for each in _draw_wanted(chance, number) if _take(database, call, each))
        claims = next(wanted, ())
        taken.update(each.key for each in claims)
        refused_calls += not claims
        if claims and leg.releases:
            _settle(database, call, connected=chance.random() < 0.5)
    if leg.releases:
        come_together()
        taken.update(_use_up(database, leg.runner))
    database.dispose()
    return Ran(taken, refused_calls)


def come_together() -> None:
    """Go on when all processes have come as far."""
    _barriers[0].wait(START_S)


def _use_up(database: Database, runner: int) -> Iterator[str]:
    """Take every cap until it is refused, and keep it."""
    for key, limit in LIMITS.items():
        for number in range(limit + 1):
            call = f"CA{runner}-{key}-{number}"
            if not _take(database, call, (claim(key, limit),)):
                break
            _settle(database, call, connected=True)
            yield key


def _draw_wanted(chance: random.Random, number: int) -> Iterator[tuple[Claim, ...]]:
    """What a call asks for: two or three caps in any order; every fourth goes on to one alone.

    Each cap gets its turn to be asked for alone, so that all are used up in the end.
    """
    keys = list(LIMITS)
    yield tuple(claim(key, LIMITS[key]) for key in chance.sample(keys, chance.choice((2, 3))))
    turn, rest = divmod(number, _ALONE_EVERY)
    if not rest:
        alone = keys[turn % len(keys)]
        yield (claim(alone, LIMITS[alone]),)


def _take(database: Database, call: str, claims: tuple[Claim, ...]) -> bool:
    dial = DialClaims(f"destination-of-{len(claims)}", claims)
    try:
        with database.write() as connection:
            refused = reserve(connection, SELLER, call, 1, [dial], at(0), at(600))
            _end_if(refused)
            usage = read_usage(connection, SELLER, [each.key for each in claims])
            for key, held in usage.items():
                assert held.total <= LIMITS[key], f"{key}: {held}"
    except NoRoomError:
        return False
    return True


def _end_if(refused: tuple[str, ...]) -> None:
    if refused:
        raise NoRoomError(refused)


def _settle(database: Database, call: str, *, connected: bool) -> None:
    outcomes = [
        DialOutcome(attempt=1, destination_id=f"destination-of-{count}", connected=connected)
        for count in (1, 2, 3)
    ]
    with database.write() as connection:
        settle(connection, SELLER, call, outcomes, at(60))
