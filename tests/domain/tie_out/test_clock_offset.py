"""A buyer's clock is found from the calls of both sides, told nothing, or doubted."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockDoubt,
    DoubtWhy,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.clock_offset import find_clock, pick_start
from callrouter.domain.tie_out.clock_setting import set_right, settle_twice
from callrouter.domain.tie_out.frames import CALLER_KIND, FOLDED, OURS, empty
from tests.domain.tie_out.clock_scene import DAY_MS, OCTOBER, Records, Scene, play

AROUND_THE_CHANGE = datetime(2026, 10, 20, tzinfo=UTC)
"""Clocks go back in the United States on November 1."""


def find(records: Records, zone_hint: str = "") -> BuyerClock:
    """The clock, which must be found."""
    found = find_clock(records.ours.lazy(), records.calls.lazy(), zone_hint=zone_hint)
    assert isinstance(found, BuyerClock), found
    return found


def doubt(records: Records) -> ClockDoubt:
    """The doubt, which there must be."""
    found = find_clock(records.ours.lazy(), records.calls.lazy())
    assert isinstance(found, ClockDoubt), found
    return found


def gaps(records: Records, clock: BuyerClock) -> NDArray[np.int64]:
    """Their start less ours of each call that both have, once their clock is put right.

    Without those that their file has no start for.
    """
    ours = pick_start(records.ours.lazy(), clock.means).collect()
    calls = settle_twice(set_right(records.calls, clock), ours, 60_000)
    pairs = records.truth.join(calls.select("their", theirs="at_ms"), on="their").join(
        ours.select("our", ours="at_ms"), on="our"
    )
    return (pairs["theirs"] - pairs["ours"]).drop_nulls().to_numpy()


SCENES = {
    "nothing special": Scene(),
    "a drift of 20 ppm": Scene(drift_ppm=20),
    "a drift of 100 ppm": Scene(drift_ppm=100, calls=2_000),
    "clocks go back meanwhile": Scene(since=AROUND_THE_CHANGE),
    "clocks go on meanwhile": Scene(
        since=datetime(2026, 3, 1, tzinfo=UTC), zone="America/New_York"
    ),
    "drift and clocks going back": Scene(since=AROUND_THE_CHANGE, drift_ppm=20),
    "the start is the answer": Scene(means=StartMeans.ANSWERED),
    "the start is the arrival": Scene(means=StartMeans.ARRIVED),
    "milliseconds": Scene(precision="millisecond"),
    "half an hour off": Scene(zone="Asia/Kolkata"),
    "three quarters of an hour off": Scene(zone="Asia/Kathmandu"),
    "behind by minutes": Scene(ahead_ms=-400_000),
    "of the London change": Scene(zone="Europe/London", since=datetime(2026, 10, 10, tzinfo=UTC)),
    "instants": Scene(zone="UTC", absolute=True),
    "a wall clock that is said to be instants": Scene(absolute=True),
    "a single day": Scene(calls=80, days=1),
    "20 calls": Scene(calls=20),
    "5 calls": Scene(calls=5, redials=0),
    "callers who all call again at once": Scene(calls=200, callers=900, redials=1.0),
    "20 calls, drift, and clocks going back": Scene(
        calls=20, since=AROUND_THE_CHANGE, drift_ppm=20
    ),
    "half of the callers withheld": Scene(withheld=0.5),
    "all callers withheld": Scene(withheld=1.0),
    "few callers who call again and again": Scene(callers=12),
    "a quarter missing": Scene(missing=0.25),
    "a date of yesterday": Scene(ahead_ms=-DAY_MS),
    "everything at once": Scene(
        calls=2_000, since=AROUND_THE_CHANGE, drift_ppm=20, means=StartMeans.ANSWERED
    ),
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_it_is_found_told_nothing(scene: Scene) -> None:
    records = play(scene)
    clock = find(records)
    assert clock.zone == scene.zone
    assert clock.means is scene.means
    off = gaps(records, clock)
    assert np.abs(off).max() < 5 * scene.jitter_ms
    assert abs(float(off.mean())) < 800
    assert clock.spread_ms < 1.6 * scene.jitter_ms
    assert 4 <= clock.sure <= records.calls.height


@pytest.mark.parametrize(
    ("scene", "precision", "ahead_ms"),
    [
        (Scene(precision="minute_floor", ahead_ms=4_000), StampPrecision.MINUTE_FLOOR, 4_000),
        (Scene(precision="minute_floor", ahead_ms=-20_000), StampPrecision.MINUTE_FLOOR, -20_000),
        (Scene(precision="minute_nearest", ahead_ms=5_000), StampPrecision.MINUTE_NEAREST, 5_000),
    ],
    ids=["cut", "cut, behind", "rounded"],
)
def test_stamps_without_seconds_are_put_in_the_middle(
    scene: Scene, precision: StampPrecision, ahead_ms: int
) -> None:
    records = play(scene)
    clock = find(records)
    assert clock.precision is precision
    assert abs(clock.ahead_ms - ahead_ms) < 2_500
    off = gaps(records, clock)
    assert np.abs(off).max() < 40_000
    assert abs(float(off.mean())) < 2_000
    assert "to the minute" in clock.words


def test_a_clock_ahead_by_more_than_15_s_and_cut_is_the_same_as_one_rounded() -> None:
    cut = play(Scene(precision="minute_floor", ahead_ms=37_000, jitter_ms=0))
    rounded = play(Scene(precision="minute_nearest", ahead_ms=7_000, jitter_ms=0))
    assert cut.calls["stamp_ms"].equals(rounded.calls["stamp_ms"])
    assert find(cut).precision is StampPrecision.MINUTE_NEAREST


def test_minutes_drift_and_change_of_clocks_go_together() -> None:
    records = play(
        Scene(calls=2_000, since=AROUND_THE_CHANGE, drift_ppm=20, precision="minute_floor")
    )
    clock = find(records)
    assert clock.zone == "America/Chicago"
    assert clock.drift_ms_per_day == pytest.approx(1_728, abs=150)
    assert np.abs(gaps(records, clock)).max() < 42_000


def test_it_says_so_in_words() -> None:
    scene = Scene(calls=4_000, since=AROUND_THE_CHANGE, drift_ppm=20)
    clock = find(play(scene))
    words = "their clock: America/Chicago, 37 s ahead, drifting 1.7 s a day"
    assert clock.words == f"{words}; sure: {clock.sure:,} calls"


def test_the_change_of_clocks_is_exact_to_the_instant() -> None:
    clock = find(play(Scene(since=AROUND_THE_CHANGE)))
    before, after = clock.pieces
    assert after.since_at == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert after.offset_ms - before.offset_ms == -3_600_000
    assert before.sure + after.sure == clock.sure


def test_many_calls_make_it_exact() -> None:
    records = play(Scene(calls=8_000, since=AROUND_THE_CHANGE, drift_ppm=20))
    off = gaps(records, find(records))
    assert abs(float(off.mean())) < 100


@pytest.mark.parametrize("set_at", [0.43, 0.4926])
@pytest.mark.parametrize("set_ms", [-35_000, 20_000, -1_200_000, 600_000])
def test_a_clock_that_is_set_begins_a_new_piece(set_ms: int, set_at: float) -> None:
    records = play(Scene(calls=2_000, set_ms=set_ms, set_at=set_at))
    clock = find(records)
    pieces = [piece for piece in clock.pieces if piece.sure]
    assert len(pieces) == 2
    assert pieces[1].offset_ms - pieces[0].offset_ms == pytest.approx(set_ms, abs=700)
    set_at_ms = (OCTOBER.timestamp() + set_at * 30 * 86_400) * 1000
    assert abs(pieces[1].since_at.timestamp() * 1000 - set_at_ms) < 4 * 3_600_000
    assert (np.abs(gaps(records, clock)) > 10_000).sum() <= 4
    assert "set " in clock.words


def test_records_of_legs_that_nobody_folded_do_not_hide_the_clock() -> None:
    """Each call stands there twice, ten seconds apart."""
    records = play(Scene(calls=200))
    legs = records.calls.with_columns(pl.col("stamp_ms") + 10_000, their=pl.col("their") + 1_000)
    clock = find(replace(records, calls=pl.concat([records.calls, legs])))
    assert clock.zone == "America/Chicago"
    assert clock.ahead_ms == pytest.approx(42_000, abs=6_000)


def test_a_clock_of_another_zone_from_a_day_on_is_followed() -> None:
    records = play(Scene(calls=3_000, set_ms=-5 * 3_600_000, set_at=0.3))
    off = gaps(records, find(records))
    assert (np.abs(off) > 10_000).sum() <= 4


def test_a_clock_that_wanders_is_followed_day_by_day() -> None:
    records = play(Scene(calls=6_000, days=8))
    day = (pl.col("stamp_ms") - int(OCTOBER.timestamp() * 1000)) // DAY_MS
    wandering = records.calls.with_columns(pl.col("stamp_ms") + day * day % 7 * 9_000)
    records = replace(records, calls=wandering)
    clock = find(records)
    assert len(clock.pieces) > 4
    off = gaps(records, clock)
    assert (np.abs(off) > 12_000).sum() < off.size / 50


def test_the_zone_of_the_hint_is_preferred_where_it_fits_and_nothing_else_is_named() -> None:
    records = play(Scene())
    clock = find(records, zone_hint="America/Winnipeg")
    assert clock.zone == "America/Winnipeg"
    assert clock.other_zones == ()


@pytest.mark.parametrize("hint", ["America/New_York", "Europe/Nowhere", "America/Bogota"])
def test_a_hint_that_does_not_fit_is_not_believed(hint: str) -> None:
    assert find(play(Scene(since=AROUND_THE_CHANGE)), hint).zone == "America/Chicago"


def test_zones_that_go_alike_in_these_days_are_said() -> None:
    clock = find(play(Scene(zone="Asia/Manila")))
    assert clock.zone == "Asia/Manila"
    assert "Asia/Singapore" in clock.other_zones
    assert "as well fit Asia/Shanghai" in clock.words


def test_an_offset_without_a_zone_is_named_by_its_hours() -> None:
    assert find(play(Scene(zone="Etc/GMT+12"))).zone == "UTC-12:00"


def test_a_shared_id_is_enough() -> None:
    records = play(Scene(withheld=1.0, calls=80))
    ids = records.truth.join(records.ours.select("our", "call_sid"), on="our")
    calls = records.calls.join(ids.select("their", "call_sid"), on="their", how="left")
    for share in (1.0, 0.2):
        kept = pl.int_range(pl.len()) < share * pl.len()
        known = pl.when(kept).then(pl.col("call_sid").fill_null("")).otherwise(pl.lit(""))
        marked = calls.with_columns(shared_id=known, called=pl.lit(""), total_ms=pl.lit(None))
        clock = find(replace(records, calls=marked))
        assert clock.zone == "America/Chicago"
        assert np.abs(gaps(records, clock)).max() < 10_000


def test_callers_withheld_and_numbers_unknown_leave_the_durations() -> None:
    records = play(Scene(withheld=1.0, calls=200))
    calls = records.calls.with_columns(called=pl.lit(""), reached=pl.lit(""), talk_ms="total_ms")
    clock = find(replace(records, calls=calls.with_columns(total_ms=pl.lit(None).cast(pl.Int64))))
    assert clock.zone == "America/Chicago"


@pytest.mark.parametrize("step_s", [6, 30, 60])
def test_callers_withheld_and_durations_rounded_are_no_obstacle(step_s: int) -> None:
    records = play(Scene(withheld=1.0, calls=200))
    rounded = -(-pl.col("total_ms") // (step_s * 1_000)) * (step_s * 1_000)
    clock = find(replace(records, calls=records.calls.with_columns(total_ms=rounded)))
    assert clock.zone == "America/Chicago"
    assert np.abs(gaps(records, clock)).max() < 10_000


@pytest.mark.parametrize("mask", ["{}????", "+1??????{}"], ids=["the end", "the middle"])
def test_masked_callers_are_known_by_the_digits_that_are_left(mask: str) -> None:
    records = play(Scene(withheld=0, calls=300, callers=900))
    before, after = mask.split("{}")
    known = pl.col("caller").str.slice(8) if before else pl.col("caller").str.slice(0, 8)
    calls = records.calls.with_columns(
        caller_pattern=pl.concat_str(pl.lit(before), known, pl.lit(after)),
        caller=pl.lit(""),
        caller_kind=pl.lit("partly").cast(CALLER_KIND),
        total_ms=pl.lit(None).cast(pl.Int64),
    )
    clock = find(replace(records, calls=calls))
    assert clock.zone == "America/Chicago"


def test_two_or_three_digits_that_are_left_say_nothing() -> None:
    records = play(Scene(calls=60))
    calls = records.calls.with_columns(
        caller_pattern=pl.lit("+10????????0"),
        caller=pl.lit(""),
        caller_kind=pl.lit("partly").cast(CALLER_KIND),
        total_ms=pl.lit(None).cast(pl.Int64),
    )
    assert doubt(replace(records, calls=calls)).why is DoubtWhy.NOTHING_SHARED


def test_some_stamps_with_an_offset_among_wall_clocks_do_no_harm() -> None:
    records = play(Scene())
    instants = play(Scene(zone="UTC", absolute=True))
    every = pl.col("their") % 5 == 0
    mixed = pl.concat(
        [records.calls.filter(~every), instants.calls.filter(every)], how="vertical"
    ).sort("their")
    records = replace(records, calls=mixed)
    clock = find(records)
    assert (clock.zone, clock.of_instants) == ("America/Chicago", False)
    assert np.abs(gaps(records, clock)).max() < 10_000


def test_calls_nobody_answered_do_not_keep_it_from_being_found() -> None:
    records = play(Scene(calls=100))
    unanswered = records.ours.with_columns(answered_at_ms=pl.lit(None).cast(pl.Int64))
    clock = find(replace(records, ours=unanswered))
    assert clock.means is StartMeans.DIALED


def test_records_without_a_start_are_left_out() -> None:
    records = play(Scene())
    stamp = pl.when(pl.col("their") % 4 > 0).then("stamp_ms").alias("stamp_ms")
    without = replace(records, calls=records.calls.with_columns(stamp))
    assert np.abs(gaps(without, find(without))).max() < 10_000


def test_a_file_without_starts_is_doubted() -> None:
    records = play(Scene())
    stampless = records.calls.with_columns(stamp_ms=pl.lit(None).cast(pl.Int64))
    found = doubt(replace(records, calls=stampless))
    assert found.why is DoubtWhy.NO_STAMPS
    assert "start" in found.remedy


def test_an_empty_side_is_doubted() -> None:
    records = play(Scene())
    assert doubt(replace(records, calls=empty(FOLDED))).why is DoubtWhy.NO_STAMPS
    nobody = doubt(replace(records, ours=empty(OURS)))
    assert nobody.why is DoubtWhy.NOTHING_SHARED
    assert "ours are none, theirs from 2026-10-01 to 2026-10-30" in nobody.words


@pytest.mark.parametrize("callers", [20, 400, 3_000])
@pytest.mark.parametrize("precision", ["second", "minute_floor"])
def test_the_file_of_another_buyer_is_doubted(callers: int, precision: str) -> None:
    scene = Scene(calls=900, callers=callers, precision=precision)
    ours, theirs = play(scene), play(replace(scene, seed=2))
    assert doubt(replace(ours, calls=theirs.calls)).sure < 40


def test_the_file_of_another_month_is_doubted() -> None:
    ours, theirs = play(Scene()), play(Scene(since=datetime(2026, 8, 1, tzinfo=UTC), seed=2))
    found = doubt(replace(ours, calls=theirs.calls))
    assert found.why is DoubtWhy.NOTHING_SHARED
    assert "theirs from 2026-08-01 to 2026-08-30" in found.words


def test_another_buyer_who_got_a_few_calls_first_is_doubted() -> None:
    """Calls that this one took after the other had not: the same callers, 25 s before."""
    scene = Scene(calls=900, callers=3_000)
    ours, theirs = play(scene), play(replace(scene, seed=2))
    strange = theirs.calls.with_columns(caller=pl.lit("+1415556") + pl.col("their").cast(pl.String))
    passed_on = ours.calls.filter(pl.col("their") % 40 == 0).with_columns(
        pl.col("stamp_ms") - 25_000, their=pl.col("their") + 10_000
    )
    found = doubt(replace(ours, calls=pl.concat([strange, passed_on])))
    assert found.why is DoubtWhy.OTHER_CALLS


def test_starts_that_follow_by_no_steady_time_are_doubted() -> None:
    """A column that says when an agent took the call, after some minutes in a queue."""
    records = play(Scene(calls=600, callers=3_000, redials=0))
    queued = (pl.col("their") * 7_919 % 600) * 1_000
    late = records.calls.with_columns(pl.col("stamp_ms") + queued)
    found = doubt(replace(records, calls=late))
    assert found.why is DoubtWhy.TOO_LOOSE
    assert "column" in found.remedy


def test_two_differences_that_fit_alike_are_doubted() -> None:
    """Each call stands in the file twice, three hours apart."""
    records = play(Scene(calls=200))
    again = records.calls.with_columns(
        pl.col("stamp_ms") + 3 * 3_600_000, their=pl.col("their") + 1_000
    )
    found = doubt(replace(records, calls=pl.concat([records.calls, again])))
    assert found.why is DoubtWhy.TWO_ALIKE
    assert "3 h 00 min apart" in found.words


@pytest.mark.parametrize("since", [OCTOBER, AROUND_THE_CHANGE], ids=["steady", "clocks go back"])
def test_a_file_that_lost_am_and_pm_is_doubted(since: datetime) -> None:
    records = play(Scene(calls=900, since=since))
    half = DAY_MS // 2
    lost = pl.col("stamp_ms") - pl.when(pl.col("stamp_ms") % DAY_MS >= half).then(half).otherwise(0)
    found = doubt(replace(records, calls=records.calls.with_columns(lost)))
    assert found.why is DoubtWhy.TWO_ALIKE
    assert "AM and PM" in found.remedy


def test_a_handful_of_calls_is_too_few() -> None:
    found = doubt(play(Scene(calls=2, redials=0)))
    assert found.why is DoubtWhy.TOO_FEW
    assert "too few calls agree" in found.words


def test_one_caller_alone_proves_nothing() -> None:
    records = play(Scene(calls=40, callers=1, redials=0, withheld=0))
    no_durations = records.calls.with_columns(total_ms=pl.lit(None).cast(pl.Int64))
    assert doubt(replace(records, calls=no_durations)).why is DoubtWhy.TOO_FEW


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    zone=st.sampled_from(
        ["America/Los_Angeles", "America/Phoenix", "Asia/Kolkata", "Europe/Paris", "UTC"]
    ),
    ahead_s=st.integers(-300, 300),
    drift_ppm=st.sampled_from([0, 20, -20]),
    calls=st.integers(20, 250),
    precision=st.sampled_from(["second", "minute_floor"]),
)
def test_whatever_the_clock_calls_of_both_sides_meet(
    seed: int, zone: str, ahead_s: int, drift_ppm: int, calls: int, precision: str
) -> None:
    records = play(
        Scene(
            calls=calls,
            since=AROUND_THE_CHANGE,
            zone=zone,
            ahead_ms=ahead_s * 1000,
            drift_ppm=drift_ppm,
            precision=precision,
            seed=seed,
        )
    )
    found = find_clock(records.ours.lazy(), records.calls.lazy())
    if isinstance(found, ClockDoubt):  # chance may leave few of few
        assert calls < 40
        return
    # A dozen stamps cut to the minute don't show a drift of a minute a month.
    to_minute_ms = 75_000 if calls < 40 else 60_000
    off = gaps(records, found)
    assert np.abs(off).max() < (to_minute_ms if precision == "minute_floor" else 20_000)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    calls=st.sampled_from([10, 40, 300]),
    callers=st.sampled_from([4, 30, 300]),
    withheld=st.sampled_from([0.03, 1.0]),
)
def test_records_of_other_calls_are_never_made_to_fit(
    seed: int, calls: int, callers: int, withheld: float
) -> None:
    scene = Scene(calls=calls, callers=callers, withheld=withheld, seed=seed)
    ours, theirs = play(scene), play(replace(scene, seed=seed + 20_000))
    assert isinstance(find_clock(ours.ours.lazy(), theirs.calls.lazy()), ClockDoubt)


def test_a_start_that_never_was_is_the_dialling() -> None:
    records = play(Scene(calls=3, missing=0))
    unanswered = records.ours.with_columns(answered_at_ms=pl.lit(None).cast(pl.Int64))
    for means, column in (
        (StartMeans.ANSWERED, "dialed_at_ms"),
        (StartMeans.DIALED, "dialed_at_ms"),
        (StartMeans.ARRIVED, "started_at_ms"),
    ):
        assert pick_start(unanswered.lazy(), means).collect()["at_ms"].equals(unanswered[column])
