"""The counters of caps: read for a decision, and forgotten when their period is long over."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.cap_tables import cap_counters, is_settled, reservations
from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.statements import delete_chosen, matches
from callrouter.adapters.storage.types import UtcDateTime
from callrouter.domain.clocks.periods import Period
from callrouter.domain.limits.caps import Usage

KEEPS_COUNTERS = timedelta(days=35)
"""How long after its last reservation a counter is kept: longer than any period but `ever`."""

_UNUSED = Usage()


def _select_usage(keys: sa.ColumnElement[bool]) -> "sa.Select[tuple[str, int, int, datetime]]":
    counter = cap_counters.c
    return sa.select(counter.counter, counter.used, counter.held, counter.last_at).where(
        matches(cap_counters, "seller_id"), keys
    )


def _among_asked() -> Mapping[str, sa.ColumnElement[bool]]:
    """The condition that a counter is one of `keys`, a JSON text, by dialect name."""
    keys = bindparam("keys", type_=sa.Text)
    of_postgresql = sa.select(sa.func.json_array_elements_text(sa.cast(keys, sa.JSON)))
    of_sqlite = sa.select(sa.func.json_each(keys).table_valued("value").c.value)
    return {
        # As an array: of a sub-select the planner would guess a hundred rows.
        "postgresql": cap_counters.c.counter
        == sa.any_(sa.func.array(of_postgresql.scalar_subquery())),
        "sqlite": cap_counters.c.counter.in_(of_sqlite),
    }


_READ_USAGE = Prepared({name: _select_usage(keys) for name, keys in _among_asked().items()})


def read_usage(connection: Connection, seller_id: str, keys: Sequence[str]) -> Mapping[str, Usage]:
    """What each of these counters holds: one round trip, whatever their number; 0 for unknown ones.

    A figure may be out of date the moment that it is read; only `reserve` decides.
    """
    if not keys:
        return {}
    usage = dict.fromkeys(keys, _UNUSED)
    parameters = {"seller_id": seller_id, "keys": json.dumps(list(usage))}
    for counter, used, held, last_at in _READ_USAGE.all(connection, parameters):
        usage[counter] = Usage(used, held, last_at)
    return usage


_BEFORE = bindparam("before", type_=UtcDateTime)
_MOST = bindparam("most", type_=sa.Integer)
_OLD_COUNTERS = (
    sa.select(cap_counters.c.seller_id, cap_counters.c.counter)
    .where(
        cap_counters.c.last_at < _BEFORE,
        cap_counters.c.held == 0,
        cap_counters.c.counter.not_like(f"%/{Period.EVER}/%"),
    )
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_OLD_RESERVATIONS = (
    sa.select(*reservations.primary_key.columns)
    .where(reservations.c.reserved_at < _BEFORE, is_settled)
    .order_by(reservations.c.reserved_at)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)


_FORGET = (
    delete_chosen(reservations, _OLD_RESERVATIONS),
    delete_chosen(cap_counters, _OLD_COUNTERS),
)


def forget_old(connection: Connection, now: datetime, most: int) -> int:
    """Remove counters of periods that ended long ago, and settled reservations as old.

    At most `most` of each; how many were removed. A counter that something is held on stays until
    its leases have ended, one of `ever` for good. A reservation that is gone can't be corrected
    any more: what it counted in was over anyway, but for `ever`. Within a transaction.
    """
    parameters = {"before": now - KEEPS_COUNTERS, "most": most}
    return sum(len(connection.execute(delete, parameters).all()) for delete in _FORGET)
