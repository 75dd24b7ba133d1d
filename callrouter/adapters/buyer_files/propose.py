"""Proposes how a buyer's table is to be read: as confirmed before, by its system, or by itself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from callrouter.adapters.buyer_files.changed_places import follow_places
from callrouter.adapters.buyer_files.column_choice import choose_columns
from callrouter.adapters.buyer_files.column_forms import FittedForms, fit_forms
from callrouter.adapters.buyer_files.field_columns import name_column
from callrouter.adapters.buyer_files.headings import fold_heading
from callrouter.adapters.buyer_files.layout import fingerprint, tell_changes
from callrouter.adapters.buyer_files.leg_rule import find_leg_rule
from callrouter.adapters.buyer_files.preset_match import PresetMatch, match_preset
from callrouter.adapters.buyer_files.presets import DURATIONS, Preset, load_presets
from callrouter.adapters.buyer_files.proposal import Open, Proposal, Question
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import Field, FieldColumn, Mapping

_SURE = 0.75
_CARRIED = 0.9
_OUTVOTED = 0.6
_STARTS = (Field.START, Field.START_DATE)
_INSTEAD = {
    Field.START: (Field.START_DATE, Field.START_TIME),
    Field.START_DATE: (Field.START,),
    Field.START_TIME: (Field.START,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clues:
    """What is known beside the table itself."""

    known_numbers: frozenset[str]
    period: tuple[date, date] | None


def propose(
    raw: RawTable,
    *,
    remembered: Mapping | None = None,
    known_numbers: frozenset[str] = frozenset(),
    period: tuple[date, date] | None = None,
    presets: Iterable[Preset] | None = None,
) -> Proposal:
    """How `raw` would be read, how sure that is, and what has to be asked first.

    `remembered` is the mapping that was confirmed for this buyer last: it is used as it is for the
    same layout, unless the values are written otherwise now. For another layout what changed is
    told, and the columns that kept their headings keep their meanings. `known_numbers` are E.164
    of our DIDs and the buyer's destinations, `period` the first and last day asked for.
    """
    layout = fingerprint(raw)
    clues = _Clues(known_numbers=known_numbers, period=period)
    if remembered is not None and remembered.layout == layout:
        return _repeat(raw, remembered, clues)
    match = match_preset(raw, load_presets() if presets is None else presets)
    base = Mapping(columns=(), layout=layout, headings=raw.header or ())
    words: tuple[str, ...] = ()
    carried = _carry_over(remembered, base, match) if remembered is not None else None
    if remembered is not None:
        words = _tell_new_layout(remembered, raw)
    if carried is not None:
        base = carried
    elif match is not None:
        base = _take_preset(match.preset, base)
    if match is not None:
        words = (*words, _say_preset(match))
    return _assemble(raw, base, words, match, clues)


def _repeat(raw: RawTable, remembered: Mapping, clues: _Clues) -> Proposal:
    """The mapping that was confirmed, unless values are written otherwise now."""
    places = follow_places(raw, remembered, clues.known_numbers)
    fitted = fit_forms(raw, places.columns, period=clues.period, country=remembered.country)
    if not (fitted.words or places.words):
        sure = frozenset(each.field for each in remembered.columns)
        return Proposal(
            mapping=remembered, confidence=1.0, sure=sure, words=("as confirmed before",)
        )
    mapping = replace(remembered, columns=tuple(fitted.columns))
    return Proposal(
        mapping=mapping,
        confidence=0.5,
        sure=_find_sure(fitted.columns),
        questions=tuple(fitted.questions),
        words=(
            "the layout is the known one, but what stands in it changed",
            *places.words,
            *fitted.words,
        ),
    )


def _assemble(
    raw: RawTable, base: Mapping, words: tuple[str, ...], match: PresetMatch | None, clues: _Clues
) -> Proposal:
    """The proposal whose columns are those of `base`, of the preset, and what else is found."""
    columns = list(base.columns)
    _add(columns, match.columns if match is not None else ())
    chosen = choose_columns(raw, clues.known_numbers, clues.period) if _lacks(columns) else None
    questions: list[Question] = []
    legs = base.legs
    if chosen is not None:
        has_total = any(each.field in DURATIONS for each in columns)
        is_known = bool(columns)
        _add(columns, [each for each in chosen.columns if not is_known or _is_vital(each)])
        questions += [] if has_total else _ask_total(chosen.rivals)
        if not is_known:
            legs, why = find_leg_rule(raw, tuple(columns))
            words = (*words, *((why,) if why else ()))
    fitted = fit_forms(raw, columns, period=clues.period, country=base.country)
    questions += [*fitted.questions, *_ask_start(fitted.columns, raw)]
    return Proposal(
        mapping=replace(base, columns=tuple(fitted.columns), legs=legs),
        confidence=_rate(fitted, questions),
        sure=_find_sure(fitted.columns),
        questions=tuple(questions),
        words=(*words, *fitted.words, *_tell_missing(fitted.columns)),
    )


def _add(columns: list[FieldColumn], further: Iterable[FieldColumn]) -> None:
    """Columns of fields that have none yet; a start, or a day and a time, but not both."""
    for each in further:
        fields = {column.field for column in columns}
        if not fields & {each.field, *_INSTEAD.get(each.field, ())}:
            columns.append(each)


def _lacks(columns: list[FieldColumn]) -> bool:
    """Whether something is missing without which calls are hard to match."""
    fields = {each.field for each in columns}
    return not (fields & {*_STARTS} and Field.CALLER in fields and fields & {*DURATIONS})


def _is_vital(column: FieldColumn) -> bool:
    """Whether a column is worth taking that the known system isn't said to have."""
    is_start = column.field in (*_STARTS, Field.START_TIME)
    return is_start or column.field is Field.CALLER


