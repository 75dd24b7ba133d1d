"""By what a record of theirs may be a call of ours, as far as finding their clock needs it.

By a shared id, by the caller, by what is left of a masked one, or by the number called and the
duration where callers are hidden: all within days, since their clock isn't known yet.
"""

import re
from collections.abc import Iterator

import numpy as np
import polars as pl

from callrouter.domain.tie_out.clock_pairs import NEVER, Pairs, pair_up
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.memory import count_rows, read

SAMPLE = 80_000
"""So many records of a side are enough: callers are drawn by their hash, on both sides alike."""

_OUR_INSTANTS = ("started_at_ms", "dialed_at_ms", "answered_at_ms")
_MOST_PER_CALL = 12
"""A caller with more records than that within days says little: a dialling machine."""

_FEWEST_DIGITS = 5
_STEPS_MS = (60_000, 30_000, 6_000)
_ALL_BUT = 0.98


def pair_by_shared_id(
    ours: pl.LazyFrame, calls: pl.LazyFrame, half_ms: int, within_ms: int
) -> Pairs:
    """Pairs that know each other by an id of the carrier's; `half_ms` is added to each stamp.

    Of many, a sample of the ids.
    """
    shared = calls.filter(pl.col("shared_id") != "")
    count = count_rows(shared)
    parts = max(count_rows(ours), count) // SAMPLE + 1
    ids = pl.concat_str("call_sid", "leg_sids", separator=" ").str.split(" ")
    rows = ours if count else ours.clear()
    known = rows.with_columns(ids.alias("_id")).explode("_id")
    ours_by_id = _ours(known.filter((pl.col("_id") != "") & _drawn("_id", parts)), _hash("_id"))
    theirs_by_id = _theirs(shared.filter(_drawn("shared_id", parts)), _hash("shared_id"), half_ms)
    pairs = pair_up(ours_by_id, theirs_by_id, None)
    return pairs.only(np.abs(pairs.stamp_ms - pairs.dialed_ms) <= within_ms)


def pair_by_caller(ours: pl.LazyFrame, calls: pl.LazyFrame, half_ms: int, within_ms: int) -> Pairs:
    """Pairs of one caller that lie within `within_ms` of each other, before any clock is known.

    Of many, a sample of the callers.
    """
    parts = _count_parts(ours, calls)
    drawn = _drawn("caller", parts)
    is_number = pl.col("caller_kind") == CallerKind.NUMBER.value
    our_rows = ours.select("our", "caller", *_OUR_INSTANTS)
    their_rows = calls.select("their", "caller", "caller_kind", "stamp_ms")
    return pair_up(
        _ours(our_rows.filter(drawn & (pl.col("caller") != "")), _hash("caller")),
        _theirs(their_rows.filter(drawn & is_number), _hash("caller"), half_ms),
        within_ms,
        most_per_call=_MOST_PER_CALL,
    )


def pair_by_pattern(ours: pl.LazyFrame, calls: pl.LazyFrame, half_ms: int, within_ms: int) -> Pairs:
    """Pairs whose callers agree in the digits that are left, in the commonest way to mask them."""
    shapes = pl.col("caller_pattern").str.replace_all("[0-9]", "0")
    masked = calls.with_columns(shapes.alias("_shape")).filter(pl.col("caller_pattern") != "")
    shape = read(masked.select(pl.col("_shape").mode().sort().first())).item() or ""
    runs = [each.span() for each in re.finditer("0+", shape)]
    rows = ours.filter(pl.col("caller").str.len_chars() == len(shape))
    if sum(end - start for start, end in runs) < _FEWEST_DIGITS:
        rows, runs = rows.clear(), [(0, 0)]
    theirs = masked.filter(pl.col("_shape") == shape)
    return pair_up(
        _ours(rows, _digits("caller", runs)),
        _theirs(theirs, _digits("caller_pattern", runs), half_ms),
        within_ms,
        most_per_call=_MOST_PER_CALL,
    )


