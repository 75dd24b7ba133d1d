"""A file's records folded into calls: only what may belong together is looked at together."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import polars as pl

from callrouter.domain.tie_out.folding import DUPLICATES, KEY, LEGS, Folded, find_repeated, fold
from callrouter.domain.tie_out.frames import empty
from callrouter.domain.tie_out.mapping import LegRule
from callrouter.domain.tie_out.memory import Memory, count_rows, read, read_in_order

_ONE = pl.lit(1, pl.Int64)
_ALIKE = pl.col("stamp_ms").hash(1).xor(pl.col("caller").hash(2)).xor(pl.col("total_ms").hash(3))
_MARK = pl.when(KEY == "").then(_ALIKE).otherwise(KEY.hash())
"""The same for rows of one id or, without one, that are alike; for a few more by chance."""


@dataclass(frozen=True, slots=True)
class FoldedFile:
    """Every record is in one of them: as the main row of a call, as a leg, or as a duplicate.

    `calls` is FOLDED, `duplicates` DUPLICATES, `legs` LEGS, these two in the order of `their`.
    """

    calls: pl.LazyFrame
    duplicates: pl.DataFrame
    legs: pl.DataFrame


def fold_file(theirs: pl.LazyFrame, rule: LegRule, memory: Memory) -> FoldedFile:
    """The calls of a frame THEIRS, by `rule` (see `fold`), as many records at a time as fit.

    Where later records amend earlier ones, all of those that do, or are amended, must fit.
    """
    several = _may_belong_together(theirs, rule)
    if several is None:
        return FoldedFile(theirs.with_columns(rows=_ONE), empty(DUPLICATES), empty(LEGS))
    alone = theirs.filter(~several).with_columns(rows=_ONE)
    duplicates: list[pl.DataFrame] = []
    legs: list[pl.DataFrame] = []

    def fold_pieces() -> Iterator[pl.DataFrame]:
        for folded in _fold_several(theirs.filter(several), rule, memory):
            duplicates.append(folded.duplicates)
            legs.append(folded.legs)
            yield folded.calls

    calls = memory.put_aside(chain(read_in_order(alone, "their", memory), fold_pieces()))
    return FoldedFile(calls, pl.concat(duplicates).sort("their"), pl.concat(legs).sort("their"))


def _may_belong_together(theirs: pl.LazyFrame, rule: LegRule) -> pl.Expr | None:
    """Which rows need a look; None: not one does."""
    again = find_repeated(read(theirs.select(_MARK)).to_series())
    several = _MARK.is_in(again.implode()) if len(again) else None
    if rule is not LegRule.CORRECTIONS:
        return several
    amends = pl.col("corrects_id") != ""
    named = read(theirs.filter(amends).select(pl.col("corrects_id").unique())).to_series()
    if named.is_empty():
        return several
    is_named = KEY.is_in(named.implode()) | pl.col("leg_id").is_in(named.implode())
    return amends | is_named if several is None else several | amends | is_named


def _fold_several(several: pl.LazyFrame, rule: LegRule, memory: Memory) -> Iterator[Folded]:
    """Rows that may belong together, with all of one mark in one piece."""
    is_minute = (pl.col("stamp_ms") % 60_000 == 0).all()
    to_the_minute = bool(read(several.select(is_minute)).item())
    pieces = memory.count_pieces(count_rows(several)) if rule is not LegRule.CORRECTIONS else 1
    for piece in range(pieces):
        rows = read(several.filter(_MARK % pieces == piece)).sort("their")
        yield fold(rows, rule, to_the_minute=to_the_minute)
