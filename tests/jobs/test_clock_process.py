"""The clock process: of two that run, one leads and the other is ready."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.clock import SystemClock
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.domain.errors import StorageUnavailableError
from callrouter.jobs.run import LEASE_LASTS, Leadership, run_jobs
from callrouter.jobs.schedule import Job
from tests.switchboards import FakeClock

OFTEN = timedelta(milliseconds=20)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def first(database: Database, clock: FakeClock) -> Leadership:
    """A clock process that leads."""
    leadership = Leadership(database, "host-1:1", clock)
    leadership.renew()
    assert leadership.leads
    return leadership


@pytest.fixture
def second(database: Database, clock: FakeClock) -> Leadership:
    return Leadership(database, "host-2:2", clock)


@pytest.fixture
def _handlers() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_one_of_two_leads(first: Leadership, second: Leadership) -> None:
    second.renew()
    first.renew()

    assert first.leads
    assert not second.leads


def test_a_leader_that_renews_keeps_leading_for_ever(
    first: Leadership, second: Leadership, clock: FakeClock
) -> None:
    for _ in range(10):
        clock.at += LEASE_LASTS / 3
        first.renew()
        second.renew()
        assert (first.leads, second.leads) == (True, False)


def test_when_the_leader_resigns_the_other_takes_over_at_once(
    first: Leadership, second: Leadership
) -> None:
    first.resign()
    second.renew()

    assert (first.leads, second.leads) == (False, True)


def test_when_the_leader_dies_the_other_takes_over_once_the_lease_is_over(
    first: Leadership, second: Leadership, clock: FakeClock
) -> None:
    clock.at += LEASE_LASTS - timedelta(milliseconds=1)
    second.renew()
    assert not second.leads

    clock.at += timedelta(milliseconds=1)
    second.renew()
    first.renew()
    assert (first.leads, second.leads) == (False, True)


def test_without_a_database_nobody_leads(clock: FakeClock) -> None:
    database = open_database("postgresql://postgres@127.0.0.1:9/callrouter", patience_s=0.5)
    alone = Leadership(database, "host-1:1", clock)
    alone.leads = True

    with capture_logs() as logs:
        alone.renew()
        alone.resign()

    assert not alone.leads
    assert "clock_without_database" in [line["event"] for line in logs]
    database.dispose()


def test_only_the_leader_runs_jobs(first: Leadership, second: Leadership) -> None:
    ran: list[str] = []
    job = Job("a-job", OFTEN, lambda: ran.append("ran"))

    second.run(job)
    assert ran == []
    first.run(job)
    assert ran == ["ran"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(StorageUnavailableError("it's away"), "job_postponed", id="an outage"),
        pytest.param(RuntimeError("a bug"), "job_failed", id="a bug"),
    ],
)
def test_a_job_that_fails_is_said_and_comes_again(
    first: Leadership, error: Exception, said: str
) -> None:
    def fail() -> None:
        raise error

    with capture_logs() as logs:
        first.run(Job("a-job", OFTEN, fail))
        first.run(Job("a-job", OFTEN, fail))

    assert [line["event"] for line in logs] == [said, said]


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_its_jobs_until_it_is_told_to_stop_and_gives_the_lease_back(
    database_url: str, number: signal.Signals
) -> None:
    ran: list[str] = []

    def stop_at_the_third() -> None:
        ran.append("ran")
        if len(ran) == 3:
            os.kill(os.getpid(), number)

    run_jobs((Job("a-job", OFTEN, stop_at_the_third),), open_database(database_url))

    assert len(ran) >= 3
    database = open_database(database_url)
    successor = Leadership(database, "another", SystemClock())
    successor.renew()
    assert successor.leads
    database.dispose()
