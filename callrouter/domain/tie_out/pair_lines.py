"""Pairs of a call and a record in classes, with their seconds and money."""

import numpy as np
import numpy.typing as npt
import polars as pl

from callrouter.domain.billing.terms import Clock
from callrouter.domain.tie_out.classes import DIFFERENCE_CLASS
from callrouter.domain.tie_out.memory import find_places
from callrouter.domain.tie_out.pair_words import SAME_SECONDS, say_why_pairs
from callrouter.domain.tie_out.pricing_frame import Marks, find_crossed
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.their_money import PricedPairs, price_pairs

OUR_COLUMNS = (
    "our",
    "started_at_ms",
    "campaign_id",
    "destination_id",
    "outcome",
    *(f"{clock}_ms" for clock in Clock),
    "our_ms",
    "charged_micros",
    "reason",
)
THEIR_COLUMNS = ("their", "rows", "their_ms", "price_micros")
"""What classing pairs looks at of `Sides`."""
_SECOND_MS = 1000
_AGREE, _ROUNDING, _SAME_MONEY, _ACROSS = range(4)
"""The first of DIFFERENCE_CLASS, as it numbers them."""


def class_pairs(
    ours: pl.DataFrame,
    calls: pl.DataFrame,
    pairs: pl.DataFrame,
    step_ms: int,
    rules: TieOutRules,
    *,
    has_times: bool,
) -> pl.DataFrame:
    """LINES without `line_no` for `pairs`: row n is of row n of `ours`, and of some row of `calls`.

    `ours` has OUR_COLUMNS, `calls` THEIR_COLUMNS in the order of their numbers.
    """
    theirs = calls.select(pl.all().gather(find_places(calls["their"], pairs["their"])))
    priced = price_pairs(ours, theirs, rules, has_times=has_times)
    lines = pairs.with_columns(
        at_ms=ours["started_at_ms"],
        rows=theirs["rows"],
        our_ms=ours["our_ms"],
        their_ms=theirs["their_ms"],
        our_micros=ours["charged_micros"],
        their_micros=pl.Series(priced.micros),
        price_micros=theirs["price_micros"],
        candidates=pl.lit(""),
    )
    codes = _choose_classes(lines, step_ms, rules, has_times=has_times)
    lines = lines.with_columns(pl.Series("class", codes).cat.to(DIFFERENCE_CLASS))
    told = _find_told(lines, codes, rules)
    grounds = _add_grounds(lines, told, priced, ours["reason"], rules)
    words = say_why_pairs(grounds, step_ms, rules)
    why = pl.concat([pl.Series([SAME_SECONDS]), words]).rechunk()
    places_of_words = np.where(told, np.cumsum(told), 0)
    return lines.with_columns(why=why.gather(pl.Series(places_of_words)))


def _choose_classes(
    lines: pl.DataFrame, step_ms: int, rules: TieOutRules, *, has_times: bool
) -> npt.NDArray[np.uint8]:
    same_money = (lines["our_micros"] == lines["their_micros"]).to_numpy()
    if not has_times:
        return np.where(same_money, _AGREE, _ACROSS).astype(np.uint8)
    our_ms = lines["our_ms"].to_numpy()
    their_ms = lines["their_ms"].fill_null(0).to_numpy()
    apart_ms = np.abs(their_ms - our_ms)
    same_seconds = their_ms // _SECOND_MS == our_ms // _SECOND_MS
    near = (apart_ms <= rules.tolerance_ms) | ((apart_ms < step_ms) & (their_ms >= our_ms))
    of_time = np.where(same_seconds, _AGREE, np.where(near, _ROUNDING, _SAME_MONEY))
    return np.where(same_money, of_time, _ACROSS).astype(np.uint8)


def _find_told(lines: pl.DataFrame, codes: npt.NDArray[np.uint8], rules: TieOutRules) -> Marks:
    """The pairs of which more is to be said than that the seconds are the same."""
    more: Marks = (
        lines.select(
            pl.col("their_ms").is_null()
            | (pl.col("at_ms") < rules.since_ms)
            | (pl.col("at_ms") >= rules.until_ms)
            | (pl.col("price_micros") != pl.col("their_micros")).fill_null(value=False)
        )
        .to_series()
        .to_numpy()
    )
    told: Marks = more | (codes != _AGREE)
    return told


def _add_grounds(
    lines: pl.DataFrame,
    told: Marks,
    priced: PricedPairs,
    reasons: pl.Series,
    rules: TieOutRules,
) -> pl.DataFrame:
    """The lines that are told, with what the words need to know."""
    some = lines.filter(pl.Series(told))
    ours, theirs = some["our_ms"].to_numpy(), some["their_ms"].fill_null(0).to_numpy()
    low, high = np.minimum(ours, theirs), np.maximum(ours, theirs)
    return some.with_columns(
        crossed_s=pl.Series(find_crossed(low, high, priced.chosen[told], rules.terms)),
        by_time=pl.Series(priced.by_time[told]),
        reason=reasons.filter(pl.Series(told)),
    )
