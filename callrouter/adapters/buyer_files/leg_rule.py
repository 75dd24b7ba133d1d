"""What several rows of one id are in a file of no known system, found from the rows."""

import polars as pl

from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import Field, FieldColumn, LegRule

_LOOKED_AT = 50_000
_SURE = 0.6
_SAME = 0.9


def find_leg_rule(raw: RawTable, columns: tuple[FieldColumn, ...]) -> tuple[LegRule, str]:
    """The rule that the rows of one call id show, and in words why; ONE_ROW where nothing does.

    Rows of an id that have other callers, and ids of which nobody can be sure that they are a
    call's, make no legs: two calls taken for one would be worse than one taken for two.
    """
    fields = {each.field: each for each in columns}
    if Field.CORRECTS_ID in fields:
        return LegRule.CORRECTIONS, "rows name others that they correct"
    if Field.UPDATED in fields and Field.CALL_ID in fields:
        return LegRule.REDELIVERED, "rows say when they were updated: of one id the last stands"
    call_id = fields.get(Field.CALL_ID)
    if call_id is None or call_id.confidence < _SURE:
        return LegRule.ONE_ROW, ""
    groups = _group(raw, fields, call_id)
    if groups.is_empty() or _share(groups, "caller") < _SAME:
        return LegRule.ONE_ROW, ""
    said = f"{len(groups):,} ids stand in several rows"
    if Field.START in fields and _share(groups, "start") >= _SAME:
        return LegRule.SAME_SPAN, f"{said} of the same start: the longest stands"
    return LegRule.LEGS, f"{said}: they are read as legs of one call"


def _group(raw: RawTable, fields: dict[Field, FieldColumn], call_id: FieldColumn) -> pl.DataFrame:
    """The ids that stand in several rows, with how many callers and starts each has."""
    head = raw.cells.head(_LOOKED_AT)
    named = {"id": call_id.column}
    named |= {
        field.value: fields[field].column
        for field in (Field.CALLER, Field.START)
        if field in fields
    }
    cells = head.select(pl.col(f"c{place}").alias(name) for name, place in named.items())
    return (
        cells.filter(pl.col("id").str.strip_chars() != "")
        .group_by("id")
        .agg(pl.len().alias("rows"), pl.exclude("id", "rows").n_unique())
        .filter(pl.col("rows") > 1)
    )


def _share(groups: pl.DataFrame, name: str) -> float:
    """In which part of the ids there is but one of them; all where the file has no such column."""
    if name not in groups.columns:
        return 1.0
    return float((groups.get_column(name) == 1).sum()) / len(groups)
