"""Stamps are put right by a clock; the hour that comes twice is told apart where that can be."""

from datetime import UTC, datetime

import polars as pl
import pytest

from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.clock_setting import set_right, settle_twice, tell_clock, tell_zone

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
CALLER = "+14155550101"
DID = "+18005550150"


def calls(
    *stamps: str, callers: list[str] | None = None, parts: list[str] | None = None
) -> pl.DataFrame:
    """Records of theirs that begin at these times of their wall clock."""
    count = len(stamps)
    return pl.DataFrame(
        {
            "their": range(count),
            "part": parts or [""] * count,
            "caller": callers or [CALLER] * count,
            "called": [DID] * count,
            "stamp_ms": [_wall(stamp) for stamp in stamps],
            "is_absolute": [False] * count,
        },
        schema_overrides={"stamp_ms": pl.Int64},
    )


def tell(zone: str, first: str, last: str) -> BuyerClock:
    """A clock that shows milliseconds, told for a time."""
    since, until = (datetime.fromisoformat(f"{each}T00:00Z") for each in (first, last))
    return tell_clock(zone, since, until, precision=StampPrecision.MILLISECOND)


def _wall(stamp: str) -> int | None:
    return round(datetime.fromisoformat(f"{stamp}Z").timestamp() * 1000) if stamp else None


CHICAGO = tell("America/Chicago", "2026-10-15", "2026-11-15")


def instants(column: pl.Series) -> list[str]:
    """Each instant as day, hour and minute in UTC; "" for none."""
    return [
        f"{datetime.fromtimestamp(at / 1000, UTC):%d %H:%M}" if at is not None else ""
        for at in column.to_list()
    ]


def test_a_stamp_is_read_by_the_zone_of_its_day() -> None:
    right = set_right(calls("2026-10-31 12:00", "", "2026-11-01 12:00"), CHICAGO)
    assert instants(right["at_ms"]) == ["31 17:00", "", "01 18:00"]
    assert right["also_ms"].null_count() == 3


def test_a_stamp_of_the_hour_that_is_left_out_is_read_by_the_clock_before() -> None:
    spring = tell("America/Chicago", "2026-03-01", "2026-03-31")
    right = set_right(calls("2026-03-08 01:59", "2026-03-08 02:30", "2026-03-08 03:00"), spring)
    assert instants(right["at_ms"]) == ["08 07:59", "08 08:30", "08 08:00"]


def test_in_the_hour_that_comes_twice_both_passes_are_left_where_nothing_tells() -> None:
    right = set_right(calls("2026-11-01 00:59", "2026-11-01 01:10", "2026-11-01 02:00"), CHICAGO)
    assert instants(right["at_ms"]) == ["01 05:59", "01 06:10", "01 08:00"]
    assert instants(right["also_ms"]) == ["", "01 07:10", ""]


TWICE = [
    "2026-11-01 00:50",
    "2026-11-01 01:05",
    "2026-11-01 01:55",
    "2026-11-01 01:02",
    "2026-11-01 01:40",
    "2026-11-01 02:20",
]
PASSED = ["01 05:50", "01 06:05", "01 06:55", "01 07:02", "01 07:40", "01 08:20"]


@pytest.mark.parametrize("way", [1, -1], ids=["oldest first", "newest first"])
def test_a_file_in_the_order_of_time_tells_the_passes_apart(way: int) -> None:
    right = set_right(calls(*TWICE[::way]), CHICAGO)
    assert instants(right["at_ms"]) == PASSED[::way]
    assert right["also_ms"].null_count() == len(TWICE)


def test_the_order_is_that_of_the_file_and_each_part_has_its_own() -> None:
    both = calls(*TWICE, *TWICE[::-1], parts=["east"] * 6 + ["west"] * 6)
    right = set_right(both.reverse(), CHICAGO).sort("their")
    assert instants(right["at_ms"]) == PASSED + PASSED[::-1]


def test_a_file_in_no_order_tells_nothing() -> None:
    mixed = calls(*(TWICE[place] for place in (3, 0, 5, 1, 4, 2)))
    assert set_right(mixed, CHICAGO)["also_ms"].null_count() == 2


def test_a_file_in_the_order_of_its_stamps_tells_nothing() -> None:
    assert set_right(calls(*sorted(TWICE)), CHICAGO)["also_ms"].null_count() == 2


def test_a_call_of_ours_in_one_pass_only_tells_which_it_was() -> None:
    asked = calls(
        *["2026-11-01 01:10"] * 5,
        callers=["+14155550101", "+14155550102", "+14155550103", "+14155550104", ""],
    )
    right = set_right(asked, CHICAGO)
    first = int(right["at_ms"][0])
    ours = pl.DataFrame(
        {
            "did": [DID] * 4 + ["+18005550199"],
            "caller": ["+14155550101", "+14155550102", "+14155550103", "+14155550103", ""],
            "at_ms": [first + 3_600_000 + 2_000, first - 2_000, first, first + 3_600_000, first],
        }
    )
    settled = settle_twice(right, ours, 10_000)
    assert instants(settled["at_ms"]) == [
        "01 07:10",
        "01 06:10",
        "01 06:10",
        "01 06:10",
        "01 06:10",
    ]
    assert instants(settled["also_ms"]) == ["", "", "01 07:10", "01 07:10", "01 07:10"]
    assert settled.drop("at_ms", "also_ms").equals(right.drop("at_ms", "also_ms"))


