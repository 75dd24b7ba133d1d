"""A bounded sample of a table's rows, column by column, cleaned for looking at."""

from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.values.cells import clean, is_nothing
from callrouter.domain.tie_out.mapping import Field, FieldColumn

SAMPLE_ROWS = 4_000
"""So many rows are looked at, evenly spread and in the file's order."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledColumn:
    """One column's sampled texts, cleaned, "" where a cell says nothing.

    `said` are those that say something; `distinct` counts the different ones.
    """

    index: int
    header: str
    texts: pl.Series
    said: pl.Series
    distinct: int

    @property
    def trust(self) -> float:
        """How far what it says can be trusted: less where there are few rows."""
        return min(1.0, 0.5 + len(self.said) / 40)

    @property
    def filled(self) -> float:
        """In which part of the rows it says something."""
        return len(self.said) / len(self.texts) if len(self.texts) else 0.0

    def share(self, pattern: str) -> float:
        """In which part of what it says a regular expression is found."""
        return int(self.said.str.contains(pattern).sum()) / len(self.said)

    def means(self, field: Field, confidence: float, evidence: str, form: str = "") -> FieldColumn:
        """The column as a field of the mapping; the fewer rows, the less `confidence`."""
        return FieldColumn(
            field=field,
            column=self.index,
            header=self.header,
            form=form,
            confidence=round(min(1.0, confidence) * self.trust, 2),
            evidence=f"column {self.index + 1}: {evidence}",
        )

    def count(self, share: float) -> str:
        """A part of what it says in words: 3,960 of 4,000 values."""
        return f"{round(share * len(self.said)):,} of {len(self.said):,} values"


def sample_columns(raw: RawTable) -> tuple[SampledColumn, ...]:
    """The columns that say anything; what they cost to look at doesn't grow with the table."""
    cells = raw.cells.drop("line")
    sampled = cells.gather_every(max(1, -(-cells.height // SAMPLE_ROWS)))
    cleaned = sampled.select(
        pl.when(is_nothing(pl.col(name)))
        .then(pl.lit(""))
        .otherwise(clean(pl.col(name)))
        .alias(name)
        for name in sampled.columns
    )
    columns = []
    for index, texts in enumerate(cleaned.iter_columns()):
        said = texts.filter(texts != "")
        if len(said):
            header = raw.header[index] if raw.header is not None else ""
            columns.append(SampledColumn(index, header, texts, said, said.n_unique()))
    return tuple(columns)
