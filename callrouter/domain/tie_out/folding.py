"""Several records of one call become one row; no record is lost on the way.

What the records of one id are, a `LegRule` says. Which column holds the id isn't known here.
"""

from dataclasses import dataclass

import polars as pl

from callrouter.domain.tie_out.frames import FOLDED, CallerKind, empty
from callrouter.domain.tie_out.mapping import LegRule

DUPLICATES: dict[str, pl.DataType | type[pl.DataType]] = {
    "their": pl.Int64,
    "duplicate_of": pl.Int64,
    "why": pl.String,
}
"""Records that say again what another one said: `duplicate_of` is a row of calls or of legs."""

LEGS: dict[str, pl.DataType | type[pl.DataType]] = {"their": pl.Int64, "call": pl.Int64}
"""Records that went into another one's call: `call` is that one's `their`."""

_LONGEST_PAUSE_MS = 12 * 3600 * 1000
"""Ids of small switches start over: a record so much later than the one before is another call."""

_FAR_MS = 10**10
_IS_FIRST = (pl.col("call") != pl.col("call").shift()).fill_null(value=True)

_PLACE = ("their", "part", "line")
_ADDED_UP = ("talk_ms", "queue_ms", "hold_ms", "billed_ms", "price_micros")
_FIGURES = ("total_ms", *_ADDED_UP)
_LAST_SAID = ("reached", "status", "agent")

KEY = pl.when(pl.col("call_ids") != "").then("call_ids").otherwise("leg_id")
"""The call's id; a record without one may be a first leg, whose own id others give as the call."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Every record is in one of them: as the main row of a call, as a leg, or as a duplicate.

    `calls` has the columns FOLDED, in the order of `their`; `rows` counts main row and legs.
    """

    calls: pl.DataFrame
    duplicates: pl.DataFrame
    legs: pl.DataFrame


def fold(rows: pl.DataFrame, rule: LegRule, *, to_the_minute: bool) -> Folded:
    """The calls of records (THEIRS), by `rule`; what may belong together is here as a whole.

    Records that are the same to the letter are duplicates under every rule, if they have an id or a
    whole caller and a start: else nothing shows that they are one. Where legs have ids of their
    own, the same leg of the same call sent again is a duplicate, too: what was updated last stands.

    - LEGS: the main row is the first by start. `total_ms` is the time that the legs cover, so that
      an overlap counts once (starts kept `to_the_minute` don't show one: then it adds up). Talk,
      queue, hold, billed and price add up, talk to no more than the total. What was reached, status
      and agent are the last leg's.
    - SAME_SPAN: the main row is the longest; others only say what it leaves empty.
    - REDELIVERED: of records of one id (of one leg, where legs have ids) the one updated last
      stands, the others are duplicates. What then remains of a call is legs.
    - CORRECTIONS: the main row is the one that others amend, by `corrects_id` or the same id. The
      last says how long it was and how it ended; the price adds up. An amendment of a record that
      isn't in the file remains a row of its own.
    """
    left, sent_again = _part_sent_again(rows, rule)
    left, repeated = _part_repeats(left)
    if rule is LegRule.ONE_ROW:
        calls, legs = left.with_columns(rows=pl.lit(1, pl.Int64)), empty(LEGS)
    elif rule is LegRule.CORRECTIONS:
        calls, legs = _fold_groups(_by_amended(left), _amended_values())
    elif rule is LegRule.SAME_SPAN:
        calls, legs = _fold_groups(_by_length(_by_call(left)), _longest_values())
    else:
        in_order = _add_covered(_by_call(left), to_the_minute=to_the_minute)
        calls, legs = _fold_groups(in_order, _added_up_values())
    return Folded(
        calls.select(*FOLDED).sort("their"),
        pl.concat([sent_again, repeated]).sort("their"),
        legs.sort("their"),
    )


def find_repeated(marks: pl.Series) -> pl.Series:
    """Which marks are there more than once; sorting finds it several times as fast as groups."""
    ordered = marks.sort()
    return ordered.filter(ordered == ordered.shift()).unique()


