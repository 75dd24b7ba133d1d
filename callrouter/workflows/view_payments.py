"""Show payments with what each of them pays."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.account_payments import list_received, list_statements_due
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.payments import KeptPayment, list_payments
from callrouter.domain.billing.allocation import Allocation, Part, allocate
from callrouter.domain.billing.party import Party


@dataclass(frozen=True, slots=True)
class ShownPayment:
    """A payment, and how much it pays of which statements."""

    kept: KeptPayment
    parts: tuple[Part, ...]


def view_payments(
    database: Database,
    seller_id: str,
    *,
    party: Party | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> tuple[ShownPayment, ...]:
    """The payments of a party, or all, that were paid within a time; the latest first."""
    with database.read() as connection:
        found = list_payments(
            connection, seller_id, party=party, since=since, until=until, limit=limit
        )
        accounts = {
            (each.owner.party, each.payment.currency) for each in found if each.owner is not None
        }
        allocations = {
            account: read_allocation(connection, seller_id, *account) for account in accounts
        }
    return tuple(ShownPayment(each, _find_parts(each, allocations)) for each in found)


def read_allocation(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> Allocation:
    """Which payment of an account pays which of its closed statements, as of now."""
    return allocate(
        list_statements_due(connection, seller_id, party, currency),
        list_received(connection, seller_id, party, currency),
    )


def _find_parts(
    kept: KeptPayment, allocations: dict[tuple[Party, str], Allocation]
) -> tuple[Part, ...]:
    if kept.owner is None or kept.entry is None:
        return ()
    parts = allocations[kept.owner.party, kept.payment.currency].parts
    return tuple(part for part in parts if part.payment == kept.entry)
