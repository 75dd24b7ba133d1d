"""Which columns are durations, of what and in which unit: by the instants, or by each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.guesses.sampled import SampledColumn
from callrouter.adapters.buyer_files.values.durations import read_durations
from callrouter.adapters.buyer_files.values.forms import (
    find_duration_form,
    find_form_by_spans,
    share_of,
)
from callrouter.domain.tie_out.mapping import DurationForm, Field, FieldColumn

_LONGEST_AVERAGE_MS = 4 * 3_600_000
_SPANS = (
    (Field.TOTAL, Field.START, Field.END),
    (Field.TALK, Field.ANSWER, Field.END),
    (Field.QUEUE, Field.START, Field.ANSWER),
)
"""What a duration is that comes to the time from one stamp to another."""


@dataclass(frozen=True, slots=True, eq=False)
class DurationColumn:
    """A column of durations, as read in its form."""

    column: SampledColumn
    form: DurationForm
    ms: pl.Series
    share: float
    evidence: str

    def means(self, field: Field, confidence: float, why: str) -> FieldColumn:
        """The column as a field of the mapping."""
        return self.column.means(field, confidence, f"{self.evidence}; {why}", self.form.value)


def guess_durations(
    columns: Sequence[SampledColumn], stamps: dict[Field, pl.Series]
) -> tuple[FieldColumn, ...]:
    """Total, talk, wait and billed durations among columns that are nothing else."""
    fields: dict[Field, FieldColumn] = {}
    for field, start, end in _SPANS:
        if start in stamps and end in stamps:
            taken = {each.column for each in fields.values()}
            left = [column for column in columns if column.index not in taken]
            found = _find_by_span(left, field, stamps[end] - stamps[start], f"{end} - {start}")
            if found is not None:
                fields[field] = found
    by_column = {each.column: field for field, each in fields.items()}
    readings = [each for column in columns if (each := _read(column)) is not None]
    known = {
        by_column[each.column.index]: each for each in readings if each.column.index in by_column
    }
    unnamed = [each for each in readings if each.column.index not in by_column]
    return (*fields.values(), *_guess_by_each_other(unnamed, known, surely=set(fields)))


def _find_by_span(
    columns: Sequence[SampledColumn], field: Field, span_ms: pl.Series, what: str
) -> FieldColumn | None:
    best: FieldColumn | None = None
    for column in columns:
        found = find_form_by_spans(column.texts, span_ms, what)
        if found is None or (best is not None and found.share <= best.confidence):
            continue
        best = column.means(field, found.share, found.evidence, found.form.value)
    return best


def _read(column: SampledColumn) -> DurationColumn | None:
    """A column as durations where it can be one: neither constant nor longer than calls are."""
    found = find_duration_form(column.said)
    if found is None or column.filled < 0.05 or column.share(r"\d{7}") > 0.1:
        return None
    ms = read_durations(column.texts, found.form)
    mean = ms.mean()
    if not isinstance(mean, float) or mean > _LONGEST_AVERAGE_MS or ms.n_unique() < 3:
        return None
    return DurationColumn(column, found.form, ms, found.share, found.evidence)


def _guess_by_each_other(
    unnamed: list[DurationColumn], known: dict[Field, DurationColumn], *, surely: set[Field]
) -> list[FieldColumn]:
    """The longest is the total, the longest within it the talk, a rounded one what is billed."""
    fields: list[FieldColumn] = []
    written = [each for each in unnamed if each.form not in _BARE] or [
        each for each in unnamed if each.form in _BARE and _can_be_seconds(each)
    ]
    billed = _find_billed(written, [*written, *known.values()])
    if billed is not None:
        fields.append(billed[0])
        written = [each for each in written if each is not billed[1]]
    written.sort(key=lambda each: float(each.ms.sum()), reverse=True)
    doubt = 0.5 if any(each.form in _BARE for each in written) else 1.0
    total = known.get(Field.TOTAL)
    if Field.TOTAL not in surely and written:
        total = written.pop(0)
        fields.append(total.means(Field.TOTAL, 0.6 * doubt, "the longest of the durations"))
    if Field.TALK in surely or total is None:
        return fields
    for each in written:
        within = _share_within(each.ms, total.ms)
        if within >= 0.98:
            why = f"the longest that is within the total, in {within:.0%}"
            return [*fields, each.means(Field.TALK, 0.5 * doubt, why)]
    return fields


_BARE = frozenset(
    {DurationForm.SECONDS, DurationForm.MILLISECONDS, DurationForm.DECIMAL_MINUTES}
    | {DurationForm.DAY_FRACTION}
)
"""Forms that any figure could be."""


def _can_be_seconds(each: DurationColumn) -> bool:
    """Whole figures of several lengths: codes and extensions have one."""
    said = each.column.said
    is_whole = each.column.share(r"^\d+(?:\.0+)?$") > 0.95
    is_varied = said.str.len_bytes().n_unique() > 1 or each.column.share(r"^\d\d?$") > 0
    return is_whole and is_varied and each.column.distinct >= min(10, len(said) // 2)


def _share_within(part: pl.Series, whole: pl.Series) -> float:
    return share_of((part <= whole + 1000).drop_nulls())


def _find_billed(
    columns: list[DurationColumn], others: list[DurationColumn]
) -> tuple[FieldColumn, DurationColumn] | None:
    """A column whose values are another's, rounded up to six seconds or to the minute."""
    for each in columns:
        for other in others:
            if each is other or share_of((other.ms % 6000 == 0).drop_nulls()) > 0.6:
                continue
            gap = (each.ms - other.ms).filter(other.ms > 0).drop_nulls()
            for step, words in ((6000, "six seconds"), (60_000, "the minute")):
                is_round = share_of((each.ms % step == 0).drop_nulls()) >= 0.98
                if is_round and len(gap) > 2 and share_of(gap.is_between(0, step - 1)) >= 0.95:
                    why = f"column {other.column.index + 1} rounded up to {words}"
                    return each.means(Field.BILLED, 0.7, why), each
    return None
