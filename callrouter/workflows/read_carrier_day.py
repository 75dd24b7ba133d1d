"""Read the carrier's own list of a day's calls, and keep it: page by page, in constant memory.

The carrier is asked outside any transaction; a page is kept in short ones of its own.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from callrouter.adapters.storage.carrier_costs import (
    count_unpriced,
    list_calls_past,
    list_orphans,
    list_unpriced,
    save_records,
)
from callrouter.adapters.storage.engine import Database
from callrouter.domain.carrier.audit_schedule import start_of
from callrouter.domain.carrier.carrier_records import CarrierRecord
from callrouter.workflows.ports import CarrierBooks, Clock

PRICES_WITHIN = timedelta(days=8)
"""A leg that has no price so long after it started is asked about no more."""
_MOST_ASKED = 12
_AT_ONCE = 250
_MOST_CALLS_ONE_BY_ONE = 200
"""Of more on one day the whole list is read again: a page of it has a thousand legs."""


def read_carrier_day(
    database: Database,
    books: CarrierBooks,
    clock: Clock,
    seller_id: str,
    day: date,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Keep every leg of the calls that began on a UTC day; how many legs were listed.

    The list has what started that day. Calls that went on past midnight are asked about one by
    one, and so are those of which it has only legs. Raises CarrierUnavailableError; what was read
    until then is kept.
    """
    listed = _read_list(database, books, clock, seller_id, day, on_progress)
    since, until = _bounds(day)
    with database.read() as connection:
        past = list_calls_past(connection, seller_id, since, until)
        orphans = list_orphans(connection, seller_id, since, until)
    for call_sid in dict.fromkeys((*past, *orphans)):
        keep_records(database, clock, seller_id, books.fetch_records(call_sid))
    return listed


def ask_late_prices(database: Database, books: CarrierBooks, clock: Clock, seller_id: str) -> int:
    """Ask again about legs whose price was not known yet; how many have none after that.

    The carrier puts a price on a leg minutes to days after it has ended. Raises
    CarrierUnavailableError.
    """
    now = clock.now()
    today = now.date()
    for back in range(PRICES_WITHIN.days, 0, -1):
        day = today - timedelta(days=back)
        since, until = _bounds(day)
        with database.read() as connection:
            unpriced = list_unpriced(
                connection,
                seller_id,
                since,
                until,
                most_asked=_MOST_ASKED,
                limit=_MOST_CALLS_ONE_BY_ONE + 1,
            )
        call_sids = dict.fromkeys(place.call_sid for place in unpriced)
        if len(unpriced) > _MOST_CALLS_ONE_BY_ONE:
            _read_list(database, books, clock, seller_id, day, lambda _: None)
            continue
        for call_sid in call_sids:
            keep_records(database, clock, seller_id, books.fetch_records(call_sid))
    with database.read() as connection:
        return count_unpriced(connection, seller_id, now - PRICES_WITHIN, start_of(today))


def keep_records(
    database: Database, clock: Clock, seller_id: str, records: tuple[CarrierRecord, ...]
) -> None:
    """Keep some records, a few hundred a transaction: on SQLite calls wait for each of these."""
    for start in range(0, len(records), _AT_ONCE):
        with database.write() as connection:
            save_records(connection, seller_id, records[start : start + _AT_ONCE], clock.now())


def _read_list(
    database: Database,
    books: CarrierBooks,
    clock: Clock,
    seller_id: str,
    day: date,
    on_progress: Callable[[int], None],
) -> int:
    listed = 0
    for page in books.stream_records(day):
        keep_records(database, clock, seller_id, page)
        listed += len(page)
        on_progress(listed)
    return listed


def _bounds(day: date) -> tuple[datetime, datetime]:
    return start_of(day), start_of(day + timedelta(days=1))
