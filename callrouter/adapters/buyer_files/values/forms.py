"""How a column of instants or durations is written, found from its texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from callrouter.adapters.buyer_files.values.cells import clean, is_nothing
from callrouter.adapters.buyer_files.values.day_order import Undecided, decide_day_order
from callrouter.adapters.buyer_files.values.durations import read_durations
from callrouter.adapters.buyer_files.values.times import read_times
from callrouter.domain.tie_out.mapping import DurationForm, TimeForm

ENOUGH = 0.8
"""So much of what a column says must be readable for it to have a form."""
_FIGURE_RANGES: Mapping[TimeForm, tuple[float, float]] = {
    TimeForm.EPOCH_S: (1.2e9, 2.0e9),
    TimeForm.EPOCH_MS: (1.2e12, 2.0e12),
    TimeForm.EPOCH_US: (1.2e15, 2.0e15),
    TimeForm.EXCEL_SERIAL: (36_500, 60_000),
    TimeForm.MATLAB_DATENUM: (730_000, 760_000),
}
"""From 2000 to after 2030; nothing that a ten-digit telephone number could be."""


SAMPLE_ROWS = 4_000


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A form of instants, how much of what the column says it reads, and what it rests on."""

    form: TimeForm
    share: float
    evidence: str


@dataclass(frozen=True, slots=True)
class FoundDuration:
    """A form of durations, how much of what the column says it reads, and what it rests on."""

    form: DurationForm
    share: float
    evidence: str


