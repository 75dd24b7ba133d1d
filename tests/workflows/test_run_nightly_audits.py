"""Each night once, at the hour that the seller chose; late prices are asked for again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.audit_nights import save_schedule
from callrouter.adapters.storage.audits import list_runs
from callrouter.adapters.storage.carrier_costs import count_unpriced, save_records, sum_costs
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.audit_schedule import AuditSchedule
from callrouter.domain.carrier.carrier_records import CarrierRecord
from callrouter.domain.errors import CarrierUnavailableError, StorageUnavailableError
from callrouter.workflows.ports import CarrierBooks
from callrouter.workflows.read_carrier_day import ask_late_prices
from callrouter.workflows.run_nightly_audits import MOST_TRIES, run_nightly_audits
from tests.books import FakeBooks, record
from tests.switchboards import OTHER_SELLER, SELLER, FakeClock, open_seller

ID = SELLER.seller_id
NIGHT = datetime(2026, 9, 20, 6, tzinfo=UTC)
DAY = date(2026, 9, 19)
NOON = datetime(2026, 9, 19, 12, tzinfo=UTC)
FAILS = CarrierUnavailableError("Twilio's REST API is failing (503)")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NIGHT)


@pytest.fixture
def database(database: Database) -> Database:
    """With one seller."""
    open_seller(database)
    return database


def run(database: Database, books: CarrierBooks, clock: FakeClock) -> int:
    return run_nightly_audits(database, lambda _: books, clock)


def choose(database: Database, schedule: AuditSchedule, seller_id: str = ID) -> None:
    with database.write() as connection:
        save_schedule(connection, seller_id, schedule, "test", NIGHT)


def alerts(database: Database) -> list[str]:
    with database.read() as connection:
        return [alert.key for alert in list_alerts(connection, ID, standing_only=True)]


def days_run(database: Database) -> list[date]:
    with database.read() as connection:
        return [each.day for each in list_runs(connection, ID, most=100)]


def test_a_day_is_audited_once_when_its_hour_has_come(database: Database, clock: FakeClock) -> None:
    books = FakeBooks()
    assert run(database, books, clock) == 1
    for _ in range(3):
        clock.at += timedelta(hours=7)
        run(database, books, clock)

    assert books.listed == [DAY]


def test_the_seller_chooses_the_hour(database: Database, clock: FakeClock) -> None:
    choose(database, AuditSchedule(time(3), "America/Los_Angeles"))
    books = FakeBooks()
    for hours in range(12):
        clock.at = NIGHT + timedelta(hours=hours)
        run(database, books, clock)

    assert books.listed == [DAY - timedelta(days=1), DAY]
    with database.read() as connection:
        (later, _) = list_runs(connection, ID, most=9)
    assert later.started_at == NIGHT + timedelta(hours=4)


def test_an_hour_may_be_chosen_anew_and_the_audit_turned_off(
    database: Database, clock: FakeClock
) -> None:
    choose(database, AuditSchedule(time(3)))
    choose(database, AuditSchedule(is_on=False))

    assert run(database, FakeBooks(), clock) == 0


def test_of_two_clocks_one_makes_it(database: Database, clock: FakeClock) -> None:
    books = FakeBooks()
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda _: run(database, books, clock), range(4))

    assert sum(made) == 1
    assert days_run(database) == [DAY]


def test_nights_that_were_left_out_are_made_good(database: Database, clock: FakeClock) -> None:
    run(database, FakeBooks(), clock)
    clock.at += timedelta(days=3)

    assert run(database, FakeBooks(), clock) == 3
    assert days_run(database) == [DAY + timedelta(days=back) for back in (3, 2, 1, 0)]


def test_a_carrier_that_fails_is_tried_again_and_then_given_up_with_an_alert(
    database: Database, clock: FakeClock
) -> None:
    books = FakeBooks(fails=FAILS)
    for _ in range(MOST_TRIES + 2):
        run(database, books, clock)
        run(database, books, clock)
        clock.at += timedelta(hours=2)

    assert books.listed == [DAY] * MOST_TRIES
    assert alerts(database) == ["carrier_audit_failed"]


def test_the_alert_is_over_with_the_next_audit_that_is_made(
    database: Database, clock: FakeClock
) -> None:
    for _ in range(MOST_TRIES):
        run(database, FakeBooks(fails=FAILS), clock)
        clock.at += timedelta(hours=2)

    clock.at = NIGHT + timedelta(days=1)
    assert run(database, FakeBooks(), clock) == 1
    assert alerts(database) == []


def test_a_seller_whose_carrier_fails_does_not_keep_the_others_waiting(
    database: Database, clock: FakeClock
) -> None:
    open_seller(database, OTHER_SELLER, tables=())
    failing, fine = FakeBooks(fails=FAILS), FakeBooks()
    books: dict[str, CarrierBooks] = {ID: failing, OTHER_SELLER.seller_id: fine}

    assert run_nightly_audits(database, books.__getitem__, clock) == 1
    assert fine.listed == [DAY]


def test_a_database_that_is_away_postpones_all(database: Database, clock: FakeClock) -> None:
    books = FakeBooks(fails=StorageUnavailableError("away"))

    with pytest.raises(StorageUnavailableError):
        run(database, books, clock)


def priced(number: int, cost_micros: int | None) -> CarrierRecord:
    sid = f"CA{number:032d}"
    return record(sid, call_sid=sid, at=NOON, cost_micros=cost_micros)


def unpriced(database: Database) -> int:
    with database.read() as connection:
        return count_unpriced(connection, ID, NOON, NIGHT)


def test_a_price_that_comes_late_is_asked_for_the_next_night(
    database: Database, clock: FakeClock
) -> None:
    run(database, FakeBooks([priced(1, None)]), clock)
    assert unpriced(database) == 1

    clock.at += timedelta(days=1)
    books = FakeBooks([priced(1, 22_000)])
    run(database, books, clock)

    assert books.fetched == [priced(1, None).call_sid]
    assert unpriced(database) == 0
    with database.read() as connection:
        (cost,) = sum_costs(connection, ID, NOON, NIGHT)
    assert cost.cost_micros == 22_000


def test_a_price_that_is_known_stays_when_the_carrier_leaves_it_out(database: Database) -> None:
    with database.write() as connection:
        save_records(connection, ID, [priced(1, 22_000)], NIGHT)
        save_records(connection, ID, [priced(1, None)], NIGHT)
        (cost,) = sum_costs(connection, ID, NOON, NIGHT)
        save_records(connection, ID, [priced(1, 23_000)], NIGHT)
        (later,) = sum_costs(connection, ID, NOON, NIGHT)

    assert (cost.cost_micros, later.cost_micros) == (22_000, 23_000)


def keep(database: Database, records: list[CarrierRecord]) -> None:
    with database.write() as connection:
        save_records(connection, ID, records, NIGHT)


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        pytest.param(lambda r: r, 12, id="asked about a dozen times"),
        pytest.param(lambda r: replace(r, status=LegStatus.BUSY), 1, id="never answered"),
    ],
)
def test_a_price_that_never_comes_is_not_asked_for_for_ever(
    database: Database,
    clock: FakeClock,
    change: Callable[[CarrierRecord], CarrierRecord],
    asked: int,
) -> None:
    books = FakeBooks([change(priced(1, None))])
    keep(database, books.records)
    for _ in range(15):
        ask_late_prices(database, books, clock, ID)

    assert len(books.fetched) == asked - 1


def test_a_price_is_asked_for_no_longer_than_a_week(database: Database, clock: FakeClock) -> None:
    books = FakeBooks([priced(1, None)])
    keep(database, books.records)
    clock.at += timedelta(days=9)

    assert ask_late_prices(database, books, clock, ID) == 0
    assert books.fetched == []


def test_many_prices_are_read_from_the_list_again(database: Database, clock: FakeClock) -> None:
    keep(database, [priced(number, None) for number in range(201)])
    books = FakeBooks([priced(number, 1_000) for number in range(201)])

    assert ask_late_prices(database, books, clock, ID) == 0
    assert (books.listed, books.fetched) == ([DAY], [])
