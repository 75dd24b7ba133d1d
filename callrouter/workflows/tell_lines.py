"""The lines of a tie-out as they are kept and written out: with both sides' own words beside."""

import polars as pl

from callrouter.adapters.storage.tie_out_lines import LINE_COLUMNS
from callrouter.domain.tie_out.classes import DifferenceClass

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


def tell_lines(lines: pl.DataFrame, ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """LINES with what both sides say, in the columns that storage keeps (LINE_COLUMNS).

    `ours` is OURS, `theirs` is THEIRS with `file`, the number of the buyer's file that each row is
    of; both are in the order of their numbers, from 0. The candidates of ambiguous lines become
    calls' ids, or the lines of their records. A duplicate names the call that it says something of.
    """
    at_theirs = lines["their"]
    at_ours = lines.select(pl.coalesce("our", "of_call")).to_series()
    our_side = ours.select(pl.col(*_OURS, "caller").gather(at_ours))
    their_side = theirs.select(
        pl.col(name).gather(at_theirs).alias(kept) for kept, name in _THEIRS.items()
    )
    their_number = theirs.select(pl.col("caller").gather(at_theirs))["caller"]
    is_theirs_alone = pl.col("our").is_null()
    told = lines.drop("candidates", "of_call").with_columns(
        *our_side.drop("caller"),
        *their_side,
        caller=pl.coalesce(our_side["caller"], their_number),
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


def _name_candidates(lines: pl.DataFrame, ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.Series:
    """What an ambiguous line may belong to, so that a person finds it."""
    is_ambiguous = lines["class"] == DifferenceClass.AMBIGUOUS.value
    named = [
        _name(numbers, ours if our is None else theirs)
        for our, numbers in lines.filter(is_ambiguous).select("our", "candidates").iter_rows()
    ]
    places = is_ambiguous.arg_true()
    return pl.repeat("", lines.height, dtype=pl.String, eager=True).scatter(places, named)


def _name(numbers: str, side: pl.DataFrame) -> str:
    rows = side[[int(number) for number in numbers.split()]]
    if "call_sid" in side.columns:
        return " ".join(rows["call_sid"])
    return " ".join(
        f"{part}:{line}" if part else str(line) for part, line in rows.select("part", "line").rows()
    )
