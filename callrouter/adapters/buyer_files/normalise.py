"""A raw table and a mapping in, records of theirs out: no row lost, nothing guessed."""

from collections.abc import Iterator

import polars as pl

from callrouter.adapters.buyer_files.field_columns import (
    DURATIONS,
    STAMPS,
    WORDS,
    FieldColumns,
    Stamps,
    name_column,
)
from callrouter.adapters.buyer_files.left_out import count_left_out, find_left_out
from callrouter.adapters.buyer_files.normalised import Normalised
from callrouter.adapters.buyer_files.raw_table import RawTable, Repair
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
    stamps = {field: columns.stamps(field) for field, _ in STAMPS}
    stamps[Field.START] = columns.starts()
    read = _read_all(columns, stamps)
    why = find_left_out(columns, read["stamp_ms"])
    kept = why.is_null()
    problems, unread = tell_unread(columns, read, stamps, kept)
    rows = read if kept.all() else read.filter(kept)
    numbered = rows.with_columns(their=pl.int_range(pl.len(), dtype=pl.Int64))
    return Normalised(
        rows=numbered.select(list(THEIRS)),
        problems=problems,
        unread=unread,
        left_out=count_left_out(why, raw.cells["line"]),
        repairs=tuple(_tell_swapped(columns, stamps)),
    )


def _read_all(columns: FieldColumns, stamps: dict[Field, Stamps | None]) -> pl.DataFrame:
    """All rows in the columns of THEIRS but `their`."""
    read: dict[str, pl.Series | None] = {"line": columns.raw.cells["line"]}
    read |= _pick_stamps(stamps, columns.raw.cells.height)
    read |= _read_numbers(columns)
    read |= {name: columns.durations(field) for field, name in DURATIONS}
    read |= {name: columns.words(field) for field, name in WORDS}
    price = columns.texts(Field.PRICE)
    read["price_micros"] = None if price is None else read_money(price)
    frame = pl.DataFrame({name: series for name, series in read.items() if series is not None})
    missing = [name for name in THEIRS if name not in (*frame.columns, "their", "part")]
    return frame.with_columns(
        pl.lit(columns.raw.part).alias("part"),
        *(pl.lit(_nothing(name), dtype=THEIRS[name]).alias(name) for name in missing),
    )


def _nothing(name: str) -> object:
    """What stands in a column that the file hasn't."""
    if name == "caller_kind":
        return CallerKind.WITHHELD.value
    return "" if THEIRS[name] == pl.String else None


def _pick_stamps(stamps: dict[Field, Stamps | None], height: int) -> dict[str, pl.Series | None]:
    """The start, and the other stamps where they are of its kind: wall clock or instant."""
    start = stamps[Field.START]
    if start is None:
        nowhere = pl.DataFrame(schema={"ms": pl.Int64, "flag": pl.Boolean}).clear(height)
        start = Stamps(nowhere["ms"], nowhere["flag"].fill_null(value=False))
    picked: dict[str, pl.Series | None] = {
        "stamp_ms": start.ms,
        "is_absolute": start.is_absolute,
    }
    for field, name in STAMPS:
        other = stamps[field]
        if other is not None:
            is_same = start.ms.is_null() | (other.is_absolute == start.is_absolute)
            ms = pl.DataFrame({"ms": other.ms, "same": is_same})
            picked[name] = ms.select(pl.when("same").then("ms")).to_series()
    return picked


def _tell_swapped(columns: FieldColumns, stamps: dict[Field, Stamps | None]) -> Iterator[Repair]:
    for field, each in stamps.items():
        if each is None or each.swapped is None:
            continue
        column = columns.mapping.find(field) or columns.mapping.find(Field.START_DATE)
        name = name_column(column) if column is not None else field.value
        yield Repair(
            part=columns.raw.part,
            line=int(columns.raw.cells["line"].filter(each.swapped)[0]),
            message=f"{name}: a spreadsheet had swapped day and month, they are swapped back",
            rows=int(each.swapped.sum()),
        )


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
