"""A buyer's clock in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    DoubtWhy,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.clock_words import say_clock, say_doubt

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
CLOCK = BuyerClock(
    zone="America/Chicago",
    pieces=(ClockPiece(SINCE, -17_963_000),),
    means=StartMeans.DIALED,
    precision=StampPrecision.SECOND,
    ahead_ms=37_000,
    drift_ms_per_day=1_730,
    spread_ms=2_300,
    sure=8_112,
)


def pieces(*offsets_ms: int) -> tuple[ClockPiece, ...]:
    """Pieces ten days apart."""
    return tuple(
        ClockPiece(SINCE + timedelta(days=10 * number), offset_ms)
        for number, offset_ms in enumerate(offsets_ms)
    )


def test_zone_error_drift_and_how_sure_it_is() -> None:
    words = "their clock: America/Chicago, 37 s ahead, drifting 1.7 s a day; sure: 8,112 calls"
    assert say_clock(CLOCK) == words


@pytest.mark.parametrize(
    ("ahead_ms", "words"),
    [
        (0, "right to the second"),
        (-400, "right to the second"),
        (36_500, "37 s ahead"),
        (-1_000, "1 s behind"),
        (599_000, "599 s ahead"),
        (-900_000, "15 min behind"),
        (86_400_000, "1 day ahead"),
        (-2 * 86_400_000 + 60_000, "2 days behind"),
    ],
)
def test_how_far_it_is_ahead(ahead_ms: int, words: str) -> None:
    said = say_clock(replace(CLOCK, ahead_ms=ahead_ms, drift_ms_per_day=0))
    assert said == f"their clock: America/Chicago, {words}; sure: 8,112 calls"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (replace(CLOCK, drift_ms_per_day=-1_730), "drifting back 1.7 s a day"),
        (replace(CLOCK, sure=1), "sure: 1 call"),
        (replace(CLOCK, means=StartMeans.ANSWERED), "; their start is the answer;"),
        (replace(CLOCK, means=StartMeans.ARRIVED), "; their start is when the call reached us;"),
        (replace(CLOCK, precision=StampPrecision.MINUTE_FLOOR), "; stamps are cut to the minute;"),
        (replace(CLOCK, other_zones=("A", "B")), "; as well fit A, B"),
        (replace(CLOCK, other_zones=tuple("ABCDE")), "; as well fit A, B, C and 2 more"),
        (replace(CLOCK, is_told=True), "; told, not found"),
        (replace(CLOCK, pieces=pieces(0, -35_000)), ", set back by 35 s on 2026-10-11;"),
        (replace(CLOCK, pieces=pieces(0, 700_000)), ", set on by 12 min on 2026-10-11;"),
        (replace(CLOCK, pieces=pieces(0, 9_000, 0, 9_000, 0)), ", set 4 times;"),
    ],
)
def test_what_else_is_worth_a_word(change: BuyerClock, words: str) -> None:
    assert words in say_clock(change)


def test_the_change_of_the_zones_clocks_is_not_a_setting_even_while_it_drifts() -> None:
    change = datetime(2026, 11, 1, 7, tzinfo=UTC)
    after = round(-6 * 3_600_000 + 31.3 * 1_730)
    drifting = (ClockPiece(SINCE, -5 * 3_600_000, 1_730), ClockPiece(change, after, 1_730))
    assert "set" not in say_clock(replace(CLOCK, pieces=drifting))


def test_a_change_that_the_zone_does_not_make_is_a_setting_also_by_an_hour() -> None:
    clock = replace(CLOCK, pieces=pieces(-5 * 3_600_000, -6 * 3_600_000))
    assert ", set back by 60 min on 2026-10-11;" in say_clock(clock)
    assert ", set back by 60 min on 2026-10-11;" in say_clock(replace(clock, zone="their own"))


@pytest.mark.parametrize("why", DoubtWhy)
def test_each_doubt_says_what_would_help(why: DoubtWhy) -> None:
    words, remedy = say_doubt(why, 3, 3 * 3_600_000, "from 2026-10-01 to 2026-10-30", "none")
    assert words
    assert remedy


def test_half_a_day_between_two_differences_is_am_and_pm() -> None:
    words, remedy = say_doubt(DoubtWhy.TWO_ALIKE, 300, 43_201_000, "", "")
    assert words == "two differences of time, 12 h 00 min apart, fit many calls each"
    assert "AM and PM" in remedy
