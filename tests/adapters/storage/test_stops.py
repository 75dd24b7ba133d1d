from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.live_numbers import find_number
from callrouter.adapters.storage.outage_tables import stop_changes
from callrouter.adapters.storage.routing_tables import (
    ActivationAction,
    Expecting,
    activate,
    add_table,
)
from callrouter.adapters.storage.sellers import bump_conditions, read_change_counter
from callrouter.adapters.storage.stops import (
    SellersStop,
    StopChange,
    change_stop,
    find_due_stops,
    last_closed_at,
    list_stop_changes,
    read_all_stops,
    read_stops,
    read_stops_of,
)
from callrouter.domain.errors import NotFoundError
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.tables.routing_table import AdvertisedNumber
from tests.adapters.storage.builders import ACME, BOLT, add_sellers
from tests.domain.builders import T0, at

PAUSE = Stop(
    kind=StopKind.BUYER,
    subject_id="acme",
    cause=StopCause.PAUSED,
    since=T0,
    reason="unpaid",
    author="maria",
    zone="America/Chicago",
)
OPEN = Stop(
    kind=StopKind.DESTINATION,
    subject_id="acme-east",
    cause=StopCause.BREAKER_OPEN,
    since=T0,
    until=at(120),
    reason="5 of 6 failed",
    author="breaker",
    cool_down_s=120,
)
HALF_OPEN = replace(OPEN, cause=StopCause.HALF_OPEN, since=at(120), until=None)


@pytest.fixture
def sellers(database: Database) -> Database:
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)
    return database


def change(
    database: Database,
    old: Stop | None,
    new: Stop | None,
    *,
    seconds: float = 0,
    seller_id: str = "acme",
) -> bool:
    with database.write() as connection:
        return change_stop(
            connection,
            seller_id,
            old,
            new,
            at=at(seconds),
            author="maria",
            reason="why",
            figures="5 of 6",
        )


def standing(database: Database, seller_id: str = "acme") -> tuple[Stop, ...]:
    with database.read() as connection:
        return read_stops(connection, seller_id)


def changes(
    database: Database, kind: StopKind | None = None, subject_id: str | None = None
) -> tuple[StopChange, ...]:
    with database.read() as connection:
        return list_stop_changes(connection, "acme", kind=kind, subject_id=subject_id, most=100)


def test_a_stop_is_read_back_as_it_was_set_and_its_setting_is_written_down(
    sellers: Database,
) -> None:
    assert change(sellers, None, PAUSE, seconds=1)
    assert change(sellers, None, OPEN, seconds=2)

    assert standing(sellers) == (PAUSE, OPEN)
    assert changes(sellers) == (
        StopChange(
            sequence=2,
            kind=StopKind.DESTINATION,
            subject_id="acme-east",
            old=None,
            new=StopCause.BREAKER_OPEN,
            changed_at=at(2),
            until=at(120),
            reason="why",
            figures="5 of 6",
            author="maria",
        ),
        StopChange(
            sequence=1,
            kind=StopKind.BUYER,
            subject_id="acme",
            old=None,
            new=StopCause.PAUSED,
            changed_at=at(1),
            until=None,
            reason="why",
            figures="5 of 6",
            author="maria",
        ),
    )
    assert changes(sellers, StopKind.BUYER)[0].sequence == 1
    assert changes(sellers, StopKind.BUYER, "bolt") == ()


def test_stops_of_several_causes_stand_beside_each_other_one_of_each(sellers: Database) -> None:
    down = replace(PAUSE, cause=StopCause.DOWN)

    assert change(sellers, None, PAUSE)
    assert change(sellers, None, down)
    assert not change(sellers, None, replace(PAUSE, since=at(9), author="ann"))

    with sellers.read() as connection:
        found = read_stops_of(connection, "acme", StopKind.BUYER, "acme")
    assert found == (down, PAUSE)
    assert len(changes(sellers)) == 2


def test_a_stop_is_replaced_or_lifted_only_by_who_knows_what_stands(sellers: Database) -> None:
    change(sellers, None, OPEN)

    assert not change(sellers, replace(OPEN, since=at(-1)), HALF_OPEN)
    assert standing(sellers) == (OPEN,)
    assert change(sellers, OPEN, HALF_OPEN)
    assert standing(sellers) == (HALF_OPEN,)
    assert not change(sellers, OPEN, None)
    assert change(sellers, HALF_OPEN, None)
    assert standing(sellers) == ()
    assert [(each.old, each.new) for each in reversed(changes(sellers))] == [
        (None, StopCause.BREAKER_OPEN),
        (StopCause.BREAKER_OPEN, StopCause.HALF_OPEN),
        (StopCause.HALF_OPEN, None),
    ]


