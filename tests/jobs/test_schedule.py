"""The table of jobs."""

from datetime import timedelta

from callrouter.adapters.health_probe import HttpHealthProbe
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.jobs.schedule import make_schedule
from callrouter.workflows.ports import Carrier
from tests.books import FakeBooks
from tests.post import FakePost
from tests.switchboards import SECRET_KEY, FakeClock, open_seller

PERIODIC = {
    "sweep_open_calls": 30,
    "run_due_changes": 1,
    "derive_stale_cdrs": 30,
    "release_expired_reservations": 30,
    "forget_old_counters": 3600,
    "forget_old_records": 21_600,
    "poll_health": 60,
    "run_nightly_audits": 60,
    "rate_due_calls": 30,
    "review_stops": 5,
    "review_standing": 60,
    "send_letters": 15,
    "watch_fallbacks": 30,
    "watch_terms": 300,
    "close_due_statements": 600,
    "send_alerts": 5,
}
"""The workflows that nobody but time starts, with their periods in seconds."""


def test_every_periodic_workflow_is_in_it_with_its_period(database: Database) -> None:
    def nobody(_: str) -> Carrier:
        raise AssertionError("there is no call to be asked about")

    open_seller(database)
    schedule = make_schedule(
        database,
        nobody,
        FakeClock(),
        box=SecretBox(SECRET_KEY),
        means=FakePost().means,
        probe=HttpHealthProbe(),
        books_of=lambda _: FakeBooks(),
        sweep_every=timedelta(seconds=30),
        sweep_retry_after=timedelta(seconds=180),
        statement_grace=timedelta(hours=6),
    )

    assert {job.name: job.every.total_seconds() for job in schedule} == PERIODIC
    for job in schedule:
        job.run()
        job.run()
