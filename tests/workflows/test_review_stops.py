"""Stops that come to their end, and people who set and lift them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.stops import list_stop_changes, read_stops
from callrouter.domain.errors import NotFoundError
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.review_stops import Reviewed, review_stops
from callrouter.workflows.stop_traffic import find_zone, resume_traffic, stop_traffic
from callrouter.workflows.trip_breaker import judge_destination
from tests.domain.builders import at, directory
from tests.switchboards import BUYERS, SELLER, T0, FakeClock
from tests.workflows.test_trip_breaker import CREST, Traffic, _logs, traffic

__all__ = ["_logs", "traffic"]  # fixtures

DOWN = Stop(
    kind=StopKind.BUYER,
    subject_id="acme",
    cause=StopCause.DOWN,
    since=T0,
    until=at(3600),
    author="maria",
)


def review(traffic: Traffic, seconds: float) -> Reviewed:
    return review_stops(traffic.database, traffic.compiled, FakeClock(at(seconds)))


def standing(database: Database) -> tuple[Stop, ...]:
    with database.read() as connection:
        return read_stops(connection, SELLER.seller_id)


def resume(traffic: Traffic, kind: StopKind, subject_id: str, seconds: float) -> None:
    resume_traffic(
        traffic.database,
        SELLER.seller_id,
        kind,
        subject_id,
        author="maria",
        note="seen to it",
        at=at(seconds),
    )


def test_what_has_come_to_its_end_is_lifted_once(traffic: Traffic) -> None:
    stop_traffic(traffic.database, SELLER.seller_id, DOWN)

    assert review(traffic, 3599) == Reviewed()
    assert review(traffic, 3600) == Reviewed(lifted=1)
    assert review(traffic, 3605) == Reviewed()
    assert standing(traffic.database) == ()
    with traffic.database.read() as connection:
        [lifted, _] = list_stop_changes(connection, SELLER.seller_id, most=9)
    assert (lifted.new, lifted.author, lifted.reason) == (None, "clock", "its end has come")


def test_a_breaker_that_has_cooled_down_is_half_open_and_the_next_calls_decide(
    traffic: Traffic,
) -> None:
    traffic.fail("acme-east", 1, 2, 3, 4, 5)

    assert review(traffic, 130) == Reviewed(half_opened=1)
    assert review(traffic, 135) == Reviewed()
    [stop] = standing(traffic.database)
    assert (stop.cause, stop.since, stop.until) == (StopCause.HALF_OPEN, at(125), None)

    traffic.fail("acme-east", 140)
    [stop] = standing(traffic.database)
    assert (stop.cause, stop.until) == (StopCause.BREAKER_OPEN, at(380))
    review(traffic, 381)
    traffic.talk("acme-east", 390)

    assert standing(traffic.database) == ()
    assert [(old, new) for old, new, _ in traffic.changes()] == [
        (None, StopCause.BREAKER_OPEN),
        (StopCause.BREAKER_OPEN, StopCause.HALF_OPEN),
        (StopCause.HALF_OPEN, StopCause.BREAKER_OPEN),
        (StopCause.BREAKER_OPEN, StopCause.HALF_OPEN),
        (StopCause.HALF_OPEN, None),
    ]


def test_a_person_closes_a_breaker_with_whatever_else_stands(traffic: Traffic) -> None:
    traffic.fail("acme-east", 1, 2, 3, 4, 5)
    pause = replace(DOWN, kind=StopKind.DESTINATION, subject_id="acme-east", until=None)
    stop_traffic(traffic.database, SELLER.seller_id, pause)

    resume(traffic, StopKind.DESTINATION, "acme-east", 60)

    assert standing(traffic.database) == ()
    assert traffic.alerts() == []
    with traffic.database.write() as connection:
        assert not judge_destination(connection, SELLER.seller_id, "acme-east", at(61), Compiled())
    with pytest.raises(NotFoundError):
        resume(traffic, StopKind.DESTINATION, "acme-east", 62)


def test_a_stop_of_the_same_cause_is_replaced(traffic: Traffic) -> None:
    stop_traffic(traffic.database, SELLER.seller_id, DOWN)
    longer = replace(DOWN, since=at(60), until=at(7200))

    stop_traffic(traffic.database, SELLER.seller_id, longer)

    assert standing(traffic.database) == (longer,)


@pytest.mark.parametrize("seconds", [20, 950])
def test_an_alert_about_a_last_one_is_taken_back_once_it_looks_well(
    traffic: Traffic, seconds: float
) -> None:
    for buyer in ("bolt", "crest"):
        pause = replace(DOWN, subject_id=buyer, cause=StopCause.PAUSED, until=None)
        stop_traffic(traffic.database, SELLER.seller_id, pause)
    traffic.fail("acme-east", 1, 2, 3, 4, 5)
    review(traffic, 6)
    assert traffic.alerts() == ["last-one:acme-east"]

    if seconds < 900:  # else what failed is forgotten by then
        traffic.talk("acme-east", seconds)
    review(traffic, seconds)

    assert traffic.alerts() == []


def test_an_alert_that_all_look_bad_is_taken_back_once_one_looks_well(traffic: Traffic) -> None:
    for second in range(9):
        for destination in ("acme-east", "bolt-main", "crest-desk"):
            traffic.fail(destination, second)
    review(traffic, 10)
    assert traffic.alerts() == ["all-bad:flood-repair"]

    traffic.talk("crest-desk", 20)
    review(traffic, 21)

    assert traffic.alerts() == []
    with traffic.database.read() as connection:
        [alert] = list_alerts(connection, SELLER.seller_id, standing_only=False)
    assert alert.recovered_at == T0 + timedelta(seconds=21)


def test_times_are_said_in_the_buyers_zone() -> None:
    known = directory("acme-east")
    assert find_zone(known, StopKind.BUYER, "acme") == "UTC"
    assert find_zone(known, StopKind.BUYER, "nobody") == "UTC"
    assert find_zone(known, StopKind.PUBLISHER, "acme") == "UTC"


@pytest.mark.parametrize("seconds", [60, 200])
def test_a_breaker_that_has_come_to_keep_out_the_last_one_is_closed(
    traffic: Traffic, seconds: float
) -> None:
    """Open or half open: the others were paused after it had opened."""
    traffic.fail("acme-east", 1, 2, 3, 4, 5)
    pauses = [
        replace(DOWN, subject_id=buyer, cause=StopCause.PAUSED, until=None)
        for buyer in ("bolt", "crest")
    ]
    stop_traffic(traffic.database, SELLER.seller_id, pauses[0])
    review(traffic, seconds)
    assert "acme-east" in traffic.stops()

    stop_traffic(traffic.database, SELLER.seller_id, pauses[1])

    assert review(traffic, seconds + 5) == Reviewed(closed=1)
    assert set(traffic.stops()) == {"bolt", "crest"}
    assert traffic.alerts() == []
    assert traffic.changes()[-1][1:] == (None, "nobody else of flood-repair takes calls")
    assert review(traffic, seconds + 10) == Reviewed()


@pytest.mark.parametrize("also", ["paused", "off"])
def test_one_that_would_get_no_calls_anyway_stays_as_it_is(traffic: Traffic, also: str) -> None:
    traffic.fail("acme-east", 1, 2, 3, 4, 5)
    for buyer in ("bolt", "crest"):
        pause = replace(DOWN, subject_id=buyer, cause=StopCause.PAUSED, until=None)
        stop_traffic(traffic.database, SELLER.seller_id, pause)
    if also == "paused":
        stop_traffic(traffic.database, SELLER.seller_id, replace(DOWN, subject_id="acme"))
    else:
        buyers = (BUYERS + CREST).replace("dial =", "enabled = false\ndial =", 1)
        apply_buyers(traffic.database, SELLER.seller_id, buyers, "b", author="test", note="", at=T0)

    assert review(traffic, 10) == Reviewed()
    assert "acme-east" in traffic.stops()
