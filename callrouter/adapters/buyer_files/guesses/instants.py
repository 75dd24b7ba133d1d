"""Which columns are the start, the answer and the end of a call: by their order and distances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from callrouter.adapters.buyer_files.guesses.sampled import SampledColumn
from callrouter.adapters.buyer_files.values.day_order import Undecided
from callrouter.adapters.buyer_files.values.forms import find_time_form, share_of
from callrouter.adapters.buyer_files.values.times import DAY_MS, read_times
from callrouter.adapters.buyer_files.values.times_of_day import read_times_of_day
from callrouter.domain.tie_out.mapping import Field, FieldColumn, TimeForm

_HALF_DAY_MS = DAY_MS // 2
_QUARTER_MS = 900_000
_LONGEST_CALLS_MS = 4 * 3_600_000
_SIX_DIGITS = r"(?:\d\D*){6}|[A-Za-z]{3}\D*\d"
_NUMBERED_SECOND = r"^\d{10}\.\d+$"
"""A switch's id: the second and a counter; an instant only where there is no other."""


@dataclass(frozen=True, slots=True, eq=False)
class InstantColumn:
    """A column of instants: how it is written ("" where day and month can't be told apart).

    `days_only`: no time of day stands in it.
    """

    column: SampledColumn
    form: str
    ms: pl.Series
    is_absolute: bool
    days_only: bool
    share: float
    evidence: str

    def means(self, field: Field, confidence: float, why: str = "") -> FieldColumn:
        """The column as a field of the mapping."""
        said = f"{self.evidence}; {why}" if why else self.evidence
        return self.column.means(field, confidence * self.share, said, self.form)


@dataclass(frozen=True, slots=True, eq=False)
class GuessedInstants:
    """What was found, and the stamps of each field row by row, for durations to be held against."""

    columns: tuple[FieldColumn, ...]
    stamps: dict[Field, pl.Series]
    taken: frozenset[int]


def find_instants(
    columns: Sequence[SampledColumn], period: tuple[date, date] | None
) -> list[InstantColumn]:
    """The columns that hold instants or days."""
    digits = [column for column in columns if column.share(_SIX_DIGITS) > 0.5]
    found = [each for column in digits if (each := read_instants(column, period)) is not None]
    others = [each for each in found if each.column.share(_NUMBERED_SECOND) < 0.9]
    return others or found


def read_instants(column: SampledColumn, period: tuple[date, date] | None) -> InstantColumn | None:
    """One column's instants; None when it holds none."""
    found = find_time_form(column.said, period)
    if found is None:
        return None
    if isinstance(found, Undecided):
        ms, form, evidence = _read_either_way(column.texts), "", found.question
        read = read_times(column.texts, TimeForm.ISO)
    else:
        read = read_times(column.texts, found.form)
        ms, form, evidence = read["ms"], found.form.value, found.evidence
    said = column.texts != ""
    share = share_of(ms.filter(said).is_not_null())
    is_absolute = share_of(read["is_absolute"].filter(said)) > 0.5
    days_only = bool((ms.drop_nulls() % DAY_MS == 0).all())
    return InstantColumn(column, form, ms, is_absolute, days_only, share, evidence)


def _read_either_way(texts: pl.Series) -> pl.Series:
    ms = read_times(texts, TimeForm.MONTH_FIRST)["ms"]
    return ms.zip_with(ms.is_not_null(), read_times(texts, TimeForm.DAY_FIRST)["ms"])


def guess_instants(
    instants: Sequence[InstantColumn], columns: Sequence[SampledColumn]
) -> GuessedInstants:
    """Start, answer and end; a day and a time of day where no column has both."""
    whole = _leave_out_repeats([each for each in instants if not each.days_only])
    together = _that_belong_together(whole)
    start = _find_start(together)
    if start is None:
        return _guess_apart(instants, columns)
    fields = [start.means(Field.START, 0.9, _say_place(together))]
    stamps = {Field.START: start.ms}
    later = [each for each in together if 0 <= _distance(start, each) <= _LONGEST_CALLS_MS]
    after = sorted(
        (each for each in later if each is not start), key=lambda each: _distance(start, each)
    )
    for field, each in _name_later(start, after):
        why = f"{_distance(start, each) / 1000:,.0f} s after the start in the middle"
        fields.append(each.means(field, 0.7, why))
        stamps[field] = each.ms
    taken = frozenset(each.column.index for each in instants)
    return GuessedInstants(tuple(fields), stamps, taken)


