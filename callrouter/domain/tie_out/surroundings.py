"""What is known around a call or a record that stands alone, out of all of both sides.

Words for it are made elsewhere.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from callrouter.domain.tie_out.memory import Memory, read, read_in_order
from callrouter.domain.tie_out.pricing_frame import Figures
from callrouter.domain.tie_out.sides import Sides

_OF_OURS = (
    "our",
    "call_sid",
    "caller",
    "did",
    "outcome",
    "started_at_ms",
    "at_ms",
    "connected_ms",
    "our_ms",
    "charged_micros",
)
_OF_THEIRS = (
    "their",
    "part",
    "line",
    "caller",
    "caller_kind",
    "called",
    "reached",
    "corrects_id",
    "at_ms",
    "their_ms",
    "price_micros",
    "rows",
)
"""What is looked at of rows that stand alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Both sides, and what of either stands alone; figures of all of theirs.

    `stamps` are when their calls began, in order, `first_ms` and `last_ms` the edges of these.
    `in_gap` counts our lone calls before each of the stamps, and after the last. `shortest_ms` is
    their shortest time that isn't 0, `records` how many calls they have. `called` are the numbers
    that their calls went to, `own` ours and those of the buyer's destinations.
    """

    sides: Sides
    lone_ours: pl.LazyFrame
    lone_calls: pl.LazyFrame
    stamps: pl.Series
    in_gap: Figures
    first_ms: int | None
    last_ms: int | None
    shortest_ms: int | None
    records: int
    called: pl.Series
    own: pl.Series
    dids: pl.Series

    @property
    def they_name_dids(self) -> bool:
        """Whether the numbers that their calls went to are numbers of ours."""
        return bool(self.dids.is_in(self.called.implode()).any())

    @property
    def they_name_numbers(self) -> bool:
        """Whether these are numbers of ours, or of the buyer's destinations."""
        return bool(self.called.is_in(self.own.implode()).any())


def look_around(sides: Sides, spoken_for: pl.DataFrame, memory: Memory) -> Surroundings:
    """What is around the calls and records that aren't `spoken_for` (`our`, `their`)."""
    lone = {
        number: memory.put_aside(read_in_order(_leave(side, spoken_for[number]), number, memory))
        for number, side in (
            ("our", sides.ours.select(_OF_OURS)),
            ("their", sides.calls.select(_OF_THEIRS)),
        )
    }
    stamps = read(sides.calls.select("at_ms")).to_series().drop_nulls().sort()
    is_any = pl.col("their_ms") > 0
    shortest_ms, records = read(
        sides.calls.select(pl.col("their_ms").filter(is_any).min(), records=pl.len())
    ).row(0)
    dids, reached = (
        read(sides.ours.select(pl.col(name).unique().alias("number"))).to_series()
        for name in ("did", "reached")
    )
    gaps = find_gaps(stamps, read(lone["our"].select("at_ms")).to_series())
    return Surroundings(
        sides=sides,
        lone_ours=lone["our"],
        lone_calls=lone["their"],
        stamps=stamps,
        in_gap=np.bincount(gaps.to_numpy(), minlength=len(stamps) + 1),
        first_ms=stamps[0] if len(stamps) else None,
        last_ms=stamps[-1] if len(stamps) else None,
        shortest_ms=shortest_ms,
        records=records,
        called=read(sides.calls.select(pl.col("called").unique())).to_series(),
        own=pl.concat([dids, reached]),
        dids=dids,
    )


def find_gaps(stamps: pl.Series, at_ms: pl.Series) -> pl.Series:
    """Before which of the stamps each instant is; their number for one after all of them."""
    return pl.Series(stamps.search_sorted(at_ms), dtype=pl.Int64)


def find_nearest(lone: pl.DataFrame, others: pl.LazyFrame, *columns: str) -> pl.DataFrame:
    """The row of the other side that is of the same caller and next in time, `near_ms` later.

    Its `columns` are called `near_…`; all are null where there is none.
    """
    known = (pl.col("caller") != "") & pl.col("at_ms").is_not_null()
    placed = lone.with_row_index("place")
    asked = placed.filter(known).sort("at_ms")
    near = (
        others.filter(known)
        .select("caller", "at_ms", there_ms="at_ms", **{f"near_{name}": name for name in columns})
        .join(asked.lazy().select("caller").unique(), on="caller", how="semi")
    )
    found = asked.join_asof(
        read(near).sort("at_ms", *(f"near_{name}" for name in columns)),
        on="at_ms",
        by="caller",
        strategy="nearest",
        check_sortedness=False,
    )
    kept = found.select(
        "place", *(f"near_{name}" for name in columns), near_ms=pl.col("there_ms") - pl.col("at_ms")
    )
    return placed.join(kept, on="place", how="left", maintain_order="left").drop("place")


def find_shared(few: pl.Series, side: pl.LazyFrame, column: str) -> pl.Series:
    """Which of a few are among those of a side's column."""
    wanted = few.unique().rename(column).to_frame().lazy()
    return read(side.select(column).join(wanted, on=column, how="semi").unique()).to_series()


def _leave(side: pl.LazyFrame, numbers: pl.Series) -> pl.LazyFrame:
    """The rows without one of these numbers."""
    return side.join(numbers.unique().to_frame().lazy(), on=numbers.name, how="anti")
