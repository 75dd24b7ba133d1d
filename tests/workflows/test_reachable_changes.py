"""Pointing and scheduling ask, too, whether somebody takes a number's calls all the time."""

from datetime import timedelta

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.routing_tables import active_version
from callrouter.domain.clocks.when import Exactly, Later
from callrouter.domain.errors import PolicyFileError
from callrouter.workflows.activate_table import read_written
from callrouter.workflows.point_numbers import Until, Which, point, point_back
from callrouter.workflows.run_due_changes import run_due_changes
from callrouter.workflows.schedule_swap import SwapTimes, schedule_swap
from tests.switchboards import DID, SELLER, T0, TABLE, FakeClock, activate, open_seller

_ID = SELLER.seller_id
BOLT_BY_DAY = TABLE.replace(
    'destination = "bolt-main"', 'destination = "bolt-main"\nhours = { weekdays = "08:00-18:00" }'
)
OFFICE = BOLT_BY_DAY.replace(
    'destination = "acme-east"', 'destination = "acme-east"\nhours = { weekdays = "08:00-18:00" }'
)


@pytest.fixture
def seller(database: Database) -> Database:
    open_seller(database)
    activate(database, BOLT_BY_DAY)
    return database


def aim_at_bolt(database: Database, until: Until | None = None, *, force: bool = False) -> None:
    """It is ten o'clock at bolt's."""
    point(
        database,
        _ID,
        Which((DID,)),
        "bolt-main",
        until=until,
        force=force,
        author="ann",
        note="storm",
        at=T0,
    )


def version(database: Database) -> int | None:
    with database.read() as connection:
        return active_version(connection, _ID, "flood-repair")


def test_a_number_can_be_pointed_where_somebody_is_for_as_long_as_that_lasts(
    seller: Database,
) -> None:
    gap = "nobody takes calls of .* from Tue 18:00 to Wed 08:00 America/Los_Angeles"
    with pytest.raises(PolicyFileError, match=gap):
        aim_at_bolt(seller)
    with pytest.raises(PolicyFileError, match=gap):
        aim_at_bolt(seller, Until(Later(timedelta(hours=9))))
    assert version(seller) == 2
    aim_at_bolt(seller, Until(Later(timedelta(hours=8))))
    assert version(seller) == 3


def test_pointing_can_be_forced_and_the_way_back_is_never_refused(seller: Database) -> None:
    activate(seller, BOLT_BY_DAY)
    aim_at_bolt(seller, force=True)
    assert version(seller) == 3
    (back,) = point_back(seller, _ID, Which((DID,)), author="", note="", at=T0)
    assert back.activated.table.numbers[0].to == ""


def test_a_swap_is_asked_about_when_it_is_scheduled_and_made_when_it_is_due(
    seller: Database,
) -> None:
    """For the week after the swap: on the Saturday on which it is due nobody is there at once."""
    written = read_written(OFFICE, "office.toml")
    saturday = T0 + timedelta(days=4)

    def schedule(*, force: bool) -> None:
        times = SwapTimes(Exactly(saturday))
        schedule_swap(seller, _ID, written, times, force=force, author="", note="", at=T0)

    with pytest.raises(PolicyFileError, match=r"nobody takes calls of .* from now to Mon 08:00"):
        schedule(force=False)
    schedule(force=True)
    clock = FakeClock(saturday)
    assert run_due_changes(seller, clock) == 1
    assert version(seller) == 3
