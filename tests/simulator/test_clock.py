import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.simulator.clock import (
    VirtualClock,
    rfc2822,
    whole_second,
    whole_seconds_between,
)

AT = datetime(2026, 9, 15, 17, 0, 5, 999_999, tzinfo=UTC)


def test_with_scale_one_virtual_time_is_the_machines_own() -> None:
    before, now, after = time.time(), VirtualClock().now(), time.time()  # noqa: TID251

    assert before - 1e-3 <= now.timestamp() <= after + 1e-3


def test_two_clocks_of_one_origin_and_scale_agree() -> None:
    origin_s = time.time() - 1000  # noqa: TID251
    first, second = VirtualClock(origin_s, 60), VirtualClock(origin_s, 60)

    one, other = first.now(), second.now()

    assert timedelta(0) <= other - one < timedelta(seconds=60 * 0.5)
    assert one - datetime.fromtimestamp(origin_s, UTC) >= timedelta(seconds=60_000)


def test_a_sleep_lasts_its_virtual_time_and_never_less(fast_clock: VirtualClock) -> None:
    until = fast_clock.now() + timedelta(seconds=4)

    asyncio.run(fast_clock.sleep_until(until))

    assert until <= fast_clock.now() < until + timedelta(seconds=60)


def test_a_sleep_until_the_past_is_none(fast_clock: VirtualClock) -> None:
    long_ago = fast_clock.now() - timedelta(days=1)

    asyncio.run(asyncio.wait_for(fast_clock.sleep_until(long_ago), timeout=0.5))

    assert fast_clock.real_s_until(long_ago) == 0


@pytest.mark.parametrize("scale", [0, -1])
def test_a_clock_that_stands_or_runs_backwards_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        VirtualClock(0, scale)


def test_reported_stamps_are_floored_to_their_second() -> None:
    assert whole_second(AT) == datetime(2026, 9, 15, 17, 0, 5, tzinfo=UTC)
    assert rfc2822(AT) == "Tue, 15 Sep 2026 17:00:05 +0000"


def test_whole_seconds_are_the_difference_of_the_reported_stamps() -> None:
    assert whole_seconds_between(AT, AT + timedelta(milliseconds=1)) == 1
    assert whole_seconds_between(whole_second(AT), AT) == 0
