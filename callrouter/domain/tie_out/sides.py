"""Both sides of a tie-out on one clock, every row of either in exactly one frame."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Sides:
    """What is tied out: our calls, their calls, and what they say twice.

    `ours` is OURS with `at_ms` and `our_ms`, the time that is compared; `calls` is FOLDED with
    `at_ms` and `their_ms`, what it is compared with (null: their record hasn't got it). Either is
    in the order of its numbers. `duplicates` are rows of THEIRS with the same two, `why` they are
    duplicates and `duplicate_of` which record. `at_ms` is an instant by our clock, null where
    nothing says when.
    """

    ours: pl.DataFrame
    calls: pl.DataFrame
    duplicates: pl.DataFrame

    @property
    def has_times(self) -> bool:
        """Whether their file has any time to compare."""
        return self.calls["their_ms"].null_count() < self.calls.height
