"""A run beside this process comes to what one within it comes to, and never ends unnoticed."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing import active_children
from pathlib import Path

import pytest

from callrouter.adapters.policy_files.buyers_file import read_buyers
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.storage.recorded_calls import RecordedRow
from callrouter.domain.errors import CallrouterError
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.replay.outcome_draws import OutcomePool
from callrouter.domain.tables.directory import Directory, replace_buyers
from callrouter.workflows.replay_runs import Page, Run, RunBeside, RunHere, Start
from tests.switchboards import T0

CONFIG = Path(__file__).parents[2] / "config"
TABLE = read_table((CONFIG / "routing/flood-repair.toml").read_text(), "flood-repair.toml")
DID = TABLE.numbers[0].number
PAUSED = Stop(kind=StopKind.BUYER, subject_id="acme", cause=StopCause.PAUSED, since=T0)


def read_directory() -> Directory:
    directory = Directory()
    for file in sorted((CONFIG / "buyers").glob("*.toml")):
        directory = replace_buyers(directory, *read_buyers(file.read_text(), file.name))
    return directory


def page(first: int, calls: int, stops: tuple[Stop, ...] | None = ()) -> Page:
    rows = tuple(row(number) for number in range(first, first + calls))
    return Page(rows, None if stops is None else tuple(stops for _ in rows))


def row(number: int) -> RecordedRow:
    return RecordedRow(
        call_sid=f"CA{number:032x}",
        arrived_at=T0 + timedelta(seconds=number),
        did=DID,
        ani=f"+1415555{number % 50:04}",
        publisher="",
        arrival='{"caller_state": "TX"}',
        attempts="[]",
        hangup_party="caller",
    )


PAGES = (page(0, 20, None), page(20, 300), page(320, 1), page(400, 300, (PAUSED,)))


@pytest.fixture
def start() -> Start:
    return Start(TABLE, read_directory(), OutcomePool({}), (), {})


@contextmanager
def run_beside(start: Start) -> Iterator[Run]:
    with closing(RunBeside(start)) as run:
        yield run
    assert not active_children()


def test_a_run_beside_this_process_comes_to_what_one_within_it_does(start: Start) -> None:
    here = RunHere(start)
    with run_beside(start) as beside:
        for each in PAGES:
            for run in (beside, here):
                run.feed(each)
            if each.stops is not None:
                ends = here.next_ends()
                assert beside.next_ends() == ends
                assert len(ends) == len(each.rows)
        tally = beside.finish()
    assert tally == here.finish()
    assert tally.sums


def test_what_goes_wrong_beside_is_raised_here(start: Start) -> None:
    broken = replace(PAGES[1], rows=(row(1)._replace(attempts="no JSON"),))
    with run_beside(start) as beside:
        beside.feed(broken)
        with pytest.raises(ValueError, match="JSON"):
            beside.next_ends()


def test_what_went_wrong_with_calls_of_before_is_raised_with_the_next_page(start: Start) -> None:
    broken = Page((row(1)._replace(attempts="no JSON"),), None)
    with run_beside(start) as beside:
        beside.feed(broken)
        (process,) = active_children()
        process.join(30)
        with pytest.raises(ValueError, match="JSON"):
            beside.feed(PAGES[1])


def test_a_process_that_is_killed_is_told_with_its_exit_code(start: Start) -> None:
    with run_beside(start) as beside:
        (process,) = active_children()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(CallrouterError, match=r"ended early \(exit code -9\)"):
            beside.finish()


def test_a_run_that_nobody_wants_any_more_leaves_no_process(start: Start) -> None:
    with run_beside(start) as beside:
        beside.feed(PAGES[1])
