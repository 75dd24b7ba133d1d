"""What can come of a call when both sides are compared: each row ends in exactly one class."""

from enum import StrEnum

import polars as pl


class DifferenceClass(StrEnum):
    """The classes, the good ones first."""

    AGREE = "agree"
    """The same call, the same seconds."""
    ROUNDING = "rounding"
    """Seconds differ by no more than the terms tolerate; the money is the same."""
    SAME_MONEY = "same_money"
    """Seconds differ by more; the money is the same."""
    ACROSS_THRESHOLD = "across_threshold"
    """Seconds differ so that the money does: what disputes are about."""
    OURS_ONLY = "ours_only"
    THEIRS_ONLY = "theirs_only"
    DUPLICATE = "duplicate"
    """A record of theirs that says again what another one said, or amends it."""
    AMBIGUOUS = "ambiguous"
    """It may be one of several calls, and nothing tells which: nobody guesses."""


class MatchedBy(StrEnum):
    """By what two records were found to be one call; "" stands for not at all."""

    SHARED_ID = "shared_id"
    CALLER = "caller"
    CALLED = "called"
    """The caller is hidden or masked: by the number called or reached, time and duration."""


DIFFERENCE_CLASS = pl.Enum([each.value for each in DifferenceClass])
MATCHED_BY = pl.Enum(["", *(each.value for each in MatchedBy)])

PAIRS: dict[str, pl.DataType | type[pl.DataType]] = {
    "our": pl.Int64,
    "their": pl.Int64,
    "by": MATCHED_BY,
    "gap_ms": pl.Int64,
    "score": pl.Float64,
    "runner_up": pl.Float64,
}
"""What belongs together: each `our` and each `their` at most once.

`gap_ms` is their start less ours after the clock is put right. `score` is from 0 to 1, `runner_up`
that of the next best candidate of either (null: there was none).
"""

UNSURE: dict[str, pl.DataType | type[pl.DataType]] = {
    "group": pl.Int64,
    "our": pl.Int64,
    "their": pl.Int64,
    "score": pl.Float64,
}
"""Candidates that nothing tells apart: every pair of each group; none of them is in PAIRS."""

LINES: dict[str, pl.DataType | type[pl.DataType]] = {
    "line_no": pl.Int64,
    "class": DIFFERENCE_CLASS,
    "why": pl.String,
    "our": pl.Int64,
    "their": pl.Int64,
    "by": MATCHED_BY,
    "score": pl.Float64,
    "runner_up": pl.Float64,
    "gap_ms": pl.Int64,
    "at_ms": pl.Int64,
    "rows": pl.Int64,
    "our_ms": pl.Int64,
    "their_ms": pl.Int64,
    "our_micros": pl.Int64,
    "their_micros": pl.Int64,
    "candidates": pl.String,
    "of_call": pl.Int64,
}
"""The tie-out, a line each: a pair, or a row of one side alone (the other side's columns null).

`why` says in words how the class came about. `at_ms` is when the call began by our clock: our
start, or theirs put right where we have none (null: nothing says when). `rows` counts the records
of their file that the line stands for. `our_ms` and `their_ms` are the durations that are compared,
like with like; `our_micros` what we charged, `their_micros` what the terms make of their seconds.
`candidates` of an AMBIGUOUS line are the `our` or `their` numbers of the other side, with blanks
between. `of_call` of a DUPLICATE is the `our` of the call that it says something of again, which
is no part of the line (null: nobody knows).
"""
