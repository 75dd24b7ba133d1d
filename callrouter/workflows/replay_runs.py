"""The runs of a replay's tables: in this process, or beside it in another, on a core of its own.

A run is fed pages of recorded calls and says of each page where its calls ended.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from types import MappingProxyType
from typing import Protocol, TypeAlias

from callrouter.adapters.storage.recorded_calls import RecordedRow, read_recorded
from callrouter.domain.callers.caller_lists import ListEntry
from callrouter.domain.errors import CallrouterError
from callrouter.domain.health.stops import Stop
from callrouter.domain.limits.caps import Usage
from callrouter.domain.limits.standing import Standings
from callrouter.domain.replay.outcome_draws import OutcomePool
from callrouter.domain.replay.remembered_callers import RememberedCallers
from callrouter.domain.replay.replayed_table import ReplayedTable
from callrouter.domain.replay.report import TableTally, name_end
from callrouter.domain.routing.plan import make_plan
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import RoutingTable

_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with: the table, who is in the directory, the past, the counters."""

    table: RoutingTable
    directory: Directory
    pool: OutcomePool
    entries: tuple[ListEntry, ...]
    used: Mapping[str, Usage]


@dataclass(frozen=True, slots=True)
class Page:
    """Calls with what stood when each came; `stops` is None for calls from before the period.

    `standings` are those of buyers' accounts, for each call as well, or empty where none matters.
    """

    rows: tuple[RecordedRow, ...]
    stops: tuple[tuple[Stop, ...], ...] | None
    standings: tuple[Standings, ...] = ()


Ends: TypeAlias = list[str]
"""Where the calls of a page ended, by `name_end`, in their order."""


class Run(Protocol):
    """One table's run over all pages."""

    def feed(self, page: Page) -> None:
        """Hand over the next page."""

    def next_ends(self) -> Ends:
        """The ends of the earliest page that were not asked for yet."""

    def finish(self) -> TableTally:
        """All that the table did; after this the run is over."""

    def close(self) -> None:
        """End it, finished or not."""


class RunHere:
    """A run in this process."""

    def __init__(self, start: Start) -> None:
        # Counters are known by their identity: the plan is made where it is used.
        plan = make_plan(start.table, start.directory)
        callers = RememberedCallers(
            start.table.campaign_id, start.entries, asks_history=plan.knows_callers
        )
        self._table = ReplayedTable(plan, start.pool, callers, start.used)
        self._tally = TableTally()
        self._ends: deque[Ends] = deque()

    def feed(self, page: Page) -> None:
        """Run the page."""
        calls = [read_recorded(row) for row in page.rows]
        if page.stops is None:
            for recorded in calls:
                self._table.remember(recorded)
            return
        ends = []
        accounts = page.standings or ({},) * len(calls)
        for recorded, stops, standings in zip(calls, page.stops, accounts, strict=True):
            placed = self._table.place(recorded, stops, standings)
            self._tally.add(placed)
            ends.append(name_end(placed))
        self._ends.append(ends)

    def next_ends(self) -> Ends:
        """The ends of the earliest page that were not asked for yet."""
        return self._ends.popleft()

    def finish(self) -> TableTally:
        """All that the table did."""
        return self._tally

    def close(self) -> None:
        """Nothing is left to end."""


class RunBeside:
    """The same in a process of its own; it is at most one page behind.

    Raises CallrouterError when that process ended before its work was done.
    """

    def __init__(self, start: Start) -> None:
        # Not forked: whoever calls may have threads, and connections that are only its own.
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run_beside, args=(theirs, start), daemon=True)
        self._process.start()
        theirs.close()

    def feed(self, page: Page) -> None:
        """Hand the page over; waits until the one before is done."""
        self._send(page)

    def next_ends(self) -> Ends:
        """The ends of the earliest page that were not asked for yet."""
        ends = self._receive()
        assert isinstance(ends, list)  # noqa: S101 - what `_run_beside` sends for a page
        return ends

    def finish(self) -> TableTally:
        """All that the table did."""
        self._send(None)
        tally = self._receive()
        assert isinstance(tally, TableTally)  # noqa: S101 - what `_run_beside` sends at the end
        return tally

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._pipe.close()
        self._process.terminate()
        self._process.join(_PATIENCE_S)

    def _send(self, page: Page | None) -> None:
        try:
            self._pipe.send(page)
        except OSError as error:
            if self._pipe.poll():  # before it ended it may have said why
                self._receive()
            raise self._lost() from error

    def _receive(self) -> Ends | TableTally:
        try:
            received: Ends | TableTally | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if isinstance(received, Exception):
            raise received
        return received

    def _lost(self) -> CallrouterError:
        self._process.join(_PATIENCE_S)
        return CallrouterError(
            f"the process that ran the other table ended early (exit code {self._process.exitcode})"
        )


def _run_beside(
    pipe: "Connection[Ends | TableTally | Exception, Page | None]", start: Start
) -> None:
    """What the other process does: a page in, its ends out, at last the tally."""
    run = RunHere(start)
    while (page := pipe.recv()) is not None:
        try:
            run.feed(page)
            if page.stops is not None:
                pipe.send(run.next_ends())
        except Exception as error:  # raised again where somebody reads it
            pipe.send(error)
            return
    pipe.send(run.finish())


Made: TypeAlias = tuple[dict[object, object]]


def _wrap(kept: dict[object, object]) -> "MappingProxyType[object, object]":
    return MappingProxyType(kept)


def _reduce(mapping: "MappingProxyType[object, object]") -> tuple[Callable[..., object], Made]:
    return _wrap, (dict(mapping),)


# The views that tables and directories have of their mappings can't be handed over as they are.
ForkingPickler.register(MappingProxyType, _reduce)
