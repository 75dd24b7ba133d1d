"""Which calls were paid for: what a caller's next call and a day's next one are rated by.

A call that was taken back isn't paid for. To be read while the account is held, so that two calls
that end at once see each other.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.ledger_tables import IS_PAID, ledger_entries
from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.types import UtcDateTime
from callrouter.domain.billing.party import Party

_of = ledger_entries.c
_reversal = ledger_entries.alias("reversal")
_STANDS = ~sa.exists().where(
    *(_reversal.c[name] == _of[name] for name in ("seller_id", "side", "party_id", "currency")),
    _reversal.c.reverses == _of.number,
)
_BEGAN: sa.ColumnElement[bool] = sa.and_(
    _of.call_started_at >= bindparam("since", type_=UtcDateTime),
    _of.call_started_at < bindparam("until", type_=UtcDateTime),
)
_OF_OTHERS: tuple[sa.ColumnElement[Any], ...] = (
    matches(ledger_entries, "seller_id", "side", "party_id"),
    _of.call_sid != bindparam("call_sid"),
    IS_PAID,
    _BEGAN,
    _STANDS,
)


def _is_any_or(name: str) -> sa.ColumnElement[bool]:
    """The condition that a column is the parameter of its name, where that isn't empty."""
    asked = bindparam(name, type_=sa.Text)
    return sa.or_(asked == sa.literal_column("''"), _of[name] == asked)


_LAST = Prepared(
    sa.select(_of.call_sid, _of.call_started_at)
    .where(*_OF_OTHERS, matches(ledger_entries, "ani", "campaign_id"))
    .order_by(_of.call_started_at.desc())
    .limit(1)
)
_COUNT = Prepared(
    sa.select(sa.func.count())
    .select_from(ledger_entries)
    .where(*_OF_OTHERS, _is_any_or("campaign_id"), _is_any_or("destination_id"))
)


def last_paid(
    connection: Connection,
    seller_id: str,
    party: Party,
    *,
    ani: str,
    campaign_id: str,
    since: datetime,
    until: datetime,
    but_not: str,
) -> tuple[str, datetime] | None:
    """The newest call of a caller and campaign that was paid for, and when it began.

    Of those that began from `since` to before `until`, the call `but_not` left out.
    """
    row = _LAST.first(
        connection,
        {
            "seller_id": seller_id,
            "side": party.side,
            "party_id": party.party_id,
            "ani": ani,
            "campaign_id": campaign_id,
            "since": since,
            "until": until,
            "call_sid": but_not,
        },
    )
    return None if row is None else (row[0], row[1])


def count_paid(
    connection: Connection,
    seller_id: str,
    party: Party,
    *,
    since: datetime,
    until: datetime,
    but_not: str,
    campaign_id: str = "",
    destination_id: str = "",
) -> int:
    """How many calls of a party that began from `since` to before `until` were paid for.

    The call `but_not` is left out. Of one campaign or destination alone, where they are named.
    """
    [(found,)] = _COUNT.all(
        connection,
        {
            "seller_id": seller_id,
            "side": party.side,
            "party_id": party.party_id,
            "since": since,
            "until": until,
            "call_sid": but_not,
            "campaign_id": campaign_id,
            "destination_id": destination_id,
        },
    )
    count: int = found
    return count
