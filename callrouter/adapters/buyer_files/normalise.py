"""A raw table and a mapping in, records of theirs out: no row lost, nothing guessed."""

import polars as pl

from callrouter.adapters.buyer_files.field_columns import DURATIONS, STAMPS, WORDS, FieldColumns
from callrouter.adapters.buyer_files.left_out import count_left_out, find_left_out
from callrouter.adapters.buyer_files.normalised import Normalised
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.unread import tell_unread
from callrouter.adapters.buyer_files.values.money import read_money
from callrouter.adapters.buyer_files.values.numbers import read_callers, read_numbers
from callrouter.domain.tie_out.frames import THEIRS, CallerKind
from callrouter.domain.tie_out.mapping import Field, Mapping


def normalise(raw: RawTable, mapping: Mapping) -> Normalised:
    """Every row of `raw` as a record of THEIRS, or counted among those that are no calls to them.

    A cell that can't be read is null in its row, and told of. The mapping's columns must be there.
    """
    columns = FieldColumns(raw, mapping)
    read = _read_all(columns)
    why = find_left_out(columns, read["stamp_ms"])
    kept = why.is_null()
    problems, unread = tell_unread(columns, read, kept)
    rows = read if kept.all() else read.filter(kept)
    numbered = rows.with_columns(their=pl.int_range(pl.len(), dtype=pl.Int64))
    return Normalised(
        rows=numbered.select(list(THEIRS)),
        problems=problems,
        unread=unread,
        left_out=count_left_out(why, raw.cells["line"]),
    )


def _read_all(columns: FieldColumns) -> pl.DataFrame:
    """All rows in the columns of THEIRS but `their`."""
    height = columns.raw.cells.height
    read: dict[str, pl.Series | None] = {"line": columns.raw.cells["line"]}
    read |= _read_stamps(columns, height)
    read |= _read_numbers(columns)
    read |= {name: columns.durations(field) for field, name in DURATIONS}
    read |= {name: columns.words(field) for field, name in WORDS}
    price = columns.texts(Field.PRICE)
    read["price_micros"] = None if price is None else read_money(price)
    frame = pl.DataFrame({name: series for name, series in read.items() if series is not None})
    missing = [
        name for name in THEIRS if name not in frame.columns and name not in ("their", "part")
    ]
    return frame.with_columns(
        pl.lit(columns.raw.part).alias("part"),
        *(pl.lit(_nothing(name), dtype=THEIRS[name]).alias(name) for name in missing),
    )


def _nothing(name: str) -> object:
    """What stands in a column that the file hasn't."""
    if name == "caller_kind":
        return CallerKind.WITHHELD.value
    if THEIRS[name] == pl.Boolean:
        return False
    return "" if THEIRS[name] == pl.String else None


def _read_stamps(columns: FieldColumns, height: int) -> dict[str, pl.Series | None]:
    """The start, and the other stamps where they are of its kind: wall clock or instant."""
    start = columns.starts()
    if start is None:
        start = pl.DataFrame(schema={"ms": pl.Int64, "is_absolute": pl.Boolean}).clear(height)
    stamps: dict[str, pl.Series | None] = {
        "stamp_ms": start["ms"],
        "is_absolute": start["is_absolute"].fill_null(value=False),
    }
    for field, name in STAMPS:
        other = columns.stamps(field)
        if other is None:
            continue
        is_same = start["ms"].is_null() | (other["is_absolute"] == start["is_absolute"])
        ms = pl.DataFrame({"ms": other["ms"], "same": is_same})
        stamps[name] = ms.select(pl.when("same").then("ms")).to_series()
    return stamps


def _read_numbers(columns: FieldColumns) -> dict[str, pl.Series | None]:
    country, sentinels = columns.mapping.country, columns.mapping.sentinels
    read: dict[str, pl.Series | None] = {}
    caller = columns.texts(Field.CALLER)
    if caller is not None:
        numbers = read_callers(caller, country, sentinels)
        read["caller_text"] = caller
        read |= {name: numbers[name] for name in numbers.columns}
    for field in (Field.CALLED, Field.REACHED):
        texts = columns.texts(field)
        if texts is not None:
            read[field.value] = read_numbers(texts, country, sentinels)
    return read
