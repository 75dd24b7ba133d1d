"""Rows of a buyer's table that are no calls to the buyer: which, and why."""

import polars as pl

from callrouter.adapters.buyer_files.field_columns import FieldColumns, name_column
from callrouter.adapters.buyer_files.normalised import LeftOut
from callrouter.adapters.buyer_files.values.cells import is_nothing
from callrouter.domain.tie_out.mapping import Field

BLANK = "none of the columns that count says anything"
HEADINGS = "the headings once more"
_SAID_DIRECTIONS = 20  # so many different words are told one by one


def find_left_out(columns: FieldColumns, stamps: pl.Series) -> pl.Series:
    """Why each row is left out (text), null for one that stays. `stamps` are the starts."""
    why = _by_direction(columns)
    unstamped = stamps.is_null()
    if not unstamped.any():
        return why
    return pl.DataFrame({"why": why, "other": _by_content(columns, unstamped)}).select(
        pl.coalesce("why", "other")
    )["why"]


def count_left_out(why: pl.Series, lines: pl.Series) -> tuple[LeftOut, ...]:
    """How many rows are left out for each reason, in the file's order."""
    if why.null_count() == len(why):
        return ()
    frame = pl.DataFrame({"why": why, "line": lines}).drop_nulls("why")
    counted = frame.group_by("why", maintain_order=True).agg(pl.len(), pl.col("line").min())
    return tuple(LeftOut(why=row[0], rows=row[1], line=row[2]) for row in counted.rows())


def _nowhere(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)


def _by_direction(columns: FieldColumns) -> pl.Series:
    """Rows whose direction is said and isn't one of the mapping's words for a call to the buyer."""
    words, column = columns.words(Field.DIRECTION), columns.mapping.find(Field.DIRECTION)
    inbound = [word.strip().lower() for word in columns.mapping.inbound]
    if words is None or column is None or not inbound:
        return _nowhere(columns.raw.cells.height)
    name = name_column(column)
    word = pl.col("word")
    few = words.n_unique() <= _SAID_DIRECTIONS
    said = pl.lit(f"{name} is ") + word if few else pl.lit(f"{name} isn't inbound")
    is_other = (word != "") & ~word.str.to_lowercase().is_in(inbound)
    return pl.DataFrame({"word": words}).select(pl.when(is_other).then(said)).to_series()


def _by_content(columns: FieldColumns, unstamped: pl.Series) -> pl.Series:
    """Among rows without a start: those without anything, and repeated headings."""
    mapping, header = columns.mapping, columns.raw.header
    mapped = sorted({column.column for column in mapping.columns})
    always = pl.lit(value=True)
    blank = (is_nothing(pl.col(f"c{at}"), mapping.sentinels) for at in mapped)
    why = pl.when(pl.all_horizontal(always, *blank)).then(pl.lit(BLANK))
    if header is not None:
        repeated = (pl.col(f"c{at}").str.strip_chars() == header[at] for at in mapped)
        why = why.when(pl.all_horizontal(always, *repeated)).then(pl.lit(HEADINGS))  # type: ignore[assignment]
    cells = columns.raw.cells.with_columns(unstamped=unstamped)
    return cells.select(pl.when("unstamped").then(why)).to_series()