def _distance(first: InstantColumn, second: InstantColumn) -> float:
    """The median of second less first, in milliseconds; 0 where no row has both."""
    median = (second.ms - first.ms).median()
    return float(median) if isinstance(median, int | float) else 0.0


def _leave_out_repeats(instants: list[InstantColumn]) -> list[InstantColumn]:
    """Of columns that say the same instant in several zones, the one that says which it is.

    Where none does, the one that calls' other stamps follow closely: it has their zone.
    """
    groups: list[list[InstantColumn]] = []
    for each in instants:
        group = next((group for group in groups if _is_same_instant(group[0], each)), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return [max(group, key=lambda each: _rank(each, group, instants)) for group in groups]


def _rank(
    each: InstantColumn, group: list[InstantColumn], instants: list[InstantColumn]
) -> tuple[bool, int, int]:
    followers = [
        other
        for other in instants
        if other not in group and 0 <= _distance(each, other) <= _LONGEST_CALLS_MS
    ]
    return each.is_absolute, len(followers), -each.column.index


def _is_same_instant(first: InstantColumn, second: InstantColumn) -> bool:
    apart = (first.ms - second.ms).drop_nulls()
    off = (apart + 1000) % _QUARTER_MS <= 2000
    return share_of(off & (apart.abs() <= 15 * 3_600_000)) >= 0.95


def _that_belong_together(instants: list[InstantColumn]) -> list[InstantColumn]:
    """The largest group within half a day of one of them: birthdays and contracts are not."""
    groups = [
        [other for other in instants if abs(_distance(each, other)) <= _HALF_DAY_MS]
        for each in instants
    ]
    return max(groups, key=len, default=[])


def _find_start(instants: list[InstantColumn]) -> InstantColumn | None:
    always = [each for each in instants if each.column.filled >= 0.9] or instants
    first: InstantColumn | None = None
    for each in always:
        if first is None or _distance(each, first) > 0:
            first = each
    return first


def _say_place(together: list[InstantColumn]) -> str:
    if len(together) == 1:
        return "the only column of instants"
    return f"the earliest of {len(together)} columns of instants"


def _name_later(
    start: InstantColumn, after: list[InstantColumn]
) -> list[tuple[Field, InstantColumn]]:
    """The last one is the end; one between is the answer, and so is one that is often empty."""
    if not after:
        return []
    last = after[-1]
    if len(after) == 1 and last.column.filled < start.column.filled - 0.02:
        return [(Field.ANSWER, last)]
    if len(after) == 1:
        return [(Field.END, last)]
    return [(Field.ANSWER, after[0]), (Field.END, last)]


def _guess_apart(
    instants: Sequence[InstantColumn], columns: Sequence[SampledColumn]
) -> GuessedInstants:
    """A day in one column, and the time of day in the first column of such."""
    days = next((each for each in instants if each.days_only and each.column.filled >= 0.9), None)
    taken = frozenset(each.column.index for each in instants)
    if days is None:
        return GuessedInstants((), {}, taken)
    fields = [days.means(Field.START_DATE, 0.8)]
    for column in columns:
        times = read_times_of_day(column.texts)
        share = share_of(times.filter(column.texts != "").is_not_null())
        is_spread = column.distinct > 1 and (times.median() or 0) > 4 * 3_600_000  # type: ignore[operator]
        if column.index in taken or share < 0.9 or not is_spread or not column.share(":"):
            continue
        evidence = f"{column.count(share)} are times of day"
        fields.append(column.means(Field.START_TIME, 0.8 * share, evidence))
        stamps = {Field.START: days.ms + times}
        return GuessedInstants(tuple(fields), stamps, taken | {column.index})
    return GuessedInstants(tuple(fields), {}, taken)
