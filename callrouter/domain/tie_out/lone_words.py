"""Why a call of ours has no record of theirs, or theirs no call of ours, in words."""

from collections.abc import Iterator
from typing import TypeAlias

import polars as pl

from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.line_words import say_seconds, say_span, say_time
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.surroundings import (
    Surroundings,
    find_gaps,
    find_nearest,
    find_shared,
)

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


def say_why_ours_alone(lone: pl.DataFrame, around: Surroundings, rules: TieOutRules) -> pl.Series:
    """Words for calls that only we have: rows of `around.lone_ours`."""
    frame = find_nearest(_find_gap(lone, around), around.lone_calls, "part", "line")
    is_called = pl.col("did").is_in(around.called.implode())
    return _say_first(
        frame,
        *_list_reasons_of_file(around, rules.zone),
        (pl.col("in_gap") >= _LEAST_IN_GAP, _say_gap(rules.zone)),
        (
            ~is_called & pl.lit(around.they_name_dids),
            "their file has no call to " + pl.col("did"),
        ),
        (pl.col("near_ms").is_not_null(), _say_near_record()),
        (pl.col("caller") == "", pl.lit("the caller hid the number, and nothing else fits")),
        (pl.lit(value=True), pl.lit("their file has no such call")),
    )


def say_why_theirs_alone(lone: pl.DataFrame, around: Surroundings, rules: TieOutRules) -> pl.Series:
    """Words for records that only they have: rows of `around.lone_calls`."""
    own = around.own.implode()
    return _say_first(
        find_nearest(lone, around.lone_ours, "call_sid"),
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
            ~pl.col("called").is_in(own)
            & (pl.col("called") != "")
            & pl.lit(around.they_name_numbers),
            "to " + pl.col("called") + ", which no call of ours went to",
        ),
        (pl.col("near_ms").is_not_null(), _say_near_call()),
        *_list_reasons_of_caller(find_shared(lone["caller"], around.sides.ours, "caller")),
    )


def _list_reasons_of_file(around: Surroundings, zone: str) -> Iterator[_Reason]:
    """What their file couldn't have: what nobody answered, of another time, or too short for it."""
    edges = around.first_ms, around.last_ms, around.shortest_ms
    first, last, shortest = (pl.lit(each, pl.Int64) for each in edges)
    is_free = pl.col("charged_micros") == 0
    yield (
        is_free & (pl.col("connected_ms") == 0),
        pl.col("outcome").replace_strict(_NEVER_ANSWERED, default="never connected"),
    )
    yield pl.col("at_ms") < first, "before their file begins, " + say_time(first, zone)
    yield pl.col("at_ms") > last, "after their file ends, " + say_time(last, zone)
    yield (
        is_free & (pl.col("our_ms") < shortest) & pl.lit(around.records >= _LEAST_RECORDS),
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


def _find_gap(lone: pl.DataFrame, around: Surroundings) -> pl.DataFrame:
    """The stamps of theirs around each call (`from_ms`, `to_ms`), and how many fall between."""
    places = find_gaps(around.stamps, lone["at_ms"])
    none = pl.Series([None], dtype=pl.Int64)
    edges = pl.concat([none, around.stamps, none])
    return lone.with_columns(
        from_ms=edges.gather(places),
        to_ms=edges.gather(places + 1),
        in_gap=pl.Series(around.in_gap).gather(places),
    )


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
