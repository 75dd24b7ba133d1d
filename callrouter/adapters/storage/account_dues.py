"""The closed statements of an account, and when each is due."""

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.ledger_tables import statements
from callrouter.adapters.storage.statements import matches
from callrouter.domain.billing.allocation import StatementDue
from callrouter.domain.billing.party import Party

_DUE = sa.select(
    statements.c.number, statements.c.closed_at, statements.c.amount_micros, statements.c.due_on
).where(matches(statements, "seller_id", "side", "party_id", "currency"))


def list_due_days(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> Mapping[StatementDue, date]:
    """An account's closed statements, each with the last day for its payment."""
    account = {
        "seller_id": seller_id,
        "side": party.side,
        "party_id": party.party_id,
        "currency": currency,
    }
    return {
        StatementDue(number=number, closed_at=closed_at, amount_micros=amount): due_on
        for number, closed_at, amount, due_on in connection.execute(_DUE, account)
    }
