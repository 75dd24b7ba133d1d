"""What becomes of reservations, and of the counters with them: each change once, whoever tells it.

On PostgreSQL the reservations are locked first, then their counters in the order of the keys, all
in one statement; `reservations` says why that is to be a transaction's last.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.cap_tables import cap_counters, is_held, reservations
from callrouter.adapters.storage.prepared import Prepared, Row, Value
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.types import UtcDateTime, Word
from callrouter.domain.limits.caps import Measure
from callrouter.domain.limits.reservations import (
    DialOutcome,
    ReservationState,
    Settled,
    settle_measure,
)

_Rows: TypeAlias = "sa.Select[*tuple[Any, ...]]"
_KEY = tuple(reservations.primary_key.columns.keys())
_CHOSEN = (*_KEY, "measure", "amount", "was", "became")
_STATE = Word(ReservationState)
_HELD: sa.ColumnElement[str] = sa.literal_column("'held'")
_CONVERTED: sa.ColumnElement[str] = sa.literal_column("'converted'")
_AT = bindparam("at", type_=UtcDateTime)
_TOLD = bindparam("told", type_=sa.Text)


def _choose(became: sa.ColumnElement[Any]) -> _Rows:
    """Reservations with the state that they are in, and `became`: that which they are to get."""
    return sa.select(
        *(reservations.c[name] for name in (*_KEY, "measure", "amount")),
        reservations.c.state.label("was"),
        sa.type_coerce(became, _STATE).label("became"),
    ).with_for_update(of=reservations)


def _read_told_postgresql() -> sa.CTE:
    columns = [sa.column(name, sa.Text) for name in ("destination_id", "measure", "became")]
    rows = sa.func.json_to_recordset(sa.cast(_TOLD, sa.JSON)).table_valued(
        sa.column("attempt", sa.Integer), *columns
    )
    return sa.select(rows.render_derived("outcomes", with_types=True)).cte("told")


def _read_told_sqlite() -> sa.CTE:
    rows = sa.func.json_each(_TOLD).table_valued("value")
    names = ("attempt", "destination_id", "measure", "became")
    return sa.select(
        *(sa.func.json_extract(rows.c.value, f"$.{name}").label(name) for name in names)
    ).cte("told")


def _choose_told(told: sa.CTE) -> _Rows:
    """The reservations of a call of which something else is told than how they stand."""
    kept = reservations.c
    return (
        _choose(told.c.became)
        .where(
            matches(reservations, "seller_id", "call_sid"),
            *(kept[name] == told.c[name] for name in ("attempt", "destination_id", "measure")),
            kept.state != told.c.became,
        )
        .order_by(kept.attempt, kept.destination_id, kept.counter)
    )


def _move(chosen: _Rows) -> _Rows:
    """PostgreSQL: give the chosen reservations their new state, and tell their counters."""
    rows = chosen.cte("chosen")
    moved = (
        sa.update(reservations)
        .where(*(reservations.c[name] == rows.c[name] for name in _KEY))
        .values(state=rows.c.became, settled_at=_AT)
        .returning(*(rows.c[name] for name in _CHOSEN))
        .cte("moved")
    )
    less_held = sa.case((moved.c.was == _HELD, moved.c.amount), else_=0)
    more_used = sa.case(
        (moved.c.became == _CONVERTED, moved.c.amount),
        (moved.c.was == _CONVERTED, -moved.c.amount),
        else_=0,
    )
    change = (
        sa.select(
            moved.c.seller_id,
            moved.c.counter,
            sa.func.sum(less_held).label("less_held"),
            sa.func.sum(more_used).label("more_used"),
        )
        .group_by(moved.c.seller_id, moved.c.counter)
        .cte("change")
    )
    return sa.select(*moved.c).add_cte(_count(change))


def _count(change: sa.CTE) -> sa.CTE:
    """PostgreSQL: apply the change of each counter, all of them locked before in one order."""
    kept = cap_counters.c
    locked = (
        sa.select(kept.seller_id, kept.counter)
        .where(sa.tuple_(kept.seller_id, kept.counter).in_(sa.select(*change.c[:2])))
        .order_by(kept.seller_id, kept.counter)
        .with_for_update()
        .cte("locked")
    )
    return (
        sa.update(cap_counters)
        .where(
            *(kept[column.name] == column for column in locked.c),
            *(change.c[column.name] == column for column in locked.c),
        )
        .values(held=kept.held - change.c.less_held, used=kept.used + change.c.more_used)
        .cte("counted")
    )


_LEASE_ENDED = (
    _choose(sa.literal_column("'expired'"))
    .where(is_held, reservations.c.lease_until <= _AT)
    .order_by(reservations.c.lease_until)
    .limit(bindparam("most", type_=sa.Integer))
    # Those that are locked are being settled, or released by another clock.
    .with_for_update(of=reservations, skip_locked=True)
)
_SETTLE = Prepared(
    {
        "postgresql": _move(_choose_told(_read_told_postgresql())),
        "sqlite": _choose_told(_read_told_sqlite()),
    }
)
_LOCK = Prepared(
    sa.select(reservations.c.counter)
    .where(matches(reservations, "seller_id", "call_sid"))
    .order_by(reservations.c.attempt, reservations.c.destination_id, reservations.c.counter)
    .with_for_update()
)
_EXPIRE = Prepared({"postgresql": _move(_LEASE_ENDED), "sqlite": _LEASE_ENDED})
_SET_STATE = Prepared(
    sa.update(reservations)
    .where(matches(reservations, *_KEY, prefix="of_"))
    .values(state=bindparam("became", type_=_STATE), settled_at=_AT)
)
_SET_COUNTER = Prepared(
    sa.update(cap_counters)
    .where(matches(cap_counters, "seller_id", "counter", prefix="of_"))
    .values(
        held=cap_counters.c.held - bindparam("less_held", type_=sa.BigInteger),
        used=cap_counters.c.used + bindparam("more_used", type_=sa.BigInteger),
    )
)


def settle(
    connection: Connection,
    seller_id: str,
    call_sid: str,
    outcomes: Sequence[DialOutcome],
    at: datetime,
) -> tuple[Settled, ...]:
    """Convert or release what these dials hold, as far as is known; the reservations that moved.

    The same told again moves nothing. What is told of a reservation that was settled otherwise
    before, or whose lease has ended, corrects its counter, beyond the limit if need be:
    `Settled.is_correction` says so, and is worth a line in the log. Within a transaction, and all
    outcomes of a call in one go.
    """
    told = [
        {
            "attempt": outcome.attempt,
            "destination_id": outcome.destination_id,
            "measure": measure,
            "became": became,
        }
        for outcome in outcomes
        for measure in Measure
        if (became := settle_measure(measure, outcome)) is not None
    ]
    if not told:
        return ()
    parameters: Mapping[str, Value] = {
        "seller_id": seller_id,
        "call_sid": call_sid,
        "told": json.dumps(told),
        "at": at,
    }
    moved = _run(connection, _SETTLE, parameters)
    place = _KEY.index("attempt")
    return tuple(sorted((Settled(*row[place:]) for row in moved), key=_by_dial))


def lock_reservations(connection: Connection, seller_id: str, call_sid: str) -> None:
    """Hold a call's reservations before anything else of it is locked that `settle` will take.

    For a transaction that charges the call's accounts, which are counters too, and then settles.
    """
    _LOCK.all(connection, {"seller_id": seller_id, "call_sid": call_sid})


def release_expired(connection: Connection, now: datetime, most: int) -> int:
    """Give back what is held by reservations whose lease has ended; how many there were.

    At most `most` of those that ended first. Any number of clocks may do it at once: each
    reservation is released by one of them. Within a transaction.
    """
    return len(_run(connection, _EXPIRE, {"at": now, "most": most}))


def _run(connection: Connection, move: Prepared, parameters: Mapping[str, Value]) -> Sequence[Row]:
    """The chosen reservations as they were, moved by now together with their counters."""
    rows = move.all(connection, parameters)
    if connection.dialect.name == "postgresql":
        return rows
    for row in rows:
        chosen = dict(zip(_CHOSEN, row, strict=True))
        key = {f"of_{name}": chosen[name] for name in _KEY}
        amount, was, became = chosen["amount"], chosen["was"], chosen["became"]
        more = {ReservationState.CONVERTED: amount}
        change = {
            "less_held": amount if was is ReservationState.HELD else 0,
            "more_used": more.get(became, 0) - more.get(was, 0),
        }
        _SET_STATE.count(connection, key | {"became": became, "at": parameters["at"]})
        _SET_COUNTER.count(connection, key | change)
    return rows


def _by_dial(settled: Settled) -> tuple[int, str, str]:
    return settled.attempt, settled.destination_id, settled.counter
