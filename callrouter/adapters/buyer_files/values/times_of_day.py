"""Times of day in a column of their own, whole columns at once, as milliseconds since midnight."""

import polars as pl

from callrouter.adapters.buyer_files.values.durations import read_durations
from callrouter.domain.tie_out.mapping import DurationForm

_DAY_MS = 86_400_000


def read_times_of_day(texts: pl.Series) -> pl.Series:
    """Int64, null where a text is none: 13:45:10, 1:45 PM, 0.375 (of a day), 134510, 1345, 905."""
    bare = pl.col("x").str.strip_chars(" '=\"")
    digits = pl.when(bare.str.contains(r"^\d{1,6}$")).then(bare)
    is_short = digits.str.len_bytes() <= 4
    run = pl.when(is_short).then(digits.str.zfill(4) + "00").otherwise(digits.str.zfill(6))
    hour, minute, second = (run.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (0, 2, 4))
    is_time = (hour <= 23) & (minute <= 59) & (second <= 59)
    figure = pl.when(bare.str.contains(r"^0?\.\d+$")).then(bare).cast(pl.Float64, strict=False)
    frame = pl.DataFrame({"x": texts}).select(
        run=pl.when(is_time).then((hour * 3600 + minute * 60 + second) * 1000),
        part=(figure * _DAY_MS / 1000).round().cast(pl.Int64) * 1000,
        is_figure=bare.str.contains(r"^[\d.]*$"),
    )
    clock = read_durations(texts, DurationForm.HOURS_MINUTES)
    in_day = (pl.col("clock") < _DAY_MS) & ~pl.col("is_figure")
    return (
        frame.with_columns(clock=clock)
        .select(pl.coalesce("run", "part", pl.when(in_day).then(pl.col("clock"))))
        .to_series()
    )
