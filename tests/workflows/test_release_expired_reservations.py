from structlog.testing import capture_logs

from callrouter.adapters.storage.cap_counters import KEEPS_COUNTERS
from callrouter.adapters.storage.engine import Database
from callrouter.workflows.forget_old_counters import forget_old_counters
from callrouter.workflows.release_expired_reservations import release_expired_reservations
from tests.adapters.storage.cap_room import LEASE_S, claim, read_counters, take, tell
from tests.switchboards import FakeClock

EAST = "connected/day:2026-09-15/destination:acme-east"
DESK = "concurrent/ever/destination:acme-east"


def test_a_call_of_which_nothing_more_is_heard_gives_its_room_back(
    database: Database, clock: FakeClock
) -> None:
    take(database, "CA1", claim(EAST, 1), claim(DESK, 1))
    clock.set(LEASE_S - 1)
    assert release_expired_reservations(database, clock) == 0
    clock.set(LEASE_S)
    with capture_logs() as lines:
        assert release_expired_reservations(database, clock) == 2
        assert release_expired_reservations(database, clock) == 0
    assert [(line["event"], line["reservations"]) for line in lines] == [
        ("reservations_expired", 2)
    ]
    assert take(database, "CA2", claim(EAST, 1), claim(DESK, 1)) == ()


def test_old_counters_are_forgotten_and_what_still_counts_is_not(
    database: Database, clock: FakeClock
) -> None:
    take(database, "CA1", claim(EAST), claim(DESK))
    tell(database, "CA1", connected=True)
    take(database, "CA2", claim("connected/day:2026-09-16/destination:acme-east"), now=86_400)
    clock.set(KEEPS_COUNTERS.total_seconds())
    assert forget_old_counters(database, clock) == 0
    clock.set(KEEPS_COUNTERS.total_seconds() + 1)
    with capture_logs() as lines:
        assert forget_old_counters(database, clock) == 3
        assert forget_old_counters(database, clock) == 0
    [line] = lines
    assert (line["event"], line["rows"]) == ("counters_forgotten", 3)
    assert {counter for _, counter in read_counters(database)} == {
        DESK,
        "connected/day:2026-09-16/destination:acme-east",
    }
