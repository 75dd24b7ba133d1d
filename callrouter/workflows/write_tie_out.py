"""A tie-out's lines as CSV and JSON, written frame by frame, whatever their number."""

from collections.abc import Iterable, Mapping
from typing import IO

import polars as pl

from callrouter.domain.tie_out.classes import DifferenceClass

_FORMULA = r"^[=+\-@\t\r\n]"
_CONTROL = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
    r"\u{61c}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]"
)
"""What steers a terminal, turns the direction of a text or has no width."""
_PLAIN_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_MICROS = 1_000_000


def _say_instant(name: str) -> pl.Expr:
    instant = pl.col(name).cast(pl.Datetime("ms"))
    return instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")


def _say_wall(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S")


def _say_seconds(name: str) -> pl.Expr:
    return pl.col(name) / 1000


def _say_money(name: str) -> pl.Expr:
    """An amount with two decimals, more where it has them: exact, as a float wouldn't be."""
    amount = pl.col(name).abs()
    sign = pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    parts = (amount % _MICROS).cast(pl.String).str.zfill(6).str.replace("0{1,4}$", "")
    return pl.format("{}{}.{}", sign, amount // _MICROS, parts)


_COLUMNS: Mapping[str, pl.Expr] = {
    "line_no": pl.col("line_no"),
    "class": pl.col("class"),
    "why": pl.col("why"),
    "call_id": pl.col("call_sid"),
    "started_at": _say_instant("started_at_ms"),
    "caller": pl.col("caller"),
    "did": pl.col("did"),
    "destination": pl.col("destination_id"),
    "campaign": pl.col("campaign_id"),
    "publisher": pl.col("publisher"),
    "our_s": _say_seconds("our_ms"),
    "their_s": _say_seconds("their_ms"),
    "our_amount": _say_money("our_micros"),
    "their_amount": _say_money("their_micros"),
    "our_reason": pl.col("reason"),
    "their_file": pl.col("file"),
    "their_part": pl.col("part"),
    "their_line": pl.col("line"),
    "their_rows": pl.col("rows"),
    "their_call_ids": pl.col("their_call_ids"),
    "their_caller": pl.col("their_caller"),
    "their_start": _say_wall("their_stamp_ms"),
    "their_price": _say_money("their_price_micros"),
    "their_status": pl.col("their_status"),
    "matched_by": pl.col("by"),
    "score": pl.col("score"),
    "runner_up": pl.col("runner_up"),
    "candidates": pl.col("candidates"),
}
COLUMNS = tuple(_COLUMNS)
"""What stands in the CSV of a tie-out's lines; seconds and amounts are figures."""


def write_lines_csv(pages: Iterable[pl.DataFrame], out: IO[bytes]) -> int:
    """Write a header and each line (LINE_COLUMNS); how many there were.

    What a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out.write((",".join(COLUMNS) + "\r\n").encode())
    count = 0
    for page in pages:
        shown = page.select(**_COLUMNS).with_columns(_disarm(pl.col(pl.String)))
        shown.write_csv(out, include_header=False, line_terminator="\r\n", float_precision=3)
        count += page.height
    return count


def write_lines_json(pages: Iterable[pl.DataFrame], out: IO[bytes]) -> int:
    """Write one JSON object a line of the tie-out; how many there were."""
    count = 0
    for page in pages:
        page.select(**_COLUMNS).write_ndjson(out)
        count += page.height
    return count


def leave_agreeing(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of every class but those that agree."""
    return lines.filter(pl.col("class") != DifferenceClass.AGREE.value)


def _disarm(text: pl.Expr) -> pl.Expr:
    """A text that is harmless in a spreadsheet and on a terminal; nothing where it is empty."""
    text = text.str.replace_all(_CONTROL, "�")
    is_formula = text.str.contains(_FORMULA) & ~text.str.contains(_PLAIN_NUMBER)
    safe = pl.when(is_formula).then(pl.lit("'") + text).otherwise(text)
    return safe.replace("", None).name.keep()
