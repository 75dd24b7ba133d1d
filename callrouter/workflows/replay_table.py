"""Run a campaign's recorded calls through a candidate table and the live one, and compare.

Reads only. Calls come in pages, each table keeps counters of its own: memory stays bounded.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from callrouter.adapters.storage.attempt_outcomes import read_recent_outcomes
from callrouter.adapters.storage.caller_lists import ListPlace, list_entries
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.recorded_calls import (
    Period,
    count_recorded,
    read_first_conditions,
    stream_recorded,
)
from callrouter.adapters.storage.standings import list_standing_changes
from callrouter.adapters.storage.stops import StopChange, list_stop_changes
from callrouter.domain.callers.caller_lists import ListEntry
from callrouter.domain.health.stops import Stop
from callrouter.domain.limits.standing import BuyerStanding
from callrouter.domain.replay.outcome_draws import OutcomePool
from callrouter.domain.replay.report import ReplayReport, compare_runs
from callrouter.domain.replay.standing_timeline import StandingTimeline, StandingTurn
from callrouter.domain.replay.stop_timeline import StopTimeline, StopTurn
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.workflows.replay_runs import Ends, Page, Run, RunBeside, RunHere, Start

_MOST_OUTCOMES = 500
_MOST_CHANGES = 100_000
_LONGEST_PAST = timedelta(days=30)
_PAGE_OF_ENTRIES = 1000
WORTH_A_PROCESS = 5_000
"""So many calls take longer than a second process takes to begin."""

Progress = Callable[[int, int], None]
"""Told how many calls are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The report with what it is of.

    `unmeasured` are destinations without any attempt since the period began: what they would have
    made of a call was estimated by all the others'.
    """

    live: RoutingTable
    candidate: RoutingTable
    since: datetime
    until: datetime
    report: ReplayReport
    unmeasured: tuple[str, ...]


def replay_table(
    database: Database,
    seller_id: str,
    candidate: RoutingTable,
    live: RoutingTable,
    since: datetime,
    until: datetime,
    on_progress: Progress,
    *,
    beside_from: int = WORTH_A_PROCESS,
) -> Replayed:
    """Every call of the campaign that arrived in the period and is over, by both tables.

    With today's directory: a destination that it has no more takes no call in either. From
    `beside_from` calls on the candidate runs in a process of its own.
    """
    period = Period(seller_id, candidate.campaign_id, since, until)
    with database.read() as connection:
        directory = read_directory(connection, seller_id, None)
        tables = _drop_twin(live, candidate)
        pool = _read_pool(connection, seller_id, tables, since)
        first = read_first_conditions(connection, period)
        entries = tuple(_stream_entries(connection, seller_id))
        used = dict(first.usage) if first else {}
        starts = [Start(table, directory, pool, entries, used) for table in tables]
        total = count_recorded(connection, period)
        with _open_runs(starts, is_beside=total >= beside_from) as runs:
            _remember_past(connection, period, runs, _find_longest_past(starts))
            moves: Counter[tuple[str, str]] = Counter()
            done = 0
            for ends in _run_pages(runs, _stream_pages(connection, period)):
                moves.update(zip(ends[0], ends[-1], strict=True))
                done += len(ends[0])
                on_progress(done, total)
            tallies = [run.finish() for run in runs]
    named = sorted(live.destination_ids() | candidate.destination_ids())
    unmeasured = tuple(name for name in named if not pool.has_past(name))
    report = compare_runs(tallies[0], tallies[-1], moves)
    return Replayed(live, candidate, since, until, report, unmeasured)


def _drop_twin(live: RoutingTable, candidate: RoutingTable) -> tuple[RoutingTable, ...]:
    """Both, or one when they say the same: what comes out is the same then, too."""
    return (
        (live,) if replace(live, version=0) == replace(candidate, version=0) else (live, candidate)
    )


@contextmanager
def _open_runs(starts: Sequence[Start], *, is_beside: bool) -> Iterator[list[Run]]:
    """A run for each start; the first one is always in this process."""
    with ExitStack() as stack:
        beside = RunBeside if is_beside else RunHere
        runs: list[Run] = [RunHere(starts[0]), *(beside(start) for start in starts[1:])]
        for run in runs:
            stack.callback(run.close)
        yield runs


def _run_pages(runs: Sequence[Run], pages: Iterator[Page]) -> Iterator[list[Ends]]:
    """Where the calls of each page ended, by run; told one page late, so that none has to wait."""
    is_first = True
    for page in pages:
        for run in reversed(runs):  # what runs beside has it first
            run.feed(page)
        if not is_first:
            yield [run.next_ends() for run in runs]
        is_first = False
    if not is_first:
        yield [run.next_ends() for run in runs]


def _stream_pages(connection: Connection, period: Period) -> Iterator[Page]:
    stops = StopTimeline(_read_turns(connection, period.seller_id))
    accounts = StandingTimeline(_read_standing_turns(connection, period.seller_id))
    for rows in stream_recorded(connection, period):
        yield Page(
            rows,
            tuple(stops.find_stops(row.arrived_at) for row in rows),
            tuple(accounts.find_standings(row.arrived_at) for row in rows),
        )


def _read_pool(
    connection: Connection, seller_id: str, tables: Sequence[RoutingTable], since: datetime
) -> OutcomePool:
    """The newest attempts of every destination that one of the tables names."""
    named = {name for table in tables for name in table.destination_ids()}
    return OutcomePool(
        {
            name: read_recent_outcomes(connection, seller_id, name, since, _MOST_OUTCOMES)
            for name in sorted(named)
        }
    )


def _remember_past(
    connection: Connection, period: Period, runs: Sequence[Run], past: timedelta
) -> None:
    """Tell each run of the callers of before, as far back as its rules look."""
    if past:
        before = replace(period, since=period.since - past, until=period.since)
        for rows in stream_recorded(connection, before):
            for run in runs:
                run.feed(Page(rows, None))


def _find_longest_past(starts: Sequence[Start]) -> timedelta:
    plans = (make_plan(start.table, start.directory) for start in starts)
    return max(_find_longest_window(plan) for plan in plans)


def _find_longest_window(plan: Plan) -> timedelta:
    """How long before a call its caller's past may matter; thirty days are looked back at most."""
    callers = plan.table.callers
    windows = [callers.min_gap_s, callers.repeats.window_s if callers.repeats else 0]
    windows += [each.rules.duplicates.window_s for each in plan.routes if each.rules.duplicates]
    return min(timedelta(seconds=max(windows)), _LONGEST_PAST)


