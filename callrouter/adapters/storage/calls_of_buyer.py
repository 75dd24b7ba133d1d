"""Calls that a buyer had a part in, with what stands in the ledger for each, as frames.

For a month of them at once: figures come from the database as figures, attempts as the JSON text
that they are kept as.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.ledger_tables import IS_OF_CALL, ledger_entries
from callrouter.adapters.storage.tables import cdrs
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Party, Side

CALL_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "call_sid": pl.String,
    "started_at_ms": pl.Int64,
    "campaign_id": pl.String,
    "publisher": pl.String,
    "did": pl.String,
    "caller": pl.String,
    "total_ms": pl.Int64,
    "attempts": pl.String,
    "charged_micros": pl.Int64,
    "reason": pl.String,
}
"""One row a call. `attempts` is the CDR's list of them as JSON, those of other buyers included.

`charged_micros` is the sum of the buyer's entries of the call in one currency, corrections counted,
`reason` what the last of them says that isn't a reversal ("" where there is none).
"""


@dataclass(frozen=True, slots=True)
class CallPlace:
    """The last call of a page; the next page begins behind it."""

    started_at: datetime
    call_sid: str


_BOOKED = ("charged_micros", "reason")
_newer = cdrs.alias("newer")
_IS_LATEST = ~sa.exists().where(
    _newer.c.seller_id == cdrs.c.seller_id,
    _newer.c.call_sid == cdrs.c.call_sid,
    _newer.c.revision > cdrs.c.revision,
)
_entry = ledger_entries.c
_OF_CDR = {name: kind for name, kind in CALL_COLUMNS.items() if name not in _BOOKED}
_OF_ENTRY = {
    "call_sid": pl.String,
    "side": pl.String,
    "party_id": pl.String,
    "currency": pl.String,
    "number": pl.Int64,
    "kind": pl.String,
    "amount_micros": pl.Int64,
    "reason": pl.String,
}
_ENTRIES = sa.select(
    *(
        sa.type_coerce(_entry[name], sa.Text) if kind == pl.String else _entry[name]
        for name, kind in _OF_ENTRY.items()
    )
).where(IS_OF_CALL)
_AT_ONCE = 5_000
_PLACE = (cdrs.c.started_at, cdrs.c.call_sid)
_PLACE_TYPES = tuple(column.type for column in _PLACE)


def read_calls(
    connection: Connection,
    seller_id: str,
    buyer_id: str,
    currency: str,
    since: datetime,
    until: datetime,
    after: CallPlace | None,
    limit: int,
) -> tuple[pl.DataFrame, CallPlace | None]:
    """At most `limit` calls (CALL_COLUMNS) that began in a period, the oldest first.

    From behind `after` on; with them the place of the last one, None when there is nothing more.
    Some may turn out to be of other buyers alone: who reads the attempts leaves them out.
    """
    statement = _select_page(connection.dialect.name, seller_id, buyer_id, since, until, after)
    rows = connection.execute(statement.limit(limit)).all()
    calls = pl.DataFrame([tuple(row[1:]) for row in rows], schema=_OF_CDR, orient="row")
    booked = _read_booked(
        connection, seller_id, calls["call_sid"], Party(Side.BUYER, buyer_id), currency
    )
    frame = calls.join(booked, on="call_sid", how="left", maintain_order="left").with_columns(
        pl.col("charged_micros").fill_null(0), pl.col("reason").fill_null("")
    )
    return frame, CallPlace(rows[-1][0], rows[-1][1]) if len(rows) == limit else None


def _select_page(
    dialect: str,
    seller_id: str,
    buyer_id: str,
    since: datetime,
    until: datetime,
    after: CallPlace | None,
) -> "sa.Select[*tuple[Any, ...]]":
    statement = (
        sa.select(
            cdrs.c.started_at,
            cdrs.c.call_sid,
            _milliseconds(dialect),
            *(cdrs.c[name] for name in ("campaign_id", "publisher", "did", "ani", "total_ms")),
            cdrs.c.attempts,
        )
        .where(cdrs.c.seller_id == seller_id, _IS_LATEST)
        .where(cdrs.c.started_at >= (after.started_at if after else since))
        .where(cdrs.c.started_at < until, _names_buyer(dialect, buyer_id))
        .order_by(*_PLACE)
    )
    if after is not None:
        place = sa.tuple_(after.started_at, after.call_sid, types=_PLACE_TYPES)
        statement = statement.where(sa.tuple_(*_PLACE) > place)
    return statement


def _read_booked(
    connection: Connection, seller_id: str, call_sids: pl.Series, party: Party, currency: str
) -> pl.DataFrame:
    """What an account has of these calls, a row each; calls without entries are left out.

    The account isn't part of the condition: SQLite would walk through all of it for each call.
    """
    found: list[tuple[object, ...]] = []
    for some in call_sids.to_frame().iter_slices(_AT_ONCE):
        sids = some["call_sid"].to_list()
        statement = _ENTRIES.where(_entry.seller_id == seller_id, _entry.call_sid.in_(sids))
        found += map(tuple, connection.execute(statement))
    is_reversal = pl.col("kind") == EntryKind.REVERSAL.value
    return (
        pl.DataFrame(found, schema=_OF_ENTRY, orient="row")
        .filter(side=str(party.side), party_id=party.party_id, currency=currency)
        .sort("number")
        .group_by("call_sid")
        .agg(
            charged_micros=pl.col("amount_micros").sum(),
            reason=pl.col("reason").filter(~is_reversal).last(),
        )
    )


def _milliseconds(dialect: str) -> sa.ColumnElement[Any]:
    """When a call began, in whole milliseconds from 1970."""
    if dialect == "postgresql":
        seconds = sa.func.extract("epoch", cdrs.c.started_at)
        return sa.cast(sa.func.round(seconds * 1000), sa.BigInteger)
    days = sa.func.julianday(sa.type_coerce(cdrs.c.started_at, sa.Text)) - 2440587.5
    return sa.cast(sa.func.round(days * 86_400_000), sa.BigInteger)


def _names_buyer(dialect: str, buyer_id: str) -> sa.ColumnElement[bool]:
    """The attempts name the buyer, by their text."""
    find = sa.func.strpos if dialect == "postgresql" else sa.func.instr
    return find(cdrs.c.attempts, f'"buyer_id":{json.dumps(buyer_id, ensure_ascii=False)}') > 0


def count_buyers_of_callers(
    connection: Connection,
    seller_id: str,
    callers: Sequence[str],
    since: datetime,
    until: datetime,
) -> Mapping[str, int]:
    """How many of these callers had a call to each buyer that began in a period."""
    rows = connection.execute(
        sa.select(cdrs.c.buyer_id, sa.func.count(cdrs.c.ani.distinct()))
        .where(
            cdrs.c.seller_id == seller_id,
            cdrs.c.started_at >= since,
            cdrs.c.started_at < until,
            cdrs.c.ani.in_(callers),
        )
        .group_by(cdrs.c.buyer_id)
    )
    return {buyer_id: count for buyer_id, count in rows if buyer_id}
