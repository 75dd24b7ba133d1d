"""Breakers as calls turn them: what is kept, what is told, and what is never done."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.attempt_outcomes import read_recent_outcomes
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.sellers import read_change_counter
from callrouter.adapters.storage.stops import change_stop, list_stop_changes, read_stops
from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import DialEnded, LegStatus, RouteDecided
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.routing.conditions import Conditions
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.stop_traffic import resume_traffic
from callrouter.workflows.trip_breaker import note_attempt
from tests.domain.builders import at, decided, dial_ended
from tests.switchboards import (
    BUYERS,
    DID,
    SCREENED_DID,
    SELLER,
    T0,
    TABLE,
    activate,
    add_table_from_the_future,
    open_seller,
)

CREST = """
[[buyers]]
id = "crest"
name = "Crest"
zone = "America/Chicago"
[[buyers.destinations]]
id = "crest-desk"
dial = "+13125550175"
"""
THREE = TABLE.replace("[nobody_left]", '[[routes]]\ndestination = "crest-desk"\n[nobody_left]')
OTHER = THREE.replace("flood-repair", "solar-quotes").replace(DID, SCREENED_DID)
FAILED, BUSY, COMPLETED = LegStatus.FAILED, LegStatus.BUSY, LegStatus.COMPLETED


@dataclass
class Traffic:
    """Calls that end one after the other, each noted as the call path does it."""

    database: Database
    compiled: Compiled
    calls: int = 0

    def end(
        self,
        destination: str,
        status: LegStatus,
        seconds: float,
        *,
        talk_s: int = 0,
        caller: LegStatus = LegStatus.IN_PROGRESS,
    ) -> None:
        """A call that was dialled 5 seconds before it ended so."""
        self.calls += 1
        for event in self._tell(destination, status, seconds, talk_s, caller):
            self.note(*event, seconds)

    def note(self, decision: RouteDecided, end: DialEnded, seconds: float) -> None:
        history = read_history((decision, end))
        with self.database.write() as connection:
            note_attempt(
                connection,
                SELLER.seller_id,
                history.attempts[0],
                history,
                at(seconds),
                self.compiled,
            )

    def _tell(
        self, destination: str, status: LegStatus, seconds: float, talk_s: int, caller: LegStatus
    ) -> Iterator[tuple[RouteDecided, DialEnded]]:
        call_sid = f"CA{self.calls}"
        decision = decided(1, seconds - 5, destination, dial_string="+12125550171")
        with self.database.read() as connection:
            stops = read_stops(connection, SELLER.seller_id)
        conditions = Conditions(at=decision.received_at, stops=stops)
        end = dial_ended(
            1,
            seconds,
            status,
            bridged=status is COMPLETED,
            caller=caller,
            duration_s=talk_s,
            destination=destination,
        )
        decision = replace(decision, call_sid=call_sid, conditions=conditions)
        yield decision, replace(end, call_sid=call_sid)

    def fail(self, destination: str, *seconds: float, status: LegStatus = FAILED) -> None:
        for each in seconds:
            self.end(destination, status, each)

    def talk(self, destination: str, *seconds: float) -> None:
        for each in seconds:
            self.end(destination, COMPLETED, each, talk_s=60)

    def stops(self) -> dict[str, tuple[StopCause, str]]:
        with self.database.read() as connection:
            stops = read_stops(connection, SELLER.seller_id)
        return {stop.subject_id: (stop.cause, stop.reason) for stop in stops}

    def changes(self) -> list[tuple[StopCause | None, StopCause | None, str]]:
        with self.database.read() as connection:
            found = list_stop_changes(connection, SELLER.seller_id, most=100)
        return [(each.old, each.new, each.reason) for each in reversed(found)]

    def alerts(self) -> list[str]:
        with self.database.read() as connection:
            found = list_alerts(connection, SELLER.seller_id, standing_only=True)
        return sorted(alert.key for alert in found)


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def traffic(database: Database) -> Traffic:
    """A seller whose one campaign has three destinations, each of another buyer."""
    open_seller(database, buyers=BUYERS + CREST, tables=(THREE,))
    return Traffic(database, Compiled())


def test_a_table_of_another_campaign_that_nobody_understands_keeps_no_breaker_from_opening(
    traffic: Traffic,
) -> None:
    activate(traffic.database, OTHER)
    add_table_from_the_future(traffic.database, "solar-quotes")

    traffic.fail("acme-east", 1, 2, 3, 4, 5)

    assert traffic.stops() == {"acme-east": (StopCause.BREAKER_OPEN, "5 of 5 failed")}


def test_failing_calls_open_the_breaker_one_call_after_its_cool_down_closes_it(
    traffic: Traffic,
) -> None:
    traffic.talk("acme-east", 1)
    traffic.fail("acme-east", 11, 12, 13)
    assert traffic.stops() == {}
    traffic.fail("acme-east", 14, 15)

    assert traffic.stops() == {"acme-east": (StopCause.BREAKER_OPEN, "4 of 5 failed")}
    assert traffic.alerts() == ["breaker:acme-east"]
    traffic.talk("acme-east", 133)  # dialled before its cool-down was over
    assert traffic.stops() == {"acme-east": (StopCause.BREAKER_OPEN, "4 of 5 failed")}
    traffic.talk("acme-east", 140)

    assert traffic.stops() == {}
    assert traffic.alerts() == []
    assert traffic.changes() == [
        (None, StopCause.BREAKER_OPEN, "4 of 5 failed"),
        (StopCause.BREAKER_OPEN, None, "1 probe connected"),
    ]
    traffic.fail("acme-east", 141, 145, 146, 147, 148)  # the first was dialled before it closed
    assert traffic.stops() == {}
    traffic.fail("acme-east", 149)
    assert traffic.stops() == {"acme-east": (StopCause.BREAKER_OPEN, "5 of 5 failed")}


def test_a_probe_that_fails_opens_it_for_twice_as_long(traffic: Traffic) -> None:
    traffic.fail("acme-east", 1, 2, 3, 4, 5)
    traffic.fail("acme-east", 140)

    with traffic.database.read() as connection:
        [stop] = read_stops(connection, SELLER.seller_id)
    assert (stop.cause, stop.since, stop.until) == (StopCause.BREAKER_OPEN, at(140), at(380))
    assert (stop.cool_down_s, stop.zone, stop.author) == (240, "America/New_York", "breaker")
    assert traffic.changes()[-1] == (
        StopCause.BREAKER_OPEN,
        StopCause.BREAKER_OPEN,
        "probe failed",
    )
    assert traffic.alerts() == ["breaker:acme-east"]


def test_a_buyer_who_takes_no_call_is_told_apart_from_a_trunk_that_fails(traffic: Traffic) -> None:
    traffic.fail("acme-east", 1, 2, 3, status=BUSY)
    for seconds in (4, 5):
        traffic.end("acme-east", COMPLETED, seconds, talk_s=2)

    assert traffic.stops() == {
        "acme-east": (StopCause.BREAKER_OPEN, "5 of 5 not taken (3 busy, 2 early drop)")
    }


def test_callers_who_leave_say_nothing(traffic: Traffic) -> None:
    for seconds in range(9):
        traffic.end("acme-east", LegStatus.CANCELED, seconds, caller=LegStatus.NO_ANSWER)

    assert traffic.stops() == {}
    with traffic.database.read() as connection:
        outcomes = read_recent_outcomes(
            connection, SELLER.seller_id, "acme-east", T0.replace(year=2000), 99
        )
    assert len(outcomes) == 9


def test_the_same_attempt_again_is_not_counted_again(traffic: Traffic) -> None:
    for _ in range(6):
        traffic.calls = 0
        traffic.fail("acme-east", 1)
    assert traffic.stops() == {}


def test_when_all_look_bad_the_last_ones_stay_and_it_is_told_once(traffic: Traffic) -> None:
    traffic.talk("crest-desk", 1)
    traffic.fail("acme-east", 1, 2, 3, 4, 5)
    traffic.fail("crest-desk", 11, 12, 13, 14, 15)
    assert set(traffic.stops()) == {"acme-east", "crest-desk"}
    with traffic.database.read() as connection:
        before = read_change_counter(connection)

    traffic.fail("bolt-main", 21, 22, 23, 24, 25, 26, 27)

    assert set(traffic.stops()) == {"acme-east", "crest-desk"}
    assert traffic.alerts() == [
        "all-bad:flood-repair",
        "breaker:acme-east",
        "breaker:crest-desk",
    ]
    with traffic.database.read() as connection:
        assert read_change_counter(connection) == before


def test_when_all_look_bad_at_once_nobody_is_taken_out(traffic: Traffic) -> None:
    """Each fails beside the others, as when the carrier is in trouble."""
    for second in range(9):
        for destination in ("acme-east", "bolt-main", "crest-desk"):
            traffic.fail(destination, second)

    assert traffic.stops() == {}
    assert traffic.alerts() == ["all-bad:flood-repair"]


@pytest.mark.parametrize(
    "others",
    [
        pytest.param("off", id="switched-off"),
        pytest.param("paused", id="paused"),
        pytest.param("not there", id="only-one-route"),
        pytest.param("pointed", id="a-did-points-at-it"),
        pytest.param("overflow", id="overflow"),
    ],
)
def test_the_last_one_of_a_table_is_never_taken_out(traffic: Traffic, others: str) -> None:
    database = traffic.database
    if others == "off":
        buyers = (BUYERS + CREST).replace("dial =", "enabled = false\ndial =")
        buyers = buyers.replace(
            'id = "acme-east"\nenabled = false', 'id = "acme-east"\nenabled = true'
        )
        apply_buyers(database, SELLER.seller_id, buyers, "b", author="test", note="", at=T0)
    if others == "paused":
        for buyer in ("bolt", "crest"):
            stop = Stop(kind=StopKind.BUYER, subject_id=buyer, cause=StopCause.PAUSED, since=T0)
            with database.write() as connection:
                change_stop(
                    connection, SELLER.seller_id, None, stop, at=T0, author="maria", reason=""
                )
    first, _, rest = THREE.partition("[[routes]]")
    only = first + "[[routes]]" + rest.partition("[[routes]]")[0]
    if others == "not there":
        activate(database, only)
    if others == "pointed":
        activate(database, THREE.replace(DID + '"', DID + '"\nto = "acme-east"'))
    if others == "overflow":
        to_bolt = only.replace("acme-east", "bolt-main")
        activate(database, to_bolt + '[nobody_left]\noverflow = "acme-east"\n')
    before = traffic.stops()

    traffic.fail("acme-east", 1, 2, 3, 4, 5, 6)

    assert traffic.stops() == before
    assert traffic.alerts() == ["last-one:acme-east"]


def test_a_destination_that_no_live_table_has_may_be_taken_out(traffic: Traffic) -> None:
    activate(
        traffic.database,
        THREE.replace("acme-east", "bolt-main", 1).replace(
            '[[routes]]\ndestination = "bolt-main"\npriority = 2\nring_s = 20\n', ""
        ),
    )

    traffic.fail("acme-east", 1, 2, 3, 4, 5)

    assert set(traffic.stops()) == {"acme-east"}


def test_a_destination_has_the_breaker_that_its_buyers_file_says(traffic: Traffic) -> None:
    buyers = (BUYERS + CREST).replace(
        'dial = "+12125550171"', 'dial = "+12125550171"\nbreaker = { minimum_sample = 2 }'
    )
    apply_buyers(traffic.database, SELLER.seller_id, buyers, "b", author="test", note="", at=T0)
    traffic.fail("acme-east", 1, 2)
    assert set(traffic.stops()) == {"acme-east"}

    off = buyers.replace("minimum_sample = 2", "enabled = false")
    apply_buyers(traffic.database, SELLER.seller_id, off, "b", author="test", note="", at=T0)
    traffic.talk("acme-east", 9)

    assert traffic.stops() == {}
    assert traffic.changes()[-1] == (StopCause.BREAKER_OPEN, None, "breaker switched off")


def test_what_was_dialled_against_our_decision_is_judged_too(traffic: Traffic) -> None:
    """Another machine, cut off, had decided for a destination that the directory has no more."""
    for seconds in range(5):
        traffic.end("spare", FAILED, seconds)

    assert set(traffic.stops()) == {"spare"}


def test_one_that_is_closed_at_this_hour_is_no_help(traffic: Traffic) -> None:
    """At T0 it is 10:00 in Los Angeles and noon in Chicago."""
    table = THREE
    for name in ("bolt-main", "crest-desk"):
        at_night = f'destination = "{name}"\nhours = {{ every_day = "22:00-06:00" }}'
        table = table.replace(f'destination = "{name}"', at_night)
    activate(traffic.database, table)

    traffic.fail("acme-east", 1, 2, 3, 4, 5)

    assert traffic.stops() == {}
    assert traffic.alerts() == ["last-one:acme-east"]


def test_two_that_have_only_each_other_never_go_at_the_same_moment(database: Database) -> None:
    buyers = BUYERS.replace('name = "', 'breaker = { minimum_sample = 1 }\nname = "')
    open_seller(database, buyers=buyers, tables=(TABLE,))

    def fail(destination: str, seconds: float, together: Barrier) -> None:
        traffic = Traffic(database, Compiled(), calls=round(seconds * 10))
        together.wait()
        traffic.fail(destination, seconds)

    with ThreadPoolExecutor(2) as threads:
        for turn in range(8):
            together = Barrier(2)
            ends = [
                threads.submit(fail, destination, 1000 * turn + offset, together)
                for offset, destination in enumerate(("acme-east", "bolt-main"), start=1)
            ]
            for end in ends:
                end.result()
            out = set(Traffic(database, Compiled()).stops())
            assert len(out) == 1, f"turn {turn}"
            for destination in out:
                resume_traffic(
                    database,
                    SELLER.seller_id,
                    StopKind.DESTINATION,
                    destination,
                    author="maria",
                    note="",
                    at=at(1000 * turn + 10),
                )


@settings(max_examples=5, deadline=None)
@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from(["acme-east", "bolt-main", "crest-desk"]),
            st.sampled_from([FAILED, FAILED, BUSY, COMPLETED]),
            st.integers(1, 90),
        ),
        min_size=20,
        max_size=60,
    )
)
def test_whatever_calls_do_somebody_always_takes_calls_and_nobody_comes_back_too_soon(
    migrated_sqlite: Path, calls: list[tuple[str, LegStatus, int]]
) -> None:
    with capture_logs(), TemporaryDirectory() as folder:
        copy = shutil.copy(migrated_sqlite, folder)
        database = open_database(f"sqlite:///{copy}")
        open_seller(database, buyers=BUYERS + CREST, tables=(THREE,))
        traffic = Traffic(database, Compiled())
        seconds, out = 0, dict[str, Stop]()
        for destination, status, wait in calls:
            seconds += wait
            traffic.end(destination, status, seconds, talk_s=60)
            with database.read() as connection:
                now = {s.subject_id: s for s in read_stops(connection, SELLER.seller_id)}
            assert len(now) < 3, "all three are out"
            for gone in out.keys() - now.keys():
                until = out[gone].until
                assert until is not None
                assert until <= at(seconds), f"{gone} came back within its cool-down"
            out = now
        database.dispose()
