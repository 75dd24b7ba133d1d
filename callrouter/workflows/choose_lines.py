"""Lines of a tie-out by what they are: those that one decision is meant for."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_out_lines import stream_lines
from callrouter.domain.tie_out.classes import DifferenceClass

AT_ONCE = 200
"""Lines that are seen to in one transaction."""
_SETTLED = frozenset(DifferenceClass) - {DifferenceClass.AGREE, DifferenceClass.DUPLICATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which lines are meant: those of all conditions that are set.

    `line_nos` are lines by number, `classes` classes (none: every one that can be settled; of
    lines by number any, for the buyer may take back later what agreed), `within_ms` the most by
    which seconds differ, `up_to_micros` the most by which money does, `at_least_micros` the least.
    """

    line_nos: frozenset[int] = frozenset()
    classes: frozenset[DifferenceClass] = frozenset()
    within_ms: int | None = None
    up_to_micros: int | None = None
    at_least_micros: int | None = None


def choose_lines(
    database: Database, seller_id: str, tie_out: int, chosen: Chosen
) -> Iterator[pl.DataFrame]:
    """The chosen lines (LINE_COLUMNS), in frames of at most `AT_ONCE`, in their order."""
    any_class = frozenset(DifferenceClass) if chosen.line_nos else _SETTLED
    classes = chosen.classes or any_class
    only = next(iter(classes)) if len(classes) == 1 else None
    money = pl.col("their_micros").fill_null(0) - pl.col("our_micros").fill_null(0)
    wanted = pl.col("class").is_in([each.value for each in classes])
    if chosen.line_nos:
        wanted &= pl.col("line_no").is_in(sorted(chosen.line_nos))
    if chosen.within_ms is not None:
        wanted &= (pl.col("their_ms") - pl.col("our_ms")).abs() <= chosen.within_ms
    if chosen.up_to_micros is not None:
        wanted &= money.abs() <= chosen.up_to_micros
    if chosen.at_least_micros is not None:
        wanted &= money.abs() >= chosen.at_least_micros
    for page in stream_lines(database, seller_id, tie_out, only):
        yield from page.filter(wanted).iter_slices(AT_ONCE)
