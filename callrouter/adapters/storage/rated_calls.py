"""Which calls are due for rating: those with a newer CDR than the last that was rated."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.sweeps import CallKey
from callrouter.adapters.storage.tables import IS_UNRATED, calls
from callrouter.adapters.storage.types import UtcDateTime

_OF_CALL = ("seller_id", "call_sid")
_KEY = (calls.c.seller_id, calls.c.call_sid, calls.c.arrived_at)
_NEWEST_UNRATED = Prepared(
    sa.select(*_KEY)
    .where(IS_UNRATED, calls.c.closed_at < bindparam("before", type_=UtcDateTime))
    .order_by(calls.c.closed_at.desc())
    .limit(bindparam("limit", type_=sa.Integer))
)
_LOCK = Prepared(
    sa.select(calls.c.cdr_revision, calls.c.rated_revision)
    .where(matches(calls, *_OF_CALL))
    .with_for_update()
)
_MARK = Prepared(
    sa.update(calls)
    .where(matches(calls, *_OF_CALL, prefix="of_"))
    .values(rated_revision=bindparam("revision", type_=sa.Integer))
)


def find_unrated(connection: Connection, before: datetime, limit: int) -> tuple[CallKey, ...]:
    """At most `limit` calls of all sellers that are due, closed before an instant; newest first.

    So that one that can't be rated for whatever reason keeps no later ones waiting.
    """
    rows = _NEWEST_UNRATED.all(connection, {"before": before, "limit": limit})
    return tuple(CallKey(*row) for row in rows)


def lock_closed_call(connection: Connection, seller_id: str, call_sid: str) -> bool | None:
    """Whether a call's latest CDR is rated, the call locked until the transaction ends.

    None for a call that is unknown or has no CDR.
    """
    row = _LOCK.first(connection, {"seller_id": seller_id, "call_sid": call_sid})
    if row is None or not row[0]:
        return None
    revision, rated = row
    return bool((rated or 0) >= revision)


def mark_rated(connection: Connection, seller_id: str, call_sid: str, revision: int) -> None:
    """Note which of a call's CDRs was rated last; 0 makes the call due for it."""
    of_call = {"of_seller_id": seller_id, "of_call_sid": call_sid}
    _MARK.count(connection, of_call | {"revision": revision})
