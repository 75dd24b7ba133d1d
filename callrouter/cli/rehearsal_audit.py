"""What came of a rehearsal, audited: CDRs by the simulated carrier's list, accounts by CDRs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from callrouter.adapters.clock import ScaledClock
from callrouter.adapters.logs import configure_logs
from callrouter.adapters.storage.audits import AuditRun
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.twilio.carrier import TwilioCarrier
from callrouter.cli.rehearsal import SELLER, Stage
from callrouter.workflows.audit_day import audit_day
from callrouter.workflows.check_accounts import Checked, check_accounts

_DAY = timedelta(days=1)


def audit_rehearsal(stage: Stage, carrier_url: str) -> tuple[AuditRun, ...]:
    """Audit every day of the rehearsal's own time, as the clock process would the nights after.

    Quietly: what is off is for whoever rehearses to say.
    """
    configure_logs("ERROR")
    origin = datetime.fromtimestamp(stage.origin_s, UTC)
    clock = ScaledClock(origin, stage.speed)
    carrier = TwilioCarrier(stage.account_sid, stage.auth_token, api_url=carrier_url)
    database = open_database(stage.database_url)
    try:
        return tuple(
            audit_day(database, carrier, clock, SELLER, day, author="simulate")
            for day in _days(origin.date(), clock.now().date())
        )
    finally:
        database.dispose()


def check_rehearsal(stage: Stage) -> Checked:
    """Check the accounts that the rehearsal's calls were booked into."""
    database = open_database(stage.database_url)
    try:
        origin = datetime.fromtimestamp(stage.origin_s, UTC)
        return check_accounts(database, SELLER, origin - _DAY, origin + 365 * _DAY)
    finally:
        database.dispose()


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
