"""Our side of a tie-out: a buyer's calls of a period as one frame, with what was charged for each.

What a buyer has of a call is what rating makes of it (`domain.billing.talks`), said in columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

import polars as pl

from callrouter.adapters.storage.calls_of_buyer import CallPlace, read_calls
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.numbers import WITHHELD_DIGITS, read_caller
from callrouter.domain.tie_out.frames import OURS, empty
from callrouter.domain.tie_out.memory import AMPLE, Memory

EDGE = timedelta(hours=26)
"""A day of theirs may begin and end so much before or after ours, wherever on earth they are."""

_PAGE = 20_000
_PAGES_IN_PIECE = 20
_E164 = r"^\+[1-9][0-9]{6,14}$"
_ATTEMPTS = pl.List(
    pl.Struct(
        {
            "destination_id": pl.String,
            "buyer_id": pl.String,
            "outcome": pl.String,
            "leg_sid": pl.String,
            "dialed_at": pl.String,
            "ring_ms": pl.Int64,
            "answered_ms": pl.Int64,
            "connected_ms": pl.Int64,
        }
    )
)


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to before `until`, by the start of a call."""

    since: datetime
    until: datetime


def read_our_side(
    database: Database,
    seller_id: str,
    buyer_id: str,
    currency: str,
    spans: Sequence[Span],
    memory: Memory = AMPLE,
    *,
    page: int = _PAGE,
) -> pl.LazyFrame:
    """The frame OURS of a buyer's calls that began in any of the spans, the oldest first."""
    with database.read() as connection:
        destinations = read_directory(connection, seller_id, None).destinations
    dials = {each.destination_id: each.dial for each in destinations.values()}
    pages = (
        make_our_side(calls, buyer_id, dials)
        for span in merge_spans(spans)
        for calls in _read_pages(database, seller_id, buyer_id, currency, span, page)
    )
    return memory.put_aside(_number(chain([empty(OURS)], _join(pages))))


def _join(pages: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same in larger pieces."""
    while some := list(islice(pages, _PAGES_IN_PIECE)):
        yield pl.concat(some)


def _number(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    first = 0
    for piece in pieces:
        numbers = pl.int_range(first, first + piece.height, dtype=pl.Int64, eager=True)
        yield piece.with_columns(our=numbers)
        first += piece.height


def merge_spans(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The same instants in as few spans as possible, in their order; none has any twice."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.since):
        if merged and span.since <= merged[-1].until:
            merged[-1] = Span(merged[-1].since, max(merged[-1].until, span.until))
        else:
            merged.append(span)
    return tuple(merged)


def _read_pages(
    database: Database, seller_id: str, buyer_id: str, currency: str, span: Span, page: int
) -> Iterator[pl.DataFrame]:
    after: CallPlace | None = None
    while True:
        with database.read() as connection:
            calls, after = read_calls(
                connection, seller_id, buyer_id, currency, span.since, span.until, after, page
            )
        yield calls
        if after is None:
            return


def make_our_side(calls: pl.DataFrame, buyer_id: str, dials: Mapping[str, str]) -> pl.DataFrame:
    """Calls as storage has them (CALL_COLUMNS) as a frame OURS, without those of others alone.

    `dials` has the number or address of each destination.
    """
    attempts = (
        calls.select("call_sid", pl.col("attempts").str.json_decode(_ATTEMPTS))
        .explode("attempts")
        .unnest("attempts")
        .filter(pl.col("buyer_id") == buyer_id)
        .with_columns(
            dialed_at_ms=pl.col("dialed_at")
            .str.to_datetime(time_unit="ms", time_zone="UTC")
            .dt.epoch("ms")
        )
    )
    own = attempts.group_by("call_sid", maintain_order=True).agg(**_sum_attempts())
    shown = calls.with_columns(caller=read_callers(calls["caller"]))
    frame = shown.join(own, on="call_sid", how="inner", maintain_order="left").with_columns(
        our=pl.int_range(pl.len(), dtype=pl.Int64),
        reached=pl.col("destination_id").replace_strict(dials, default="", return_dtype=pl.String),
    )
    return frame.select(*OURS)


def _sum_attempts() -> dict[str, pl.Expr]:
    """What a buyer has of a call out of its attempts, in the order in which they were made."""
    is_connected = pl.col("outcome") == AttemptOutcome.CONNECTED.value
    last = pl.col("destination_id").last()
    connected = pl.col("destination_id").filter(is_connected).last()
    picked_up = (pl.col("dialed_at_ms") + pl.col("ring_ms")).filter(pl.col("answered_ms") > 0)
    return {
        "leg_sids": pl.col("leg_sid").filter(pl.col("leg_sid") != "").str.join(" "),
        "destination_id": pl.coalesce(connected, last),
        "outcome": pl.col("outcome").last(),
        "dialed_at_ms": pl.col("dialed_at_ms").min(),
        "answered_at_ms": picked_up.min(),
        "answered_ms": pl.col("answered_ms").filter(is_connected).sum(),
        "connected_ms": pl.col("connected_ms").filter(is_connected).sum(),
    }


def read_callers(callers: pl.Series) -> pl.Series:
    """Callers in E.164, "" for those who withhold theirs or have no number."""
    odd = callers.filter(~callers.str.contains(_E164) | callers.is_in(WITHHELD_DIGITS)).unique()
    numbers = {caller: read_caller(caller).number or "" for caller in odd}
    return callers.replace(numbers) if numbers else callers
