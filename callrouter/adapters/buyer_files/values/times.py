"""Instants as buyers write them, whole columns at once: texts, epochs, serial numbers.

What a text means depends on its form alone; which form a column has is found by `time_forms`.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from callrouter.adapters.buyer_files.values.byte_rows import (
    Bytes,
    Digits,
    Figures,
    Flags,
    Groups,
    Rows,
    Shapes,
    Words,
    blanks,
    letters_at,
    letters_key,
    number_at,
    read_fraction,
    split_blocks,
)
from callrouter.adapters.buyer_files.values.time_shapes import TimeLayout, lay_out
from callrouter.domain.tie_out.mapping import TimeForm

DAY_MS = 86_400_000
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
_UNREAD = np.iinfo(np.int64).min
_EPOCHS = frozenset({TimeForm.EPOCH_S, TimeForm.EPOCH_MS, TimeForm.EPOCH_US})
_SERIAL_DAY_OF_1970 = {TimeForm.EXCEL_SERIAL: 25_569, TimeForm.MATLAB_DATENUM: 719_529}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONE_HOURS = {"utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7} | {
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "hst": -10,
}
_NO_ZONE = 99


def _table(entries: Iterable[tuple[str, int]], default: int) -> npt.NDArray[np.int8]:
    table = np.full(1 << 15, default, dtype=np.int8)
    for letters, value in entries:
        table[letters_key(letters)] = value
    return table


_MONTH_OF = _table(((name, number) for number, name in enumerate(_MONTHS, 1)), 0)
_HOURS_OF = _table(_ZONE_HOURS.items(), _NO_ZONE)
_MONTH_STARTS = np.array(
    [
        (date(year, month, 1) - date(1970, 1, 1)).days
        for year in range(_FIRST_YEAR, _LAST_YEAR + 2)
        for month in range(1, 13)
    ],
    dtype=np.int32,
)


def read_times(texts: pl.Series, form: TimeForm) -> pl.DataFrame:
    """The instants of a column: `ms` (Int64, null where unread) and `is_absolute` (Boolean).

    A wall clock is read as if it were UTC. Texts with an offset, Z or a zone's letters (UTC, GMT,
    EST …) and epochs are absolute; other letters for a zone leave a wall clock. Texts that can
    only mean one thing are read under every form; day and month never change places.
    """
    if form not in _EPOCHS and form not in _SERIAL_DAY_OF_1970:
        return _read_texts(texts, form)
    read = _read_figures(texts, form)
    if not read["ms"].null_count():
        return read
    left = texts.zip_with(read["ms"].is_null(), blanks(len(texts)))
    return _fill(read, _read_texts(left, form))


def _fill(read: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    unread = read["ms"].is_null()
    return pl.DataFrame(
        {name: read[name].zip_with(~unread, other[name]) for name in ("ms", "is_absolute")}
    )


def _read_figures(texts: pl.Series, form: TimeForm) -> pl.DataFrame:
    """Epochs by size (s, ms, us; to 2033, below any telephone number), serials by the form."""
    figures = texts.str.strip_chars(" '=\"").cast(pl.Float64, strict=False)
    frame = pl.DataFrame({"x": figures})
    x = pl.col("x")
    if form in _EPOCHS:
        seconds, milliseconds = pl.when(x.is_between(6e8, 2e9)), x.is_between(6e11, 2e12)
        ms = seconds.then(x * 1000).when(milliseconds).then(x)
        ms = ms.when(x.is_between(6e14, 2e15)).then(x / 1000)
        return frame.select(ms=ms.round().cast(pl.Int64), is_absolute=pl.lit(value=True))
    days = x - _SERIAL_DAY_OF_1970[form]
    ms_since_1970 = pl.when(days.is_between(365 * 20, 365 * 130)).then(days * DAY_MS)
    return frame.select(ms=_to_second(ms_since_1970), is_absolute=pl.lit(value=False))


def _to_second(ms: pl.Expr) -> pl.Expr:
    """Whole milliseconds; a fraction of a day that is a second but for rounding is that second."""
    second = (ms / 1000).round() * 1000
    return pl.when((ms - second).abs() <= 5).then(second).otherwise(ms).round().cast(pl.Int64)


def _read_texts(texts: pl.Series, form: TimeForm) -> pl.DataFrame:
    ms = np.full(len(texts), _UNREAD, dtype=np.int64)
    absolute = np.zeros(len(texts), dtype=np.bool_)
    shapes = Shapes()
    for block, words in split_blocks(texts):
        _read_block(shapes.group(words), words, form, ms[block], absolute[block])
    read = pl.DataFrame({"ms": ms, "is_absolute": absolute})
    return read.with_columns(ms=pl.when(pl.col("ms") != _UNREAD).then(pl.col("ms")))


def _read_block(groups: Groups, words: Words, form: TimeForm, ms: Figures, absolute: Flags) -> None:
    for shape, rows in groups:
        layout = lay_out(shape, form)
        if layout is not None:
            _read_shape(words, rows, layout, ms, absolute)


def _read_shape(
    words: Words, rows: Rows | None, layout: TimeLayout, ms: Figures, absolute: Flags
) -> None:
    chosen = words if rows is None else words[rows]
    texts = np.ascontiguousarray(chosen).view(np.uint8)
    days, is_date = _read_date(texts, layout)
    clock, is_time = _read_clock(texts, layout)
    offset, has_zone = _read_zone(texts, layout)
    instants = days.astype(np.int64) * DAY_MS
    instants += clock
    if offset is not None:
        instants -= offset
    instants[~(is_date & is_time)] = _UNREAD
    if rows is None:
        ms[:], absolute[:] = instants, has_zone
    else:
        ms[rows], absolute[rows] = instants, has_zone


def _read_date(texts: Bytes, layout: TimeLayout) -> tuple[Digits, Flags]:
    """Days since 1970, and whether there is such a day."""
    year = number_at(texts, layout.year).astype(np.int32)
    if layout.year[1] - layout.year[0] == 2:
        year += 2000
    day = number_at(texts, layout.day)
    month: Digits
    if layout.month_name is not None:
        month = _MONTH_OF[letters_at(texts, layout.month_name)]
    else:
        month = number_at(texts, layout.month or layout.day)
    right = (month >= 1) & (month <= 12) & (year >= _FIRST_YEAR) & (year <= _LAST_YEAR)
    at = (year - _FIRST_YEAR) * 12 + (month - 1)
    if not right.all():
        at[~right] = 0
    starts = _MONTH_STARTS[at]
    right &= (day >= 1) & (day <= _MONTH_STARTS[at + 1] - starts)
    return starts + (day - 1), right


def _read_clock(texts: Bytes, layout: TimeLayout) -> tuple[Digits | int, Flags | bool]:
    """Milliseconds since midnight, and whether there is such a time of day."""
    if layout.hour is None or layout.minute is None:
        return 0, True
    hour, minute = number_at(texts, layout.hour), number_at(texts, layout.minute)
    right: Flags = (hour <= 23) & (minute <= 59)
    if layout.half_day is not None:
        hour, fits = _read_half_day(texts, layout.half_day, hour)
        right &= fits
    seconds = (hour * 60 + minute).astype(np.int32) * 60
    if layout.second is not None:
        second = number_at(texts, layout.second)
        right &= second <= 59
        seconds += second
    ms = seconds * 1000
    return ms if layout.fraction is None else ms + read_fraction(texts, layout.fraction), right


def _read_half_day(texts: Bytes, at: int, hour: Digits) -> tuple[Digits, Flags]:
    """AM, PM, a.m., or Z, which is a zone; 00:15 AM and 13:05 PM are written, too."""
    letter = texts[:, at] | 32
    is_am, is_pm, is_z = letter == ord("a"), letter == ord("p"), letter == ord("z")
    fits = is_z | (is_am & (hour <= 12)) | is_pm
    hour[is_am & (hour == 12)] = 0
    hour[is_pm & (hour < 12)] += 12
    return hour, fits


def _read_zone(texts: Bytes, layout: TimeLayout) -> tuple[Figures | int | None, Flags | bool]:
    """How far ahead of UTC in milliseconds (None: not at all), and whether that is said."""
    if layout.offset_hours is not None:
        minutes = number_at(texts, layout.offset_hours) * 60
        if layout.offset_minutes is not None:
            minutes += number_at(texts, layout.offset_minutes)
        return layout.offset_sign * minutes.astype(np.int64) * 60_000, True
    if layout.zone_name is not None:
        hours = _HOURS_OF[letters_at(texts, layout.zone_name)].astype(np.int64)
        known = hours != _NO_ZONE
        return np.where(known, hours * 3_600_000, 0), known
    if layout.half_day is not None:
        return None, (texts[:, layout.half_day] | 32) == ord("z")
    return None, False
