"""The columns of a raw table by what a mapping says that they are, each read in its form."""

from dataclasses import dataclass, replace

import polars as pl

from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.values.byte_rows import blanks
from callrouter.adapters.buyer_files.values.cells import clean, read_words
from callrouter.adapters.buyer_files.values.durations import read_durations
from callrouter.adapters.buyer_files.values.forms import (
    FoundTime,
    find_duration_form,
    find_time_form,
)
from callrouter.adapters.buyer_files.values.swapped_days import swap_back
from callrouter.adapters.buyer_files.values.times import DAY_MS, read_times
from callrouter.adapters.buyer_files.values.times_of_day import read_times_of_day
from callrouter.domain.tie_out.mapping import DurationForm, Field, FieldColumn, Mapping, TimeForm

WORDS = (
    (Field.CALL_ID, "call_ids"),
    (Field.LEG_ID, "leg_id"),
    (Field.SHARED_ID, "shared_id"),
    (Field.CORRECTS_ID, "corrects_id"),
    (Field.STATUS, "status"),
    (Field.AGENT, "agent"),
)
DURATIONS = (
    (Field.TOTAL, "total_ms"),
    (Field.TALK, "talk_ms"),
    (Field.QUEUE, "queue_ms"),
    (Field.HOLD, "hold_ms"),
    (Field.BILLED, "billed_ms"),
)
STAMPS = (
    (Field.ANSWER, "answer_stamp_ms"),
    (Field.END, "end_stamp_ms"),
    (Field.UPDATED, "updated_ms"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Instants of a column, in milliseconds, null where unread.

    `is_absolute` says which are true instants rather than wall clocks, `swapped` whose day and
    month a spreadsheet had swapped (None: of none).
    """

    ms: pl.Series
    is_absolute: pl.Series
    swapped: pl.Series | None = None


@dataclass(frozen=True, slots=True)
class FieldColumns:
    """A raw table seen through a mapping; a field without a column gives None."""

    raw: RawTable
    mapping: Mapping

    def texts(self, field: Field) -> pl.Series | None:
        """The cells as they stand; "" for a figure that the mapping takes for nothing."""
        column = self.mapping.find(field)
        if column is None:
            return None
        texts = self.raw.cells[f"c{column.column}"]
        figures = [text for text in self.mapping.sentinels if any(map(str.isdigit, text))]
        if not figures:
            return texts
        return texts.zip_with(~texts.is_in(figures), blanks(len(texts)))

    def words(self, field: Field) -> pl.Series | None:
        """Cleaned texts, "" where a cell says nothing."""
        texts = self.texts(field)
        return None if texts is None else read_words(texts, self.mapping.sentinels)

    def stamps(self, field: Field) -> Stamps | None:
        """The instants of a column, as `read_times` has them."""
        texts = self.texts(field)
        return None if texts is None else _read_stamps(texts, self.time_form(field, texts))

    def starts(self) -> Stamps | None:
        """The instants of the start, which may stand in two columns, a day and a time."""
        days, times = self.texts(Field.START_DATE), self.texts(Field.START_TIME)
        if Field.START in self._fields or days is None:
            return self.stamps(Field.START)
        form = self.time_form(Field.START_DATE, days)
        if times is None:
            return _read_stamps(days, form)
        frame = pl.DataFrame({"day": days, "time": times})
        joined = frame.select(clean(pl.col("day")) + " " + clean(pl.col("time"))).to_series()
        read = _read_stamps(joined, form)
        if not read.ms.null_count():
            return read
        apart = read_times(days, form)["ms"] // DAY_MS * DAY_MS + read_times_of_day(times)
        return replace(read, ms=read.ms.zip_with(read.ms.is_not_null(), apart))

    def durations(self, field: Field) -> pl.Series | None:
        """Milliseconds."""
        texts = self.texts(field)
        return None if texts is None else read_durations(texts, self.duration_form(field, texts))

    def time_form(self, field: Field, texts: pl.Series) -> TimeForm:
        """The mapping's form, or else what the texts show; ISO, which guesses nothing, if none."""
        column = self._fields[field]
        if column.form:
            return TimeForm(column.form)
        found = find_time_form(texts)
        return found.form if isinstance(found, FoundTime) else TimeForm.ISO

    def duration_form(self, field: Field, texts: pl.Series) -> DurationForm:
        """The mapping's form, or else what the texts show."""
        column = self._fields[field]
        if column.form:
            return DurationForm(column.form)
        found = find_duration_form(texts)
        return DurationForm.CLOCK if found is None else found.form

    @property
    def _fields(self) -> dict[Field, FieldColumn]:
        return {column.field: column for column in reversed(self.mapping.columns)}


def _read_stamps(texts: pl.Series, form: TimeForm) -> Stamps:
    read = read_times(texts, form)
    swapped = swap_back(texts, read["ms"], form)
    if swapped is None:
        return Stamps(read["ms"], read["is_absolute"])
    return Stamps(swapped.ms, read["is_absolute"], swapped.rows)


def name_column(column: FieldColumn) -> str:
    """A column as people call it: its heading, else its place from 1."""
    return column.header or f"column {column.column + 1}"
