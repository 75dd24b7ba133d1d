"""Statements are closed, by hand or once their period has been over for a while; each once."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.account_statements import (
    Account,
    count_statements,
    find_open,
    link_entries,
    save_statement,
)
from callrouter.adapters.storage.agreements import list_agreements
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import list_accounts, lock_accounts
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.statement_lines import Selection
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.statement import Statement
from callrouter.domain.billing.statement_numbers import write_number
from callrouter.domain.billing.statement_periods import StatementPeriod, plan_period
from callrouter.domain.billing.terms import Agreement, Cycle
from callrouter.domain.errors import CallrouterError, ChangedUnderneathError, RefusedError
from callrouter.domain.money import say_amount
from callrouter.workflows.draft_statement import (
    Drawn,
    draw_up,
    find_beginning,
    refuse_closed,
    require_agreement,
    say_nothing_open,
)
from callrouter.workflows.find_account import choose_currency, list_currencies
from callrouter.workflows.ports import Clock

log = structlog.get_logger()

_CLOCK = "clock"


def close_statement(
    database: Database,
    seller_id: str,
    party: Party,
    currency: str | None,
    last_day: date | None,
    author: str,
    now: datetime,
) -> Drawn:
    """Close the next statement of an account: all open entries that are booked before its end.

    It covers the cycle's period, or ends with `last_day`. Raises RefusedError when that isn't over
    yet, was closed already, or has no entry; nothing is written then. Entries that are added at the
    same time are on it or on the next one.
    """
    with database.unhurried().write() as connection:
        currency = choose_currency(connection, seller_id, party, currency)
        account = Account(seller_id, party, currency)
        agreement = require_agreement(connection, seller_id, party)
        refuse_closed(connection, account, last_day)
        since = find_beginning(connection, account)
        if since is None:
            raise RefusedError(say_nothing_open(account, None))
        period = plan_period(agreement.cycle, agreement.zone, since, last_day)
        if period is None:
            raise RefusedError(
                f"the statements of {party} have no fixed periods: say the last day of this one"
            )
        if not period.is_over(now):
            raise RefusedError(
                f"{period} isn't over before {period.ends_at:%Y-%m-%d %H:%M}Z: a statement can end"
                " with a day before today"
            )
        return _close(connection, account, agreement, period, author, now)


def close_due_statements(
    database: Database, clock: Clock, grace: timedelta
) -> tuple[Statement, ...]:
    """Close every statement whose cycle's period ended at least `grace` ago.

    May be called at any time, by any number of processes: each period is closed once. One without
    an entry gives no statement, and custom cycles are left to people.
    """
    with database.read() as connection:
        sellers = [seller.seller_id for seller in summarize_sellers(connection)]
    return tuple(
        statement
        for seller_id in sellers
        for account, agreement in _list_ruled_accounts(database, seller_id)
        for statement in _close_while_due(database, account, agreement, clock.now(), grace)
    )


def _list_ruled_accounts(database: Database, seller_id: str) -> list[tuple[Account, Agreement]]:
    with database.read() as connection:
        return [
            (Account(seller_id, agreement.party, currency), agreement)
            for agreement in list_agreements(connection, seller_id)
            if agreement.cycle is not Cycle.CUSTOM
            for currency in list_currencies(connection, seller_id, agreement.party)
        ]


def _close_while_due(
    database: Database, account: Account, agreement: Agreement, now: datetime, grace: timedelta
) -> Iterator[Statement]:
    """One after the other, since there may have been no clock for a while.

    An account that breaks doesn't keep others from their statements.
    """
    while True:
        try:
            closed = _close_if_due(database, account, agreement, now, grace)
        except CallrouterError:
            raise
        except Exception:
            log.exception("statement_broke", seller=account.seller_id, account=f"{account.party}")
            return
        if closed is None:
            return
        log.info(
            "statement_closed",
            seller=account.seller_id,
            statement=closed.number,
            entries=closed.entries,
            amount=say_amount(closed.amount_micros, closed.currency),
        )
        yield closed


def _close_if_due(
    database: Database, account: Account, agreement: Agreement, now: datetime, grace: timedelta
) -> Statement | None:
    with database.read() as connection:
        if _find_due(connection, account, agreement, now, grace) is None:
            return None
    try:
        with database.unhurried().write() as connection:
            # Again, since another process may have closed it meanwhile.
            period = _find_due(connection, account, agreement, now, grace)
            if period is None:
                return None
            return _close(connection, account, agreement, period, _CLOCK, now).head
    except (ChangedUnderneathError, RefusedError):
        return None  # another process closed it at this moment, and goes on with the next


def _find_due(
    connection: Connection,
    account: Account,
    agreement: Agreement,
    now: datetime,
    grace: timedelta,
) -> StatementPeriod | None:
    since = find_beginning(connection, account)
    if since is None:
        return None
    period = plan_period(agreement.cycle, agreement.zone, since, None)
    return period if period is not None and period.is_over(now, grace) else None


def _lock(connection: Connection, account: Account) -> None:
    """Nobody adds an entry to the account, or counts the party's statements, until the end."""
    used = [a for a in list_accounts(connection, account.seller_id) if a.party == account.party]
    lock_accounts(connection, account.seller_id, [(a.party, a.currency) for a in used])


def _close(
    connection: Connection,
    account: Account,
    agreement: Agreement,
    period: StatementPeriod,
    author: str,
    now: datetime,
) -> Drawn:
    found = find_open(connection, account, period.ends_at)
    if found is None:
        raise RefusedError(say_nothing_open(account, period))
    number = _find_number(connection, account, period)
    # Nearly all of the work, while calls of the account are still booked.
    linked = link_entries(connection, account, number, found)
    _lock(connection, account)
    settled = find_open(connection, account, period.ends_at)
    is_first = settled is not None and settled.after == found.after
    if settled is None or not is_first or number != _find_number(connection, account, period):
        raise ChangedUnderneathError(
            f"another statement of {account.party} was closed at this moment; look at it first"
        )
    linked += link_entries(connection, account, number, settled, after=found.last)
    head = draw_up(account, agreement, period, settled, now, number, author)
    if linked != head.entries:
        raise ChangedUnderneathError(
            f"{account.party} got other entries while its statement was closed; close it again"
        )
    save_statement(connection, account, head, settled)
    return Drawn(head, Selection(account, number))


def _find_number(connection: Connection, account: Account, period: StatementPeriod) -> str:
    """The next in the party's series of the year, in whatever currency."""
    year = period.last_day.year
    beginning = write_number(account.party, year, 0).removesuffix("0000")
    count = count_statements(connection, account.seller_id, account.party, beginning)
    return write_number(account.party, year, count + 1)
