"""Days that a spreadsheet swapped: it took 10/02/2026 for the 10th of February, and kept that.

A spreadsheet set to the other order makes dates of the cells that it can read (both figures up to
12), day and month the wrong way round, and leaves the others as texts. Each kind alone tells
nothing; both together are no accident.
"""

from dataclasses import dataclass

import polars as pl

from callrouter.adapters.buyer_files.values.forms import take_sample
from callrouter.adapters.buyer_files.values.times import DAY_MS
from callrouter.domain.tie_out.mapping import TimeForm

LEAST = 5
"""So many cells of each kind are needed."""
_DATE_CELL = r"^\d{4}-\d\d-\d\d(?: |$)"


@dataclass(frozen=True, slots=True, eq=False)
class SwappedBack:
    """Instants with their days put right, and which rows those were."""

    ms: pl.Series
    rows: pl.Series


def swap_back(texts: pl.Series, ms: pl.Series, form: TimeForm) -> SwappedBack | None:
    """The instants with swapped days put right; None where there are none.

    Only in a column of MONTH_FIRST or DAY_FIRST, where every text has a day above 12 and no cell
    that is a date has one.
    """
    if form not in (TimeForm.MONTH_FIRST, TimeForm.DAY_FIRST):
        return None
    if not take_sample(texts).str.contains(_DATE_CELL).any():
        return None
    instant = pl.from_epoch("ms", time_unit="ms").dt
    frame = pl.DataFrame({"ms": ms, "is_cell": texts.str.contains(_DATE_CELL)}).with_columns(
        day=instant.day(), month=instant.month(), year=instant.year()
    )
    is_cell = frame["is_cell"] & ms.is_not_null()
    cells, written = frame.filter(is_cell), frame.filter(~is_cell & ms.is_not_null())
    if min(len(cells), len(written)) < LEAST:
        return None
    if not ((cells["day"] <= 12).all() and (written["day"] > 12).all()):
        return None
    right_day = pl.datetime("year", "day", "month").dt.epoch("ms") + pl.col("ms") % DAY_MS
    right = pl.when(pl.lit(is_cell)).then(right_day).otherwise("ms").cast(pl.Int64)
    return SwappedBack(frame.select(right).to_series(), is_cell)
