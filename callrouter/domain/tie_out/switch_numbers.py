"""Numbers that a buyer's switch shows for every caller: as caller they say nothing."""

import polars as pl

from callrouter.domain.tie_out.frames import CallerKind

_SHARE = 0.1
_LEAST_RECORDS = 20
_BUCKETS = 4096


def find_switch_numbers(ours: pl.LazyFrame, calls: pl.LazyFrame) -> tuple[str, ...]:
    """Callers of a tenth of their records or more (and of 20) from whom we never had a call."""
    callers = calls.filter(pl.col("caller_kind") == CallerKind.NUMBER).select("caller")
    bucket = pl.col("caller").hash() % _BUCKETS
    # Counting buckets first is cheap, and as a rule that settles it.
    buckets = callers.group_by(bucket.alias("bucket")).len().collect(engine="streaming")
    least = max(_LEAST_RECORDS, int(int(buckets["len"].sum()) * _SHARE))
    full = buckets.filter(pl.col("len") >= least)["bucket"]
    if not len(full):
        return ()
    counted = callers.filter(bucket.is_in(full.implode())).group_by("caller").len()
    frequent = counted.filter((pl.col("len") >= least) & (pl.col("caller") != ""))
    known = ours.select("caller").unique()
    found = frequent.join(known, on="caller", how="anti").collect(engine="streaming")
    return tuple(found["caller"].sort().to_list())