def test_a_replacement_that_cant_be_set_leaves_what_stood(sellers: Database) -> None:
    change(sellers, None, OPEN)
    change(sellers, None, HALF_OPEN)

    assert not change(sellers, OPEN, HALF_OPEN)

    assert standing(sellers) == (OPEN, HALF_OPEN)
    assert len(changes(sellers)) == 2


@pytest.mark.slow
def test_of_many_who_open_a_breaker_at_once_one_does(sellers: Database) -> None:
    def open_it(second: int) -> bool:
        return change(sellers, None, replace(OPEN, since=at(second)))

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(open_it, range(16)))

    assert sum(done) == 1
    assert len(standing(sellers)) == len(changes(sellers)) == 1


def test_each_change_raises_what_calls_and_what_last_known_good_look_at(sellers: Database) -> None:
    with sellers.write() as connection:
        add_table(connection, "acme", "roofing", "a = 1", "ann", "", T0)
        activate(
            connection,
            "acme",
            "roofing",
            1,
            (AdvertisedNumber("+18005550101"),),
            Expecting.ANYTHING,
            ActivationAction.ACTIVATE,
            "ann",
            "",
            T0,
        )
    with sellers.read() as connection:
        before = read_change_counter(connection)
    change(sellers, None, PAUSE)
    with sellers.read() as connection:
        number = find_number(connection, "acme", "+18005550101")
        assert read_change_counter(connection) == before + 1
    assert number is not None
    assert number.conditions_version == 1


def test_conditions_of_an_unknown_seller_cant_be_raised(sellers: Database) -> None:
    with sellers.write() as connection, pytest.raises(NotFoundError, match="no seller 'nobody'"):
        bump_conditions(connection, "nobody")


def test_stops_that_have_come_to_their_end_are_found_the_longest_due_first(
    sellers: Database,
) -> None:
    change(sellers, None, OPEN)
    change(sellers, None, PAUSE)
    sooner = replace(OPEN, kind=StopKind.BUYER, subject_id="bolt", until=at(60))
    change(sellers, None, sooner, seller_id="bolt")

    def due(seconds: float, most: int = 9) -> tuple[SellersStop, ...]:
        with sellers.read() as connection:
            return find_due_stops(connection, at(seconds), most)

    assert due(59) == ()
    assert due(120) == (SellersStop("bolt", sooner), SellersStop("acme", OPEN))
    assert due(120, most=1) == (SellersStop("bolt", sooner),)


def test_it_is_known_when_a_breaker_last_closed(sellers: Database) -> None:
    def last() -> object:
        with sellers.read() as connection:
            return last_closed_at(connection, "acme", "acme-east")

    change(sellers, None, OPEN)
    assert last() is None
    change(sellers, OPEN, None, seconds=60)
    assert last() == at(60)
    change(sellers, None, HALF_OPEN, seconds=70)
    change(sellers, HALF_OPEN, None, seconds=80)
    pause = replace(PAUSE, kind=StopKind.DESTINATION, subject_id="acme-east")
    change(sellers, None, pause, seconds=90)
    change(sellers, pause, None, seconds=95)
    assert last() == at(80)


def test_a_seller_sees_nothing_of_anothers(sellers: Database) -> None:
    change(sellers, None, PAUSE)

    assert standing(sellers, "bolt") == ()
    assert not change(sellers, PAUSE, None, seller_id="bolt")
    assert change(sellers, None, PAUSE, seller_id="bolt")
    with sellers.read() as connection:
        assert read_all_stops(connection) == (
            SellersStop("acme", PAUSE),
            SellersStop("bolt", PAUSE),
        )


@pytest.mark.parametrize("statement", [sa.delete(stop_changes), sa.update(stop_changes)])
def test_a_change_is_never_changed(sellers: Database, statement: sa.Delete | sa.Update) -> None:
    change(sellers, None, PAUSE)
    if isinstance(statement, sa.Update):
        statement = statement.values(reason="another")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), sellers.write() as connection:
        connection.execute(statement)
