"""Compare a day's CDRs with the carrier's own records; calls that we miss are taken up.

The carrier is asked outside any transaction, and a page of calls is in memory at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.audits import AuditRun, begin_run, end_run, list_findings, read_run
from callrouter.adapters.storage.engine import Database
from callrouter.domain.errors import CarrierUnavailableError
from callrouter.workflows.compare_with_carrier import Comparison
from callrouter.workflows.ports import CarrierBooks, Clock
from callrouter.workflows.raise_alert import raise_alert, recover_alert
from callrouter.workflows.read_carrier_day import read_carrier_day

log = structlog.get_logger()

KEY = "carrier_audit"
_TOLD = 5


@dataclass(frozen=True, slots=True)
class AuditProgress:
    """How far an audit is: legs listed by the carrier, then calls compared."""

    listed: int = 0
    compared: int = 0


def audit_day(
    database: Database,
    books: CarrierBooks,
    clock: Clock,
    seller_id: str,
    day: date,
    *,
    author: str,
    on_progress: Callable[[AuditProgress], None] = lambda _: None,
) -> AuditRun:
    """Audit the calls that began on a UTC day, as one more run of that day.

    Alerts the seller when something is off, and says that it is over when a run finds nothing off;
    runs of a day before the last one that was audited change no alert. Raises
    CarrierUnavailableError; the run then says so.
    """
    with database.write() as connection:
        run = begin_run(connection, seller_id, day, author, clock.now())
    comparison = Comparison(database, books, clock, seller_id, run)
    try:
        listed = read_carrier_day(
            database, books, clock, seller_id, day, lambda n: on_progress(AuditProgress(n))
        )
        comparison.compare(lambda n: on_progress(AuditProgress(listed, n)))
    except CarrierUnavailableError as error:
        failed = replace(run, finished_at=clock.now(), failure=str(error))
        with database.write() as connection:
            end_run(connection, seller_id, failed)
        raise
    done = replace(
        run,
        finished_at=clock.now(),
        our_legs=comparison.our_legs,
        their_legs=comparison.their_legs,
        findings=comparison.findings,
        classes=comparison.classes,
    )
    _end(database, seller_id, done)
    return done


def _end(database: Database, seller_id: str, run: AuditRun) -> None:
    with database.write() as connection:
        newest = read_run(connection, seller_id)
        end_run(connection, seller_id, run)
        if newest is None or newest.day <= run.day:
            _tell(connection, seller_id, run)
    log.info("audited", seller=seller_id, day=str(run.day), run=run.run, findings=run.findings)


def _tell(connection: Connection, seller_id: str, run: AuditRun) -> None:
    now = run.finished_at or run.started_at
    if not run.findings:
        text = f"The calls of {run.day} agree with the carrier's records."
        recover_alert(connection, seller_id, KEY, text, now)
        return
    shown = list_findings(connection, seller_id, run, limit=_TOLD)
    lines = [f"{each.call_sid}: {each.text}" for each in shown]
    if run.findings > len(shown):
        lines.append(f"… and {run.findings - len(shown)} more")
    command = f"callrouter audit findings --day {run.day}"
    text = "\n".join((*lines, "", f"All of it: `{command}`."))
    things = "thing" if run.findings == 1 else "things"
    subject = f"{run.findings} {things} off with the calls of {run.day}"
    raise_alert(connection, seller_id, KEY, subject, text, now)
