from datetime import UTC, datetime

import numpy as np
import pytest

from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.classes import MatchedBy
from callrouter.domain.tie_out.scores import NONE, SURE_BY, Scales, score_of, window_of

SCALES = Scales.of(spread_ms=2_300, step_ms=1_000)
HOUR_MS = 3_600_000


def clock(spread_ms: int, precision: StampPrecision = StampPrecision.SECOND) -> BuyerClock:
    return BuyerClock(
        zone="America/Chicago",
        pieces=(ClockPiece(datetime(2026, 10, 1, tzinfo=UTC), -18_000_000),),
        means=StartMeans.DIALED,
        precision=precision,
        ahead_ms=0,
        drift_ms_per_day=0.0,
        spread_ms=spread_ms,
        sure=100,
    )


@pytest.mark.parametrize(
    ("of", "window_ms"),
    [
        pytest.param(clock(0), 10_000, id="never so narrow that a second lost counts"),
        pytest.param(clock(2_300), 14_950, id="five standard deviations and more"),
        pytest.param(clock(20_000, StampPrecision.MINUTE_FLOOR), 45_000, id="half a minute"),
        pytest.param(clock(30_000, StampPrecision.MINUTE_NEAREST), 60_000, id="coarser yet"),
    ],
)
def test_the_window_follows_from_the_clock(of: BuyerClock, window_ms: int) -> None:
    assert window_of(of) == window_ms


def weigh(start_ms: int, duration_ms: int, by: MatchedBy = MatchedBy.CALLER) -> int:
    return int(SCALES.weigh(by, np.array([start_ms]), np.array([duration_ms]))[0])


def test_a_pair_weighs_less_the_farther_its_start_and_its_duration_are_off() -> None:
    gaps = [0, 1_000, 5_000, 40_000, HOUR_MS]

    assert [weigh(gap, 0) for gap in gaps] == sorted({weigh(gap, 0) for gap in gaps}, reverse=True)
    assert [weigh(0, gap) for gap in gaps] == sorted({weigh(0, gap) for gap in gaps}, reverse=True)


def test_the_same_caller_within_any_window_is_a_candidate_still() -> None:
    assert weigh(24 * HOUR_MS, 24 * HOUR_MS) > SURE_BY


def test_what_is_not_known_costs_nothing_but_lessens_the_score() -> None:
    none, zero = np.array([NONE]), np.array([0])

    assert weigh(NONE, NONE) == weigh(0, 0)
    weight = np.array([weigh(0, 0)])
    scores = [
        float(score_of(MatchedBy.CALLER, weight, start, long)[0])
        for start, long in ((zero, zero), (zero, none), (none, none))
    ]
    assert scores == sorted(set(scores), reverse=True)
