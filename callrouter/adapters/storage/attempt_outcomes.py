"""How attempts ended for their destinations: kept once an attempt, read back the newest first."""

from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.outage_tables import attempt_outcomes
from callrouter.adapters.storage.prepared import Prepared, Value
from callrouter.adapters.storage.statements import matches, select_fields
from callrouter.domain.calls.destination_outcomes import DestinationOutcome
from callrouter.domain.routing.conditions import Earnings

_KEY = ("seller_id", "call_sid", "attempt", "destination_id")
_NAMES = tuple(field.name for field in fields(DestinationOutcome))
_TOLD = ("outcome", "connected_ms", "revenue_micros")


def _upsert(
    insert: postgresql.Insert | sqlite.Insert,
) -> postgresql.Insert | sqlite.Insert:
    """The outcome, or what is better known of it by now; nothing where that is the same."""
    table, told = attempt_outcomes, insert.excluded
    return insert.values(
        {name: bindparam(name) for name in ("seller_id", *_NAMES)}
    ).on_conflict_do_update(
        index_elements=[table.c[name] for name in _KEY],
        set_={name: told[name] for name in _NAMES if name not in _KEY},
        where=sa.or_(*(told[name] != table.c[name] for name in _TOLD)),
    )


_RECORD = Prepared(
    {
        "postgresql": _upsert(postgresql.insert(attempt_outcomes)),
        "sqlite": _upsert(sqlite.insert(attempt_outcomes)),
    }
)
_RECENT = Prepared(
    select_fields(attempt_outcomes, DestinationOutcome)
    .where(
        matches(attempt_outcomes, "seller_id", "destination_id"),
        attempt_outcomes.c.ended_at >= bindparam("since", type_=attempt_outcomes.c.ended_at.type),
    )
    .order_by(attempt_outcomes.c.ended_at.desc(), attempt_outcomes.c.call_sid)
    .limit(bindparam("most", type_=sa.Integer))
)
_newest = (
    sa.select(attempt_outcomes.c.revenue_micros)
    .where(matches(attempt_outcomes, "seller_id", "destination_id"))
    .order_by(attempt_outcomes.c.ended_at.desc())
    .limit(bindparam("most", type_=sa.Integer))
    .subquery()
)
_EARNED = Prepared(
    sa.select(
        sa.func.count(),
        sa.cast(sa.func.coalesce(sa.func.sum(_newest.c.revenue_micros), 0), sa.BigInteger),
    ).select_from(_newest)
)


def record_outcome(connection: Connection, seller_id: str, outcome: DestinationOutcome) -> bool:
    """Keep how an attempt ended; False when exactly that was known already.

    What is told later of the same attempt replaces it: a carrier's own figures come last.
    """
    parameters = {name: getattr(outcome, name) for name in _NAMES}
    return _RECORD.count(connection, {"seller_id": seller_id, **parameters}) == 1


def read_recent_outcomes(
    connection: Connection, seller_id: str, destination_id: str, since: datetime, most: int
) -> tuple[DestinationOutcome, ...]:
    """The outcomes of a destination that ended at or after `since`: the newest `most` of them."""
    parameters: dict[str, Value] = {
        "seller_id": seller_id,
        "destination_id": destination_id,
        "since": since,
        "most": most,
    }
    return tuple(
        DestinationOutcome(**dict(zip(_NAMES, row, strict=True)))
        for row in _RECENT.all(connection, parameters)
    )


def read_earnings(
    connection: Connection, seller_id: str, destination_id: str, most: int
) -> Earnings:
    """What the newest `most` attempts of a destination earned in all."""
    parameters: dict[str, Value] = {
        "seller_id": seller_id,
        "destination_id": destination_id,
        "most": most,
    }
    [(calls, micros)] = _EARNED.all(connection, parameters)
    return Earnings(calls, micros)
