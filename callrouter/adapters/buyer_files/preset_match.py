"""Which known system a table is from: by its headings, or without any by how its cells look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.headings import fold_heading
from callrouter.adapters.buyer_files.presets import DURATIONS, Headless, Preset
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import Field, FieldColumn

_ENOUGH = 0.75
"""Exports leave out columns that somebody didn't choose; so many of the headings must be there."""
_LOOKED_AT = 300
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class PresetMatch:
    """A preset that fits a table, which column is what by it, and how well it fits (0 to 1)."""

    preset: Preset
    columns: tuple[FieldColumn, ...]
    fit: float


def match_preset(raw: RawTable, presets: Iterable[Preset]) -> PresetMatch | None:
    """The preset that fits best; None where none does."""
    fit = _match_headings if raw.header is not None else _match_cells
    ranked = [(rank, match) for preset in presets for rank, match in fit(raw, preset)]
    return max(ranked, key=lambda each: each[0], default=(0, None))[1]


def _match_headings(
    raw: RawTable, preset: Preset
) -> tuple[tuple[tuple[float, int], PresetMatch], ...]:
    places: dict[str, int] = {}
    for place, heading in enumerate(raw.header or ()):
        places.setdefault(fold_heading(heading), place)
    known = [heading for heading in preset.known_by if fold_heading(heading) in places]
    if not known or len(known) < _ENOUGH * len(preset.known_by):
        return ()
    fit = len(known) / len(preset.known_by)
    found = {
        field: next((places[key] for key in map(fold_heading, headings) if key in places), None)
        for field, headings in preset.headings.items()
    }
    columns = _to_columns(raw, preset, found, _SURE * fit)
    match = PresetMatch(preset, columns, fit)
    return (((fit, len(known) + len(columns)), match),) if _is_enough(columns) else ()


def _match_cells(
    raw: RawTable, preset: Preset
) -> tuple[tuple[tuple[float, int], PresetMatch], ...]:
    headless = preset.headless
    if headless is None or raw.width not in headless.widths or raw.cells.is_empty():
        return ()
    fit = _measure_shapes(raw, headless)
    if fit < _ENOUGH:
        return ()
    found = {
        field: next((place for place in places if place < raw.width), None)
        for field, places in headless.places.items()
    }
    columns = _to_columns(raw, preset, found, _SURE * fit)
    return (((fit, len(headless.shapes)), PresetMatch(preset, columns, fit)),)


def _measure_shapes(raw: RawTable, headless: Headless) -> float:
    """In how many of the looked at rows each such cell looks as it should, where it says anything.

    The worst of the columns counts; one beyond the last column looks like nothing.
    """
    shapes = headless.shapes
    if max(shapes) >= raw.width:
        return 0.0
    cells = raw.cells.head(_LOOKED_AT).select(
        pl.col(f"c{place}").str.strip_chars().replace("", None) for place in shapes
    )
    shares = cells.select(
        pl.col(f"c{place}").str.contains(shape).mean().fill_null(0.0)
        for place, shape in shapes.items()
    )
    return float(min(shares.row(0)))


def _to_columns(
    raw: RawTable, preset: Preset, found: Mapping[Field, int | None], confidence: float
) -> tuple[FieldColumn, ...]:
    header = raw.header or ("",) * raw.width
    evidence = f"as {preset.system} has it"
    columns = {
        field: FieldColumn(
            field=field,
            column=place,
            header=header[place],
            form=preset.forms.get(field, ""),
            confidence=round(confidence, 2),
            evidence=evidence,
        )
        for field, place in found.items()
        if place is not None
    }
    if Field.START in columns:
        columns = {
            field: column
            for field, column in columns.items()
            if field not in (Field.START_DATE, Field.START_TIME)
        }
    return tuple(columns.values())


def _is_enough(columns: tuple[FieldColumn, ...]) -> bool:
    fields = {column.field for column in columns}
    is_timed = bool(fields & {Field.START, Field.START_DATE})
    return is_timed and bool(fields & {Field.CALLER, *DURATIONS})
