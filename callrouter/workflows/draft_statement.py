"""What the next statement of an account would be; and by which rules its period is chosen."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.account_statements import (
    Account,
    Open,
    find_first_open,
    find_last_end,
    find_open,
    list_statements,
)
from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.statement_lines import Selection
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.statement import Statement
from callrouter.domain.billing.statement_periods import (
    StatementPeriod,
    find_due_day,
    plan_period,
)
from callrouter.domain.billing.terms import Agreement, Cycle
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.errors import RefusedError
from callrouter.workflows.find_account import choose_currency


@dataclass(frozen=True, slots=True)
class Drawn:
    """A statement's head, and where its lines are."""

    head: Statement
    lines: Selection


def draft_statement(
    database: Database,
    seller_id: str,
    party: Party,
    currency: str | None,
    last_day: date | None,
    now: datetime,
) -> Drawn:
    """The statement that would be closed next, as things stand now; nothing is written.

    `last_day` ends it there instead of with the cycle's period. Raises RefusedError when the party
    has no agreement, no such account, nothing is open, or that day is closed already; NotFoundError
    when it has no account at all.
    """
    with database.read() as connection:
        currency = choose_currency(connection, seller_id, party, currency)
        account = Account(seller_id, party, currency)
        agreement = require_agreement(connection, seller_id, party)
        refuse_closed(connection, account, last_day)
        since = find_beginning(connection, account)
        if since is None:
            raise RefusedError(say_nothing_open(account, None))
        if last_day is None and agreement.cycle is Cycle.CUSTOM:
            last_day = find_wall_time(agreement.zone, now).date()
        period = plan_period(agreement.cycle, agreement.zone, since, last_day)
        found = find_open(connection, account, period.ends_at) if period else None
    if period is None or found is None:
        raise RefusedError(say_nothing_open(account, period))
    head = draw_up(account, agreement, period, found, now)
    return Drawn(head, Selection(account, "", found))


def require_agreement(connection: Connection, seller_id: str, party: Party) -> Agreement:
    """What a party has agreed to; raises RefusedError when that is nothing."""
    agreement = read_agreement(connection, seller_id, party)
    if agreement is None:
        raise RefusedError(
            f"nothing is agreed with {party} yet, and a statement needs its zone and its days to"
            " pay: put its terms into a file and `callrouter terms apply` it"
        )
    return agreement


def refuse_closed(connection: Connection, account: Account, last_day: date | None) -> None:
    """Raise RefusedError for a last day that an earlier statement has closed already."""
    newest = list_statements(
        connection, account.seller_id, account.party, 1, currency=account.currency
    )
    if last_day is not None and newest and last_day <= newest[0].last_day:
        head = newest[0]
        raise RefusedError(
            f"{head.number} has closed {account.party} up to {head.last_day} already; what came"
            " later is on the next statement"
        )


def find_beginning(connection: Connection, account: Account) -> datetime | None:
    """Where the next statement begins: at the first open entry; None when no entry is open.

    Never before the end of the last statement: what is booked earlier but came later is on the next
    one.
    """
    first = find_first_open(connection, account)
    if first is None:
        return None
    ended = find_last_end(connection, account)
    return max(first, ended) if ended else first


def draw_up(
    account: Account,
    agreement: Agreement,
    period: StatementPeriod,
    found: Open,
    at: datetime,
    number: str = "",
    author: str = "",
) -> Statement:
    """The head of a statement over the open entries that were found."""
    return Statement(
        party=account.party,
        currency=account.currency,
        number=number,
        zone=agreement.zone,
        starts_at=max(period.starts_at, found.after or period.starts_at),
        ends_at=period.ends_at,
        closed_at=at,
        due_on=find_due_day(at, agreement.zone, agreement.net_days),
        agreement_version=agreement.version,
        opening_micros=found.opening_micros,
        amount_micros=found.amount_micros,
        payments_micros=found.payments_micros,
        entries=found.entries,
        author=author,
    )


def say_nothing_open(account: Account, period: StatementPeriod | None) -> str:
    """Why there is no statement."""
    before = f" that is booked before {period.ends_at:%Y-%m-%d %H:%M}Z" if period else ""
    return f"no entry of {account.party} in {account.currency}{before} waits for a statement"
