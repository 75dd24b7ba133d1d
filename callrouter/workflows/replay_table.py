"""Run a campaign's recorded calls through a candidate table and the live one, and compare.

Reads only. Calls come in pages, each table keeps counters of its own: memory stays bounded.
"""

from collections.abc import Callable, Iterator
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
from callrouter.adapters.storage.stops import StopChange, list_stop_changes
from callrouter.domain.caller_lists import ListEntry
from callrouter.domain.plan import Plan, make_plan
from callrouter.domain.replay.outcome_draws import OutcomePool
from callrouter.domain.replay.remembered_callers import RememberedCallers
from callrouter.domain.replay.replayed_table import ReplayedTable
from callrouter.domain.replay.report import ReplayReport, ReplayTally
from callrouter.domain.replay.stop_timeline import StopTimeline, StopTurn
from callrouter.domain.routing_table import RoutingTable
from callrouter.domain.stops import Stop

_MOST_OUTCOMES = 500
_MOST_CHANGES = 100_000
_LONGEST_PAST = timedelta(days=30)
_PAGE_OF_ENTRIES = 1000

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
) -> Replayed:
    """Every call of the campaign that arrived in the period and is over, by both tables.

    With today's directory. A destination that the directory has no more takes no call in either.
    """
    period = Period(seller_id, candidate.campaign_id, since, until)
    with database.read() as connection:
        directory = read_directory(connection, seller_id, None)
        plans = (make_plan(live, directory), make_plan(candidate, directory))
        pool = _read_pool(connection, seller_id, plans, since)
        first = read_first_conditions(connection, period)
        used = first.usage if first else {}
        entries = tuple(_stream_entries(connection, seller_id))
        runs = [
            ReplayedTable(plan, pool, RememberedCallers(candidate.campaign_id, entries), used)
            for plan in _drop_twin(plans)
        ]
        _remember_past(connection, period, runs)
        tally = ReplayTally()
        timeline = StopTimeline(_read_turns(connection, seller_id))
        total = count_recorded(connection, period)
        done = 0
        for page in stream_recorded(connection, period):
            for recorded in page:
                stops = timeline.find_stops(recorded.arrived_at)
                placed = [run.place(recorded, stops) for run in runs]
                tally.add(placed[0], placed[-1])
            done += len(page)
            on_progress(done, total)
    named = sorted(live.destination_ids() | candidate.destination_ids())
    unmeasured = tuple(name for name in named if not pool.has_past(name))
    return Replayed(live, candidate, since, until, tally.report(), unmeasured)


def _drop_twin(plans: tuple[Plan, Plan]) -> tuple[Plan, ...]:
    """Both, or one when they say the same: what comes out is the same then, too."""
    live, candidate = plans
    is_twin = replace(live.table, version=0) == replace(candidate.table, version=0)
    return (live,) if is_twin else plans


def _read_pool(
    connection: Connection, seller_id: str, plans: tuple[Plan, Plan], since: datetime
) -> OutcomePool:
    """The newest attempts of every destination that one of the tables names."""
    named = plans[0].table.destination_ids() | plans[1].table.destination_ids()
    return OutcomePool(
        {
            name: read_recent_outcomes(connection, seller_id, name, since, _MOST_OUTCOMES)
            for name in sorted(named)
        }
    )


def _remember_past(connection: Connection, period: Period, runs: list[ReplayedTable]) -> None:
    """Tell each run of the callers of before, as far back as its rules look."""
    past = max(_find_longest_window(run.plan) for run in runs)
    if past:
        before = replace(period, since=period.since - past, until=period.since)
        for page in stream_recorded(connection, before):
            for recorded in page:
                for run in runs:
                    run.remember(recorded)


def _find_longest_window(plan: Plan) -> timedelta:
    """How long before a call its caller's past may matter; thirty days are looked back at most."""
    callers = plan.table.callers
    windows = [callers.min_gap_s, callers.repeats.window_s if callers.repeats else 0]
    windows += [each.rules.duplicates.window_s for each in plan.routes if each.rules.duplicates]
    return min(timedelta(seconds=max(windows)), _LONGEST_PAST)


def _read_turns(connection: Connection, seller_id: str) -> Iterator[StopTurn]:
    newest_first = list_stop_changes(connection, seller_id, most=_MOST_CHANGES)
    return (_read_turn(change) for change in reversed(newest_first))


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
