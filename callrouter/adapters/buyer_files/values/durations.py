"""Durations as buyers write them, whole columns at once, as milliseconds."""

import re

import numpy as np
import polars as pl

from callrouter.adapters.buyer_files.values.byte_rows import (
    Bytes,
    Digits,
    Figures,
    Flags,
    Groups,
    Shapes,
    Span,
    Words,
    blanks,
    number_at,
    read_fraction,
    split_blocks,
)
from callrouter.adapters.buyer_files.values.cells import clean
from callrouter.domain.tie_out.mapping import DurationForm

LONGEST_MS = 31 * 86_400_000
"""A longer call than a month isn't one: such a figure is something else, or of another unit."""
_UNREAD = -1
_UNIT_MS = {
    DurationForm.SECONDS: 1000,
    DurationForm.MILLISECONDS: 1,
    DurationForm.DECIMAL_MINUTES: 60_000,
    DurationForm.DAY_FRACTION: 86_400_000,
}

_CLOCK = re.compile(
    r"[ '=\"]*(?:(?P<d>0{1,2})(?: A{3,4},? |\.))?"
    r"(?P<a>0{1,5}):(?P<b>00)(?::(?P<c>00))?(?:[.,](?P<f>0{1,9}))?(?: ?(?P<p>A)A)?[ \"]*"
)
_SPREADSHEET_MIDNIGHT = re.compile(r"(?:1899-12-3[01]|1900-01-0[01])[T ]")
_WORDS = re.compile(
    r"(?:(?P<d>[0-9.]+) *d(?:ays?)?)?[ ,]*(?:(?P<h>[0-9.]+) *(?:h|hrs?|hours?))?[ ,]*"
    r"(?:(?P<m>[0-9.]+) *(?:m|mins?|minutes?|'))?[ ,]*(?:and )?"
    r"(?:(?P<s>[0-9.]+) *(?:s|secs?|seconds?|\"))?[ ,]*(?:(?P<f>[0-9.]+) *(?:ms|msecs?))?"
)
_WORD_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "f": 1}


def read_durations(texts: pl.Series, form: DurationForm) -> pl.Series:
    """Milliseconds (Int64) of each text, null where it can't be read, is negative or over a month.

    0:43 is minutes and seconds, unless the form is HOURS_MINUTES; 1:02:03 is read under every
    form, and so are words; a bare figure is in the form's unit (under CLOCK and WORDS seconds).
    """
    first, second = _read_clocks, _read_figures
    if form in _UNIT_MS:
        first, second = second, first
    ms = first(texts, form)
    for reader in (second, _read_one_by_one):
        if ms.null_count():
            ms = ms.zip_with(ms.is_not_null(), reader(_left(texts, ms), form))
    return ms


def _left(texts: pl.Series, read: pl.Series) -> pl.Series:
    return texts.zip_with(read.is_null(), blanks(len(texts)))


def _read_figures(texts: pl.Series, form: DurationForm) -> pl.Series:
    unit = _UNIT_MS.get(form, 1000)
    whole = texts.cast(pl.Int64, strict=False)
    figures = whole.cast(pl.Float64)
    if whole.null_count():
        figures = pl.DataFrame({"x": texts}).select(
            clean(pl.col("x")).str.replace_all(r",(\d{3})", "$1").cast(pl.Float64, strict=False)
        )["x"]
    x = pl.col("x") * unit
    second = (x / 1000).round() * 1000
    if form is DurationForm.DAY_FRACTION:
        x = pl.when((x - second).abs() <= 5).then(second).otherwise(x)
    ms = pl.when(x.is_between(0, LONGEST_MS)).then(x.round()).cast(pl.Int64)
    return pl.DataFrame({"x": figures}).select(ms=ms).to_series()


def _read_clocks(texts: pl.Series, form: DurationForm) -> pl.Series:
    ms = np.full(len(texts), _UNREAD, dtype=np.int64)
    shapes = Shapes()
    for block, words in split_blocks(texts):
        _read_block(shapes.group(words), words, form, ms[block])
    right = (pl.col("ms") >= 0) & (pl.col("ms") <= LONGEST_MS)
    return pl.DataFrame({"ms": ms}).select(pl.when(right).then(pl.col("ms"))).to_series()


def _read_block(groups: Groups, words: Words, form: DurationForm, ms: Figures) -> None:
    for shape, rows in groups:
        found = _CLOCK.fullmatch(shape)
        if found is None:
            continue
        spans = {name: found.span(name) for name, text in found.groupdict().items() if text}
        chosen = words if rows is None else words[rows]
        read = _read_shape(np.ascontiguousarray(chosen).view(np.uint8), spans, form)
        if rows is None:
            ms[:] = read
        else:
            ms[rows] = read


def _read_shape(texts: Bytes, spans: dict[str, Span], form: DurationForm) -> Figures:
    first, second = number_at(texts, spans["a"]).astype(np.int32), number_at(texts, spans["b"])
    has_seconds = "c" in spans
    right: Flags = second <= 59
    if "p" in spans:
        first, fits = _read_half_day(texts, spans["p"][0], first)
        right &= fits
    figure = first * 60 + second
    if has_seconds:
        third = number_at(texts, spans["c"])
        right &= third <= 59
        figure = figure * 60 + third
    elif form is DurationForm.HOURS_MINUTES or "p" in spans:
        figure *= 60
    ms = figure.astype(np.int64) * 1000
    if "d" in spans:
        ms += number_at(texts, spans["d"]).astype(np.int64) * 86_400_000
    if "f" in spans:
        ms += read_fraction(texts, spans["f"])
    ms[~right] = _UNREAD
    return ms


def _read_half_day(texts: Bytes, at: int, hours: Digits) -> tuple[Digits, Flags]:
    """12:03:45 AM: a spreadsheet's way to show three minutes as a time of day."""
    letter = texts[:, at] | 32
    is_pm = letter == ord("p")
    fits = (hours >= 1) & (hours <= 12) & (is_pm | (letter == ord("a")))
    return hours % 12 + np.where(is_pm, 12, 0), fits


def _read_one_by_one(texts: pl.Series, form: DurationForm) -> pl.Series:
    """What is left, each different text once: words, and a spreadsheet's day 0."""
    unique = texts.unique()
    read = [_read_words(text, form) for text in unique.to_list()]
    return texts.replace_strict(unique, pl.Series(read, dtype=pl.Int64), return_dtype=pl.Int64)


def _read_words(text: str, form: DurationForm) -> int | None:
    bare = text.strip(" '=").lower()
    day_zero = _SPREADSHEET_MIDNIGHT.match(bare)
    if day_zero is not None:
        ms = _read_clocks(pl.Series([bare[day_zero.end() :]]), form)[0]
        return None if ms is None else int(ms)
    found = _WORDS.fullmatch(bare)
    if not bare or found is None:
        return None
    try:
        parts = {name: float(figure) for name, figure in found.groupdict().items() if figure}
    except ValueError:
        return None
    ms = round(sum(figure * _WORD_MS[name] for name, figure in parts.items()))
    return ms if ms <= LONGEST_MS else None