def test_a_hidden_caller_is_known_by_the_number_called() -> None:
    asked = calls(*["2026-11-01 01:10"] * 3, callers=["", "", ""])
    right = set_right(asked.with_columns(called=pl.Series([DID, "+18005550199", ""])), CHICAGO)
    second = int(right["also_ms"][0])
    ours = pl.DataFrame(
        {"caller": ["", CALLER], "did": [DID, "+18005550198"], "at_ms": [second] * 2}
    )
    settled = settle_twice(right, ours, 10_000)
    assert instants(settled["at_ms"]) == ["01 07:10", "01 06:10", "01 06:10"]
    assert instants(settled["also_ms"]) == ["", "01 07:10", "01 07:10"]


def test_where_nothing_is_unclear_nothing_is_settled() -> None:
    right = set_right(calls("2026-11-05 01:10"), CHICAGO)
    ours = right.select("caller", "at_ms", did="called")
    assert settle_twice(right, ours, 10_000).equals(right)


def test_drift_is_taken_off_as_it_grows() -> None:
    since = datetime(2026, 10, 1, tzinfo=UTC)
    drifting = clock_of(ClockPiece(since, 10_000, drift_ms_per_day=86_400))
    right = set_right(calls("2026-10-01 00:00:10", "2026-10-11 00:14:34"), drifting)
    assert right["at_ms"].to_list() == [
        _wall("2026-10-01 00:00"),
        pytest.approx(_wall("2026-10-11 00:00"), abs=1_000),
    ]


def test_a_clock_set_back_by_little_is_not_said_to_show_a_time_twice() -> None:
    set_back = clock_of(
        ClockPiece(datetime(2026, 10, 1, tzinfo=UTC), 60_000),
        ClockPiece(datetime(2026, 10, 2, tzinfo=UTC), 0),
    )
    right = set_right(calls("2026-10-02 00:00:30"), set_back)
    assert right["at_ms"].to_list() == [_wall("2026-10-02 00:00:30")]
    assert right["also_ms"].null_count() == 1


@pytest.mark.parametrize(
    ("precision", "half_ms"),
    [
        (StampPrecision.MILLISECOND, 0),
        (StampPrecision.SECOND, 500),
        (StampPrecision.MINUTE_FLOOR, 30_000),
        (StampPrecision.MINUTE_NEAREST, 0),
    ],
)
def test_what_was_cut_off_is_half_given_back(precision: StampPrecision, half_ms: int) -> None:
    clock = clock_of(ClockPiece(datetime(2026, 10, 1, tzinfo=UTC), 0), precision=precision)
    right = set_right(calls("2026-10-02 00:00"), clock)
    assert right["at_ms"].to_list() == [(_wall("2026-10-02 00:00") or 0) + half_ms]


@pytest.mark.parametrize("zone", ["America/Chicago", "their own"])
def test_an_instant_among_wall_clocks_is_off_by_the_error_alone(zone: str) -> None:
    since = datetime(2026, 10, 1, tzinfo=UTC)
    offset_ms = 37_000 - (5 * 3_600_000 if zone == "America/Chicago" else 0)
    clock = clock_of(ClockPiece(since, offset_ms), zone=zone)
    stamped = calls("2026-10-02 12:00:37").with_columns(is_absolute=pl.lit(value=True))
    assert instants(set_right(stamped, clock)["at_ms"]) == ["02 12:00"]


def test_a_clock_of_instants_is_taken_off_whole() -> None:
    stamped = calls("2026-10-02 12:01").with_columns(is_absolute=pl.lit(value=True))
    told = tell_zone("UTC", *OCTOBER, stamped.lazy(), ahead_ms=60_000)
    assert told.of_instants
    assert instants(set_right(stamped, told)["at_ms"]) == ["02 12:00"]


def test_a_clock_is_told_by_its_zone() -> None:
    assert [piece.offset_ms // 3_600_000 for piece in CHICAGO.pieces] == [-5, -6]
    assert CHICAGO.pieces[1].since_at == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert (CHICAGO.is_told, CHICAGO.sure) == (True, 0)


def test_of_a_clock_that_is_told_the_rest_is_seen_in_the_stamps() -> None:
    told = tell_zone("UTC", *OCTOBER, calls("2026-10-02 12:01", "2026-10-03 09:00").lazy())
    assert told.precision is StampPrecision.MINUTE_FLOOR
    assert told.words == (
        "their clock: UTC, right to the second; stamps are cut to the minute; told, not found"
    )


def test_a_clock_may_be_told_for_a_file_without_starts() -> None:
    told = tell_zone("America/Chicago", *OCTOBER, calls("").lazy())
    assert told.precision is StampPrecision.SECOND
    assert instants(set_right(calls(""), told)["at_ms"]) == [""]


def test_a_clock_of_no_zone_is_refused() -> None:
    with pytest.raises(RefusedError, match="no time zone 'Chicago'; write America/Chicago"):
        tell("Chicago", "2026-10-01", "2026-10-31")


def clock_of(
    *pieces: ClockPiece,
    precision: StampPrecision = StampPrecision.MILLISECOND,
    zone: str = "UTC",
) -> BuyerClock:
    """A clock of these pieces."""
    return BuyerClock(
        zone=zone,
        pieces=pieces,
        means=StartMeans.DIALED,
        precision=precision,
        ahead_ms=0,
        drift_ms_per_day=0,
        spread_ms=2_000,
        sure=100,
    )
