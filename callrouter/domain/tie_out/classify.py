"""Each pair and each row that is left over in exactly one class, with why, seconds and money."""

import numpy as np
import polars as pl

from callrouter.domain.tie_out.classes import LINES, DifferenceClass
from callrouter.domain.tie_out.lone_words import say_why_ours_alone, say_why_theirs_alone
from callrouter.domain.tie_out.pair_lines import class_pairs
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.sides import Sides
from callrouter.domain.tie_out.their_money import Places, price_lone


def classify(
    sides: Sides, pairs: pl.DataFrame, unsure: pl.DataFrame, step_ms: int, rules: TieOutRules
) -> pl.DataFrame:
    """The LINES of a tie-out: pairs in the order of our calls, then what stands alone.

    `pairs` is PAIRS, `unsure` UNSURE: neither names a row that isn't in `sides`, and no row is in
    both. `step_ms` is what their times are whole multiples of. Where no record has a time pairs
    are compared in money alone.
    """
    pairs = pairs.sort("our")
    places = (
        _find_places(sides.ours["our"], pairs["our"]),
        _find_places(sides.calls["their"], pairs["their"]),
    )
    lone_ours, unsure_ours = _part(_leave(sides.ours, places[0]), unsure, "our")
    lone_calls, unsure_calls = _part(_leave(sides.calls, places[1]), unsure, "their")
    repeated = _as_theirs(sides.duplicates, sides, rules)
    parts = (
        class_pairs(sides, pairs, places, step_ms, rules),
        _as_ours(lone_ours).with_columns(
            say_why_ours_alone(lone_ours, sides, lone_calls, rules),
            _class(DifferenceClass.OURS_ONLY),
        ),
        _as_theirs(lone_calls, sides, rules).with_columns(
            say_why_theirs_alone(lone_calls, sides, lone_ours, rules),
            _class(DifferenceClass.THEIRS_ONLY),
        ),
        repeated.with_columns(
            sides.duplicates["why"],
            sides.duplicates["of_call"],
            _class(DifferenceClass.DUPLICATE),
        ),
        _add_candidates(_as_ours(unsure_ours), unsure, "our", "their"),
        _add_candidates(_as_theirs(unsure_calls, sides, rules), unsure, "their", "our"),
    )
    lines = pl.concat([_arrange(part) for part in parts])
    return lines.with_columns(line_no=pl.int_range(lines.height, dtype=pl.Int64))


def _find_places(numbers: pl.Series, wanted: pl.Series) -> Places:
    """Where in `numbers`, of which each is there once, the wanted ones are."""
    order = numbers.to_numpy()
    places = np.zeros(int(order.max(initial=0)) + 1, dtype=np.intp)
    places[order] = np.arange(len(order))
    found: Places = places[wanted.to_numpy()]
    return found


def _leave(frame: pl.DataFrame, places: Places) -> pl.DataFrame:
    """The rows at no one of the places."""
    left = np.ones(frame.height, dtype=np.bool_)
    left[places] = False
    return frame[np.flatnonzero(left)]


def _part(
    left: pl.DataFrame, unsure: pl.DataFrame, number: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that stand alone, and those that are unsure."""
    is_unsure = pl.col(number).is_in(unsure[number].unique().implode())
    return left.filter(~is_unsure), left.filter(is_unsure)


def _class(value: DifferenceClass) -> pl.Expr:
    return pl.lit(value.value).alias("class")


def _as_ours(frame: pl.DataFrame) -> pl.DataFrame:
    """LINES of calls of ours without a record, but for class and why."""
    return frame.select(
        "our",
        "our_ms",
        at_ms=pl.col("started_at_ms"),
        rows=pl.lit(0),
        our_micros=pl.col("charged_micros"),
    )


def _as_theirs(frame: pl.DataFrame, sides: Sides, rules: TieOutRules) -> pl.DataFrame:
    """LINES of records of theirs without a call, but for class and why."""
    micros = pl.Series("their_micros", price_lone(sides, frame, rules), dtype=pl.Int64)
    return frame.select("their", "at_ms", "rows", "their_ms", micros)


def _add_candidates(
    lines: pl.DataFrame, unsure: pl.DataFrame, own: str, other: str
) -> pl.DataFrame:
    """Lines of one side with what of the other they may belong to."""
    ranked = unsure.sort(own, "score", other, descending=[False, True, False])
    of_each = ranked.group_by(own, maintain_order=True).agg(
        candidates=pl.col(other).cast(pl.String).str.join(" "),
        count=pl.len(),
        score=pl.col("score").first(),
        runner_up=pl.col("score").get(1, null_on_oob=True),
        of_group=pl.col("group").first(),
    )
    sizes = unsure.group_by("group").agg(
        all_own=pl.col(own).n_unique(), all_other=pl.col(other).n_unique()
    )
    joined = lines.join(of_each, on=own, how="left").join(
        sizes, left_on="of_group", right_on="group", how="left"
    )
    ours, theirs = ("all_own", "all_other") if own == "our" else ("all_other", "all_own")
    words = pl.format(
        "{} of ours and {} of theirs, and nothing tells which is which",
        pl.col(ours),
        pl.col(theirs),
    )
    return joined.with_columns(_class(DifferenceClass.AMBIGUOUS), why=words)


def _arrange(part: pl.DataFrame) -> pl.DataFrame:
    """A part of the lines with all columns of LINES; what isn't there is null, or "" of texts."""
    blank = {"by": "", "candidates": "", "line_no": 0}
    return part.select(
        (pl.col(name) if name in part.columns else pl.lit(blank.get(name))).cast(kind).alias(name)
        for name, kind in LINES.items()
    )
