"""Show payments with what each of them pays."""

from collections import Counter
from collections.abc import Mapping
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
    """A payment, and how much it pays of which statements.

    `left_micros` is what stands in the account of it, after all that was given back; what is more
    than its parts is credit.
    """

    kept: KeptPayment
    parts: tuple[Part, ...]
    left_micros: int

    @property
    def credit_micros(self) -> int:
        """What no statement has used yet."""
        return self.left_micros - sum(part.amount_micros for part in self.parts)

    @property
    def returned_micros(self) -> int:
        """What was given back of a payment that stands in an account."""
        if self.kept.owner is None:
            return 0
        return self.kept.payment.amount_micros - self.left_micros


@dataclass(frozen=True, slots=True)
class _Account:
    """What each entry of an account still has, and what it pays."""

    left_micros: Mapping[int, int]
    allocation: Allocation


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
        read = {account: _read_account(connection, seller_id, *account) for account in accounts}
    return tuple(_show(each, read) for each in found)


def read_allocation(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> Allocation:
    """Which payment of an account pays which of its closed statements, as of now."""
    return _read_account(connection, seller_id, party, currency).allocation


def _read_account(connection: Connection, seller_id: str, party: Party, currency: str) -> _Account:
    received = list_received(connection, seller_id, party, currency)
    left = Counter[int]()
    for each in received:
        left[each.number if each.returns is None else each.returns] += each.amount_micros
    due = list_statements_due(connection, seller_id, party, currency)
    return _Account(left, allocate(due, received))


def _show(kept: KeptPayment, accounts: Mapping[tuple[Party, str], _Account]) -> ShownPayment:
    if kept.owner is None or kept.entry is None:
        return ShownPayment(kept, (), 0)
    account = accounts[kept.owner.party, kept.payment.currency]
    parts = tuple(part for part in account.allocation.parts if part.payment == kept.entry)
    return ShownPayment(kept, parts, account.left_micros[kept.entry])
