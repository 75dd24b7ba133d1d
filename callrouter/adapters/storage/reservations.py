"""Reservations: what a dial takes of the counters of caps, all of it or nothing.

Whatever changes counters is one statement on PostgreSQL, which locks them in the order of their
keys. So nobody waits in a circle as long as a transaction has one such statement; let it be the
last, since others wait for these rows until the COMMIT. What becomes of reservations: settlements.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.cap_tables import cap_counters, reservations
from callrouter.adapters.storage.prepared import Prepared, Value
from callrouter.adapters.storage.statements import insert_or_skip
from callrouter.adapters.storage.types import UtcDateTime
from callrouter.domain.limits.caps import Claim, DialClaims, add_claims, merge_claims
from callrouter.domain.limits.reservations import ReservationState

_OF_DIAL = ("seller_id", "call_sid", "attempt", "destination_id")
_OF_CLAIM = ("counter", "measure", "amount")
_OF_MOMENT = ("state", "reserved_at", "lease_until")
_NOTHING = sa.literal_column("0", sa.BigInteger)


def _bind(name: str) -> sa.BindParameter[Any]:
    return bindparam(name, type_=reservations.c[name].type)


def _has_room(
    added: sa.ColumnElement[int], most: sa.ColumnElement[int], not_after: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    """Whether an existing counter takes `added` more, and was last used at or before an instant."""
    return sa.and_(
        _kept("used") + _kept("held") + added <= most,
        sa.or_(not_after.is_(None), _kept("last_at") <= not_after),
    )


def _may_fit(
    counter: sa.ColumnElement[str], amount: sa.ColumnElement[int], most: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """Whether a counter could take `amount` at all: a new one up to `most`.

    More only an account with money in advance, of which less than nothing is used.
    """
    known = cap_counters.alias("known")
    in_advance = sa.select(known.c.used).where(
        known.c.seller_id == _bind("seller_id"), known.c.counter == counter, known.c.used < 0
    )
    return sa.or_(amount <= most, in_advance.exists())


def _kept(name: str) -> sa.ColumnElement[Any]:
    """A counter's column as an upsert's WHERE sees it.

    By its name, since there SQLAlchemy would have a sub-select read the table itself once more.
    """
    return sa.literal_column(f"cap_counters.{name}", cap_counters.c[name].type)


def _asked() -> sa.CTE:
    """PostgreSQL: the claims in the parameter of that name, a JSON text, as rows."""
    columns = (
        sa.column("destination_id", sa.Text),
        sa.column("counter", sa.Text),
        sa.column("measure", sa.Text),
        sa.column("amount", sa.BigInteger),
        sa.column("most", sa.BigInteger),
        sa.column("not_after", sa.DateTime(timezone=True)),
    )
    claims = sa.cast(bindparam("asked", type_=sa.Text), sa.JSON)
    rows = sa.func.json_to_recordset(claims).table_valued(*columns)
    return sa.select(rows.render_derived("claims", with_types=True)).cte("asked")


def _reserve_statement() -> "sa.Select[tuple[str]]":
    """PostgreSQL: keep the reservations that are new, count them; the counters without room."""
    asked = _asked()
    rows = sa.select(
        *(_bind(name) for name in _OF_DIAL[:-1]),
        *(asked.c[name] for name in ("destination_id", *_OF_CLAIM)),
        *(_bind(name) for name in _OF_MOMENT),
    ).order_by(asked.c.counter, asked.c.destination_id)
    reserved = (
        postgresql.insert(reservations)
        .from_select((*_OF_DIAL, *_OF_CLAIM, *_OF_MOMENT), rows)
        .on_conflict_do_nothing()
        .returning(reservations.c.destination_id, reservations.c.counter)
        .cte("reserved")
    )
    wanted = (
        sa.select(
            asked.c.counter,
            sa.cast(sa.func.sum(asked.c.amount), sa.BigInteger).label("amount"),
            sa.func.min(asked.c.most).label("most"),
            sa.func.min(asked.c.not_after).label("not_after"),
        )
        .join(reserved, sa.and_(*(reserved.c[c.name] == asked.c[c.name] for c in reserved.c)))
        .group_by(asked.c.counter)
        .cte("wanted")
    )
    taken = _take_wanted(wanted)
    return sa.select(wanted.c.counter).where(wanted.c.counter.not_in(sa.select(taken.c.counter)))


def _take_wanted(wanted: sa.CTE) -> sa.CTE:
    """PostgreSQL: the counters that had room for what is wanted of them, and have taken it."""
    kept = cap_counters.c
    rows = (
        sa.select(
            _bind("seller_id"), wanted.c.counter, _NOTHING, wanted.c.amount, _bind("reserved_at")
        )
        .where(_may_fit(wanted.c.counter, wanted.c.amount, wanted.c.most))
        .order_by(wanted.c.counter)
    )
    insert = postgresql.insert(cap_counters).from_select(kept.keys(), rows)
    room = sa.select(wanted.c.counter).where(
        wanted.c.counter == _kept("counter"),
        _has_room(wanted.c.amount, wanted.c.most, wanted.c.not_after),
    )
    upsert = insert.on_conflict_do_update(
        index_elements=[kept.seller_id, kept.counter],
        set_={
            "held": kept.held + insert.excluded.held,
            "last_at": sa.func.greatest(kept.last_at, insert.excluded.last_at),
        },
        where=room.exists(),
    )
    return upsert.returning(kept.counter).cte("taken")


def _take_statement() -> sqlite.Insert:
    """SQLite: one counter takes `amount` where it has room; the rowcount says whether it has."""
    kept = cap_counters.c
    amount, most = (bindparam(name, type_=sa.BigInteger) for name in ("amount", "most"))
    row = sa.select(_bind("seller_id"), _bind("counter"), _NOTHING, amount, _bind("reserved_at"))
    fits = _may_fit(_bind("counter"), amount, most)
    insert = sqlite.insert(cap_counters).from_select(kept.keys(), row.where(fits))
    return insert.on_conflict_do_update(
        index_elements=[kept.seller_id, kept.counter],
        set_={
            "held": kept.held + insert.excluded.held,
            "last_at": sa.func.max(kept.last_at, insert.excluded.last_at),
        },
        where=_has_room(amount, most, bindparam("not_after", type_=UtcDateTime)),
    )


_RESERVE = Prepared(_reserve_statement())
_ADD_RESERVATION = Prepared(insert_or_skip(reservations, *_OF_DIAL, *_OF_CLAIM, *_OF_MOMENT))
_TAKE = Prepared(_take_statement())


def reserve(
    connection: Connection,
    seller_id: str,
    call_sid: str,
    attempt: int,
    dials: Sequence[DialClaims],
    at: datetime,
    lease_until: datetime,
) -> tuple[str, ...]:
    """Take everything that one attempt needs; the keys of the counters that had no room.

    Unless that is empty the transaction must be rolled back: parts may have been taken. What the
    same attempt reserved before is neither taken again nor counted as refused. The reservations
    are held until `settle`, or until `lease_until`: let it be later than the call can last.
    """
    call: dict[str, Value] = {
        "seller_id": seller_id,
        "call_sid": call_sid,
        "attempt": attempt,
        "state": ReservationState.HELD,
        "reserved_at": at,
        "lease_until": lease_until,
    }
    asked = [(dial.destination_id, claim) for dial in dials for claim in merge_claims(dial.claims)]
    if not asked:
        return ()
    if connection.dialect.name == "postgresql":
        rows = json.dumps([_to_json(destination, claim, at) for destination, claim in asked])
        return tuple(counter for (counter,) in _RESERVE.all(connection, call | {"asked": rows}))
    return _reserve_one_by_one(connection, call, asked, at)


def _reserve_one_by_one(
    connection: Connection,
    call: dict[str, Value],
    asked: Sequence[tuple[str, Claim]],
    at: datetime,
) -> tuple[str, ...]:
    """The same where a statement costs no round trip, and nobody else is writing."""
    wanted: dict[str, Claim] = {}
    for destination_id, claim in asked:
        row = call | {
            "destination_id": destination_id,
            "counter": claim.key,
            "measure": claim.measure,
            "amount": claim.amount,
        }
        if _ADD_RESERVATION.count(connection, row):
            wanted[claim.key] = add_claims(wanted.get(claim.key), claim)
    return tuple(
        claim.key
        for claim in wanted.values()
        if not _TAKE.count(
            connection,
            call
            | {"counter": claim.key, "amount": claim.amount, "most": claim.limit}
            | {"not_after": _last_before(claim, at)},
        )
    )


def _to_json(destination_id: str, claim: Claim, at: datetime) -> dict[str, str | int | None]:
    not_after = _last_before(claim, at)
    return {
        "destination_id": destination_id,
        "counter": claim.key,
        "measure": claim.measure,
        "amount": claim.amount,
        "most": claim.limit,
        "not_after": None if not_after is None else not_after.isoformat(),
    }


def _last_before(claim: Claim, at: datetime) -> datetime | None:
    """The latest that the counter may have been used before; None when that doesn't matter."""
    return at - timedelta(seconds=claim.spacing_s) if claim.spacing_s else None
