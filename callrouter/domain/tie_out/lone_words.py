"""Why a call of ours has no record of theirs, or theirs no call of ours, in words."""

from collections.abc import Iterator
from typing import TypeAlias

import polars as pl

from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.line_words import say_seconds, say_span, say_time
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.sides import Sides

_Reason: TypeAlias = tuple[pl.Expr, pl.Expr]
"""When it holds, and its words."""

_LEAST_IN_GAP = 5
"""So many calls in a row don't go missing by chance: their file has a hole."""
_LEAST_RECORDS = 20
"""Of fewer records nothing is concluded about what their file leaves out."""
_WORDS_OF_KINDS = {
    CallerKind.PARTLY: "only part of the caller's number is in their record",
    CallerKind.WITHHELD: "their record has no caller",
    CallerKind.EXTENSION: "from an extension of their own switch",
    CallerKind.UNREADABLE: "the caller in their record can't be read",
}
_NEVER_ANSWERED = {
    "no_answer": "they never answered",
    "busy": "they were busy",
    "failed": "they could not be reached",
    "abandoned": "the caller hung up before they answered",
    "declined": "answered there, never joined: a voicemail, or a whisper that nobody took",
    "elsewhere": "another destination took the call",
}


def say_why_ours_alone(
    lone: pl.DataFrame, sides: Sides, lone_calls: pl.DataFrame, rules: TieOutRules
) -> pl.Series:
    """Words for calls that only we have: rows of `sides.ours`.

    `lone_calls` are the rows of `sides.calls` that are no call of ours.
    """
    frame = _find_gap(lone, sides.calls["at_ms"].drop_nulls().sort())
    frame = _find_nearest(frame, lone_calls, "part", "line")
    called = sides.calls["called"].unique().implode()
    speaks_of_ours = bool(sides.ours["did"].is_in(called).any())
    return _say_first(
        frame,
        *_list_reasons_of_file(sides.calls, rules.zone),
        (pl.col("in_gap") >= _LEAST_IN_GAP, _say_gap(rules.zone)),
        (
            ~pl.col("did").is_in(called) & pl.lit(speaks_of_ours),
            "their file has no call to " + pl.col("did"),
        ),
        (pl.col("near_ms").is_not_null(), _say_near_record()),
        (pl.col("caller") == "", pl.lit("the caller hid the number, and nothing else fits")),
        (pl.lit(value=True), pl.lit("their file has no such call")),
    )


def say_why_theirs_alone(
    lone: pl.DataFrame, sides: Sides, lone_ours: pl.DataFrame, rules: TieOutRules
) -> pl.Series:
    """Words for records that only they have: rows of `sides.calls`.

    `lone_ours` are the rows of `sides.ours` that no record of theirs is of.
    """
    ours = sides.ours
    own = pl.concat([ours["did"].unique(), ours["reached"].unique()]).implode()
    speaks_of_ours = bool(sides.calls["called"].unique().is_in(own).any())
    return _say_first(
        _find_nearest(lone, lone_ours, "call_sid"),
        (
            pl.col("corrects_id") != "",
            "amends " + pl.col("corrects_id") + ", a record that this file hasn't got",
        ),
        *_list_reasons_of_period(rules),
        (
            pl.col("caller").is_in(own) & (pl.col("caller") != ""),
            pl.lit("made from a number of ours or theirs: no call from outside"),
        ),
        (
            ~pl.col("called").is_in(own) & (pl.col("called") != "") & pl.lit(speaks_of_ours),
            "to " + pl.col("called") + ", which no call of ours went to",
        ),
        (pl.col("near_ms").is_not_null(), _say_near_call()),
        *_list_reasons_of_caller(_find_shared(lone["caller"], ours["caller"])),
    )


def _list_reasons_of_file(calls: pl.DataFrame, zone: str) -> Iterator[_Reason]:
    """What their file couldn't have: what nobody answered, of another time, or too short for it."""
    shown = calls.select(
        first=pl.col("at_ms").min(),
        last=pl.col("at_ms").max(),
        shortest=pl.col("their_ms").filter(pl.col("their_ms") > 0).min(),
    ).row(0)
    first, last, shortest = (pl.lit(each, pl.Int64) for each in shown)
    is_free = pl.col("charged_micros") == 0
    yield (
        is_free & (pl.col("connected_ms") == 0),
        pl.col("outcome").replace_strict(_NEVER_ANSWERED, default="never connected"),
    )
    yield pl.col("at_ms") < first, "before their file begins, " + say_time(first, zone)
    yield pl.col("at_ms") > last, "after their file ends, " + say_time(last, zone)
    yield (
        is_free & (pl.col("our_ms") < shortest) & pl.lit(calls.height >= _LEAST_RECORDS),
        "too short: their file has nothing under " + say_seconds(shortest),
    )