def _take_preset(preset: Preset, base: Mapping) -> Mapping:
    return replace(
        base,
        format=preset.name,
        zone=preset.zone,
        country=preset.country,
        legs=preset.legs,
        sentinels=preset.sentinels,
        inbound=preset.inbound,
        total_means=preset.total_means,
        talk_means=preset.talk_means,
    )


def _carry_over(remembered: Mapping, base: Mapping, match: PresetMatch | None) -> Mapping | None:
    """The remembered mapping for another layout: columns are found again by their headings.

    None where that isn't the same kind of file: of another system, or with none of the headings.
    """
    places = {fold_heading(heading): place for place, heading in enumerate(base.headings)}
    columns = tuple(
        replace(
            each,
            column=places[fold_heading(each.header)],
            header=base.headings[places[fold_heading(each.header)]],
            confidence=min(each.confidence, _CARRIED),
            evidence="the heading is the one that was confirmed",
        )
        for each in remembered.columns
        if each.header and fold_heading(each.header) in places
    )
    is_whole = len(columns) == len(remembered.columns)
    is_other = match is not None and match.preset.name != remembered.format
    if not columns or (is_other and not is_whole):
        return None
    return replace(remembered, columns=columns, layout=base.layout, headings=base.headings)


def _tell_new_layout(remembered: Mapping, raw: RawTable) -> tuple[str, ...]:
    said = "the layout isn't the one that was confirmed"
    if not remembered.headings or raw.header is None:
        return (said,)
    changes = tell_changes(remembered.headings, raw.header)
    lost = [
        f"{name_column(each)} was the {each.field.value.replace('_', ' ')}: it is looked for anew"
        for each in remembered.columns
        if fold_heading(each.header) not in set(map(fold_heading, raw.header))
    ]
    return (": ".join((said, "; ".join(changes))) if changes else said, *lost)


def _say_preset(match: PresetMatch) -> str:
    return f"written by {match.preset.system} ({match.fit:.0%} of what it is known by)"


def _ask_total(rivals: tuple[FieldColumn, ...]) -> list[Question]:
    if not rivals:
        return []
    named = " or ".join(name_column(each) for each in rivals)
    choices = tuple(str(each.column) for each in rivals)
    text = f"Which column is the whole length of a call: {named}?"
    return [Question(about=Open.TWO_DURATIONS, text=text, choices=choices)]


def _ask_start(columns: list[FieldColumn], raw: RawTable) -> list[Question]:
    """Asks for a start that isn't there; a row that couldn't be read may be why."""
    if any(each.field in _STARTS for each in columns):
        return []
    text = "Which column is the start of a call? None shows it."
    if raw.problems:
        first, rows = raw.problems[0], len(raw.problems)
        counted = "a row" if rows == 1 else f"{rows:,} rows"
        text = f"{text} Of {counted} that can't be read the first is {first}."
    return [Question(about=Open.NO_START, text=text)]


def _tell_missing(columns: list[FieldColumn]) -> tuple[str, ...]:
    fields = {each.field for each in columns}
    said = []
    if Field.CALLER not in fields:
        said.append("no column holds the caller: calls are matched by the number called and time")
    if not fields & {*DURATIONS}:
        said.append("no column holds a duration: calls can be counted, not measured")
    return tuple(said)


def _rate(fitted: FittedForms, questions: list[Question]) -> float:
    """How sure the least sure of start, caller and duration is; less for each that is missing."""
    if any(asked.about is Open.NO_START for asked in questions):
        return 0.0
    sure = {each.field: each.confidence for each in fitted.columns}
    start = max(sure.get(field, 0.0) for field in _STARTS)
    duration = max((sure[field] for field in DURATIONS if field in sure), default=0.5)
    rated = min(start, duration, sure.get(Field.CALLER, 0.6))
    rated *= 0.5 if questions else 1.0
    return round(min(rated, _OUTVOTED) if fitted.words else rated, 2)


def _find_sure(columns: Iterable[FieldColumn]) -> frozenset[Field]:
    return frozenset(each.field for each in columns if each.confidence >= _SURE)
