"""What a buyer's account comes to at one moment: the figures by which its state is judged."""

from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.ledger_lists import read_due_dates
from callrouter.domain.billing.exposure import find_dearest_call, find_overdue, name_currency
from callrouter.domain.billing.standing_ladder import AccountFigures
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.limits.standing import name_account
from callrouter.domain.tables.routing_table import Limits
from callrouter.workflows.view_payments import read_allocation

LONGEST_CALL_S = Limits().call_s


def read_figures(
    connection: Connection,
    seller_id: str,
    agreement: Agreement,
    at: datetime,
    longest_s: int = LONGEST_CALL_S,
) -> AccountFigures:
    """The figures of the account that a buyer's agreement is about.

    `longest_s` is how long a call may last, for those that are paid by the minute.
    """
    party, currency = agreement.party, name_currency(agreement)
    key = name_account(currency, party.party_id)
    usage = read_usage(connection, seller_id, [key])[key]
    allocated = read_allocation(connection, seller_id, party, currency)
    billed = sum(allocated.open_micros.values()) - allocated.credit_micros
    today = find_wall_time(agreement.zone, at).date()
    due_on = read_due_dates(connection, seller_id, party, currency)
    overdue = find_overdue(allocated.open_micros, due_on, today)
    return AccountFigures(
        currency=currency,
        owed_micros=usage.used,
        unbilled_micros=usage.used - billed,
        overdue_micros=overdue.micros,
        days_overdue=overdue.days,
        held_micros=usage.held,
        limit_micros=agreement.credit.limit_micros if agreement.credit else None,
        dearest_micros=find_dearest_call(agreement, longest_s, at),
    )
