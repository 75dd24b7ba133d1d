"""What a later file of a buyer's says otherwise than an earlier one: rows new, gone, changed."""

from dataclasses import dataclass

import polars as pl

from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.frames import THEIRS
from callrouter.domain.tie_out.memory import read

_MOSTLY = 0.9
_OVERLAPS = 0.5
"""A later file that has so many of the rows of an earlier one again is that file, amended."""
_IDS = ("call_ids", "leg_id")
_SEEN = ("caller_text", "called", "stamp_ms")
_PLACES = ("their", "part", "line")


@dataclass(frozen=True, slots=True)
class RowChanges:
    """How many rows of two files are the same, only in the later, only in the earlier, or changed.

    `lines` are the later file's lines of the first new and changed rows, `gone_lines` the earlier
    file's of those that are gone.
    """

    same: int
    new: int
    gone: int
    changed: int
    lines: tuple[int, ...] = ()
    gone_lines: tuple[int, ...] = ()

    @property
    def amends(self) -> bool:
        """Whether the later file has most of the earlier one's rows again."""
        return self.same + self.changed >= _OVERLAPS * (self.same + self.changed + self.gone) > 0

    def __str__(self) -> str:
        return (
            f"{say_count(self.same, 'row')} the same, {self.new:,} new, {self.changed:,} changed,"
            f" {self.gone:,} gone"
        )


def compare_rows(earlier: pl.LazyFrame, later: pl.LazyFrame, *, shown: int = 20) -> RowChanges:
    """What became of the rows of one file (THEIRS) in another.

    A row is the same record by the buyer's ids where both files have them in most rows; else by
    caller, number called and start. Of rows that can't be told apart the first is held against the
    first.
    """
    by = _IDS if _has_ids(earlier) and _has_ids(later) else _SEEN
    both = _mark(earlier, by).join(
        _mark(later, by), on=["key", "nth"], how="full", suffix="_later", nulls_equal=True
    )
    is_new, is_gone = pl.col("said").is_null(), pl.col("said_later").is_null()
    is_changed = ~is_new & ~is_gone & (pl.col("said") != pl.col("said_later"))
    counts = both.select(
        new=is_new.sum(), gone=is_gone.sum(), changed=is_changed.sum(), rows=pl.len()
    ).row(0, named=True)
    lines = both.filter(is_new | is_changed)["line_later"].sort().head(shown)
    return RowChanges(
        same=counts["rows"] - counts["new"] - counts["gone"] - counts["changed"],
        new=counts["new"],
        gone=counts["gone"],
        changed=counts["changed"],
        lines=tuple(lines),
        gone_lines=tuple(both.filter(is_gone)["line"].sort().head(shown)),
    )


def _has_ids(rows: pl.LazyFrame) -> bool:
    with_id, count = read(rows.select((pl.col("call_ids") != "").sum(), rows=pl.len())).row(0)
    return int(with_id) >= _MOSTLY * int(count) > 0


def _mark(rows: pl.LazyFrame, by: tuple[str, ...]) -> pl.DataFrame:
    """Each row's key, which of those with that key it is, and a hash of all that it says."""
    said = [name for name in THEIRS if name not in _PLACES]
    marks = {"key": pl.struct(by).hash(), "said": pl.struct(said).hash()}
    marked = read(rows.select("their", "line", **marks)).sort("their").drop("their")
    return marked.with_columns(nth=pl.int_range(pl.len()).over("key"))
