"""The carrier's records of legs: kept once a leg however often they are read, with their cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.audit_tables import AWAITS_PRICE, carrier_costs
from callrouter.domain.carrier.carrier_records import CarrierRecord

_COST = carrier_costs.c


@dataclass(frozen=True, slots=True)
class CallPlace:
    """A call of the carrier's, where it stands in the order of its list here."""

    started_at: datetime
    call_sid: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What the carrier charged in one currency, for how many legs."""

    currency: str
    cost_micros: int
    legs: int


_Insert: TypeAlias = postgresql.Insert | sqlite.Insert
_KEY = ("seller_id", "call_sid", "leg_sid")
_READ = tuple(f.name for f in fields(CarrierRecord) if f.name != "caller")
_PLACE = (_COST.started_at, _COST.call_sid)
_PLACE_TYPES = tuple(column.type for column in _PLACE)
_IS_CALLERS = _COST.leg_sid == _COST.call_sid


def _keep_or_renew(insert: _Insert) -> _Insert:
    """A price that was known stays when it is left out; everything else is as it was read last."""
    new = insert.excluded
    has_price = new.cost_micros.is_not(None)
    return insert.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "status": new.status,
            "ended_at": new.ended_at,
            "duration_s": new.duration_s,
            "cost_micros": sa.case((has_price, new.cost_micros), else_=_COST.cost_micros),
            "currency": sa.case((has_price, new.currency), else_=_COST.currency),
            "read_at": new.read_at,
            "asked": _COST.asked + 1,
        },
    )


_SAVE: Mapping[str, _Insert] = {
    "postgresql": _keep_or_renew(postgresql.insert(carrier_costs)),
    "sqlite": _keep_or_renew(sqlite.insert(carrier_costs)),
}


def save_records(
    connection: Connection, seller_id: str, records: Iterable[CarrierRecord], at: datetime
) -> None:
    """Keep what was read; of a leg that is known already, what it says now. Within a transaction.

    The callers' numbers aren't kept: the calls have them.
    """
    rows = [
        {name: getattr(record, name) for name in _READ}
        | {"seller_id": seller_id, "read_at": at, "asked": 1}
        # In the order of the key, so that two who save the same legs don't wait for each other.
        for record in sorted(records, key=lambda record: (record.call_sid, record.leg_sid))
    ]
    if rows:
        connection.execute(_SAVE[connection.dialect.name], rows)


def list_calls_of(
    connection: Connection,
    seller_id: str,
    since: datetime,
    until: datetime,
    after: CallPlace | None,
    limit: int,
) -> tuple[CallPlace, ...]:
    """Calls whose caller's leg started in a period, from behind `after` on."""
    # The place bounds the search in the index; a comparison of pairs doesn't on SQLite.
    begin = after.started_at if after is not None else since
    statement = _of_period(seller_id, begin, until).where(_IS_CALLERS)
    if after is not None:
        place = sa.tuple_(after.started_at, after.call_sid, types=_PLACE_TYPES)
        statement = statement.where(sa.tuple_(*_PLACE) > place)
    rows = connection.execute(statement.order_by(*_PLACE).limit(limit))
    return tuple(CallPlace(row.started_at, row.call_sid) for row in rows)


def list_calls_past(
    connection: Connection, seller_id: str, since: datetime, until: datetime
) -> tuple[str, ...]:
    """Calls that started in a period and were not over at its end: as many as went on just then."""
    is_past = _COST.ended_at.is_(None) | (_COST.ended_at >= until)
    statement = _of_period(seller_id, since, until).where(_IS_CALLERS, is_past)
    return tuple(row.call_sid for row in connection.execute(statement.order_by(*_PLACE)))


def list_orphans(
    connection: Connection, seller_id: str, since: datetime, until: datetime
) -> tuple[str, ...]:
    """Calls of which only legs are known that were dialled for them, in a period; few if any."""
    parent = carrier_costs.alias("parent")
    is_known = sa.exists().where(
        parent.c.seller_id == _COST.seller_id,
        parent.c.call_sid == _COST.call_sid,
        parent.c.leg_sid == _COST.call_sid,
    )
    statement = _of_period(seller_id, since, until).where(~_IS_CALLERS, ~is_known)
    found = connection.execute(statement.order_by(*_PLACE))
    return tuple(dict.fromkeys(row.call_sid for row in found))


def read_records(
    connection: Connection, seller_id: str, call_sids: Sequence[str]
) -> Mapping[str, tuple[CarrierRecord, ...]]:
    """Every leg that is kept of these calls, by call; calls without any are left out."""
    statement = (
        sa.select(*(_COST[name] for name in _READ))
        .where(_COST.seller_id == seller_id, _COST.call_sid.in_(call_sids))
        .order_by(_COST.call_sid, _COST.started_at, _COST.leg_sid)
    )
    found: dict[str, list[CarrierRecord]] = {}
    for row in connection.execute(statement):
        values: dict[str, Any] = dict(row._mapping)
        found.setdefault(row.call_sid, []).append(CarrierRecord(caller="", **values))
    return {call_sid: tuple(records) for call_sid, records in found.items()}


def sum_costs(
    connection: Connection, seller_id: str, since: datetime, until: datetime
) -> tuple[Cost, ...]:
    """What the legs that started in a period cost, by currency; those without a price left out."""
    statement = (
        sa.select(_COST.currency, sa.func.sum(_COST.cost_micros), sa.func.count())
        .where(*_in_period(seller_id, since, until), _COST.cost_micros.is_not(None))
        .group_by(_COST.currency)
        .order_by(_COST.currency)
    )
    rows = connection.execute(statement)
    return tuple(Cost(currency, int(micros), legs) for currency, micros, legs in rows)


def list_unpriced(
    connection: Connection,
    seller_id: str,
    since: datetime,
    until: datetime,
    *,
    most_asked: int,
    limit: int,
) -> tuple[CallPlace, ...]:
    """Calls with a leg that still awaits its price, and was asked about fewer times than that."""
    statement = (
        _of_period(seller_id, since, until)
        .where(AWAITS_PRICE, _COST.asked < most_asked)
        .order_by(*_PLACE)
        .limit(limit)
    )
    rows = connection.execute(statement)
    return tuple(CallPlace(row.started_at, row.call_sid) for row in rows)


def count_unpriced(connection: Connection, seller_id: str, since: datetime, until: datetime) -> int:
    """How many legs of a period have no price yet though they were answered."""
    statement = sa.select(sa.func.count()).where(*_in_period(seller_id, since, until), AWAITS_PRICE)
    return int(connection.execute(statement).scalar_one())


def _of_period(
    seller_id: str, since: datetime, until: datetime
) -> "sa.Select[tuple[datetime, str]]":
    return sa.select(*_PLACE).where(*_in_period(seller_id, since, until))


def _in_period(
    seller_id: str, since: datetime, until: datetime
) -> tuple[sa.ColumnElement[bool], ...]:
    return (_COST.seller_id == seller_id, _COST.started_at >= since, _COST.started_at < until)