def take_sample(texts: pl.Series, rows: int = SAMPLE_ROWS) -> pl.Series:
    """At most `rows` texts, evenly spread and in order: what it costs to look at doesn't grow."""
    return texts.gather_every(max(1, -(-len(texts) // rows)))


def find_time_form(
    texts: pl.Series, period: tuple[date, date] | None = None
) -> FoundTime | Undecided | None:
    """How instants are written in a column; None when it has none.

    Day and month are told apart as `decide_day_order` says, or not at all: Undecided.
    """
    said = _say_something(take_sample(texts))
    if not len(said):
        return None
    found = _find_figures(said)
    if found is not None:
        return found
    plain = _share(read_times(said, TimeForm.ISO)["ms"])
    both = max(
        _share(read_times(said, form)["ms"]) for form in (TimeForm.MONTH_FIRST, TimeForm.DAY_FIRST)
    )
    if max(plain, both) < ENOUGH:
        return None
    if plain >= both:
        return _name_plain(said, plain)
    order = decide_day_order(said, period)
    if isinstance(order, Undecided):
        return order
    share = _share(read_times(said, order.form)["ms"])
    return FoundTime(order.form, share, order.evidence)


def _say_something(texts: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"x": texts})
    return frame.filter(~is_nothing(pl.col("x"))).select(clean(pl.col("x"))).to_series()


def share_of(flags: pl.Series) -> float:
    """In which part of the rows it is so; 0 without rows."""
    return int(flags.sum()) / len(flags) if len(flags) else 0.0


def _share(read: pl.Series) -> float:
    return 1 - read.null_count() / len(read)


def _find_figures(said: pl.Series) -> FoundTime | None:
    figures = said.cast(pl.Float64, strict=False)
    for form, (low, high) in _FIGURE_RANGES.items():
        share = share_of(figures.is_between(low, high))
        if share < ENOUGH:
            continue
        is_day = form in (TimeForm.EXCEL_SERIAL, TimeForm.MATLAB_DATENUM)
        if is_day and share_of(figures % 1 > 0) < 0.5:
            continue
        words = form.value.replace("_", " ")
        return FoundTime(form, share, f"{share:.0%} of the values are {words} figures")
    return None


def _name_plain(said: pl.Series, share: float) -> FoundTime:
    read = read_times(said, TimeForm.ISO)
    if share_of(read["is_absolute"] & read["ms"].is_not_null()) >= 0.5:
        form, words = TimeForm.ISO, "instants with an offset"
    elif share_of(said.str.contains("[A-Za-z]{3}")) >= 0.5:
        form, words = TimeForm.NAMED_MONTH, "instants with a month's name"
    else:
        form, words = TimeForm.YEAR_FIRST, "instants with the year first"
    return FoundTime(form, share, f"{share:.0%} of the values are {words}")


def find_duration_form(texts: pl.Series, spans_ms: pl.Series | None = None) -> FoundDuration | None:
    """How durations are written in a column; None when it has none.

    `spans_ms` are what the durations should come to, row by row (an end less a start): they tell
    seconds from milliseconds and minutes, and M:SS from H:MM.
    """
    if spans_ms is not None:
        found = find_form_by_spans(texts, spans_ms)
        if found is not None:
            return found
    said = _say_something(take_sample(texts))
    if not len(said):
        return None
    form = _candidates(said)[0]
    share = _share(read_durations(said, form))
    if share < ENOUGH:
        return None
    return FoundDuration(form, share, f"{share:.0%} of the values are {_DURATION_WORDS[form]}")


def find_form_by_spans(
    texts: pl.Series, spans_ms: pl.Series, what: str = "end - start"
) -> FoundDuration | None:
    """The form in which most durations are the spans; None where none is in 60 % of the rows.

    `share` is the part that agrees; `what` the spans are, for the evidence.
    """
    frame = pl.DataFrame({"text": texts, "span": spans_ms})
    frame = frame.gather_every(max(1, -(-len(frame) // SAMPLE_ROWS)))
    frame = frame.filter(~is_nothing(pl.col("text"))).with_columns(clean(pl.col("text")))
    best: FoundDuration | None = None
    for form in _candidates(frame["text"]) if len(frame) else ():
        agreeing = agree(read_durations(frame["text"], form), frame["span"])
        if agreeing >= 0.6 and (best is None or agreeing > best.share):
            words = f"{what} agrees in {agreeing:.0%} when read as {_DURATION_WORDS[form]}"
            best = FoundDuration(form, agreeing, words)
    return best


_DURATION_WORDS = {
    DurationForm.SECONDS: "figures that can be seconds",
    DurationForm.MILLISECONDS: "figures too large for seconds",
    DurationForm.CLOCK: "H:MM:SS or M:SS",
    DurationForm.HOURS_MINUTES: "H:MM",
    DurationForm.DAY_FRACTION: "fractions of a day",
    DurationForm.DECIMAL_MINUTES: "minutes with decimals",
    DurationForm.WORDS: "words",
}


def _candidates(said: pl.Series) -> tuple[DurationForm, ...]:
    """Forms that the texts may have, the likeliest first."""
    if share_of(said.str.contains(r"\d:\d\d")) >= ENOUGH:
        return (DurationForm.CLOCK, DurationForm.HOURS_MINUTES)
    figures = said.cast(pl.Float64, strict=False).drop_nulls()
    if len(figures) < ENOUGH * len(said):
        return (DurationForm.WORDS,)
    if share_of(figures < 1) == 1 and figures.sum() > 0:
        return (DurationForm.DAY_FRACTION, DurationForm.DECIMAL_MINUTES, DurationForm.SECONDS)
    if share_of(figures > 7200) > 0.5:
        return (DurationForm.MILLISECONDS, DurationForm.SECONDS)
    return (DurationForm.SECONDS, DurationForm.DECIMAL_MINUTES, DurationForm.MILLISECONDS)


def agree(durations: pl.Series, spans_ms: pl.Series) -> float:
    """In which share of the rows that have both a duration is the span, to a second and a half.

    Rows where both are nothing say nothing. Spans of whole minutes are compared to a minute.
    """
    frame = pl.DataFrame({"duration": durations, "span": spans_ms}).drop_nulls()
    by_minutes = bool((frame["span"] % 60_000 == 0).all())
    least, tolerance_ms = (120_000, 60_000) if by_minutes else (0, 1500)
    frame = frame.filter((pl.col("duration") > least) | (pl.col("span") > least))
    if len(frame) < 3:
        return 0.0
    gap = (frame["duration"] - frame["span"]).abs()
    return share_of(gap <= tolerance_ms)
