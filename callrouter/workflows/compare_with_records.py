"""Whose file it is, and of which time: refused in words before anything is compared or kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from callrouter.adapters.storage.calls_of_buyer import count_buyers_of_callers
from callrouter.domain.errors import RefusedError
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.memory import read
from callrouter.workflows.read_our_side import EDGE

_FEW_IN_PERIOD = 0.1
_FEW_IN_COMMON = 0.05
_LEAST_CALLERS = 20
"""Of fewer callers nothing is concluded."""
_ASKED = 400
_DAY_MS = 86_400_000


def refuse_other_month(name: str, stamps_ms: pl.Series, since: datetime, until: datetime) -> None:
    """Raise RefusedError for a file of which few rows began in the period, whatever its zone."""
    known = stamps_ms.drop_nulls()
    first, last = ((at.timestamp() * 1000) for at in (since - EDGE, until + EDGE))
    inside = int(known.is_between(int(first), int(last)).sum())
    if inside >= _FEW_IN_PERIOD * len(known):
        return
    raise RefusedError(
        f"{name} is of another time: its calls began {_say_day(known.min())} to"
        f" {_say_day(known.max())}, {inside:,} of {len(known):,} in the period,"
        f" {since:%Y-%m-%d} to {until:%Y-%m-%d}; say the right one with --period"
    )


def refuse_other_buyer(
    connection: Connection,
    seller_id: str,
    buyer_id: str,
    name: str,
    ours: pl.LazyFrame,
    theirs: pl.LazyFrame,
    directory: Directory,
    since: datetime,
    until: datetime,
) -> None:
    """Raise RefusedError for a file whose callers or numbers are those of somebody else."""
    _refuse_other_destinations(buyer_id, name, theirs, directory)
    is_number = pl.col("caller_kind") == CallerKind.NUMBER.value
    called = read(theirs.filter(is_number).group_by("caller").agg(pl.col("their").min()))
    callers = called.sort("their")["caller"]
    known = read(ours.select(pl.col("caller").unique())).to_series()
    common = int(callers.is_in(known.implode()).sum())
    if len(callers) < _LEAST_CALLERS or common >= _FEW_IN_COMMON * len(callers):
        return
    asked = callers.gather_every(max(1, len(callers) // _ASKED)).to_list()
    found = count_buyers_of_callers(connection, seller_id, asked, since - EDGE, until + EDGE)
    raise RefusedError(
        f"{name} doesn't look like {buyer_id}'s: {common:,} of its {len(callers):,} callers called"
        f" {buyer_id} in this period{_say_others(found, buyer_id, len(asked))};"
        " use --anyway if it is all the same"
    )


def _refuse_other_destinations(
    buyer_id: str, name: str, theirs: pl.LazyFrame, directory: Directory
) -> None:
    owners = {each.dial: each.buyer_id for each in directory.destinations.values()}
    owner = pl.col("reached").replace_strict(owners, default=None, return_dtype=pl.String)
    counted = read(theirs.group_by(owner.alias("owner")).agg(rows=pl.len())).drop_nulls("owner")
    counted = counted.sort("rows", "owner", descending=[True, False])
    if counted.height and buyer_id not in counted["owner"]:
        other, rows = counted.row(0)
        raise RefusedError(
            f"{name} isn't {buyer_id}'s: {rows:,} of its calls went to numbers of {other}"
        )


def _say_others(found: Mapping[str, int], buyer_id: str, asked: int) -> str:
    others: Sequence[tuple[str, int]] = sorted(
        ((other, count) for other, count in found.items() if other != buyer_id),
        key=lambda each: -each[1],
    )
    if not others or others[0][1] < _FEW_IN_COMMON * asked:
        return ""
    return f", while {others[0][1]:,} of {asked:,} called {others[0][0]}"


def _say_day(ms: object) -> str:
    assert isinstance(ms, int)  # noqa: S101 - a file without starts was refused before
    return str(pl.Series([ms]).cast(pl.Datetime("ms")).dt.date()[0])
