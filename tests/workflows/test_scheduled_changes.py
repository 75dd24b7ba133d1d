"""Pointing numbers, swaps that wait for their time, and the clock that makes them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.routing_tables import (
    Activation,
    ActivationAction,
    list_activations,
    read_table_text,
)
from callrouter.adapters.storage.scheduled_changes import list_changes
from callrouter.domain.clocks.when import When, read_when
from callrouter.domain.errors import NotFoundError, RefusedError, StorageUnavailableError
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.domain.tables.scheduled_change import ChangeState, ScheduledChange
from callrouter.workflows.activate_table import activate_version, read_written
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.live_tables import read_live_tables
from callrouter.workflows.point_numbers import Pointed, Until, Which, point, point_back
from callrouter.workflows.run_due_changes import OVERTAKEN, run_due_changes
from callrouter.workflows.schedule_swap import Scheduled, SwapTimes, cancel_change, schedule_swap
from tests.switchboards import (
    BUYERS,
    DID,
    OTHER_SELLER,
    SELLER,
    T0,
    TABLE,
    FakeClock,
    activate,
    open_seller,
)

_ID = SELLER.seller_id
FLOOD = "flood-repair"
SECOND_DID = "+18005550102"
DAY = TABLE.replace("[[routes]]", f'[[dids]]  # the bus\nnumber = "{SECOND_DID}"\n[[routes]]', 1)
NIGHT = DAY.replace("priority = 1", "weight = 9  # night")
ONE, ALL = Which((DID,)), Which(campaign_id=FLOOD)


@pytest.fixture
def seller(database: Database) -> Database:
    """A database with a seller whose campaign of two numbers is live in version 1."""
    open_seller(database, tables=(DAY,))
    return database


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def said(text: str) -> When:
    when = read_when(text)
    assert not isinstance(when, str)
    return when


def until(text: str, zone: str = "") -> Until:
    return Until(said(text), zone)


def point_it(
    database: Database, which: Which, to: str, end: str | None = None, minutes: float = 0
) -> tuple[Pointed, ...]:
    return point(
        database,
        _ID,
        which,
        to,
        until=None if end is None else until(end),
        author="ada",
        note="storm",
        at=T0 + timedelta(minutes=minutes),
    )


def schedule(
    database: Database, at: str, back: str | None = None, *, text: str = NIGHT
) -> Scheduled:
    times = SwapTimes(said(at), None if back is None else said(back))
    written = read_written(text, "night.toml")
    return schedule_swap(database, _ID, written, times, author="ada", note="night", at=T0)


def run_at(database: Database, clock: FakeClock, minutes: float) -> int:
    clock.set(minutes * 60)
    return run_due_changes(database, clock)


def live(database: Database) -> RoutingTable:
    with database.read() as connection:
        return read_live_tables(connection, _ID)[FLOOD]


def text_of(database: Database, version: int) -> str:
    with database.read() as connection:
        return read_table_text(connection, _ID, FLOOD, version)


def points(database: Database) -> dict[str, str]:
    return {number.number: number.to for number in live(database).numbers}


def log_of(database: Database) -> tuple[Activation, ...]:
    with database.read() as connection:
        return list_activations(connection, _ID, FLOOD)


def changes(database: Database) -> list[ScheduledChange]:
    with database.read() as connection:
        return sorted(
            list_changes(connection, _ID, pending_only=False), key=lambda change: change.change_id
        )


def states(database: Database) -> list[ChangeState]:
    return [change.state for change in changes(database)]


PENDING, DONE, FAILED, CANCELLED, SKIPPED = ChangeState


class TestPointing:
    def test_a_number_is_pointed_by_a_new_version_with_one_line_more(
        self, seller: Database
    ) -> None:
        ((pointed),) = point_it(seller, ONE, "bolt-main")
        assert (pointed.activated.table.version, pointed.back) == (2, None)
        assert points(seller) == {DID: "bolt-main", SECOND_DID: ""}
        line = f'number = "{DID}"\n'
        assert text_of(seller, 2) == DAY.replace(line, f'{line}to = "bolt-main"\n')
        assert (log_of(seller)[0].author, log_of(seller)[0].note) == ("ada", "storm")

    def test_all_numbers_of_a_campaign_are_pointed_at_once(self, seller: Database) -> None:
        point_it(seller, ALL, "bolt-main")
        assert set(points(seller).values()) == {"bolt-main"}
        assert len(log_of(seller)) == 2

    def test_numbers_of_two_campaigns_are_pointed_at_once_or_none_of_them(
        self, seller: Database
    ) -> None:
        other = TABLE.replace(FLOOD, "gutters").replace(DID, "+18005550142")
        activate(seller, other)
        pointed = point_it(seller, Which((DID, "+18005550142")), "bolt-main", "2h")
        assert [each.activated.table.campaign_id for each in pointed] == [FLOOD, "gutters"]
        assert [each.back.change_id if each.back else 0 for each in pointed] == [1, 2]

    def test_what_points_there_already_stays_as_it_is(self, seller: Database) -> None:
        point_it(seller, ONE, "bolt-main")
        ((again),) = point_it(seller, ONE, "bolt-main")
        assert again.activated.before == again.activated.table
        assert len(log_of(seller)) == 2

    @pytest.mark.parametrize(
        ("which", "to", "end", "message"),
        [
            pytest.param(
                Which(("+18005550199",)), "bolt-main", None, "is in no live table", id="number"
            ),
            pytest.param(
                Which(campaign_id="x"), "bolt-main", None, "'x' has no live table", id="campaign"
            ),
            pytest.param(ONE, "bolt-mian", None, "did you mean bolt-main", id="destination"),
            pytest.param(ONE, "bolt-main", "2026-09-15 16:00 UTC", "has passed", id="end"),
        ],
    )
    def test_a_pointing_is_refused_for(
        self, seller: Database, which: Which, to: str, end: str | None, message: str
    ) -> None:
        with pytest.raises((NotFoundError, RefusedError), match=message):
            point_it(seller, which, to, end)
        assert (len(log_of(seller)), changes(seller)) == (1, [])

    def test_a_destination_that_is_off_takes_no_number(self, seller: Database) -> None:
        off = BUYERS.replace('dial = "+14155550174"', 'dial = "+14155550174"\nenabled = false')
        apply_buyers(seller, _ID, off, "b.toml", author="", note="", at=T0)
        with pytest.raises(RefusedError, match=r"bolt-main is switched off, and calls to \+1800"):
            point_it(seller, ONE, "bolt-main")

    def test_other_sellers_numbers_are_not_pointed(self, seller: Database) -> None:
        open_seller(seller, OTHER_SELLER, tables=(DAY,))
        point_it(seller, ALL, "bolt-main", "2h")
        with seller.read() as connection:
            others = read_live_tables(connection, OTHER_SELLER.seller_id)[FLOOD]
            assert list_changes(connection, OTHER_SELLER.seller_id, pending_only=False) == ()
        assert {number.to for number in others.numbers} == {""}

    def test_of_pointings_at_once_none_is_lost(self, seller: Database) -> None:
        with ThreadPoolExecutor(2) as threads:
            each = [Which((DID,)), Which((SECOND_DID,))]
            list(threads.map(lambda which: point_it(seller, which, "bolt-main", "2h"), each))
        assert set(points(seller).values()) == {"bolt-main"}
        assert len(changes(seller)) == 2


class TestPointingBack:
    def test_it_ends_by_itself_and_the_text_is_what_it_was(
        self, seller: Database, clock: FakeClock
    ) -> None:
        ((pointed),) = point_it(seller, ALL, "bolt-main", "2h")
        assert pointed.back
        assert pointed.back.due_at == T0 + timedelta(hours=2)
        assert run_at(seller, clock, 119.9) == 0
        assert run_at(seller, clock, 120) == 1
        assert text_of(seller, live(seller).version) == DAY
        assert states(seller) == [DONE]
        assert log_of(seller)[0].note == "change 1: storm"

    def test_what_was_changed_meanwhile_is_kept(self, seller: Database, clock: FakeClock) -> None:
        point_it(seller, ALL, "bolt-main", "2h")
        edited = text_of(seller, 2).replace("Nobody is left.", "Try again.")
        activate(seller, edited.replace(f'{DID}"\nto = "bolt-main"', f'{DID}"\nto = "acme-east"'))
        run_at(seller, clock, 120)
        assert live(seller).nobody_left.say == "Try again."
        assert points(seller) == {DID: "acme-east", SECOND_DID: ""}

    def test_where_nothing_points_there_any_more_nothing_is_done(
        self, seller: Database, clock: FakeClock
    ) -> None:
        point_it(seller, ONE, "bolt-main", "2h")
        activate(seller, DAY)
        run_at(seller, clock, 120)
        assert len(log_of(seller)) == 3
        assert changes(seller)[0].outcome == "no number was at bolt-main any more"

    def test_a_number_goes_back_to_where_its_table_pointed_it_for_good(
        self, seller: Database, clock: FakeClock
    ) -> None:
        point_it(seller, ONE, "acme-east")
        point_it(seller, ONE, "bolt-main", "2h")
        run_at(seller, clock, 120)
        assert points(seller)[DID] == "acme-east"

    def test_a_pointing_replaces_the_one_before_with_its_end(
        self, seller: Database, clock: FakeClock
    ) -> None:
        point_it(seller, ALL, "bolt-main", "2h")
        point_it(seller, ONE, "bolt-main", "4h")
        run_at(seller, clock, 120)
        assert points(seller) == {DID: "bolt-main", SECOND_DID: ""}
        run_at(seller, clock, 240)
        assert points(seller) == {DID: "", SECOND_DID: ""}

    def test_a_pointing_without_an_end_has_none(self, seller: Database, clock: FakeClock) -> None:
        point_it(seller, ONE, "acme-east", "2h")
        point_it(seller, ONE, "bolt-main")
        assert states(seller) == [CANCELLED]
        assert run_at(seller, clock, 120) == 0
        assert points(seller)[DID] == "bolt-main"

    def test_it_is_taken_back_by_hand_to_where_it_was(self, seller: Database) -> None:
        point_it(seller, Which((SECOND_DID,)), "acme-east")
        point_it(seller, ALL, "bolt-main", "2h")
        point_back(seller, _ID, ALL, author="ada", note="sun", at=T0)
        assert points(seller) == {DID: "", SECOND_DID: "acme-east"}
        assert states(seller) == [CANCELLED]
        point_back(seller, _ID, ALL, author="ada", note="sun", at=T0)
        assert points(seller) == {DID: "", SECOND_DID: ""}

    def test_a_time_on_the_wall_is_of_the_table_s_zone_unless_another_is_named(
        self, seller: Database
    ) -> None:
        activate(seller, f'zone = "America/Chicago"\n{DAY}')
        for end, hours in ((until("18:00"), 6), (until("18:00", "UTC"), 1)):
            ((pointed),) = point(
                seller, _ID, ONE, "bolt-main", until=end, author="", note="", at=T0
            )
            assert pointed.back
            assert pointed.back.due_at == T0 + timedelta(hours=hours)


class TestSwaps:
    def test_a_swap_and_its_way_back(self, seller: Database, clock: FakeClock) -> None:
        scheduled = schedule(seller, "18:00", "08:00")
        assert scheduled.swap.due_at == T0 + timedelta(hours=1)
        assert scheduled.back
        assert scheduled.back.due_at == T0 + timedelta(hours=15)
        assert (live(seller).version, scheduled.swap.version) == (1, 2)
        run_at(seller, clock, 60)
        assert live(seller).version == 2
        run_at(seller, clock, 15 * 60)
        assert live(seller).version == 1
        assert states(seller) == [DONE, DONE]
        assert [entry.action for entry in log_of(seller)] == [
            ActivationAction.ROLLBACK, ActivationAction.ACTIVATE, ActivationAction.ACTIVATE
        ]  # fmt: skip

    def test_back_is_to_what_was_live_when_the_swap_was_made(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h", "1h")
        later = activate(seller, DAY.replace("Nobody is left.", "Try again."))
        run_at(seller, clock, 60)
        run_at(seller, clock, 120)
        assert live(seller).version == later

    def test_back_overwrites_nothing_that_was_changed_since(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h", "1h")
        run_at(seller, clock, 60)
        mine = activate(seller, NIGHT.replace("Nobody is left.", "Try again."))
        run_at(seller, clock, 120)
        assert live(seller).version == mine
        assert states(seller) == [DONE, FAILED]
        assert changes(seller)[1].outcome.startswith(f"version {mine} is live, which is not what")

    def test_a_pointing_that_came_and_went_is_no_change_since(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h", "2h")
        run_at(seller, clock, 60)
        point_it(seller, ALL, "bolt-main", "30m", minutes=60)
        run_at(seller, clock, 90)
        run_at(seller, clock, 180)
        assert (live(seller).version, states(seller)) == (1, [DONE, DONE, DONE])

    def test_a_clock_that_comes_late_makes_all_in_their_order(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "2h", text=NIGHT)
        schedule(seller, "1h", text=DAY.replace("Nobody is left.", "Try again."))
        run_at(seller, clock, 600)
        assert [(entry.version, entry.note) for entry in log_of(seller)[:2]] == [
            (2, "change 1: night"),
            (3, "change 2: night"),
        ]

    def test_a_swap_whose_way_back_is_due_too_is_not_made(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h", "1h")
        run_at(seller, clock, 120)
        assert states(seller) == [SKIPPED, SKIPPED]
        assert {change.outcome for change in changes(seller)} == {OVERTAKEN}
        assert len(log_of(seller)) == 1

    def test_a_swap_that_is_refused_when_it_is_due_raises_an_alert_until_another_is_live(
        self, seller: Database, clock: FakeClock
    ) -> None:
        text = NIGHT.replace("bolt-main", "crest-desk")
        crest = '[[buyers]]\nid = "crest"\nname = "Crest"\nzone = "UTC"\n'
        desk = '[[buyers.destinations]]\nid = "crest-desk"\ndial = "+13125550172"\n'
        apply_buyers(seller, _ID, crest + desk, "b.toml", author="", note="", at=T0)
        schedule(seller, "1h", "1h", text=text)
        apply_buyers(seller, _ID, crest, "b.toml", author="", note="", at=T0)
        run_at(seller, clock, 60)
        assert (live(seller).version, states(seller)) == (1, [FAILED, SKIPPED])
        assert 'no buyer has a destination "crest-desk"' in changes(seller)[0].outcome
        with seller.read() as connection:
            (alert,) = list_alerts(connection, _ID, standing_only=True)
        assert alert.subject == "Scheduled change 1 of flood-repair was not made"
        activate(seller, NIGHT)
        with seller.read() as connection:
            assert list_alerts(connection, _ID, standing_only=True) == ()

    def test_two_clocks_make_each_change_once(
        self, seller: Database, database_url: str, clock: FakeClock
    ) -> None:
        for minutes in range(1, 6):
            text = NIGHT.replace("weight = 9", f"weight = {minutes}")
            schedule(seller, f"{minutes}m", text=text)
        clock.set(600)
        other = open_database(database_url)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda each: run_due_changes(each, clock), (seller, other)))
        other.dispose()
        assert states(seller) == [DONE] * 5
        assert sorted(entry.note for entry in log_of(seller)[:-1]) == [
            f"change {n}: night" for n in range(1, 6)
        ]

    @pytest.mark.parametrize(
        ("at", "back", "message"),
        [
            pytest.param("2026-09-15 16:00 UTC", None, "has passed", id="in-the-past"),
            pytest.param("2h", "2026-09-15 17:30 UTC", "comes before the swap", id="back-first"),
        ],
    )
    def test_times_in_the_wrong_order_are_refused(
        self, seller: Database, at: str, back: str | None, message: str
    ) -> None:
        with pytest.raises(RefusedError, match=message):
            schedule(seller, at, back)
        assert changes(seller) == []

    def test_a_table_that_could_not_go_live_now_is_not_scheduled(self, seller: Database) -> None:
        with pytest.raises(RefusedError, match=r"night.toml:13: routes\[2\].destination"):
            schedule(seller, "1h", text=NIGHT.replace("bolt-main", "bolt-mian"))
        assert changes(seller) == []

    def test_what_was_damaged_fails_by_itself(self, seller: Database, clock: FakeClock) -> None:
        schedule(seller, "1h")
        schedule(seller, "2h", text=DAY.replace("Nobody is left.", "Try again."))
        with seller.write() as connection:
            connection.exec_driver_sql("UPDATE routing_tables SET toml = 'x' WHERE version = 2")
        run_at(seller, clock, 120)
        assert states(seller) == [FAILED, DONE]

    def test_a_mistake_of_ours_fails_one_change_and_not_those_behind_it(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h")
        schedule(seller, "2h", text=DAY.replace("Nobody is left.", "Try again."))
        clock.set(7200)
        with capture_logs() as logged:
            run_due_changes(breaking(seller, ValueError("a mistake")), clock)
        assert states(seller) == [FAILED, DONE]
        assert logged[0]["event"] == "scheduled_change_broke"

    def test_without_a_database_everything_waits(self, seller: Database, clock: FakeClock) -> None:
        schedule(seller, "1h")
        schedule(seller, "2h")
        clock.set(7200)
        with pytest.raises(StorageUnavailableError):
            run_due_changes(breaking(seller, StorageUnavailableError("away")), clock)
        assert states(seller) == [PENDING, PENDING]
        run_due_changes(seller, clock)
        assert states(seller) == [DONE, DONE]

    def test_what_was_cancelled_just_before_is_neither_skipped_nor_failed(
        self, seller: Database, clock: FakeClock
    ) -> None:
        def cancel() -> None:
            cancel_change(seller, _ID, 1, "bob", T0)

        def refuse() -> None:
            raise RefusedError("no")

        schedule(seller, "1h", "1h")
        clock.set(7200)
        run_due_changes(meddling(seller, cancel), clock)
        assert states(seller) == [CANCELLED, CANCELLED]
        schedule(seller, "1h")
        run_due_changes(
            meddling(seller, refuse, lambda: cancel_change(seller, _ID, 3, "bob", T0)), clock
        )
        assert states(seller) == [CANCELLED, CANCELLED, CANCELLED]

    def test_what_is_changed_at_the_same_moment_is_not_overwritten(
        self, seller: Database, clock: FakeClock
    ) -> None:
        """The way back of a pointing has read what is live; before it writes, that is replaced."""
        point_it(seller, ALL, "bolt-main", "1h")
        clock.set(3600)
        text = text_of(seller, 2).replace("Nobody is left.", "Try again.")
        run_due_changes(meddling(seller, lambda: activate(seller, text)), clock)
        assert live(seller).nobody_left.say == "Try again."
        assert set(points(seller).values()) == {""}
        assert states(seller) == [DONE]

    def test_there_is_no_way_back_to_nothing(self, seller: Database, clock: FakeClock) -> None:
        text = TABLE.replace(FLOOD, "gutters").replace(DID, "+18005550142")
        schedule(seller, "1h", "1h", text=text)
        run_at(seller, clock, 60)
        run_at(seller, clock, 120)
        assert states(seller) == [DONE, FAILED]
        assert changes(seller)[1].outcome.startswith("nothing was live before the swap")


def breaking(database: Database, error: Exception) -> Database:
    """The database, but for its next transaction, which ends in `error`."""

    def fail() -> None:
        raise error

    return meddling(database, fail)


def meddling(database: Database, *acts: Callable[[], object]) -> Database:
    """The database, with something done before each of its next transactions."""
    left = list(acts)

    class Meddling:
        def read(self) -> AbstractContextManager[Connection]:
            return database.read()

        def write(self) -> AbstractContextManager[Connection]:
            if left:
                left.pop(0)()
            return database.write()

    return cast("Database", Meddling())


class TestCancelling:
    def test_a_swap_is_cancelled_with_its_way_back(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h", "1h")
        cancelled = cancel_change(seller, _ID, 1, "bob", T0)
        assert [change.change_id for change in cancelled] == [1, 2]
        assert states(seller) == [CANCELLED, CANCELLED]
        assert changes(seller)[0].outcome == "cancelled by bob"
        assert run_at(seller, clock, 600) == 0

    def test_of_a_swap_that_was_made_the_way_back_can_be_cancelled(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h", "1h")
        run_at(seller, clock, 60)
        cancel_change(seller, _ID, 2, "bob", T0)
        assert run_at(seller, clock, 600) == 0
        with pytest.raises(RefusedError, match="change 1 is done since 2026-09-15 18:00:00Z"):
            cancel_change(seller, _ID, 1, "bob", T0)

    def test_another_sellers_change_is_not_there(self, seller: Database) -> None:
        schedule(seller, "1h")
        open_seller(seller, OTHER_SELLER, tables=())
        with pytest.raises(NotFoundError, match="no scheduled change 1"):
            cancel_change(seller, OTHER_SELLER.seller_id, 1, "bob", T0)

    def test_a_version_that_was_rolled_back_meanwhile_is_left_as_it_is(
        self, seller: Database, clock: FakeClock
    ) -> None:
        schedule(seller, "1h", "1h")
        run_at(seller, clock, 60)
        activate_version(seller, _ID, FLOOD, 1, author="", note="", at=T0)
        run_at(seller, clock, 120)
        assert (live(seller).version, states(seller), len(log_of(seller))) == (1, [DONE, DONE], 3)
