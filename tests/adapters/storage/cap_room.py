"""Reserving and settling in a few words, for the tests of caps: each in a transaction of its own.

A refusal rolls back, as the workflows do it.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.cap_tables import cap_counters, reservations
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.reservations import reserve
from callrouter.adapters.storage.settlements import release_expired, settle
from callrouter.domain.limits.caps import UNLIMITED, Claim, DialClaims, Measure, Usage
from callrouter.domain.limits.reservations import DialOutcome, ReservationState, Settled
from tests.domain.builders import at

SELLER = "acme"
LEASE_S = 600.0


class NoRoomError(Exception):
    """Ends a transaction whose reservation was refused; has the keys."""

    def __init__(self, refused: tuple[str, ...]) -> None:
        super().__init__(refused)
        self.refused = refused


def claim(
    key: str,
    limit: int = UNLIMITED,
    amount: int = 1,
    *,
    measure: Measure | None = None,
    spacing_s: int = 0,
) -> Claim:
    """A claim on the counter `key`; what it measures is the key's first word."""
    return Claim(key, measure or Measure(key.split("/")[0]), amount, limit, spacing_s)


def take_all(
    database: Database,
    call: str,
    *dials: DialClaims,
    attempt: int = 1,
    now: datetime | float = 0.0,
    seller: str = SELLER,
) -> tuple[str, ...]:
    """Reserve for several destinations at once; the counters without room."""
    moment = at(now) if isinstance(now, (int, float)) else now
    until = moment + timedelta(seconds=LEASE_S)
    try:
        with database.write() as connection:
            refused = reserve(connection, seller, call, attempt, dials, moment, until)
            _refuse(refused)
    except NoRoomError as error:
        return error.refused
    return ()


def _refuse(refused: tuple[str, ...]) -> None:
    if refused:
        raise NoRoomError(refused)


def take(
    database: Database,
    call: str,
    *claims: Claim,
    to: str = "acme-east",
    attempt: int = 1,
    now: datetime | float = 0.0,
    seller: str = SELLER,
) -> tuple[str, ...]:
    """Reserve for one destination; the counters without room."""
    dial = DialClaims(to, claims)
    return take_all(database, call, dial, attempt=attempt, now=now, seller=seller)


def tell(
    database: Database,
    call: str,
    *,
    was_dialled: bool = True,
    connected: bool | None = False,
    payable: bool | None = False,
    to: str = "acme-east",
    attempt: int = 1,
    now: float = 60.0,
    seller: str = SELLER,
) -> tuple[Settled, ...]:
    """Settle one dial."""
    outcome = DialOutcome(
        attempt=attempt,
        destination_id=to,
        was_dialled=was_dialled,
        connected=connected,
        payable=payable,
    )
    with database.write() as connection:
        return settle(connection, seller, call, [outcome], at(now))


def expire(database: Database, now: float = LEASE_S, most: int = 100) -> int:
    with database.write() as connection:
        return release_expired(connection, at(now), most)


def usage_of(database: Database, key: str, seller: str = SELLER) -> Usage:
    with database.read() as connection:
        return read_usage(connection, seller, [key])[key]


def figures(database: Database, key: str) -> tuple[int, int]:
    """What is used and held of a counter."""
    usage = usage_of(database, key)
    return usage.used, usage.held


def add_up(database: Database) -> dict[tuple[str, str], tuple[int, int]]:
    """What is used and held of each counter by the reservations themselves; nothing is left out."""
    amount, state = reservations.c.amount, reservations.c.state
    total: dict[ReservationState, sa.ColumnElement[int]] = {
        word: sa.func.coalesce(sa.func.sum(sa.case((state == word, amount), else_=0)), 0)
        for word in (ReservationState.CONVERTED, ReservationState.HELD)
    }
    key = (reservations.c.seller_id, reservations.c.counter)
    with database.read() as connection:
        rows = connection.execute(sa.select(*key, *total.values()).group_by(*key)).all()
    return {(seller, counter): (int(used), int(held)) for seller, counter, used, held in rows}


def read_counters(database: Database) -> dict[tuple[str, str], tuple[int, int]]:
    """What the counters say that is used and held."""
    with database.read() as connection:
        rows = connection.execute(sa.select(cap_counters)).all()
    return {(row.seller_id, row.counter): (row.used, row.held) for row in rows}
