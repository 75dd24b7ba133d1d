"""Both sides of a tie-out on one clock, every row of either in exactly one frame."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Sides:
    """What is tied out: our calls, their calls, and what they say twice.

    `ours` is OURS with `at_ms` and `our_ms`, the time that is compared; `calls` is FOLDED with
    `at_ms` and `their_ms`, what it is compared with (null: their record hasn't got it).
    `duplicates` are FOLDED with the same two, `why` they are duplicates, `duplicate_of` which
    record, and `of_call`, the `our` of a call that has that record (either is null where there is
    none). Those of calls that count in another tie-out are `elsewhere`, and no money here;
    `amends_micros` is what an amendment adds to their money by their own price (null: it is none).
    `at_ms` is an instant by our clock, null where nothing says when. `has_times`: their file has
    any time to compare.
    """

    ours: pl.LazyFrame
    calls: pl.LazyFrame
    duplicates: pl.LazyFrame
    has_times: bool
