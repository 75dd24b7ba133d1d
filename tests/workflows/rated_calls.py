"""Calls that are over, with given times, put into the database as their closing would."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.domain.cdr import AttemptOutcome, AttemptRecord, Cdr
from tests.domain.billing.builders import cdr_of
from tests.switchboards import SELLER, T0


def attempt_of(
    destination_id: str, connected_ms: int | None, *, number: int = 1, answered_ms: int = 0
) -> AttemptRecord:
    """An attempt, connected for so long; None: it rang out."""
    return AttemptRecord(
        attempt=number,
        destination_id=destination_id,
        buyer_id=destination_id.partition("-")[0],
        outcome=AttemptOutcome.NO_ANSWER if connected_ms is None else AttemptOutcome.CONNECTED,
        leg_sid=f"CAleg{number}",
        dialed_at=T0,
        ring_ms=3000,
        answered_ms=answered_ms or connected_ms or 0,
        connected_ms=connected_ms or 0,
        table_version=1,
    )


def end_call(
    database: Database,
    call_sid: str,
    *attempts: AttemptRecord,
    at: datetime = T0,
    seller_id: str = SELLER.seller_id,
) -> Cdr:
    """Keep a call's CDR."""
    cdr = replace(cdr_of(*attempts), call_sid=call_sid, started_at=at, ended_at=at)
    keep_cdr(database, cdr, at, seller_id)
    return cdr


def keep_cdr(database: Database, cdr: Cdr, at: datetime, seller_id: str = SELLER.seller_id) -> None:
    """Keep a CDR of a call that isn't known yet."""
    keep_cdrs(database, [(cdr, at)], seller_id)


def keep_cdrs(
    database: Database,
    cdrs: Iterable[tuple[Cdr, datetime]],
    seller_id: str = SELLER.seller_id,
) -> None:
    """Keep CDRs of calls that aren't known yet, each as of its instant, in one transaction."""
    with database.write() as connection:
        for cdr, at in cdrs:
            ensure_and_lock_call(connection, seller_id, cdr.call_sid, at, cdr.did, cdr.ani, at)
            save_cdr(connection, seller_id, cdr, 1, at)
