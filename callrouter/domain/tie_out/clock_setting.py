"""Put a buyer's stamps right by their clock, also in the hour that comes twice.

Nothing of how the clock was found is known here; it may as well have been told.
"""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.clock_pairs import Bools, Ints
from callrouter.domain.tie_out.clock_peak import DAY_MS
from callrouter.domain.tie_out.clock_words import say_clock
from callrouter.domain.tie_out.clock_zone import follow_zone
from callrouter.domain.tie_out.memory import read

_TWICE_MS = 600_000
"""A clock that goes back by less is not worth telling two passes apart."""
_SPREAD_TOLD_MS = 10_000
_MINUTE_MS = 60_000
_ALL_BUT = 0.98
_DISORDER = 0.05


def set_right(calls: pl.DataFrame, clock: BuyerClock) -> pl.DataFrame:
    """Calls of theirs (FOLDED) with `at_ms`: their start as an instant on our clock, null if none.

    And with `also_ms`: the hour in which clocks go back comes twice, and a stamp in it may mean
    either pass. Where the file's order tells them apart, `at_ms` is the right one and `also_ms`
    null; else `at_ms` is the first pass and `also_ms` the second (see `settle_twice`). A stamp in
    the hour that is left out in spring is read by the clock before the change.
    """
    stamp_ms = calls["stamp_ms"].fill_null(0).to_numpy() + clock.precision.half_ms
    at_ms, also_ms = _both_passes(stamp_ms, clock)
    is_twice = (also_ms != at_ms) & calls["stamp_ms"].is_not_null().to_numpy()
    if not clock.of_instants and calls["is_absolute"].any():
        is_instant = calls["is_absolute"].fill_null(value=False).to_numpy()
        at_ms = np.where(is_instant, stamp_ms - _error_ms(stamp_ms, clock), at_ms)
        is_twice &= ~is_instant
    if is_twice.any():
        is_second = _second_by_order(calls, is_twice, at_ms)
        at_ms = np.where(is_second > 0, also_ms, at_ms)
        is_twice &= is_second < 0
    known = pl.col("stamp_ms").is_not_null()
    return calls.with_columns(
        pl.when(known).then(pl.Series(at_ms)).alias("at_ms"),
        pl.when(pl.Series(is_twice)).then(pl.Series(also_ms)).alias("also_ms"),
    )


def settle_twice(calls: pl.DataFrame, ours: pl.DataFrame, within_ms: int) -> pl.DataFrame:
    """Calls put right, with the pass chosen in which the same caller called us, where that tells.

    Of a caller who is hidden there, one who dialled the same number. `ours` has `at_ms`. What lies
    within `within_ms` of a call of ours in one pass only is of that pass; the others stay as they
    are.
    """
    if not calls["also_ms"].is_not_null().any():
        return calls
    known = ours.filter(pl.col("caller") != "").select(who="caller", our_ms="at_ms")
    settled = _settle(calls, pl.col("caller"), known, within_ms)
    dialed = ours.select(who="did", our_ms="at_ms")
    called = pl.when(pl.col("caller") == "").then("called").otherwise(pl.lit(""))
    return _settle(settled, called, dialed, within_ms)


def _settle(calls: pl.DataFrame, who: pl.Expr, ours: pl.DataFrame, within_ms: int) -> pl.DataFrame:
    """Calls settled by those of ours (`who`, `our_ms`) that `who` of theirs names."""
    asked = calls.select("their", "at_ms", "also_ms", who=who).with_row_index("place")
    asked = asked.filter(pl.col("also_ms").is_not_null() & (pl.col("who") != ""))
    passes = (
        asked.join(ours, on="who", how="inner")
        .group_by("place", "also_ms")
        .agg(
            ((pl.col("at_ms") - pl.col("our_ms")).abs() <= within_ms).any().alias("first"),
            ((pl.col("also_ms") - pl.col("our_ms")).abs() <= within_ms).any().alias("second"),
        )
        .filter(pl.col("first") != pl.col("second"))
    )
    later = passes.filter("second")
    return calls.with_columns(
        calls["at_ms"].clone().scatter(later["place"], later["also_ms"]),
        calls["also_ms"].clone().scatter(passes["place"], None),
    )


def tell_clock(
    zone: str,
    since: datetime,
    until: datetime,
    *,
    ahead_ms: int = 0,
    means: StartMeans = StartMeans.DIALED,
    precision: StampPrecision = StampPrecision.SECOND,
    of_instants: bool = False,
) -> BuyerClock:
    """A clock that somebody told: a zone over a period, and how far it is ahead beyond that.

    Raises RefusedError for what is no zone.
    """
    since_ms = _ms(since) - 2 * DAY_MS
    course = follow_zone(zone, since_ms, _ms(until) + 2 * DAY_MS)
    if course is None:
        raise RefusedError(
            f"There is no time zone {zone!r}; write America/Chicago, UTC or UTC-05:00."
        )
    pieces = tuple(
        ClockPiece(datetime.fromtimestamp(at_ms / 1000, UTC), offset_ms + ahead_ms)
        for at_ms, offset_ms in zip((since_ms, *course.changes_ms), course.offsets_ms, strict=True)
    )
    clock = BuyerClock(
        zone=zone,
        pieces=pieces,
        means=means,
        precision=precision,
        ahead_ms=ahead_ms,
        drift_ms_per_day=0.0,
        spread_ms=_SPREAD_TOLD_MS + precision.half_ms,
        sure=0,
        of_instants=of_instants,
        is_told=True,
    )
    return replace(clock, words=say_clock(clock))


