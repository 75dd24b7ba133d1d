"""A buyer's clock day by day, beyond its zone."""

from datetime import UTC, date, datetime, timedelta

from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.clock_days import list_clock_days

FALL_BACK = datetime(2026, 11, 1, 7, tzinfo=UTC)
HOUR_MS = 3_600_000


def clock(*pieces: ClockPiece, zone: str = "America/Chicago") -> BuyerClock:
    return BuyerClock(
        zone=zone,
        pieces=pieces,
        means=StartMeans.ANSWERED,
        precision=StampPrecision.SECOND,
        ahead_ms=37_000,
        drift_ms_per_day=0,
        spread_ms=2_000,
        sure=100,
    )


def test_the_hour_that_is_set_back_is_the_zones_and_not_the_clocks() -> None:
    in_chicago = clock(
        ClockPiece(datetime(2026, 10, 30, tzinfo=UTC), -5 * HOUR_MS + 37_000),
        ClockPiece(FALL_BACK, -6 * HOUR_MS + 38_000),
    )
    days = list_clock_days(in_chicago, FALL_BACK - timedelta(days=1), FALL_BACK + timedelta(days=2))
    assert [(each.day, each.ahead_ms) for each in days] == [
        (date(2026, 10, 31), 37_000),
        (date(2026, 11, 1), 38_000),
        (date(2026, 11, 2), 38_000),
    ]


def test_a_clock_that_drifts_is_further_ahead_each_day() -> None:
    drifting = clock(
        ClockPiece(datetime(2026, 10, 1, 12, tzinfo=UTC), 37_000, drift_ms_per_day=1_700),
        zone="UTC",
    )
    since = datetime(2026, 10, 1, 13, tzinfo=UTC)
    days = list_clock_days(drifting, since, since + timedelta(days=2))
    assert [each.ahead_ms for each in days] == [38_700, 40_400]


def test_before_the_first_piece_that_one_holds() -> None:
    later = clock(ClockPiece(datetime(2026, 10, 5, tzinfo=UTC), 37_000), zone="UTC")
    since = datetime(2026, 10, 1, tzinfo=UTC)
    [day] = list_clock_days(later, since, since + timedelta(days=1))
    assert day.ahead_ms == 37_000


def test_without_a_zones_rules_the_rest_is_what_the_first_piece_says() -> None:
    odd = clock(
        ClockPiece(datetime(2026, 10, 1, tzinfo=UTC), 4 * HOUR_MS + 37_000), zone="UTC+04:00"
    )
    since = datetime(2026, 10, 1, tzinfo=UTC)
    [day] = list_clock_days(odd, since, since + timedelta(days=1))
    assert day.ahead_ms == 37_000
