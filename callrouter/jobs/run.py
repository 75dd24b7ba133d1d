"""The clock process: runs the schedule while it leads; two may run, one leads.

Knows nothing of what the jobs do.
"""

import os
import signal
import socket
from datetime import timedelta
from types import FrameType

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler

from callrouter.adapters.clock import SystemClock
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.leases import release_lease, take_lease
from callrouter.domain.errors import StorageUnavailableError
from callrouter.jobs.schedule import Job
from callrouter.workflows.ports import Clock

log = structlog.get_logger()

LEASE = "clock"
LEASE_LASTS = timedelta(seconds=15)
_RENEW_EVERY = timedelta(seconds=5)


class Leadership:
    """Whether this process leads: it holds the lease, and renews it well before it ends.

    The lease is timed by the machine's own `clock`, whatever clock the jobs run by.
    """

    def __init__(self, database: Database, holder: str, clock: Clock) -> None:
        """Start as a stand-by; `renew` may make it the leader."""
        self._database = database
        self._holder = holder
        self._clock = clock
        self.leads = False

    def renew(self) -> None:
        """Take or keep the lease; without a database nobody leads."""
        try:
            with self._database.write() as connection:
                leads = take_lease(connection, LEASE, self._holder, self._clock.now(), LEASE_LASTS)
        except StorageUnavailableError as error:
            log.warning("clock_without_database", reason=str(error))
            leads = False
        if leads != self.leads:
            log.info("clock_leads" if leads else "clock_stands_by", holder=self._holder)
        self.leads = leads

    def resign(self) -> None:
        """Give the lease back, so that another leads at once."""
        try:
            with self._database.write() as connection:
                release_lease(connection, LEASE, self._holder)
        except StorageUnavailableError as error:
            log.warning("clock_without_database", reason=str(error))
        self.leads = False

    def run(self, job: Job) -> None:
        """Run a job if we lead; a failure is logged, and the job comes again at its period."""
        if not self.leads:
            return
        try:
            job.run()
        except StorageUnavailableError as error:
            log.warning("job_postponed", job=job.name, reason=str(error))
        except Exception:
            log.exception("job_failed", job=job.name)


def run_jobs(schedule: tuple[Job, ...], database: Database) -> None:
    """Run until SIGTERM or SIGINT; the lease is given back at the end."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    leadership = Leadership(database, holder, SystemClock())
    scheduler = BlockingScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60},
    )
    leadership.renew()
    scheduler.add_job(leadership.renew, "interval", seconds=_RENEW_EVERY.total_seconds())
    for job in schedule:
        scheduler.add_job(
            leadership.run,
            "interval",
            args=[job],
            id=job.name,
            seconds=job.every.total_seconds(),
        )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if scheduler.running:  # a second signal finds it stopping already
            scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("clock_started", jobs=",".join(job.name for job in schedule))
    scheduler.start()
    leadership.resign()
    database.dispose()
