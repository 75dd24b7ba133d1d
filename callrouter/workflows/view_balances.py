"""Show what accounts stand at: due, on no statement yet, open by age, left over of payments."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import AccountBalance, list_accounts
from callrouter.adapters.storage.ledger_lists import read_due_dates
from callrouter.domain.billing.ageing import Ageing, OpenStatement, age_statements
from callrouter.domain.billing.party import Party
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.workflows.view_payments import read_allocation


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account's balance, and what it is made of.

    The balance is what is unbilled, and open of statements, less the credit: what was paid and no
    statement has needed yet.
    """

    account: AccountBalance
    unbilled_micros: int
    ageing: Ageing
    credit_micros: int


def view_balances(
    database: Database, seller_id: str, party: Party | None, at: datetime
) -> tuple[AccountView, ...]:
    """The accounts of a party, or all that were ever used; aged by the party's own days."""
    with database.read() as connection:
        return tuple(
            _view(connection, seller_id, account, at)
            for account in list_accounts(connection, seller_id)
            if party in (None, account.party)
        )


def _view(
    connection: Connection, seller_id: str, account: AccountBalance, at: datetime
) -> AccountView:
    allocation = read_allocation(connection, seller_id, account.party, account.currency)
    due_on = read_due_dates(connection, seller_id, account.party, account.currency)
    agreement = read_agreement(connection, seller_id, account.party)
    today = find_wall_time(agreement.zone if agreement else "UTC", at).date()
    opened = [
        OpenStatement(micros, due_on[number]) for number, micros in allocation.open_micros.items()
    ]
    billed = sum(allocation.open_micros.values()) - allocation.credit_micros
    return AccountView(
        account,
        unbilled_micros=account.balance_micros - billed,
        ageing=age_statements(opened, today),
        credit_micros=allocation.credit_micros,
    )
