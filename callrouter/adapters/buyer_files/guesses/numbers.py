"""Which columns are telephone numbers, of the caller or of what was called."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.guesses.sampled import SampledColumn
from callrouter.adapters.buyer_files.values.forms import share_of, take_sample
from callrouter.adapters.buyer_files.values.numbers import read_callers
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.mapping import Field, FieldColumn

_LOOKED_AT = 400
"""So many values of a column are read as numbers: unusual ones take their time."""
_READABLE = (CallerKind.NUMBER.value, CallerKind.PARTLY.value, CallerKind.WITHHELD.value)


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """A column of telephone numbers: how many can be read, and how many are known to us."""

    column: SampledColumn
    share: float
    known: float

    @property
    def variety(self) -> float:
        """How many different values there are for each row."""
        return self.column.distinct / len(self.column.said)

    def means(self, field: Field, confidence: float, why: str) -> FieldColumn:
        """The column as a field of the mapping."""
        evidence = f"{self.column.count(self.share)} are telephone numbers; {why}"
        return self.column.means(field, confidence * self.share, evidence)


def guess_numbers(
    columns: Sequence[SampledColumn], known_numbers: frozenset[str]
) -> tuple[FieldColumn, ...]:
    """Caller, called and reached among columns that are nothing else."""
    found = [each for column in columns if (each := _read(column, known_numbers)) is not None]
    ours = sorted((each for each in found if each.known >= 0.5), key=lambda each: -each.known)
    others = [each for each in found if each.known < 0.5]
    others.sort(key=lambda each: (-round(each.variety, 2), each.column.index))
    fields = []
    for field, each in zip((Field.CALLED, Field.REACHED), ours, strict=False):
        why = f"{each.known:.0%} of them are ours or a destination of ours"
        fields.append(each.means(field, 0.95 if field is Field.CALLED else 0.6, why))
    if others and (len(others) > 1 or ours or others[0].variety > 0.1):
        fields.append(_name_caller(others.pop(0)))
    if not ours and others:
        few = others[-1]
        why = f"{few.column.distinct:,} different ones in {len(few.column.said):,} rows"
        fields.append(few.means(Field.CALLED, 0.7 if few.variety < 0.1 else 0.4, why))
    return tuple(fields)


def _name_caller(each: NumberColumn) -> FieldColumn:
    why = f"{each.column.distinct:,} different ones in {len(each.column.said):,} rows"
    return each.means(Field.CALLER, 0.9 if each.variety > 0.1 else 0.5, why)


def _read(column: SampledColumn, known_numbers: frozenset[str]) -> NumberColumn | None:
    """A column of numbers, unless it counts up, as ids of ten digits do."""
    if column.share(r"\d[\d ().\-]{5,}\d|[Xx*]{3}") < 0.3 or column.share(r"[a-z]{2}.*/") > 0.5:
        return None
    looked_at = take_sample(column.said, _LOOKED_AT)
    read = read_callers(looked_at, "US")
    kinds = read["caller_kind"].cast(pl.String)
    share = share_of(kinds.is_in(_READABLE))
    numbers = read["caller"].filter(kinds == CallerKind.NUMBER.value)
    if share < 0.8 or len(numbers) < 0.3 * len(looked_at) or _counts_up(column):
        return None
    known = share_of(numbers.is_in(list(known_numbers))) if known_numbers else 0.0
    return NumberColumn(column, share, known)


def _counts_up(column: SampledColumn) -> bool:
    figures = column.said.cast(pl.Int64, strict=False).drop_nulls()
    if len(figures) < 3 or figures.n_unique() < len(figures):
        return False
    steps = figures.diff().drop_nulls()
    return max(share_of(steps > 0), share_of(steps < 0)) >= 0.95
