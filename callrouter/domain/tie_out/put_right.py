"""All calls of a file on our clock, whatever their number (see `clock_setting` for how)."""

from collections.abc import Iterable, Iterator

import polars as pl

from callrouter.domain.tie_out.buyer_clock import BuyerClock
from callrouter.domain.tie_out.clock_setting import set_right, settle_twice
from callrouter.domain.tie_out.memory import (
    Memory,
    find_places,
    read,
    read_in_order,
    read_some,
)

_STAMPS = ("their", "part", "stamp_ms", "is_absolute")
_TIMES = ("their", "at_ms", "also_ms")


def put_right(
    calls: pl.LazyFrame,
    clock: BuyerClock,
    memory: Memory,
    ours: pl.LazyFrame | None = None,
    within_ms: int = 0,
) -> pl.LazyFrame:
    """Calls (FOLDED) with `at_ms` and `also_ms`, as `set_right` and then `settle_twice` have them.

    Without `ours` the hour that comes twice isn't settled.
    """
    stamps = read(calls.select(_STAMPS)).sort("their")
    times = set_right(stamps, clock).select(_TIMES)
    if ours is not None:
        times = _settle(times, calls, ours, within_ms)
    return memory.put_aside(_attach(read_in_order(calls, "their", memory), times))


def _settle(
    times: pl.DataFrame, calls: pl.LazyFrame, ours: pl.LazyFrame, within_ms: int
) -> pl.DataFrame:
    twice = times.filter(pl.col("also_ms").is_not_null())
    if twice.is_empty():
        return times
    named = read_some(calls.select("their", "caller", "called"), "their", twice["their"])
    edges = twice.select(low=pl.col("at_ms").min(), high=pl.col("also_ms").max())
    low, high = edges.row(0)
    near = pl.col("at_ms").is_between(low - within_ms, high + within_ms)
    known = read(ours.select("caller", "did", "at_ms").filter(near))
    settled = settle_twice(twice.hstack(named.drop("their")), known, within_ms)
    places = find_places(times["their"], settled["their"])
    return times.with_columns(
        times["at_ms"].clone().scatter(places, settled["at_ms"]),
        times["also_ms"].clone().scatter(places, settled["also_ms"]),
    )


def _attach(pieces: Iterable[pl.DataFrame], times: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for piece in pieces:
        if piece.height == times.height:
            yield piece.hstack(times.select("at_ms", "also_ms"))
            continue
        places = find_places(times["their"], piece["their"])
        yield piece.hstack(times.select(pl.col("at_ms", "also_ms").gather(places)))