def _part_sent_again(rows: pl.DataFrame, rule: LegRule) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of records of the same leg the one updated last; the others as DUPLICATES."""
    if rule in (LegRule.ONE_ROW, LegRule.CORRECTIONS):
        return rows, empty(DUPLICATES)
    has_id = KEY != "" if rule is LegRule.REDELIVERED else pl.col("leg_id") != ""
    marked = (
        rows.filter(has_id)
        .sort("updated_ms", "their", nulls_last=False)
        .with_columns(pl.col(_PLACE).last().over(KEY, "leg_id").name.prefix("last_"))
    )
    words = pl.format("the same record again; {} stands", _place("last_"))
    return _part(rows, marked.select("their", duplicate_of="last_their", why=words))


def _part_repeats(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The first of each that are the same to the letter; the others as DUPLICATES."""
    tells = (
        (KEY != "")
        | (pl.col("shared_id") != "")
        | ((pl.col("caller_kind") == CallerKind.NUMBER.value) & pl.col("stamp_ms").is_not_null())
    )
    told = rows.filter(tells)
    # Compared column by column only where the hash agrees.
    marks = told.drop(_PLACE).hash_rows()
    alike = told.filter(marks.is_in(find_repeated(marks).implode())).sort("their")
    same = [name for name in rows.columns if name not in _PLACE]
    marked = alike.with_columns(pl.col(_PLACE).first().over(same).name.prefix("first_"))
    words = pl.format("the same to the letter as {}", _place("first_"))
    return _part(rows, marked.select("their", duplicate_of="first_their", why=words))


def _place(prefix: str) -> pl.Expr:
    part = pl.col(f"{prefix}part")
    line = pl.format("line {}", f"{prefix}line")
    return pl.when(part == "").then(line).otherwise(pl.format("{} of {}", line, part))