def pair_by_called(
    ours: pl.LazyFrame, calls: pl.LazyFrame, half_ms: int, within_ms: int
) -> Iterator[Pairs]:
    """Pairs of one called number and about one duration, by each column that may be the one.

    For files without callers. Of many calls, a sample, and rare durations first.
    """
    parts = _count_parts(ours, calls)
    drawn = pl.col("key") % parts == 0
    for our_number, their_number in _numbers(ours, calls):
        for their_ms in ("total_ms", "talk_ms"):
            theirs = calls.filter(pl.col(their_ms).is_not_null() & (their_number != ""))
            durations = read(theirs.select(their_ms)).to_series()
            if durations.is_empty():
                continue
            step_ms = _find_step(durations)
            steps = pl.col(their_ms) // step_ms
            near = pl.concat(
                [_theirs(theirs, _key(their_number, steps + by), half_ms) for by in (-1, 0, 1)]
            ).filter(drawn)
            for our_ms in ("connected_ms", "answered_ms", "total_ms"):
                rows = ours.filter(pl.col(our_ms) > 0)
                known = _ours(rows, _key(our_number, pl.col(our_ms) // step_ms))
                yield pair_up(known.filter(drawn), near, within_ms)


def _count_parts(ours: pl.LazyFrame, calls: pl.LazyFrame) -> int:
    """Of how many parts of both sides one is a sample."""
    return max(count_rows(ours), count_rows(calls)) // SAMPLE + 1


def _hash(column: str) -> pl.Expr:
    return pl.col(column).hash(1)


def _drawn(column: str, parts: int) -> pl.Expr:
    """Whether a row is in the sample, one of so many parts: the same on both sides."""
    return _hash(column) % parts == 0


def _numbers(ours: pl.LazyFrame, calls: pl.LazyFrame) -> Iterator[tuple[pl.Expr, pl.Expr]]:
    """Columns in which both sides write the same numbers; the duration alone if there is none."""
    found = False
    for our_column, their_column in (("did", "called"), ("reached", "reached")):
        numbers = calls.select(pl.col(their_column).unique()).filter(pl.col(their_column) != "")
        shared = numbers.join(ours, left_on=their_column, right_on=our_column, how="semi")
        if count_rows(shared):
            found = True
            yield pl.col(our_column), pl.col(their_column)
    if not found:
        yield pl.lit("*"), pl.lit("*")


def _digits(column: str, runs: list[tuple[int, int]]) -> pl.Expr:
    """A hash of some of the characters of a number."""
    parts = [pl.col(column).str.slice(start, end - start) for start, end in runs]
    return pl.concat_str(parts).hash(1)


def _find_step(durations: pl.Series) -> int:
    """What durations are rounded to: minutes, halves, six seconds, or nothing but the second."""
    known = durations.to_numpy()
    whole = (step for step in _STEPS_MS if float((known % step == 0).mean()) >= _ALL_BUT)
    return next(whole, 1_000)


def _key(number: pl.Expr, steps: pl.Expr) -> pl.Expr:
    return pl.concat_str(number, steps.cast(pl.String), separator=" ").hash(1)


def _ours(rows: pl.LazyFrame, key: pl.Expr) -> pl.LazyFrame:
    dialed = pl.coalesce("dialed_at_ms", "started_at_ms")
    return rows.select(
        pl.col("our").alias("row"),
        key.alias("key"),
        dialed.alias("at_ms"),
        pl.col("started_at_ms").alias("arrived_ms"),
        pl.col("answered_at_ms").fill_null(NEVER).alias("answered_ms"),
    )


def _theirs(rows: pl.LazyFrame, key: pl.Expr, half_ms: int) -> pl.LazyFrame:
    return rows.filter(pl.col("stamp_ms").is_not_null()).select(
        pl.col("their").alias("row"),
        key.alias("key"),
        (pl.col("stamp_ms") + half_ms).alias("at_ms"),
    )
