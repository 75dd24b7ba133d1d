"""How the columns of a mapping are written: what is expected, unless the values say otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from callrouter.adapters.buyer_files.field_columns import name_column
from callrouter.adapters.buyer_files.presets import DURATIONS, TIMES
from callrouter.adapters.buyer_files.proposal import Open, Question
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.values.cells import read_words
from callrouter.adapters.buyer_files.values.day_order import Undecided
from callrouter.adapters.buyer_files.values.durations import read_durations
from callrouter.adapters.buyer_files.values.forms import (
    SAMPLE_ROWS,
    FoundTime,
    find_duration_form,
    find_form_by_spans,
    find_time_form,
)
from callrouter.adapters.buyer_files.values.times import read_times
from callrouter.domain.tie_out.mapping import DurationForm, Field, FieldColumn, TimeForm

_BARE = frozenset(
    {DurationForm.SECONDS, DurationForm.MILLISECONDS, DurationForm.DECIMAL_MINUTES}
    | {DurationForm.DAY_FRACTION}
)
"""Forms that a figure alone can have: nothing but its size tells which."""
_MONTH_FIRST_COUNTRIES = frozenset({"US", "PH", "PR"})
_PLAUSIBLE_MS = (1000, 2 * 3_600_000)
_SPANS = {Field.TOTAL: Field.START, Field.TALK: Field.ANSWER}
"""From where to the end each of these lasts."""


@dataclass(slots=True)
class FittedForms:
    """The columns with their forms, what must be asked, and where values outvoted what was said."""

    columns: list[FieldColumn] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def fit_forms(
    raw: RawTable,
    columns: Iterable[FieldColumn],
    *,
    period: tuple[date, date] | None = None,
    country: str = "US",
) -> FittedForms:
    """Each column with the form that its values have.

    A form that is given stands unless values contradict it; a column without one gets what its
    values show. Day and month that nothing tells apart are asked for; the order that is usual in
    the country stands there meanwhile. A column that must be times or durations and isn't goes.
    """
    fitted = FittedForms()
    listed = list(columns)
    sample = raw.cells.gather_every(max(1, -(-raw.cells.height // SAMPLE_ROWS)))
    times = [each for each in listed if each.field in TIMES]
    stamps = _fit_times(sample, times, fitted, period, country)
    durations = [each for each in listed if each.field in DURATIONS]
    _fit_durations(sample, durations, fitted, stamps)
    fitted.columns += [each for each in listed if each.field not in (*TIMES, *DURATIONS)]
    places = {each.field: place for place, each in enumerate(listed)}
    fitted.columns.sort(key=lambda each: places[each.field])
    return fitted


def _fit_times(
    sample: pl.DataFrame,
    columns: list[FieldColumn],
    fitted: FittedForms,
    period: tuple[date, date] | None,
    country: str,
) -> dict[Field, pl.Series]:
    """The stamps of each field, once its form is known."""
    found = {each.field: find_time_form(_texts(sample, each), period) for each in columns}
    orders = {TimeForm.MONTH_FIRST, TimeForm.DAY_FIRST}
    decided = [each.form for each in found.values() if not isinstance(each, Undecided | None)]
    order = next((form for form in decided if form in orders), None)
    stamps: dict[Field, pl.Series] = {}
    for each in columns:
        fit = _fit_time(each, found[each.field], order, fitted, country)
        if fit is None and _says_something(_texts(sample, each)):
            fitted.words.append(f"{name_column(each)} holds no instants: it is not read")
            continue
        fitted.columns.append(fit or each)
        if fit is not None:
            stamps[each.field] = read_times(_texts(sample, each), TimeForm(fit.form))["ms"]
    return stamps


def _fit_time(
    each: FieldColumn,
    seen: FoundTime | Undecided | None,
    order: TimeForm | None,
    fitted: FittedForms,
    country: str,
) -> FieldColumn | None:
    """The column with its form; None where it has none."""
    if seen is None:
        return each if each.form else None
    if isinstance(seen, Undecided):
        form = order or _settle(each, seen, fitted, country)
        return replace(each, form=form.value)
    if each.form and seen.form != each.form:
        fitted.words.append(_outvote(each, seen.form, seen.evidence))
    return replace(each, form=seen.form.value)


def _says_something(texts: pl.Series) -> bool:
    """Whether any cell does: a column that is empty this time may be filled another time."""
    return bool((read_words(texts) != "").any())


def _settle(each: FieldColumn, seen: Undecided, fitted: FittedForms, country: str) -> TimeForm:
    """The order meanwhile, and the question; a form that was given is an answer."""
    if each.form:
        return TimeForm(each.form)
    if not any(asked.about is Open.DAY_ORDER for asked in fitted.questions):
        choices = tuple(form.value for form in seen.forms)
        fitted.questions.append(Question(about=Open.DAY_ORDER, text=seen.question, choices=choices))
    is_month_first = country in _MONTH_FIRST_COUNTRIES
    return TimeForm.MONTH_FIRST if is_month_first else TimeForm.DAY_FIRST


def _fit_durations(
    sample: pl.DataFrame,
    columns: list[FieldColumn],
    fitted: FittedForms,
    stamps: dict[Field, pl.Series],
) -> None:
    measured: dict[Field, tuple[DurationForm, str]] = {}
    for each in columns:
        spans = _find_spans(each.field, stamps)
        found = find_form_by_spans(_texts(sample, each), spans) if spans is not None else None
        if found is not None:
            measured[each.field] = found.form, found.evidence
    unit = _find_unit(sample, columns, [form for form, _ in measured.values()])
    for each in columns:
        texts = _texts(sample, each)
        expected = DurationForm(each.form) if each.form else None
        form, evidence = measured.get(each.field) or _look(texts, expected, unit)
        if form is None:
            if _says_something(texts):
                fitted.words.append(f"{name_column(each)} holds no durations: it is not read")
            else:
                fitted.columns.append(each)
            continue
        if expected is not None and form is not expected and _differs(texts, form, expected):
            fitted.words.append(_outvote(each, form, evidence))
        fitted.columns.append(replace(each, form=form.value))


def _find_unit(
    sample: pl.DataFrame, columns: list[FieldColumn], measured: list[DurationForm]
) -> DurationForm | None:
    """The unit of figures in the file, where one column tells: by its spans, or too large a call's.

    A file that counts in milliseconds does so everywhere.
    """
    told = [form for form in measured if form in _BARE]
    looks = (find_duration_form(_texts(sample, each)) for each in columns if not each.form)
    large = DurationForm.MILLISECONDS
    told += [large for look in looks if look is not None and look.form is large]
    return told[0] if told else None


def _find_spans(of: Field, stamps: dict[Field, pl.Series]) -> pl.Series | None:
    begin, end = stamps.get(_SPANS.get(of, of)), stamps.get(Field.END)
    return None if begin is None or end is None else end - begin


def _look(
    texts: pl.Series, expected: DurationForm | None, unit: DurationForm | None
) -> tuple[DurationForm | None, str]:
    """A column's form by its own values, where no instants tell.

    Another column's unit is taken for it where its figures alone would leave that open.
    """
    found = find_duration_form(texts)
    if found is None:
        return expected, ""
    if found.form not in _BARE:
        return found.form, found.evidence
    if expected is None:
        return unit or found.form, found.evidence
    if expected not in _BARE or _is_plausible(texts, expected):
        return expected, ""
    others = (found.form, DurationForm.SECONDS, DurationForm.MILLISECONDS)
    other = next((form for form in others if _is_plausible(texts, form)), expected)
    return other, f"as {expected.value} half of the calls would be no calls"


def _is_plausible(texts: pl.Series, form: DurationForm) -> bool:
    """Whether the middle one of the durations above 0 is that of a call."""
    ms = read_durations(texts, form)
    middle = ms.filter(ms > 0).median()
    least, most = _PLAUSIBLE_MS
    return not isinstance(middle, float) or least <= middle <= most


def _differs(texts: pl.Series, form: DurationForm, expected: DurationForm) -> bool:
    """Whether it matters: H:MM:SS is read the same under every form."""
    return not read_durations(texts, form).equals(read_durations(texts, expected))


def _outvote(each: FieldColumn, form: TimeForm | DurationForm, evidence: str) -> str:
    expected, seen = (word.replace("_", " ") for word in (each.form, form.value))
    why = f" ({evidence})" if evidence else ""
    return f"{name_column(each)} is written as {seen}, not as {expected}{why}"


def _texts(sample: pl.DataFrame, column: FieldColumn) -> pl.Series:
    return sample.get_column(f"c{column.column}")