def _part(rows: pl.DataFrame, marked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    again = marked.filter(pl.col("their") != pl.col("duplicate_of"))
    return rows.join(again, on="their", how="anti", maintain_order="left"), again


def _by_call(rows: pl.DataFrame) -> pl.DataFrame:
    """In the order of groups (`call`, a running number) and of starts within each."""
    ordered = rows.with_columns(key=KEY).sort("key", "stamp_ms", "their", nulls_last=True)
    pause = pl.col("stamp_ms") - pl.col("stamp_ms").shift()
    is_next = (
        (pl.col("key") != pl.col("key").shift())
        | (pl.col("key") == "")
        | (pause > _LONGEST_PAUSE_MS)
    )
    call = is_next.fill_null(value=False).cum_sum().cast(pl.Int64)
    return ordered.with_columns(call=call)


def _add_covered(ordered: pl.DataFrame, *, to_the_minute: bool) -> pl.DataFrame:
    """`covered_ms`: what a leg adds to its call's time; all of it, less what earlier legs cover."""
    if to_the_minute:
        return ordered.with_columns(covered_ms="total_ms")
    # One running maximum over all calls, each far above the one before: windows are slow.
    first = pl.when(_IS_FIRST).then("stamp_ms").forward_fill()
    since = pl.col("stamp_ms") - first
    end = (since + pl.col("total_ms")).clip(upper_bound=_FAR_MS - 1) + pl.col("call") * _FAR_MS
    covered_until = end.cum_max().forward_fill().shift() - pl.col("call") * _FAR_MS
    overlap = (covered_until - since).clip(0, "total_ms").fill_null(0)
    return ordered.with_columns(covered_ms=pl.col("total_ms") - overlap)


def _by_length(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort(
        "call",
        pl.coalesce("total_ms", "talk_ms"),
        "caller_kind",
        "their",
        descending=[False, True, False, False],
        nulls_last=True,
    )


def _by_amended(rows: pl.DataFrame) -> pl.DataFrame:
    """In the order of groups (`call`), the amended record first, then by when it was amended."""
    rows = rows.sort("their").with_row_index("row").with_columns(key=KEY)
    own = pl.col("corrects_id") == ""
    named = (
        pl.concat([rows.select("row", own=own, name=name) for name in ("leg_id", "call_ids")])
        .filter(pl.col("name") != "")
        .sort("own", descending=True, maintain_order=True)
        .unique("name", keep="first", maintain_order=True)
    )
    amends = rows.select("row", "corrects_id").join(
        named, left_on="corrects_id", right_on="name", how="left", suffix="_amended"
    )
    rows = rows.join(amends.select("row", "row_amended"), on="row", maintain_order="left")
    # A record of the same id that amends nothing itself is what the others of that id belong to.
    free = pl.when(own & (pl.col("key") != "")).then("row")
    above = rows.select(
        pl.coalesce("row_amended", free.min().over("key"), "row").alias("above")
    ).to_series()
    top = above
    for _ in range(rows.height.bit_length()):
        top = top.gather(top)
    # Records that amend one another in a ring have no top: each remains by itself.
    top = rows.select(
        pl.when(above.gather(top) == top).then(top).otherwise("row").alias("call")
    ).to_series()
    return rows.with_columns(call=top).sort(
        "call", pl.col("row") != pl.col("call"), "updated_ms", "their", nulls_last=False
    )


def _fold_groups(
    rows: pl.DataFrame, values: tuple[pl.Expr, ...]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Calls and LEGS; the first row of each `call` is its main one, `values` are what isn't its."""
    main = pl.when(_IS_FIRST).then("their").forward_fill()
    legs = rows.select("their", call=main).filter(pl.col("their") != pl.col("call"))
    folded = rows.group_by("call", maintain_order=True).agg(*values, rows=pl.len().cast(pl.Int64))
    calls = rows.filter(_IS_FIRST).with_columns(folded.drop("call"))
    return calls, legs


def _first_text(*names: str) -> pl.Expr:
    return _texts(names).first().fill_null("")


def _last_text(*names: str) -> pl.Expr:
    return _texts(names).last().fill_null("")


def _texts(names: tuple[str, ...]) -> pl.Expr:
    return pl.col(names).filter(pl.col(names) != "")


def _sum(*names: str) -> pl.Expr:
    """Null where no row has a figure: that isn't 0."""
    values = pl.col(names)
    return pl.when(values.count() > 0).then(values.sum())


def _added_up_values() -> tuple[pl.Expr, ...]:
    return (
        *(_first_text(name) for name in ("call_ids", "shared_id")),
        *(_last_text(name) for name in _LAST_SAID),
        *(_sum(name) for name in _ADDED_UP if name != "talk_ms"),
        _sum("talk_ms").clip(upper_bound=_sum("covered_ms")),
        _sum("covered_ms").alias("total_ms"),
        pl.col("answer_stamp_ms").min(),
        pl.col("end_stamp_ms").max(),
        pl.col("updated_ms").max(),
    )


def _longest_values() -> tuple[pl.Expr, ...]:
    texts = ("call_ids", "shared_id", "called", *_LAST_SAID)
    return (
        *(_first_text(name) for name in texts),
        *(
            pl.col(name).drop_nulls().first()
            for name in (*_FIGURES, "stamp_ms", "answer_stamp_ms", "end_stamp_ms")
        ),
        pl.col("updated_ms").max(),
    )


def _amended_values() -> tuple[pl.Expr, ...]:
    times = ("total_ms", "talk_ms", "queue_ms", "hold_ms", "billed_ms")
    stamps = ("answer_stamp_ms", "end_stamp_ms")
    return (
        *(_first_text(name) for name in ("call_ids", "shared_id", "called")),
        *(_last_text(name) for name in _LAST_SAID),
        *(pl.col(name).drop_nulls().last() for name in (*times, *stamps)),
        _sum("price_micros"),
        pl.col("updated_ms").max(),
    )