def tell_zone(
    zone: str, since: datetime, until: datetime, calls: pl.LazyFrame, *, ahead_ms: int = 0
) -> BuyerClock:
    """The clock of a file of which somebody says the zone, as after a doubt; else as `tell_clock`.

    What their stamps keep, and whether they are instants, is seen in `calls` (THEIRS or FOLDED).
    """
    precision = read_precision(read(calls.select("stamp_ms")).to_series().drop_nulls().to_numpy())
    if precision is StampPrecision.MINUTE_NEAREST:
        precision = StampPrecision.MINUTE_FLOOR
    return tell_clock(
        zone,
        since,
        until,
        ahead_ms=ahead_ms,
        precision=precision,
        of_instants=are_instants(calls),
    )


def are_instants(calls: pl.LazyFrame) -> bool:
    """Whether most of the stamps are said to be instants rather than a wall clock's."""
    absolute, rows = read(calls.select(pl.col("is_absolute").sum(), rows=pl.len())).row(0)
    return 2 * int(absolute) > int(rows)


def read_precision(stamps: Ints) -> StampPrecision:
    """What nearly all stamps keep; MINUTE_NEAREST stands for either way to lose the seconds."""
    if not stamps.size:
        return StampPrecision.SECOND
    if float((stamps % _MINUTE_MS == 0).mean()) >= _ALL_BUT:
        return StampPrecision.MINUTE_NEAREST
    is_whole = float((stamps % 1000 == 0).mean()) >= _ALL_BUT
    return StampPrecision.SECOND if is_whole else StampPrecision.MILLISECOND


def _both_passes(stamp_ms: Ints, clock: BuyerClock) -> tuple[Ints, Ints]:
    """Each stamp as an instant: by its piece, or by the one before where both hold; and by its own.

    The two are the same but in an hour that comes twice.
    """
    since = np.array([_ms(piece.since_at) for piece in clock.pieces], dtype=np.int64)
    offset = np.array([piece.offset_ms for piece in clock.pieces], dtype=np.int64)
    per_day = np.array([piece.drift_ms_per_day for piece in clock.pieces])

    def by_piece(chosen: Ints, stamps: Ints) -> Ints:
        at_ms = stamps - offset[chosen]
        if per_day.any():
            at_ms -= np.rint(per_day[chosen] * (at_ms - since[chosen]) / DAY_MS).astype(np.int64)
        return at_ms

    which = np.maximum(np.searchsorted(since + offset, stamp_ms, side="right") - 1, 0)
    goes_back = np.concatenate([[False], np.diff(offset) <= -_TWICE_MS])
    at_ms = by_piece(which, stamp_ms)
    early_ms = at_ms.copy()
    asked = np.flatnonzero(goes_back[which])
    before_ms = by_piece(which[asked] - 1, stamp_ms[asked])
    holds = before_ms < since[which[asked]]
    early_ms[asked[holds]] = before_ms[holds]
    return early_ms, at_ms


def _error_ms(stamp_ms: Ints, clock: BuyerClock) -> Ints:
    """How far the clock is ahead of ours beyond its zone: what an instant in its file is off by."""
    since = np.array([_ms(piece.since_at) for piece in clock.pieces], dtype=np.int64)
    course = follow_zone(clock.zone, int(since[0]), int(since[-1]) + DAY_MS)
    zone_ms = course.ahead_ms(since) if course is not None else np.zeros_like(since)
    error = np.array([piece.offset_ms for piece in clock.pieces], dtype=np.int64) - zone_ms
    shown: Ints = error[np.maximum(np.searchsorted(since, stamp_ms, side="right") - 1, 0)]
    return shown


def _second_by_order(calls: pl.DataFrame, is_twice: Bools, first_ms: Ints) -> Ints:
    """For each stamp of an hour that comes twice: 1 second pass, 0 first, -1 no telling.

    Told where a part of the file is in the order of time and steps back once within the hour.
    """
    second = np.full(is_twice.size, -1, dtype=np.int64)
    second[~is_twice] = 0
    order = np.argsort(calls["their"].to_numpy(), kind="stable")
    for part in calls["part"].filter(pl.Series(is_twice)).unique():
        places = order[(calls["part"] == part).to_numpy()[order]]
        steps = np.sign(np.diff(first_ms[places]))
        way = int(np.sign(steps.sum()))
        if int((steps == -way).sum()) > 1 + _DISORDER * steps.size:
            continue
        twice = places[is_twice[places]][:: way or 1]
        back = np.flatnonzero(np.diff(first_ms[twice]) < -_TWICE_MS)
        if back.size == 1:
            second[twice[: back[0] + 1]] = 0
            second[twice[back[0] + 1 :]] = 1
    return second


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
