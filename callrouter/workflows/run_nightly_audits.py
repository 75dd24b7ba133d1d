"""Audit each seller's day at the hour that it chose, once whatever the number of clocks.

A day is claimed before it is begun. One that fails is tried again some hours long; then the seller
is alerted, and the day is left to a person.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog

from callrouter.adapters.storage.audit_nights import (
    add_night,
    claim_night,
    end_night,
    list_due_nights,
    read_last_night,
    read_schedule,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.domain.carrier.audit_schedule import list_due_days
from callrouter.domain.errors import CallrouterError, StorageUnavailableError
from callrouter.workflows.audit_day import audit_day
from callrouter.workflows.ports import CarrierBooks, Clock
from callrouter.workflows.raise_alert import raise_alert, recover_alert
from callrouter.workflows.read_carrier_day import ask_late_prices

log = structlog.get_logger()

AUTHOR = "clock"
FAILED_KEY = "carrier_audit_failed"
TRY_AGAIN_AFTER = timedelta(hours=2)
"""Longer than an audit takes: a process that died with one leaves it to be tried again."""
MOST_TRIES = 4


def run_nightly_audits(
    database: Database, books_of: Callable[[str], CarrierBooks], clock: Clock
) -> int:
    """Make every audit that is due now; how many were made.

    Of two processes at once one makes it. After an audit the carrier is asked for prices that it
    did not have in the nights before.
    """
    with database.read() as connection:
        sellers = [seller.seller_id for seller in summarize_sellers(connection)]
    return sum(_audit_seller(database, books_of, clock, seller_id) for seller_id in sellers)


def _audit_seller(
    database: Database, books_of: Callable[[str], CarrierBooks], clock: Clock, seller_id: str
) -> int:
    now = clock.now()
    with database.read() as connection:
        schedule = read_schedule(connection, seller_id)
        last = read_last_night(connection, seller_id)
        nights = list_due_nights(connection, seller_id, now)
    if not schedule.is_on:
        return 0
    due = list_due_days(schedule, now, last)
    if due:
        with database.write() as connection:
            for day in due:
                add_night(connection, seller_id, day, now)
    return sum(
        _try(database, books_of, clock, seller_id, day) for day in dict.fromkeys((*nights, *due))
    )


def _try(
    database: Database,
    books_of: Callable[[str], CarrierBooks],
    clock: Clock,
    seller_id: str,
    day: date,
) -> bool:
    now = clock.now()
    with database.write() as connection:
        tries = claim_night(connection, seller_id, day, now, now + TRY_AGAIN_AFTER)
    if not tries:
        return False
    try:
        books = books_of(seller_id)
        audit_day(database, books, clock, seller_id, day, author=AUTHOR)
        ask_late_prices(database, books, clock, seller_id)
    except StorageUnavailableError:
        raise
    except CallrouterError as error:
        log.warning("audit_postponed", seller=seller_id, day=str(day), reason=str(error))
        if tries >= MOST_TRIES:
            _give_up(database, seller_id, day, str(error), clock.now())
        return False
    with database.write() as connection:
        end_night(connection, seller_id, day)
        recover_alert(connection, seller_id, FAILED_KEY, f"{day} is audited.", clock.now())
    return True


def _give_up(database: Database, seller_id: str, day: date, reason: str, at: datetime) -> None:
    text = (
        f"The calls of {day} could not be compared with the carrier's records: {reason}\n\n"
        f"It isn't tried again by itself. When that is mended: `callrouter audit run --day {day}`."
    )
    with database.write() as connection:
        end_night(connection, seller_id, day)
        subject = f"The carrier's records of {day} could not be read"
        raise_alert(connection, seller_id, FAILED_KEY, subject, text, at)