def _read_turns(connection: Connection, seller_id: str) -> Iterator[StopTurn]:
    newest_first = list_stop_changes(connection, seller_id, most=_MOST_CHANGES)
    return (_read_turn(change) for change in reversed(newest_first))


def _read_standing_turns(connection: Connection, seller_id: str) -> Iterator[StandingTurn]:
    newest_first = list_standing_changes(connection, seller_id, most=_MOST_CHANGES)
    return (
        StandingTurn(
            change.changed_at,
            BuyerStanding(
                buyer_id=change.buyer_id,
                state=change.new,
                effect=change.effect,
                reason=change.reason,
            ),
        )
        for change in reversed(newest_first)
    )


def _read_turn(change: StopChange) -> StopTurn:
    stop = None
    if change.new is not None:
        stop = Stop(
            kind=change.kind,
            subject_id=change.subject_id,
            cause=change.new,
            since=change.changed_at,
            until=change.until,
            reason=change.reason,
            author=change.author,
        )
    return StopTurn(change.changed_at, change.kind, change.subject_id, change.old, stop)


def _stream_entries(connection: Connection, seller_id: str) -> Iterator[ListEntry]:
    after: ListPlace | None = None
    while True:
        page = list_entries(connection, seller_id, after, _PAGE_OF_ENTRIES)
        yield from page
        if len(page) < _PAGE_OF_ENTRIES:
            return
        after = ListPlace.of(page[-1])
