"""Whether two columns of one kind changed places in a file without headings, by their values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from callrouter.adapters.buyer_files.field_columns import name_column
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.values.durations import read_durations
from callrouter.adapters.buyer_files.values.forms import SAMPLE_ROWS, share_of
from callrouter.adapters.buyer_files.values.numbers import read_callers
from callrouter.adapters.buyer_files.values.times import read_times
from callrouter.domain.tie_out.mapping import DurationForm, Field, FieldColumn, Mapping, TimeForm

BY_HAND = "told by a person"
"""The evidence of a column that a person named: it stands, whatever the values say."""
_MOST, _FEW = 0.5, 0.1
_FEWEST_ROWS = 5
_NEVER_LESS = (
    (Field.TOTAL, Field.TALK),
    (Field.END, Field.START),
    (Field.END, Field.ANSWER),
    (Field.ANSWER, Field.START),
)
"""Of a call the first is never less than the second."""


@dataclass(frozen=True, slots=True)
class Places:
    """The columns of a mapping as they stand now, and in words which changed places."""

    columns: tuple[FieldColumn, ...]
    words: tuple[str, ...] = ()


def follow_places(raw: RawTable, mapping: Mapping, known_numbers: frozenset[str]) -> Places:
    """The mapping's columns, those put back that changed places in a table without headings.

    Caller and called did where numbers of ours (`known_numbers`, E.164) call; a total and a talk
    time, or two instants, where the one that is never less is so in most rows. What a person
    named is only told of.
    """
    if raw.header is not None:
        return Places(mapping.columns)
    sample = raw.cells.gather_every(max(1, -(-raw.cells.height // SAMPLE_ROWS)))
    places = Places(mapping.columns)
    ours = (Field.CALLER, Field.CALLED)
    for pair, is_odd in ((ours, _is_ours_calling), *((pair, _is_less) for pair in _NEVER_LESS)):
        one, other = (_find(places.columns, field) for field in pair)
        if one is None or other is None:
            continue
        if is_odd(sample, one, other, mapping.country, known_numbers):
            places = _swap(places, one, other)
    return places


def _find(columns: Sequence[FieldColumn], field: Field) -> FieldColumn | None:
    return next((each for each in columns if each.field is field), None)


def _is_ours_calling(
    sample: pl.DataFrame,
    caller: FieldColumn,
    called: FieldColumn,
    country: str,
    known_numbers: frozenset[str],
) -> bool:
    """Whether most callers are numbers of ours, and nearly none of what they called."""
    if not known_numbers:
        return False
    shares = [
        share_of(read_callers(_texts(sample, each), country)["caller"].is_in(list(known_numbers)))
        for each in (caller, called)
    ]
    return shares[0] >= _MOST and shares[1] <= _FEW


def _is_less(
    sample: pl.DataFrame, more: FieldColumn, less: FieldColumn, _: str, __: frozenset[str]
) -> bool:
    """Whether what is never less is less in most rows, and more in nearly none."""
    gaps = (_read(sample, more) - _read(sample, less)).drop_nulls()
    if len(gaps) < _FEWEST_ROWS:
        return False
    return share_of(gaps < 0) > _MOST and share_of(gaps > 0) <= _FEW


def _read(sample: pl.DataFrame, column: FieldColumn) -> pl.Series:
    texts = _texts(sample, column)
    if column.field in (Field.TOTAL, Field.TALK):
        return read_durations(texts, DurationForm(column.form or DurationForm.SECONDS))
    return read_times(texts, TimeForm(column.form or TimeForm.YEAR_FIRST))["ms"]


def _texts(sample: pl.DataFrame, column: FieldColumn) -> pl.Series:
    return sample.get_column(f"c{column.column}")


def _swap(places: Places, one: FieldColumn, other: FieldColumn) -> Places:
    first, second = (each.field.value.replace("_", " ") for each in (one, other))
    said = f"{name_column(one)} and {name_column(other)}, the {first} and the {second}"
    if BY_HAND in (one.evidence, other.evidence):
        words = f"{said}, look as if they had changed places: is it still as you told?"
        return replace(places, words=(*places.words, words))
    fields = {one.column: other.field, other.column: one.field}
    columns = tuple(
        replace(each, field=fields.get(each.column, each.field)) for each in places.columns
    )
    return Places(columns, (*places.words, f"{said} so far, changed places"))
