"""Records that nothing tells apart: those whose exchange changes nothing are paired in time order.

Two of ours and two of theirs, and on one side nothing that counts differs: whichever belongs to
which, the seconds, the classes and the money are the same. A third record more, or a difference
that would move money, and nobody guesses.
"""

import polars as pl

from callrouter.domain.tie_out.assignment import group_edges
from callrouter.domain.tie_out.classes import PAIRS, UNSURE
from callrouter.domain.tie_out.group_solvers import Edges
from callrouter.domain.tie_out.measures import Measure, read_ours, read_theirs
from callrouter.domain.tie_out.memory import read_some

POSSIBLE: dict[str, pl.DataType | type[pl.DataType]] = PAIRS | {"is_best": pl.Boolean}
"""Candidates that nothing tells apart; `is_best`: of the heaviest solution, one of several."""
_OURS_COUNT = ("charged_micros", "campaign_id", "destination_id", "publisher")
_THEIRS_COUNT = ("total_ms", "talk_ms", "billed_ms", "price_micros", "rows")


def settle_interchangeable(
    possible: pl.DataFrame, ours: pl.LazyFrame, calls: pl.LazyFrame, measure: Measure
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """PAIRS of what may as well be paired in time order, and UNSURE of the rest."""
    if not possible.height:
        return possible.drop("is_best"), pl.DataFrame(schema=UNSURE)
    edges = Edges(*(possible[name].to_numpy() for name in ("our", "their", "our")))
    group, _ = group_edges(edges)
    grouped = possible.with_columns(group=pl.Series(group))
    mine = _read_side(grouped, "our", ours, read_ours(measure), _OURS_COUNT)
    other = _read_side(grouped, "their", calls, read_theirs(measure), _THEIRS_COUNT)
    best = grouped.group_by("group").agg(count=pl.col("is_best").sum())
    groups = mine.group_by("group").agg(ours=pl.len(), alike=_alike())
    groups = groups.join(
        other.group_by("group").agg(theirs=pl.len(), alike_theirs=_alike()), "group"
    )
    even = (pl.col("ours") == pl.col("theirs")) & (pl.col("ours") == pl.col("count"))
    either = pl.col("alike") | pl.col("alike_theirs")
    free = groups.join(best, "group").filter(even & either).select("group")
    settled = _pair_in_order(grouped.join(free, "group"), mine, other)
    return settled, _number(grouped.join(free, "group", how="anti"))


def _read_side(
    grouped: pl.DataFrame, number: str, side: pl.LazyFrame, ms: pl.Expr, counts: tuple[str, ...]
) -> pl.DataFrame:
    """Each record of the groups once, with its place in time in its group and what of it counts."""
    rows = grouped.select("group", number).unique()
    evidence = pl.struct(ms.alias("ms"), *counts).hash()
    told = read_some(side.select(number, "at_ms", evidence=evidence), number, rows[number])
    in_order = pl.struct("at_ms", number).rank("ordinal").over("group")
    return rows.join(told, number).with_columns(place=in_order)


def _alike() -> pl.Expr:
    return pl.col("evidence").n_unique() == 1


def _pair_in_order(free: pl.DataFrame, mine: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The first with the first where they are candidates; elsewhere the heaviest solution."""
    on = ["group", "our"]
    placed = free.join(mine.select(*on, "place"), on).join(
        other.select("group", "their", their_place="place"), ["group", "their"]
    )
    in_order = pl.col("place") == pl.col("their_place")
    is_whole = in_order.sum().over("group") == pl.col("is_best").sum().over("group")
    taken = placed.filter(pl.when(is_whole).then(in_order).otherwise(pl.col("is_best")))
    return taken.select(list(PAIRS))


def _number(grouped: pl.DataFrame) -> pl.DataFrame:
    """The groups numbered in the order of their lowest rows."""
    first = pl.col("our").min().over("group")
    return grouped.select(
        (first.rank("dense") - 1).cast(pl.Int64).alias("group"), "our", "their", "score"
    ).sort("group", "our", "their")
