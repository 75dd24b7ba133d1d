from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.simulator.truth import IntervalMs, Window

ENDED_AT = datetime(2026, 9, 15, 17, 5, 0, tzinfo=UTC)


def before_end(**span: float) -> datetime:
    return ENDED_AT - timedelta(**span)


@pytest.mark.parametrize(
    ("earliest", "latest", "low", "high"),
    [
        pytest.param(
            before_end(seconds=10), before_end(seconds=9), 8_999, 10_001, id="a millisecond wider"
        ),
        pytest.param(
            before_end(microseconds=10_000_400),
            before_end(microseconds=9_000_600),
            9_000,
            10_001,
            id="whole milliseconds inside",
        ),
        pytest.param(
            ENDED_AT, ENDED_AT + timedelta(milliseconds=700), 0, 1, id="ended in its own second"
        ),
        pytest.param(
            ENDED_AT + timedelta(milliseconds=300),
            ENDED_AT + timedelta(milliseconds=700),
            0,
            0,
            id="never negative",
        ),
    ],
)
def test_the_interval_of_a_duration_since_a_stamp_of_the_routers(
    earliest: datetime, latest: datetime, low: int, high: int
) -> None:
    assert IntervalMs.since(Window(earliest, latest), ENDED_AT) == IntervalMs(low, high)


@given(
    sent_us=st.integers(0, 10**9),
    took_us=st.integers(0, 10**7),
    data=st.data(),
    rounds=st.sampled_from(["down", "nearest"]),
)
def test_a_router_that_stamps_whole_milliseconds_is_always_inside(
    sent_us: int, took_us: int, data: st.DataObject, rounds: str
) -> None:
    sent_at = ENDED_AT - timedelta(hours=2) + timedelta(microseconds=sent_us)
    answered_at = sent_at + timedelta(microseconds=took_us)
    arrived_us = data.draw(st.integers(0, took_us))
    arrived_at = sent_at + timedelta(microseconds=arrived_us)
    step = timedelta(milliseconds=1)
    spare = timedelta(microseconds=arrived_at.microsecond % 1000)
    stamp = arrived_at - spare
    if rounds == "nearest" and spare >= step / 2:
        stamp += step

    total_ms = (ENDED_AT - stamp) // step

    assert total_ms in IntervalMs.since(Window(sent_at, answered_at), ENDED_AT)


@given(early_ms=st.integers(3, 10_000))
def test_a_stamp_before_the_request_or_after_its_answer_is_outside(early_ms: int) -> None:
    window = Window(before_end(seconds=60), before_end(seconds=59))
    interval = IntervalMs.since(window, ENDED_AT)

    assert 60_000 + early_ms not in interval
    assert 59_000 - early_ms not in interval


def test_intervals_add_up() -> None:
    assert IntervalMs(1, 2) + IntervalMs.exactly(3) == IntervalMs(3001, 3002)


def test_an_interval_is_written_in_seconds() -> None:
    assert str(IntervalMs.exactly(187)) == "187.000"
    assert str(IntervalMs(34_490, 35_573)) == "34.490..35.573"
