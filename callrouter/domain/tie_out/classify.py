"""Each pair and each row that is left over in exactly one class, with why, seconds and money."""

from collections.abc import Iterator

import polars as pl

from callrouter.domain.tie_out.classes import LINES, DifferenceClass
from callrouter.domain.tie_out.lone_words import say_why_ours_alone, say_why_theirs_alone
from callrouter.domain.tie_out.matching import Matches
from callrouter.domain.tie_out.memory import Memory, read_in_order, read_some
from callrouter.domain.tie_out.pair_lines import OUR_COLUMNS, THEIR_COLUMNS, class_pairs
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.sides import Sides
from callrouter.domain.tie_out.surroundings import Surroundings, look_around
from callrouter.domain.tie_out.their_money import Scopes, guess_scopes, price_lone


def classify(
    sides: Sides, matches: Matches, step_ms: int, rules: TieOutRules, memory: Memory
) -> Iterator[pl.DataFrame]:
    """The LINES of a tie-out, piece by piece: pairs by our numbers, then what stands alone.

    No row that matches name isn't in `sides`. `step_ms` is what their times are whole multiples
    of. Where no record has a time pairs are compared in money alone.
    """
    first = 0
    for part in _class_all(sides, matches, step_ms, rules, memory):
        lines = _arrange(part)
        numbers = pl.int_range(first, first + lines.height, dtype=pl.Int64, eager=True)
        yield lines.with_columns(line_no=numbers)
        first += lines.height


def _class_all(
    sides: Sides, matches: Matches, step_ms: int, rules: TieOutRules, memory: Memory
) -> Iterator[pl.DataFrame]:
    pairs, unsure = matches.pairs.sort("our"), matches.unsure
    for some in pairs.iter_slices(max(1, memory.most_rows // 2)):
        ours = read_some(sides.ours.select(OUR_COLUMNS), "our", some["our"])
        calls = read_some(sides.calls.select(THEIR_COLUMNS), "their", some["their"])
        yield class_pairs(ours, calls, some, step_ms, rules, has_times=sides.has_times)
    spoken_for = pl.concat([pairs.select("our", "their"), unsure.select("our", "their")])
    around = look_around(sides, spoken_for, memory)
    scopes = guess_scopes(sides, rules.terms)
    yield from _class_lone_ours(around, rules, memory)
    yield from _class_lone_theirs(around, scopes, rules, memory)
    for rows in read_in_order(sides.duplicates, "their", memory):
        repeated = _as_repeats(rows, sides, scopes, rules)
        told = rows["why"], rows["of_call"], _class(DifferenceClass.DUPLICATE)
        yield repeated.with_columns(*told)
    ours = _as_ours(read_some(sides.ours, "our", unsure["our"]))
    yield _add_candidates(ours, unsure, "our", "their")
    calls = read_some(sides.calls, "their", unsure["their"])
    yield _add_candidates(_as_theirs(calls, sides, scopes, rules), unsure, "their", "our")


def _class_lone_ours(
    around: Surroundings, rules: TieOutRules, memory: Memory
) -> Iterator[pl.DataFrame]:
    for lone in read_in_order(around.lone_ours, "our", memory):
        why = say_why_ours_alone(lone, around, rules)
        yield _as_ours(lone).with_columns(why, _class(DifferenceClass.OURS_ONLY))


def _class_lone_theirs(
    around: Surroundings, scopes: Scopes, rules: TieOutRules, memory: Memory
) -> Iterator[pl.DataFrame]:
    for lone in read_in_order(around.lone_calls, "their", memory):
        why = say_why_theirs_alone(lone, around, rules)
        lines = _as_theirs(lone, around.sides, scopes, rules)
        yield lines.with_columns(why, _class(DifferenceClass.THEIRS_ONLY))


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


def _as_theirs(
    frame: pl.DataFrame, sides: Sides, scopes: Scopes, rules: TieOutRules
) -> pl.DataFrame:
    """LINES of records of theirs without a call, but for class and why."""
    money = price_lone(frame, scopes, rules, has_times=sides.has_times)
    micros = pl.Series("their_micros", money, dtype=pl.Int64)
    return frame.select("their", "at_ms", "rows", "their_ms", micros)


def _as_repeats(
    frame: pl.DataFrame, sides: Sides, scopes: Scopes, rules: TieOutRules
) -> pl.DataFrame:
    """LINES of duplicates: what their file is more by; of an amendment that is its own price."""
    elsewhere, amends = (frame[name] for name in ("elsewhere", "amends_micros"))
    micros = pl.when(~elsewhere).then(pl.coalesce(amends, "their_micros"))
    return _as_theirs(frame, sides, scopes, rules).with_columns(their_micros=micros)


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
    joined = lines.join(of_each, on=own, how="left", maintain_order="left").join(
        sizes, left_on="of_group", right_on="group", how="left", maintain_order="left"
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
