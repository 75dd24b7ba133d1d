"""Cells that say something which can't be read: shown with line, column and what was expected."""

from collections.abc import Iterator

import polars as pl

from callrouter.adapters.buyer_files.field_columns import (
    DURATIONS,
    STAMPS,
    FieldColumns,
    Stamps,
    name_column,
)
from callrouter.adapters.buyer_files.normalised import Unread
from callrouter.adapters.buyer_files.raw_table import RowProblem
from callrouter.adapters.buyer_files.values.cells import is_nothing
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.mapping import DurationForm, Field, TimeForm

SHOWN = 20
"""So many problems of each column are shown; all are counted."""
_TEXT_SHOWN = 80

_EXPECTED = {
    TimeForm.YEAR_FIRST: "an instant like 2026-10-01 13:45:10",
    TimeForm.MONTH_FIRST: "an instant like 10/31/2026 13:45:10, month first",
    TimeForm.DAY_FIRST: "an instant like 31/10/2026 13:45:10, day first",
    TimeForm.NAMED_MONTH: "an instant like Thu, 01 Oct 2026 13:45:10",
    TimeForm.ISO: "an instant like 2026-10-01T13:45:10Z",
    TimeForm.EPOCH_S: "seconds since 1970, like 1790862310",
    TimeForm.EPOCH_MS: "milliseconds since 1970, like 1790862310000",
    TimeForm.EPOCH_US: "microseconds since 1970, like 1790862310000000",
    TimeForm.EXCEL_SERIAL: "a spreadsheet's serial number of a day, like 46296.573",
    TimeForm.MATLAB_DATENUM: "a day's number like 740256.573",
    DurationForm.SECONDS: "seconds, like 95",
    DurationForm.MILLISECONDS: "milliseconds, like 95000",
    DurationForm.CLOCK: "a duration like 0:01:35 or 1:35",
    DurationForm.HOURS_MINUTES: "hours and minutes, like 0:01",
    DurationForm.DAY_FRACTION: "a fraction of a day, like 0.0011",
    DurationForm.DECIMAL_MINUTES: "minutes with decimals, like 1.58",
    DurationForm.WORDS: "a duration like 1m 35s",
}
_SAME_KIND = "a stamp of the start's kind: both wall clocks, or both instants"
_NEVER = (
    r"^(?:0000-00-00|0001-01-01|1899-12-3[01]|1900-01-0[01]|19(?:69-12-31|70-01-01)|1/1/1970|"
    r"12/31/1969)|^0*(?:\.0+)?$|^0?0:00(?::00)?(?:\.0+)?(?: [AaPp][Mm])?$"
)
"""How systems write an instant that never came."""


def tell_unread(
    columns: FieldColumns,
    read: pl.DataFrame,
    stamps: dict[Field, Stamps | None],
    kept: pl.Series,
) -> tuple[tuple[RowProblem, ...], tuple[Unread, ...]]:
    """The cells of `kept` rows that say something and are null in `read`; the first ones shown.

    A start that says nothing is told of as well: without it a record has no place in time.
    """
    problems: list[RowProblem] = []
    unread: list[Unread] = []
    for field, missing, expected in _readings(columns, read, stamps):
        column = columns.mapping.find(field)
        cells = _find_unread(columns, field, missing & kept)
        if column is None or not cells.height:
            continue
        for line, text in cells.head(SHOWN).rows():
            message = f"{name_column(column)}: {_say(text)}, expected {expected}"
            problems.append(
                RowProblem(part=columns.raw.part, line=line, message=message, text=text)
            )
        unread.append(
            Unread(
                field=field,
                column=column.column,
                header=column.header,
                expected=expected,
                rows=cells.height,
            )
        )
    return tuple(sorted(problems, key=lambda problem: problem.line)), tuple(unread)


def _say(text: str) -> str:
    shown = text if len(text) <= _TEXT_SHOWN else text[:_TEXT_SHOWN] + "…"
    return f"{shown!r} can't be read" if text.strip() else "nothing stands there"


def _find_unread(columns: FieldColumns, field: Field, missing: pl.Series) -> pl.DataFrame:
    """`line` and `text` of the missing cells that should have said something."""
    texts = columns.texts(field)
    if texts is None or not missing.any():
        return pl.DataFrame(schema={"line": pl.Int64, "text": pl.String})
    cells = pl.DataFrame({"line": columns.raw.cells["line"], "text": texts}).filter(missing)
    if field in (Field.START, Field.START_DATE):
        return cells
    said = ~is_nothing(pl.col("text"), columns.mapping.sentinels)
    if field in dict(STAMPS):
        said &= ~pl.col("text").str.contains(_NEVER)
    return cells.filter(said)


def _readings(
    columns: FieldColumns, read: pl.DataFrame, stamps: dict[Field, Stamps | None]
) -> Iterator[tuple[Field, pl.Series, str]]:
    """Each field that has figures, which rows lack them, and what is expected there."""
    has_start = columns.mapping.find(Field.START) is not None
    start = Field.START if has_start else Field.START_DATE
    names = {start: "stamp_ms"} | dict(STAMPS)
    for field, name in names.items():
        texts = columns.texts(field)
        each = stamps[Field.START if field is start else field]
        if texts is not None and each is not None and read[name].null_count():
            unread = each.ms.is_null()
            yield field, unread, _EXPECTED[columns.time_form(field, texts)]
            yield field, read[name].is_null() & ~unread, _SAME_KIND
    for field, name in DURATIONS:
        texts = columns.texts(field)
        if texts is not None and read[name].null_count():
            yield field, read[name].is_null(), _EXPECTED[columns.duration_form(field, texts)]
    yield Field.PRICE, read["price_micros"].is_null(), "an amount like 12.50"
    unreadable = read["caller_kind"] == CallerKind.UNREADABLE.value
    yield Field.CALLER, unreadable, "a telephone number"
