"""What most candidates agree on stands out, or nothing does."""

from datetime import UTC, datetime

import numpy as np

from callrouter.domain.tie_out.buyer_clock import DoubtWhy
from callrouter.domain.tie_out.clock_pairs import Ints, Pairs
from callrouter.domain.tie_out.clock_peak import NoPeak, Peak, find_peak
from callrouter.domain.tie_out.clock_zone import list_courses

HOUR_MS = 3_600_000
SINCE_MS = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp()) * 1000
COURSES = list_courses(SINCE_MS, SINCE_MS + 30 * 24 * HOUR_MS, first=())
WITHIN_MS = 26 * HOUR_MS


def pairs_apart(apart_ms: Ints) -> Pairs:
    """Candidates whose stamps are so far ahead, a minute after another, each of its own caller."""
    at_ms = SINCE_MS + np.arange(apart_ms.size) * 60_000
    rows = np.arange(apart_ms.size)
    single = np.ones(apart_ms.size, dtype=np.bool_)
    return Pairs(rows, rows, rows, at_ms + apart_ms, at_ms, at_ms, at_ms, single, at_ms, at_ms)


def test_what_agrees_stands_out_of_what_does_not() -> None:
    chance = np.linspace(-WITHIN_MS, WITHIN_MS, 2_000).astype(np.int64)
    apart = np.concatenate([chance, np.full(40, -7 * HOUR_MS + 12_000)])
    peak = find_peak(pairs_apart(apart), COURSES, WITHIN_MS)
    assert isinstance(peak, Peak)
    assert peak.course.zones[0] == "America/Los_Angeles"
    assert "America/Phoenix" in peak.other_zones
    assert abs(peak.error_ms - 12_000) < 5_000


def test_much_that_agrees_by_chance_is_no_peak() -> None:
    chance = np.linspace(-WITHIN_MS, WITHIN_MS, 60_000).astype(np.int64)
    peak = find_peak(pairs_apart(chance), COURSES, WITHIN_MS)
    assert isinstance(peak, NoPeak)
    assert peak.why is DoubtWhy.TOO_FEW


def test_of_two_peaks_on_other_days_the_clock_was_set_between() -> None:
    apart = np.repeat([-7 * HOUR_MS, -9 * HOUR_MS], [3_000, 2_900])
    peak = find_peak(pairs_apart(apart), COURSES, WITHIN_MS)
    assert isinstance(peak, Peak)
    mixed = find_peak(
        pairs_apart(np.resize([-7 * HOUR_MS, -9 * HOUR_MS], 5_000)), COURSES, WITHIN_MS
    )
    assert isinstance(mixed, NoPeak)
    assert mixed.why is DoubtWhy.TWO_ALIKE
