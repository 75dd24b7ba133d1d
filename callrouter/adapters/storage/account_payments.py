"""What accounts got by payments, and the closed statements that these may pay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.ledger_tables import ledger_entries, statements
from callrouter.adapters.storage.payment_tables import IS_PAYMENT, payments
from callrouter.adapters.storage.statements import matches
from callrouter.domain.billing.allocation import Received, StatementDue
from callrouter.domain.billing.party import Party


@dataclass(frozen=True, slots=True)
class KnownStatement:
    """A closed statement, whose it is and in what currency."""

    number: str
    party: Party
    currency: str


_ACCOUNT = ("seller_id", "side", "party_id", "currency")
_reversal = ledger_entries.alias("reversal")
_RECEIVED = (
    sa.select(
        ledger_entries.c.number,
        ledger_entries.c.booked_at,
        ledger_entries.c.amount_micros,
        payments.c.statement,
        _reversal.c.number,
        _reversal.c.booked_at,
        _reversal.c.amount_micros,
    )
    .select_from(
        ledger_entries.outerjoin(
            payments,
            sa.and_(
                *(payments.c[name] == ledger_entries.c[name] for name in _ACCOUNT),
                payments.c.entry == ledger_entries.c.number,
            ),
        ).outerjoin(
            _reversal,
            sa.and_(
                *(_reversal.c[name] == ledger_entries.c[name] for name in _ACCOUNT),
                _reversal.c.reverses == ledger_entries.c.number,
            ),
        )
    )
    .where(matches(ledger_entries, *_ACCOUNT), IS_PAYMENT)
    .order_by(ledger_entries.c.number)
)
_DUE = (
    sa.select(statements.c.number, statements.c.closed_at, statements.c.amount_micros)
    .where(matches(statements, *_ACCOUNT))
    .order_by(statements.c.closed_at, statements.c.number)
)
_STATEMENTS = sa.select(
    statements.c.number, statements.c.side, statements.c.party_id, statements.c.currency
).where(matches(statements, "seller_id"))
_ONE_STATEMENT = _STATEMENTS.where(matches(statements, "number"))


def list_received(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> tuple[Received, ...]:
    """What an account got by payments and gave back, for `allocate`."""
    found: list[Received] = []
    rows = connection.execute(_RECEIVED, _account(seller_id, party, currency))
    for number, booked_at, amount, statement, reversal, reversed_at, returned in rows:
        found.append(
            Received(
                number=number,
                booked_at=booked_at,
                amount_micros=-amount,
                statement=statement or "",
            )
        )
        if reversal is not None:
            found.append(
                Received(
                    number=reversal,
                    booked_at=reversed_at,
                    amount_micros=-returned,
                    returns=number,
                )
            )
    return tuple(found)


def list_statements_due(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> tuple[StatementDue, ...]:
    """An account's closed statements, for `allocate`."""
    rows = connection.execute(_DUE, _account(seller_id, party, currency))
    return tuple(StatementDue(number=n, closed_at=at, amount_micros=a) for n, at, a in rows)


def find_statement(connection: Connection, seller_id: str, number: str) -> KnownStatement | None:
    """Whose the closed statement with this number is; None when there is none."""
    rows = connection.execute(_ONE_STATEMENT, {"seller_id": seller_id, "number": number})
    return next(iter(_read_statements(rows)), None)


def list_known_statements(connection: Connection, seller_id: str) -> tuple[KnownStatement, ...]:
    """Every closed statement of a seller."""
    return tuple(_read_statements(connection.execute(_STATEMENTS, {"seller_id": seller_id})))


def _read_statements(rows: Iterable[Any]) -> Iterable[KnownStatement]:
    return (KnownStatement(row.number, Party(row.side, row.party_id), row.currency) for row in rows)


def _account(seller_id: str, party: Party, currency: str) -> dict[str, object]:
    return {
        "seller_id": seller_id,
        "side": party.side,
        "party_id": party.party_id,
        "currency": currency,
    }
