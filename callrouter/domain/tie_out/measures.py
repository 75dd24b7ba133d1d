"""Like with like: which duration of theirs is held against which time of ours, by the calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from callrouter.domain.billing.terms import Clock
from callrouter.domain.tie_out.mapping import Field
from callrouter.domain.tie_out.memory import count_rows, read

_DURATIONS = (Field.TOTAL, Field.TALK, Field.BILLED)
_STEPS_S = (60, 30, 20, 15, 12, 10, 6)
"""The increments that times are rounded up to by who bills by them."""
_SECOND_MS = 1000
_NEAR_MS = 2000
"""Two clocks that count the same differ by this at most: each cuts off or rounds its own second."""
LEAST_SURE = 20
"""Of fewer calls nothing is concluded."""
_FITS = 0.8
_GAIN = 0.3
"""A measure is taken instead of the one that was asked for when it fits so many calls more."""
_ALMOST_ALL = 0.99
_MOST_SAMPLED = 25_000
_WHAT_MORE = {
    Clock.CONNECTED: "more than the call had",
    Clock.ANSWERED: "of whisper: their switch counts from its answer on",
    Clock.TOTAL: "before they were connected: it begins when the call reached us",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A time of ours and what of theirs it is compared with: `theirs`, less some, plus others.

    `step_ms`: all of their times are whole multiples of it (6000: rounded up to 6 s).
    """

    ours: Clock
    theirs: Field
    less: tuple[Field, ...] = ()
    plus: tuple[Field, ...] = ()
    step_ms: int = _SECOND_MS


@dataclass(frozen=True, slots=True)
class MeasureFound:
    """The measure to go by, and what a person should know of it, in words.

    `sure` counts the calls that were looked at, `fit` is the share of them whose durations agree.
    `suggested` is a measure that fits better than one that was told and is kept.
    """

    measure: Measure
    notices: tuple[str, ...]
    sure: int
    fit: float
    suggested: Measure | None = None


def read_ours(measure: Measure) -> pl.Expr:
    """The milliseconds of the frame OURS that are compared."""
    return pl.col(f"{measure.ours}_ms")


def read_theirs(measure: Measure) -> pl.Expr:
    """The milliseconds of the frame THEIRS that are compared; null where the record has none."""
    ms = pl.col(f"{measure.theirs}_ms")
    for field in measure.less:
        ms = ms - pl.col(f"{field}_ms").fill_null(0)
    for field in measure.plus:
        ms = ms + pl.col(f"{field}_ms").fill_null(0)
    return ms.clip(lower_bound=0) if measure.less else ms


def list_durations(calls: pl.LazyFrame) -> tuple[Field, ...]:
    """The times that any record of theirs has; all of them where there is no record."""
    known = (pl.col(f"{field}_ms").is_not_null().any().alias(field) for field in _DURATIONS)
    found = read(calls.select(*known, rows=pl.len())).row(0, named=True)
    return tuple(field for field in _DURATIONS if found[field] or not found["rows"])


def choose_measure(durations: Sequence[Field], clock: Clock) -> Measure | None:
    """What is compared as long as nothing is known: their total, or what they have instead of it.

    None when their file has no durations at all.
    """
    return next((Measure(clock, field) for field in durations), None)


