"""The lines of a tie-out as they are kept and written out: with both sides' own words beside."""

from collections.abc import Iterator

import polars as pl

from callrouter.adapters.storage.tie_out_lines import LINE_COLUMNS
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.memory import (
    AMPLE,
    Memory,
    find_places,
    read_in_order,
    read_some,
)

_OURS = (
    "call_sid",
    "started_at_ms",
    "did",
    "destination_id",
    "campaign_id",
    "publisher",
    "reason",
)
_THEIRS = {
    "part": "part",
    "line": "line",
    "their_call_ids": "call_ids",
    "their_caller": "caller_text",
    "their_stamp_ms": "stamp_ms",
    "their_price_micros": "price_micros",
    "their_status": "status",
    "file": "file",
}


def tell_lines(
    lines: pl.LazyFrame, ours: pl.LazyFrame, theirs: pl.LazyFrame, memory: Memory = AMPLE
) -> Iterator[pl.DataFrame]:
    """LINES with what both sides say, in the columns that storage keeps (LINE_COLUMNS).

    `ours` is OURS, `theirs` is THEIRS with `file`, the number of the buyer's file that each row is
    of. The candidates of ambiguous lines become calls' ids, or the lines of their records. A
    duplicate names the call that it says something of.
    """
    for piece in read_in_order(lines, "line_no", memory):
        yield _tell(piece, ours, theirs)


def _tell(lines: pl.DataFrame, ours: pl.LazyFrame, theirs: pl.LazyFrame) -> pl.DataFrame:
    of_ours = lines.select(pl.coalesce("our", "of_call")).to_series()
    our_side = _read_beside(ours.select("our", *_OURS, "caller"), "our", of_ours)
    said = theirs.select("their", caller="caller", **_THEIRS)
    their_side = _read_beside(said, "their", lines["their"])
    is_theirs_alone = pl.col("our").is_null()
    told = lines.drop("candidates", "of_call").with_columns(
        *our_side.drop("caller"),
        *their_side.drop("caller"),
        caller=pl.coalesce(our_side["caller"], their_side["caller"]),
        candidates=_name_candidates(lines, ours, theirs),
        their_at_ms=pl.when(is_theirs_alone).then("at_ms"),
    )
    return told.select(
        (
            pl.col(name).cast(pl.String).fill_null("")
            if kind == pl.String
            else pl.col(name).cast(kind)
        )
        for name, kind in LINE_COLUMNS.items()
    )


def _read_beside(side: pl.LazyFrame, number: str, wanted: pl.Series) -> pl.DataFrame:
    """The row of a side for each of the numbers, null for null."""
    rows = read_some(side, number, wanted)
    return rows.drop(number).select(pl.all().gather(find_places(rows[number], wanted)))


def _name_candidates(lines: pl.DataFrame, ours: pl.LazyFrame, theirs: pl.LazyFrame) -> pl.Series:
    """What an ambiguous line may belong to, so that a person finds it."""
    is_ambiguous = lines["class"] == DifferenceClass.AMBIGUOUS.value
    unsure = lines.filter(is_ambiguous).select("our", "candidates")
    line = pl.col("line").cast(pl.String)
    place = pl.when(pl.col("part") == "").then(line).otherwise(pl.format("{}:{}", "part", line))
    is_theirs = unsure["our"].is_null()
    calls = _name(unsure.filter(is_theirs), ours.select(number="our", name="call_sid"))
    records = _name(unsure.filter(~is_theirs), theirs.select(number="their", name=place))
    named = [next(calls) if our is None else next(records) for our in unsure["our"]]
    none = pl.repeat("", lines.height, dtype=pl.String, eager=True)
    return none.scatter(is_ambiguous.arg_true(), named)


def _name(unsure: pl.DataFrame, side: pl.LazyFrame) -> Iterator[str]:
    """The candidates of each line by the `name` of each `number` of a side."""
    numbers = [[int(number) for number in text.split()] for text in unsure["candidates"]]
    wanted = pl.Series([each for some in numbers for each in some], dtype=pl.Int64)
    known = dict(read_some(side, "number", wanted).iter_rows())
    return (" ".join(known[each] for each in some) for some in numbers)
