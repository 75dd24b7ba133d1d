from datetime import datetime

import pytest

from callrouter.domain.health.stops import (
    Stop,
    StopCause,
    StopKind,
    find_stop,
    group_stops,
    is_in_force,
    lets_probe,
    needs_probe,
    say_stop,
)
from tests.domain.builders import T0, at


def stop(
    cause: StopCause = StopCause.PAUSED,
    *,
    since: float = 0,
    until: float | None = None,
    reason: str = "",
    zone: str = "UTC",
    subject: str = "acme-east",
) -> Stop:
    return Stop(
        kind=StopKind.DESTINATION,
        subject_id=subject,
        cause=cause,
        since=at(since),
        until=None if until is None else at(until),
        reason=reason,
        author="maria",
        zone=zone,
    )


@pytest.mark.parametrize(
    ("standing", "moment", "in_force", "probes"),
    [
        pytest.param(stop(), at(10**9), True, False, id="a-pause-stands-until-it-is-lifted"),
        pytest.param(
            stop(StopCause.DOWN, until=60), at(59.9), True, False, id="down-before-its-end"
        ),
        pytest.param(stop(StopCause.DOWN, until=60), at(60), False, False, id="down-at-its-end"),
        pytest.param(
            stop(StopCause.BREAKER_OPEN, until=60), at(59.9), True, False, id="open-breaker"
        ),
        pytest.param(
            stop(StopCause.BREAKER_OPEN, until=60), at(60), False, True, id="cooled-down-breaker"
        ),
        pytest.param(stop(StopCause.HALF_OPEN), at(0), False, True, id="half-open-breaker"),
    ],
)
def test_a_stop_is_in_force_until_its_end_and_a_breaker_lets_a_probe_through_after_it(
    standing: Stop, moment: datetime, in_force: bool, probes: bool
) -> None:
    assert is_in_force(standing, moment) is in_force
    assert lets_probe(standing, moment) is probes
    assert needs_probe([standing], moment) is probes
    assert find_stop([standing], moment) is (standing if in_force else None)


def test_of_several_stops_a_persons_is_named_before_a_machines_and_one_that_ended_never() -> None:
    paused, down = stop(since=9), stop(StopCause.DOWN, since=1)
    over = stop(StopCause.PAUSED, until=5)
    breaker = stop(StopCause.BREAKER_OPEN, until=60)

    assert find_stop([breaker, down, over, paused], at(10)) is paused
    assert find_stop([breaker, down, over], at(10)) is down
    assert find_stop([breaker, over], at(10)) is breaker
    assert find_stop([], at(10)) is None


def test_stops_are_found_by_what_they_are_about() -> None:
    one, two, other = stop(), stop(StopCause.DOWN), stop(subject="bolt")

    grouped = group_stops([one, other, two])

    assert grouped == {
        (StopKind.DESTINATION, "acme-east"): (one, two),
        (StopKind.DESTINATION, "bolt"): (other,),
    }


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        pytest.param(stop(reason="unpaid"), "paused by maria since 17:00 UTC: unpaid", id="paused"),
        pytest.param(stop(), "paused by maria since 17:00 UTC", id="paused-without-a-reason"),
        pytest.param(
            stop(StopCause.DOWN, until=3600, reason="storm", zone="America/Chicago"),
            "down until 13:00 America/Chicago: storm",
            id="down-until",
        ),
        pytest.param(
            stop(StopCause.DOWN, reason="storm"), "down since 17:00 UTC: storm", id="down"
        ),
        pytest.param(
            stop(StopCause.DOWN, until=86_400),
            "down until 2026-09-16 17:00 UTC",
            id="until-another-day",
        ),
        pytest.param(
            stop(StopCause.UNHEALTHY, reason="2 answers of 503"),
            "unhealthy since 17:00 UTC: 2 answers of 503",
            id="unhealthy",
        ),
        pytest.param(
            stop(StopCause.BREAKER_OPEN, until=60, reason="5 of 6 failed"),
            "breaker open since 17:00 UTC, 5 of 6 failed",
            id="breaker-open",
        ),
        pytest.param(
            stop(StopCause.HALF_OPEN, reason="5 of 6 failed"),
            "breaker half open since 17:00 UTC, one call at a time: 5 of 6 failed",
            id="half-open",
        ),
    ],
)
def test_a_stop_is_said_in_the_words_of_a_skip(standing: Stop, said: str) -> None:
    assert say_stop(standing, T0) == said
