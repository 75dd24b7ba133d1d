"""Which column is what where no system is known: by headings and by values, together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from callrouter.adapters.buyer_files.guess_columns import guess_columns
from callrouter.adapters.buyer_files.guesses.instants import read_instants
from callrouter.adapters.buyer_files.guesses.sampled import SampledColumn, sample_columns
from callrouter.adapters.buyer_files.headings import suggest_fields
from callrouter.adapters.buyer_files.presets import DURATIONS
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.values.forms import find_duration_form, share_of, take_sample
from callrouter.adapters.buyer_files.values.money import read_money
from callrouter.adapters.buyer_files.values.numbers import read_callers
from callrouter.adapters.buyer_files.values.times_of_day import read_times_of_day
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.mapping import Field, FieldColumn

_INSTANTS = frozenset({Field.START, Field.ANSWER, Field.END, Field.UPDATED})
_NUMBERS = frozenset({Field.CALLER, Field.CALLED, Field.REACHED})
_APART = frozenset({Field.START_DATE, Field.START_TIME})
_TEXTS = frozenset(Field) - _INSTANTS - _NUMBERS - _APART - {*DURATIONS, Field.PRICE}
_IDS = frozenset({Field.CALL_ID, Field.LEG_ID, Field.SHARED_ID})
"""They can look like anything: Asterisk's is the second that a call began in, and a counter."""
_KINDS = (_INSTANTS | _APART, _NUMBERS, frozenset(DURATIONS), _TEXTS | {Field.PRICE})
_LOOKED_AT = 500
_BY_HEADING_ALONE = 0.85
_BY_VALUES_ALONE = 0.8
_LEAST = 0.25
_RIVAL = 0.1


@dataclass(frozen=True, slots=True)
class ChosenColumns:
    """A column for each field that one was found for, and the columns that may be the total."""

    columns: tuple[FieldColumn, ...]
    rivals: tuple[FieldColumn, ...] = ()


def choose_columns(
    raw: RawTable,
    known_numbers: frozenset[str] = frozenset(),
    period: tuple[date, date] | None = None,
) -> ChosenColumns:
    """The fields of a table's columns; no field and no column twice.

    A heading counts only for what the values can be, and values that say otherwise outvote it.
    """
    guesses = {each.column: each for each in guess_columns(raw, known_numbers, period)}
    if raw.header is None:
        return ChosenColumns(tuple(guesses.values()))
    candidates = [
        candidate
        for column in sample_columns(raw)
        for candidate in _rate(column, guesses.get(column.index), period)
    ]
    candidates.sort(key=lambda each: (-each.confidence, each.column))
    chosen: dict[Field, FieldColumn] = {}
    for each in candidates:
        if each.field in chosen or any(each.column == other.column for other in chosen.values()):
            continue
        chosen[each.field] = each
    _keep_one_start(chosen)
    return ChosenColumns(tuple(chosen.values()), _find_rivals(candidates, chosen))


def _rate(
    column: SampledColumn, guess: FieldColumn | None, period: tuple[date, date] | None
) -> list[FieldColumn]:
    """What a column may be, and how sure each is."""
    guessed = {guess.field: guess} if guess is not None else {}
    headed = suggest_fields(column.header)
    if not headed and not guessed:
        return []
    possible = _find_possible(column, headed, period)
    suggested = {field: sure for field, sure in headed.items() if field in possible}
    rated = []
    for field in {*suggested, *guessed}:
        confidence = _combine(suggested, field, guess)
        if confidence < _LEAST:
            continue
        evidence = [f'the heading "{column.header}"'] if field in suggested else []
        evidence += [guessed[field].evidence] if field in guessed else []
        rated.append(
            FieldColumn(
                field=field,
                column=column.index,
                header=column.header,
                form=guessed[field].form if field in guessed else "",
                confidence=round(confidence, 2),
                evidence="; ".join(evidence),
            )
        )
    return rated


def _combine(suggested: Mapping[Field, float], field: Field, guess: FieldColumn | None) -> float:
    """How sure heading and values make a field; each speaks against it if it says something else.

    `suggested` is what the heading says of what the values can be.
    """
    by_heading = suggested.get(field, 0.0)
    if guess is None:
        return by_heading * _BY_HEADING_ALONE
    if guess.field is not field:
        against = 0.0 if _kind_of(guess.field) == _kind_of(field) else guess.confidence / 2
        return by_heading * _BY_HEADING_ALONE * (1 - against)
    if by_heading:
        return 1 - (1 - by_heading) * (1 - guess.confidence)
    return guess.confidence * _BY_VALUES_ALONE * (1 - max(suggested.values(), default=0.0))


def _kind_of(field: Field) -> int:
    """Which kind of values a field has."""
    return next(place for place, kind in enumerate(_KINDS) if field in kind)


def _find_possible(
    column: SampledColumn, wanted: Iterable[Field], period: tuple[date, date] | None
) -> set[Field]:
    """Those of the fields that a column's values can be."""
    instants = read_instants(column, period)
    if instants is not None:
        return set(wanted) & (_IDS | ({Field.START_DATE} if instants.days_only else _INSTANTS))
    said = take_sample(column.said, _LOOKED_AT)
    return {field for field in wanted if field in _TEXTS or _can_be(said, field)}


def _can_be(said: pl.Series, field: Field) -> bool:
    """Whether texts that are no instants can be a field."""
    if field is Field.PRICE:
        return share_of(read_money(said).is_not_null()) >= 0.5
    if field is Field.START_TIME:
        return share_of(read_times_of_day(said).is_not_null()) >= 0.9
    if field in DURATIONS:
        return find_duration_form(said) is not None
    if field not in _NUMBERS:
        return False
    kinds = read_callers(said, "US").get_column("caller_kind").cast(pl.String)
    return share_of(kinds != CallerKind.UNREADABLE.value) >= 0.5


def _keep_one_start(chosen: dict[Field, FieldColumn]) -> None:
    """Of a start and a day with a time of day the surer one."""
    start, day = chosen.get(Field.START), chosen.get(Field.START_DATE)
    if start is not None:
        chosen.pop(Field.START_DATE, None)
    if day is None or start is not None:
        chosen.pop(Field.START_TIME, None)


def _find_rivals(
    candidates: Sequence[FieldColumn], chosen: Mapping[Field, FieldColumn]
) -> tuple[FieldColumn, ...]:
    """The columns that may as well be the total as the one that was chosen for it."""
    total = chosen.get(Field.TOTAL)
    if total is None:
        return ()
    taken = {each.column for each in chosen.values() if each is not total}
    near = [
        each
        for each in candidates
        if each.field is Field.TOTAL
        and each.column not in taken
        and each.confidence >= total.confidence - _RIVAL
    ]
    return tuple(near) if len(near) > 1 else ()
