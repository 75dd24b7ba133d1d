"""Why a pair is in its class, in words."""

import polars as pl

from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.line_words import say_money, say_seconds
from callrouter.domain.tie_out.rules import TieOutRules

SAME_SECONDS = "the same seconds"


def say_why_pairs(frame: pl.DataFrame, step_ms: int, rules: TieOutRules) -> pl.Series:
    """Words for pairs that have a class: LINES with a few columns more.

    `price_micros` is what their file says, `crossed_s` the threshold between the two times (-1:
    none), `by_time` whether time decided what was charged, `reason` that of the charge.
    """
    words = {
        DifferenceClass.AGREE: _say_agree(),
        DifferenceClass.ROUNDING: _say_rounding(step_ms),
        DifferenceClass.SAME_MONEY: _say_both() + _say_same_money(),
        DifferenceClass.ACROSS_THRESHOLD: _say_both() + _say_across(),
    }
    numbered = frame.with_row_index("place")
    parts = [
        numbered.filter(pl.col("class") == each.value).select(
            "place", why=pl.concat_str(of_class, _say_outside(rules), _say_price())
        )
        for each, of_class in words.items()
    ]
    return pl.concat(parts).sort("place")["why"]


def _say_agree() -> pl.Expr:
    timeless = pl.col("their_ms").is_null()
    return (
        pl.when(timeless).then(pl.lit("their record has no time")).otherwise(pl.lit(SAME_SECONDS))
    )


def _say_rounding(step_ms: int) -> pl.Expr:
    apart = say_seconds((pl.col("their_ms").fill_null(0) - pl.col("our_ms")).abs())
    rounded = f", their times are rounded up to {step_ms // 1000} s" if step_ms > 1000 else ""
    return apart + f" apart{rounded}"


def _say_both() -> pl.Expr:
    theirs = pl.coalesce(say_seconds(pl.col("their_ms")), pl.lit("without a time"))
    return pl.concat_str(
        pl.lit("ours "), say_seconds(pl.col("our_ms")), pl.lit(", theirs "), theirs
    )


def _say_same_money() -> pl.Expr:
    by_time = pl.concat_str(pl.lit(": "), say_money(pl.col("our_micros")), pl.lit(" by either"))
    other = pl.concat_str(
        pl.lit(": "),
        say_money(pl.col("our_micros")),
        pl.lit(" whatever the time, "),
        pl.when(pl.col("reason") == "").then(pl.lit("nothing was agreed")).otherwise("reason"),
    )
    return pl.when(pl.col("by_time")).then(by_time).otherwise(other)


def _say_across() -> pl.Expr:
    crossed = pl.concat_str(pl.lit(", across "), pl.col("crossed_s").cast(pl.String), pl.lit(" s"))
    return pl.concat_str(
        pl.when(pl.col("crossed_s") >= 0).then(crossed).otherwise(pl.lit("")),
        pl.lit(": "),
        say_money(pl.col("our_micros")),
        pl.lit(" and "),
        say_money(pl.col("their_micros")),
    )


def _say_outside(rules: TieOutRules) -> pl.Expr:
    """That a late file or an adjustment is about a call of another period."""
    before, after = pl.col("at_ms") < rules.since_ms, pl.col("at_ms") >= rules.until_ms
    return (
        pl.when(before)
        .then(pl.lit("; the call is of an earlier period"))
        .when(after)
        .then(pl.lit("; the call is of a later period"))
        .otherwise(pl.lit(""))
    )


def _say_price() -> pl.Expr:
    differs = pl.col("price_micros") != pl.col("their_micros")
    said = pl.lit("; their file says ") + say_money(pl.col("price_micros"))
    return pl.when(differs).then(said).otherwise(pl.lit(""))
