"""Which workflow runs how often: a table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.workflows.check_terms import watch_terms
from callrouter.workflows.close_statement import close_due_statements
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.deliver_notice import Means
from callrouter.workflows.derive_cdrs import derive_stale_cdrs
from callrouter.workflows.forget_old_counters import forget_old_counters
from callrouter.workflows.forget_old_records import forget_old_records
from callrouter.workflows.poll_health import poll_health
from callrouter.workflows.ports import Carrier, CarrierBooks, Clock, HealthProbe
from callrouter.workflows.rate_due_calls import rate_due_calls
from callrouter.workflows.release_expired_reservations import release_expired_reservations
from callrouter.workflows.review_standing import review_standing
from callrouter.workflows.review_stops import review_stops
from callrouter.workflows.run_due_changes import run_due_changes
from callrouter.workflows.run_nightly_audits import run_nightly_audits
from callrouter.workflows.send_alerts import send_alerts
from callrouter.workflows.send_letters import send_letters
from callrouter.workflows.sweep_open_calls import sweep_open_calls
from callrouter.workflows.watch_fallbacks import watch_fallbacks

SEND_ALERTS_EVERY = timedelta(seconds=5)
WATCH_FALLBACKS_EVERY = timedelta(seconds=30)
POLL_HEALTH_EVERY = timedelta(seconds=60)
REVIEW_STOPS_EVERY = timedelta(seconds=5)
RUN_DUE_CHANGES_EVERY = timedelta(seconds=1)
RELEASE_RESERVATIONS_EVERY = timedelta(seconds=30)
FORGET_COUNTERS_EVERY = timedelta(hours=1)
FORGET_RECORDS_EVERY = timedelta(hours=6)
REVIEW_STANDING_EVERY = timedelta(minutes=1)
SEND_LETTERS_EVERY = timedelta(seconds=15)
LOOK_FOR_AUDITS_EVERY = timedelta(minutes=1)
WATCH_TERMS_EVERY = timedelta(minutes=5)
CLOSE_STATEMENTS_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Job:
    """A workflow with its period; `run` may be called at any time and any number of times."""

    name: str
    every: timedelta
    run: Callable[[], object]


def make_schedule(
    database: Database,
    carrier_of: Callable[[str], Carrier],
    clock: Clock,
    *,
    box: SecretBox,
    means: Means,
    probe: HealthProbe,
    books_of: Callable[[str], CarrierBooks],
    sweep_every: timedelta,
    sweep_retry_after: timedelta,
    statement_grace: timedelta,
) -> tuple[Job, ...]:
    """Every periodic job of the clock process."""
    compiled = Compiled()
    return (
        Job(
            "sweep_open_calls",
            sweep_every,
            lambda: sweep_open_calls(database, carrier_of, clock, sweep_retry_after),
        ),
        Job("run_due_changes", RUN_DUE_CHANGES_EVERY, lambda: run_due_changes(database, clock)),
        Job("derive_stale_cdrs", sweep_every, lambda: derive_stale_cdrs(database, clock)),
        *_make_jobs_of_money(database, clock, sweep_every, statement_grace),
        *_make_jobs_of_upkeep(database, clock),
        Job(
            "poll_health", POLL_HEALTH_EVERY, lambda: poll_health(database, probe, compiled, clock)
        ),
        Job("review_stops", REVIEW_STOPS_EVERY, lambda: review_stops(database, compiled, clock)),
        Job("watch_fallbacks", WATCH_FALLBACKS_EVERY, lambda: watch_fallbacks(database, clock)),
        Job(
            "run_nightly_audits",
            LOOK_FOR_AUDITS_EVERY,
            lambda: run_nightly_audits(database, books_of, clock),
        ),
        *_make_jobs_of_standing(database, means, clock),
        Job("send_alerts", SEND_ALERTS_EVERY, lambda: send_alerts(database, box, means, clock)),
    )


def _make_jobs_of_money(
    database: Database, clock: Clock, sweep_every: timedelta, statement_grace: timedelta
) -> tuple[Job, ...]:
    return (
        Job("rate_due_calls", sweep_every, lambda: rate_due_calls(database, clock)),
        Job("watch_terms", WATCH_TERMS_EVERY, lambda: watch_terms(database, clock)),
        Job(
            "close_due_statements",
            CLOSE_STATEMENTS_EVERY,
            lambda: close_due_statements(database, clock, statement_grace),
        ),
    )


def _make_jobs_of_upkeep(database: Database, clock: Clock) -> tuple[Job, ...]:
    return (
        Job(
            "release_expired_reservations",
            RELEASE_RESERVATIONS_EVERY,
            lambda: release_expired_reservations(database, clock),
        ),
        Job(
            "forget_old_counters",
            FORGET_COUNTERS_EVERY,
            lambda: forget_old_counters(database, clock),
        ),
        Job(
            "forget_old_records", FORGET_RECORDS_EVERY, lambda: forget_old_records(database, clock)
        ),
    )


def _make_jobs_of_standing(database: Database, means: Means, clock: Clock) -> tuple[Job, ...]:
    return (
        Job("review_standing", REVIEW_STANDING_EVERY, lambda: review_standing(database, clock)),
        Job(
            "send_letters",
            SEND_LETTERS_EVERY,
            lambda: send_letters(database, means.mailer, clock),
        ),
    )