def _list_reasons_of_period(rules: TieOutRules) -> Iterator[_Reason]:
    since, until = rules.since_ms, rules.until_ms
    yield pl.col("at_ms").is_null(), pl.lit("has no start that could be read")
    yield pl.col("at_ms") < since, _say_outside("before", since, rules.zone)
    yield pl.col("at_ms") >= until, _say_outside("after", until, rules.zone)


def _list_reasons_of_caller(known: pl.Series) -> Iterator[_Reason]:
    kind = pl.col("caller_kind").cast(pl.String)
    words = {kind.value: words for kind, words in _WORDS_OF_KINDS.items()}
    yield kind != CallerKind.NUMBER.value, kind.replace_strict(words, default="")
    yield pl.col("caller").is_in(known.implode()), pl.lit("one more than we have of this caller")
    yield pl.lit(value=True), pl.lit("we have no call of this caller")


def _say_first(frame: pl.DataFrame, *reasons: _Reason) -> pl.Series:
    """For each row the words of the first reason that holds."""
    words = (pl.when(holds).then(said) for holds, said in reasons)
    return frame.select(why=pl.coalesce(*words)).to_series()


def _find_shared(few: pl.Series, many: pl.Series) -> pl.Series:
    """Which of a few are among many."""
    return many.filter(many.is_in(few.unique().implode())).unique()


def _find_gap(lone: pl.DataFrame, stamps: pl.Series) -> pl.DataFrame:
    """The stamps of theirs around each call (`from_ms`, `to_ms`), and how many fall between."""
    places = pl.Series(stamps.search_sorted(lone["at_ms"]), dtype=pl.Int64)
    edges = pl.concat(
        [pl.Series([None], dtype=pl.Int64), stamps, pl.Series([None], dtype=pl.Int64)]
    )
    return lone.with_columns(
        from_ms=edges.gather(places), to_ms=edges.gather(places + 1), gap=places
    ).with_columns(in_gap=pl.len().over("gap"))


def _find_nearest(frame: pl.DataFrame, others: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The row of the other side that is of the same caller and next in time, `near_ms` later.

    Its `columns` are called `near_…`; all are null where there is none.
    """
    known = (pl.col("caller") != "") & pl.col("at_ms").is_not_null()
    near = others.filter(known).select(
        "caller", "at_ms", there_ms="at_ms", **{f"near_{name}": name for name in columns}
    )
    placed = frame.with_row_index("place")
    found = (
        placed.filter(known)
        .sort("at_ms")
        .join_asof(
            near.sort("at_ms"), on="at_ms", by="caller", strategy="nearest", check_sortedness=False
        )
    )
    kept = found.select(
        "place", *(f"near_{name}" for name in columns), near_ms=pl.col("there_ms") - pl.col("at_ms")
    )
    return placed.join(kept, on="place", how="left", maintain_order="left").drop("place")


def _say_gap(zone: str) -> pl.Expr:
    return pl.concat_str(
        pl.lit("their file has nothing from "),
        say_time(pl.col("from_ms"), zone),
        pl.lit(" to "),
        say_time(pl.col("to_ms"), zone),
        pl.lit(", when we have "),
        pl.col("in_gap").cast(pl.String),
        pl.lit(" calls"),
    )


def _say_outside(side: str, edge_ms: int, zone: str) -> pl.Expr:
    edge = say_time(pl.lit(edge_ms), zone)
    return pl.concat_str(say_time(pl.col("at_ms"), zone), pl.lit(f": {side} the period, "), edge)


def _say_near(named: pl.Expr) -> pl.Expr:
    later = pl.when(pl.col("near_ms") >= 0).then(pl.lit(" later")).otherwise(pl.lit(" earlier"))
    return pl.concat_str(
        pl.lit("the same caller is in "), named, pl.lit(", "), say_span(pl.col("near_ms")), later
    )


def _say_near_record() -> pl.Expr:
    part = pl.when(pl.col("near_part") != "").then(pl.lit(" of ") + pl.col("near_part"))
    line = pl.lit("line ") + pl.col("near_line").cast(pl.String)
    return _say_near(line + part.otherwise(pl.lit("")))


def _say_near_call() -> pl.Expr:
    return _say_near(pl.lit("our call ") + pl.col("near_call_sid"))