def pair_singles(ours: pl.LazyFrame, calls: pl.LazyFrame, *, window_ms: int) -> pl.DataFrame:
    """Calls that are the same without doubt: `our`, `their`; of callers seen once on each side.

    Both frames have `at_ms`; starts are `window_ms` apart at most. Of large frames the calls of
    some callers only.
    """
    some = max(1, max(count_rows(ours), count_rows(calls)) // _MOST_SAMPLED)
    columns = (("our", ours), ("their", calls))
    once = [
        _find_singles(frame.select(number, "caller", "at_ms"), some) for number, frame in columns
    ]
    gap = (pl.col("at_ms_right") - pl.col("at_ms")).abs()
    return once[0].join(once[1], on="caller").filter(gap <= window_ms).select("our", "their")


def find_measure(
    ours: pl.LazyFrame,
    calls: pl.LazyFrame,
    pairs: pl.DataFrame,
    preferred: Measure,
    *,
    is_told: bool = False,
) -> MeasureFound:
    """The measure by which `pairs` (`our`, `their`) agree, the preferred one if it does.

    A measure that a person told is kept, and a better one suggested.
    """
    both = _put_side_by_side(ours, calls, pairs)
    usual = replace(preferred, step_ms=_find_step(both, preferred))
    if both.height < LEAST_SURE:
        return MeasureFound(usual, _say_step(usual), both.height, 0.0)
    usual_fit = _measure_fit(both, usual)
    best, best_fit = usual, usual_fit
    for candidate in _list_measures(both, preferred.ours):
        fit = _measure_fit(both, candidate)
        if fit > best_fit:
            best, best_fit = candidate, fit
    if best_fit < _FITS or best_fit < usual_fit + _GAIN:
        poor = (_say_poor(usual, usual_fit, both.height),) if usual_fit < 1 - _FITS else ()
        return MeasureFound(usual, (*_say_step(usual), *poor), both.height, usual_fit)
    words = _say_other(both, usual, best, best_fit, is_told=is_told)
    if is_told:
        return MeasureFound(usual, (words,), both.height, usual_fit, suggested=best)
    return MeasureFound(best, (words, *_say_step(best)), both.height, best_fit)


def say_measure(measure: Measure) -> str:
    """What is compared, in words: "our connected time with their total time less queue"."""
    return f"our {measure.ours} time with their {_say_theirs(measure)}"


def _has(frame: pl.DataFrame, field: Field) -> bool:
    return frame[f"{field}_ms"].null_count() < frame.height


def _find_singles(frame: pl.LazyFrame, some: int) -> pl.DataFrame:
    known = (pl.col("caller") != "") & pl.col("at_ms").is_not_null()
    sampled = read(frame.filter(known & (pl.col("caller").hash() % some == 0)))
    return sampled.filter(pl.col("caller").is_unique())


def _put_side_by_side(ours: pl.LazyFrame, calls: pl.LazyFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The durations of both sides, a row a pair, of pairs that were connected with us."""
    every = max(1, pairs.height // _MOST_SAMPLED)
    our_columns = ["our", *(f"{clock}_ms" for clock in Clock)]
    fields = (*_DURATIONS, Field.QUEUE, Field.HOLD)
    both = (
        pairs.select("our", "their")
        .gather_every(every)
        .lazy()
        .join(
            ours.select(our_columns).rename(lambda name: f"our.{name}"),
            left_on="our",
            right_on="our.our",
        )
        .join(calls.select("their", *(f"{field}_ms" for field in fields)), on="their")
    )
    return read(both.filter(pl.col("our.connected_ms") > 0)).sort("our")


def _list_measures(both: pl.DataFrame, clock: Clock) -> Iterator[Measure]:
    """Everything that could be compared, the plain before the composed, exact before coarse."""
    clocks = (clock, *(each for each in Clock if each is not clock))
    theirs = [
        (field, less, plus)
        for field, less, plus in _list_sums()
        if all(_has(both, each) for each in (field, *less, *plus))
    ]
    for ours in clocks:
        for field, less, plus in theirs:
            measure = Measure(ours, field, less, plus)
            yield replace(measure, step_ms=_find_step(both, measure))


def _list_sums() -> Iterator[tuple[Field, tuple[Field, ...], tuple[Field, ...]]]:
    waits = ((Field.QUEUE,), (Field.HOLD,), (Field.QUEUE, Field.HOLD))
    for field in _DURATIONS:
        yield field, (), ()
    for some in waits:
        yield Field.TOTAL, some, ()
        yield Field.TALK, (), some


def _find_step(both: pl.DataFrame, measure: Measure) -> int:
    """The increment of which almost all of their times are multiples, 1000 when that is a second.

    1 where they are finer than seconds.
    """
    ms = both.select(read_theirs(measure)).to_series().drop_nulls().to_numpy()
    ms = ms[ms > 0]
    if len(ms) < LEAST_SURE:
        return _SECOND_MS
    for step_ms in (*(step_s * _SECOND_MS for step_s in _STEPS_S), _SECOND_MS):
        if np.mean(ms % step_ms == 0) >= _ALMOST_ALL:
            return step_ms
    return 1


def _read_both(both: pl.DataFrame, measure: Measure) -> tuple[np.ndarray, np.ndarray]:
    """Our and their milliseconds where their record has any."""
    found = both.select(
        ours=pl.col(f"our.{measure.ours}_ms"), theirs=read_theirs(measure)
    ).drop_nulls()
    return found["ours"].to_numpy(), found["theirs"].to_numpy()


def _measure_fit(both: pl.DataFrame, measure: Measure) -> float:
    """The share of all pairs whose times agree; of coarse times, those that it rounds up to."""
    ours, theirs = _read_both(both, measure)
    if measure.step_ms <= _SECOND_MS:
        return float(np.sum(np.abs(theirs - ours) <= _NEAR_MS) / both.height)
    step_ms = measure.step_ms
    least = -((_SECOND_MS - ours) // step_ms) * step_ms
    most = -((-_SECOND_MS - ours) // step_ms) * step_ms
    return float(np.sum((least <= theirs) & (theirs <= most)) / both.height)


def _say_theirs(measure: Measure) -> str:
    less = "".join(f" less {field}" for field in measure.less)
    plus = "".join(f" plus {field}" for field in measure.plus)
    return f"{measure.theirs} time{less}{plus}"


def _say_step(measure: Measure) -> tuple[str, ...]:
    if measure.step_ms <= _SECOND_MS:
        return ()
    return (f"their {_say_theirs(measure)} is rounded up to {measure.step_ms // _SECOND_MS} s",)


def _say_poor(measure: Measure, fit: float, sure: int) -> str:
    return (
        f"their {_say_theirs(measure)} is within 2 s of our {measure.ours} time in only "
        f"{fit:.0%} of {sure:,} sure calls, and nothing else in their file fits better"
    )


def _say_other(
    both: pl.DataFrame, usual: Measure, best: Measure, fit: float, *, is_told: bool
) -> str:
    """Why another measure is taken or suggested, with what the usual one is off by."""
    ours, theirs = _read_both(both, usual)
    off_ms = int(np.median(theirs - ours)) if len(ours) else 0
    what = _say_off(both, usual, best, off_ms)
    sure = f"in {fit:.0%} of {both.height:,} sure calls"
    told = f"{what}; {say_measure(best)} agrees {sure}"
    return f"{told}: compare that instead?" if is_told else f"{told}, so that is compared"


def _say_off(both: pl.DataFrame, usual: Measure, best: Measure, off_ms: int) -> str:
    """What their usual time has in it, or leaves out: a whisper, queue, hold, or who knows what."""
    seconds = round(abs(off_ms) / _SECOND_MS)
    named = f"their {_say_theirs(usual)}"
    if replace(best, ours=usual.ours, step_ms=usual.step_ms) == usual and off_ms > 0:
        return f"{named} includes about {seconds} s {_WHAT_MORE[best.ours]}"
    verb = "excludes" if off_ms < 0 else "includes"
    for field in (Field.QUEUE, Field.HOLD):
        if _has(both, field):
            typical = both[f"{field}_ms"].fill_null(0).median()
            if isinstance(typical, float) and abs(typical - abs(off_ms)) <= _NEAR_MS < abs(off_ms):
                return f"{named} {verb} about {seconds} s of {field}"
    way = "shorter" if off_ms < 0 else "longer"
    return f"{named} is about {seconds} s {way} than our {usual.ours} time"
