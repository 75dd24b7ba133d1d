"""The whole of a tie-out: two frames and the rules in, lines and totals out. Pure.

Frames are read where they are, as much at once as `Memory` says: what comes of it is the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from callrouter.domain.billing.terms import Clock
from callrouter.domain.money import say_amount
from callrouter.domain.tie_out.buyer_clock import BuyerClock, ClockDoubt
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.classify import classify
from callrouter.domain.tie_out.clock_offset import find_clock, pick_start
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.fold_file import fold_file
from callrouter.domain.tie_out.mapping import Field, LegRule
from callrouter.domain.tie_out.matching import Matches
from callrouter.domain.tie_out.measures import (
    LEAST_SURE,
    Measure,
    MeasureFound,
    choose_measure,
    find_measure,
    list_durations,
    pair_singles,
    read_ours,
    read_theirs,
)
from callrouter.domain.tie_out.memory import AMPLE, Memory, read, read_in_order
from callrouter.domain.tie_out.piecewise import match_within_memory
from callrouter.domain.tie_out.put_right import put_right
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.said_before import (
    NONE_TAKEN,
    describe_said,
    find_amendments,
    find_zeroed,
    follow_first,
    part_taken,
    tell_elsewhere,
)
from callrouter.domain.tie_out.scores import window_of
from callrouter.domain.tie_out.sides import Sides
from callrouter.domain.tie_out.totals import Totals, add_up


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOut:
    """What came of a tie-out. `lines` are LINES, each row of either side in exactly one.

    They lie where `Memory` puts things aside: `line_no` has their order.

    `measure` is what was compared (None: their file has no durations), `suggested` what fits
    better than a measure that was told. `legs` are the records that went into another one's call:
    `their`, `call`. `left_out` counts our calls of before or after the period that no record of
    theirs is of: they are no part of it. `notices` are what a person should know, in words.
    """

    lines: pl.LazyFrame
    totals: Totals
    clock: BuyerClock
    measure: Measure | None
    legs: pl.DataFrame
    left_out: int
    notices: tuple[str, ...]
    suggested: Measure | None = None


def tie_out(
    ours: pl.LazyFrame,
    theirs: pl.LazyFrame,
    rules: TieOutRules,
    *,
    legs: LegRule,
    zone: str = "",
    clock: BuyerClock | None = None,
    measure: Measure | None = None,
    taken: pl.DataFrame = NONE_TAKEN,
    stays: Sequence[int] = (),
    memory: Memory = AMPLE,
) -> TieOut | ClockDoubt:
    """Tie out OURS against THEIRS; a doubt when their clock can't be found.

    `ours` may reach beyond the period on either side, so that calls close to its edges, and those
    that a late file is about, are found. `zone` is a hint, that of the terms unless given; `clock`
    and `measure` are told by somebody, and neither looked for. `taken` (TAKEN) are those of `ours`
    that count in another tie-out: what is of one of these is a duplicate. `stays` are part of this
    one wherever they began.
    """
    folded = fold_file(theirs, legs, memory)
    found = clock or find_clock(ours, folded.calls, zone_hint=zone or rules.their_zone)
    if isinstance(found, ClockDoubt):
        return found
    ours = pick_start(ours, found.means)
    calls = put_right(folded.calls, found, memory, ours, window_of(found))
    repeated = put_right(theirs.join(folded.duplicates.lazy(), on="their"), found, memory)
    records = _Records(ours, calls, repeated, taken, stays)
    return _tie_out(records, folded.legs, found, rules, measure, memory)


@dataclass(frozen=True, slots=True)
class _Records:
    """What there is before anything is matched: ours, their calls, their repeats, TAKEN, stays."""

    ours: pl.LazyFrame
    calls: pl.LazyFrame
    repeated: pl.LazyFrame
    taken: pl.DataFrame
    stays: Sequence[int]


def _tie_out(
    records: _Records,
    legs: pl.DataFrame,
    clock: BuyerClock,
    rules: TieOutRules,
    measure: Measure | None,
    memory: Memory,
) -> TieOut:
    sides, matches, by = _take_apart(records, clock, rules, measure, memory)
    left_out = _list_left_out(sides.ours, matches, rules, records.stays)
    kept = replace(sides, ours=_without(sides.ours, left_out, "our"))
    lines = memory.put_aside(classify(kept, matches, by.measure.step_ms, rules, memory))
    totals = add_up(read_in_order(lines, "line_no", memory), kept, rules)
    elsewhere = tell_elsewhere(sides.duplicates, records.taken, rules.currency)
    notices = _list_notices(records.calls, totals, left_out.height, rules.currency)
    return TieOut(
        lines=lines,
        totals=totals,
        clock=clock,
        measure=by.measure if sides.has_times else None,
        legs=legs,
        left_out=left_out.height,
        notices=(*by.notices, *elsewhere, *notices),
        suggested=by.suggested,
    )


def _read_told(rules: TieOutRules) -> Measure | None:
    """The measure that the terms tell; None where they leave it to the data."""
    return None if rules.their_time is None else Measure(rules.clock, Field(rules.their_time))


def _match(
    ours: pl.LazyFrame,
    calls: pl.LazyFrame,
    clock: BuyerClock,
    counted: Clock,
    told: Measure | None,
    memory: Memory,
) -> tuple[Matches, MeasureFound]:
    """The pairs, and the measure by which they are pairs.

    What is compared is found from callers seen once on each side, or, where these are too few, from
    the pairs themselves, which are then looked for again if that changes it.
    """
    window_ms = window_of(clock)
    durations = list_durations(calls)
    missed = () if told is None or told.theirs in durations else (_say_missed(told),)
    told = None if missed else told
    usual = told or choose_measure(durations, counted) or Measure(counted, Field.TOTAL)
    singles = pair_singles(ours, calls, window_ms=window_ms)
    by = find_measure(ours, calls, singles, usual, is_told=told is not None)
    matches = _pair(ours, calls, clock, by.measure, memory)
    if by.sure < LEAST_SURE:
        again = find_measure(ours, calls, matches.pairs, usual, is_told=told is not None)
        if again.measure != by.measure:
            matches = _pair(ours, calls, clock, again.measure, memory)
        by = again
    return matches, replace(by, notices=(*missed, *by.notices))


def _say_missed(told: Measure) -> str:
    return f"their file has no {told.theirs} time, which was to be compared"


def _pair(
    ours: pl.LazyFrame, calls: pl.LazyFrame, clock: BuyerClock, measure: Measure, memory: Memory
) -> Matches:
    window_ms, spread_ms = window_of(clock), clock.spread_ms
    return match_within_memory(
        ours, calls, measure, memory, window_ms=window_ms, spread_ms=spread_ms
    )


def _take_apart(
    of: _Records, clock: BuyerClock, rules: TieOutRules, measure: Measure | None, memory: Memory
) -> tuple[Sides, Matches, MeasureFound]:
    """Both sides without what was said before, which is a duplicate; and what of them is a pair."""
    ours, calls, taken = of.ours, of.calls, of.taken
    amending = find_amendments(calls, ours, taken)
    fresh = _without(calls, amending, "their")
    told = measure or _read_told(rules)
    matched, by = _match(ours, fresh, clock, rules.clock, told, memory)
    matches, again = part_taken(matched, taken)
    lone = _without(fresh, pl.concat([matched.pairs, matched.unsure], how="diagonal"), "their")
    said = pl.concat([amending, again, find_zeroed(lone, ours, taken)])
    others = describe_said(said, calls, ours, taken, matches.pairs)
    repeated = follow_first(of.repeated, said, matches.pairs, taken)
    duplicates = pl.concat([repeated.select(others.columns), others.lazy()])
    free, left = _without(ours, taken, "our"), _without(calls, said, "their")
    return _put_in_line(free, left, duplicates, by), matches, by


def _without(side: pl.LazyFrame, some: pl.DataFrame, number: str) -> pl.LazyFrame:
    if some.is_empty():
        return side
    return side.join(some.select(number).lazy(), on=number, how="anti")


def _put_in_line(
    ours: pl.LazyFrame, calls: pl.LazyFrame, repeated: pl.LazyFrame, by: MeasureFound
) -> Sides:
    their_ms = read_theirs(by.measure).alias("their_ms")
    has_time = their_ms.is_not_null().any()
    return Sides(
        ours.with_columns(our_ms=read_ours(by.measure)),
        calls.with_columns(their_ms),
        repeated.with_columns(their_ms),
        has_times=any(read(side.select(has_time)).item() for side in (calls, repeated)),
    )


def _list_left_out(
    ours: pl.LazyFrame, matches: Matches, rules: TieOutRules, stays: Sequence[int]
) -> pl.DataFrame:
    """Our calls (`our`) of another period that no record of theirs may be of."""
    is_inside = pl.col("started_at_ms").is_between(rules.since_ms, rules.until_ms, closed="left")
    outside = read(ours.filter(~is_inside).select("our"))
    staying = pl.DataFrame({"our": stays}, schema={"our": pl.Int64})
    kept = pl.concat([matches.pairs.select("our"), matches.unsure.select("our"), staying])
    return outside.join(kept, on="our", how="anti")


def _say_unclear(calls: pl.LazyFrame) -> Iterator[str]:
    unclear = read(calls.select(pl.col("also_ms").count())).item()
    if unclear:
        yield (
            f"clocks went back, and nothing tells in which of the two hours {unclear:,} of their "
            "records began: the first is taken"
        )


def _list_notices(
    calls: pl.LazyFrame, totals: Totals, left_out: int, currency: str
) -> Iterator[str]:
    yield from _say_unclear(calls)
    whole, alone = totals.whole, totals.classes[DifferenceClass.THEIRS_ONLY].their_calls
    if 2 * alone > whole.their_calls:
        yield (
            f"{alone:,} of their {whole.their_calls:,} records are no calls of ours: "
            "is it this buyer's file, and of this period?"
        )
    if alone and whole.their_micros:
        yield (
            f"{say_count(alone, 'record')} that only they have {'is' if alone == 1 else 'are'} "
            "priced by the terms that would have held for such calls"
        )
    if totals.price_micros is not None and totals.price_micros != whole.their_micros:
        yield (
            f"their prices add up to {say_amount(totals.price_micros, currency)}, what the terms "
            f"make of their seconds to {say_amount(whole.their_micros, currency)}"
        )
    if left_out:
        yield (
            f"{say_count(left_out, 'call')} of ours outside the period, not in their file, "
            f"{'is' if left_out == 1 else 'are'} left out"
        )
