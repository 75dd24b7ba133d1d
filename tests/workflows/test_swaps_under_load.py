"""Law 5: once an activation has returned, no later call is routed by an older table, anywhere."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.live_numbers import find_number
from callrouter.adapters.storage.routing_tables import (
    list_activations,
    list_versions,
    read_table_text,
)
from callrouter.web.app import create_app
from callrouter.workflows.live_tables import read_live_tables
from tests.switchboards import DID, SELLER, TABLE, activate, make_board, open_seller
from tests.twilio_side import TwilioSide, caller_fields

_ID = SELLER.seller_id
FLOOD = "flood-repair"
SWAPS = 20
PROCESSES = 2


@dataclass
class Live:
    """The version that calls which begin now must be routed by, or by a later one."""

    version: int = 1
    over: bool = False


@dataclass
class Process:
    """One web process: its own connections, caches and files."""

    name: int
    twilio: TwilioSide
    live: Live
    calls: list[tuple[str, int, int]] = field(default_factory=list)

    def take_calls(self) -> None:
        """Take one call after the other, and keep its id, the least version and the HTTP status."""
        while not self.live.over:
            call_sid = f"CA{self.name}{len(self.calls):031x}"
            least = self.live.version
            answer = self.twilio.post("/twilio/voice", caller_fields(call_sid=call_sid))
            self.calls.append((call_sid, least, answer.status_code))


@pytest.fixture
def processes(
    database: Database, database_url: str, tmp_path: Path
) -> Iterator[tuple[Process, ...]]:
    open_seller(database)
    live = Live()
    with ExitStack() as stack:
        made = []
        for name in range(PROCESSES):
            own = open_database(database_url)
            stack.callback(own.dispose)
            folder = tmp_path / str(name)
            folder.mkdir()
            board = stack.enter_context(make_board(own, folder))
            board.known_good.refresh()
            made.append(Process(name, TwilioSide(create_app(board).test_client()), live))
        yield tuple(made)


@pytest.mark.slow
def test_no_call_that_begins_after_a_swap_is_routed_by_an_older_table(
    database: Database, processes: tuple[Process, ...]
) -> None:
    live = processes[0].live
    with ThreadPoolExecutor(PROCESSES) as threads:
        running = [threads.submit(process.take_calls) for process in processes]
        try:
            for weight in range(2, SWAPS + 2):
                swapped = TABLE.replace("priority = 1", f"weight = {weight}")
                live.version = activate(database, swapped)
                await_calls(processes)
        finally:
            live.over = True
        for each in running:
            each.result()

    calls = [call for process in processes for call in process.calls]
    assert {status for _, _, status in calls} == {200}
    older, versions = [], set()
    with database.read() as connection:
        for call_sid, least, _ in calls:
            decided = read_decided(connection, _ID, call_sid, 1)
            assert decided is not None
            assert not decided.degraded
            versions.add(decided.decision.table_version)
            if decided.decision.table_version < least:
                older.append((call_sid, decided.decision.table_version, least))
    assert older == []
    assert versions >= set(range(2, SWAPS + 2))


def await_calls(processes: tuple[Process, ...]) -> None:
    """Until each process has answered the call that it had begun, and one that it began since."""
    taken = [len(process.calls) for process in processes]
    tick = threading.Event()
    for _ in range(2_000):
        if all(len(p.calls) >= before + 2 for p, before in zip(processes, taken, strict=True)):
            return
        tick.wait(0.005)
    raise AssertionError("no call was taken for ten seconds")


def test_of_activations_at_once_each_is_whole_and_they_follow_one_another(
    database: Database, database_url: str
) -> None:
    """Two who don't look at each other: the one table has one number, the other another."""
    open_seller(database)
    other_did = "+18005550142"
    over = threading.Event()

    def act(did: str) -> None:
        own = open_database(database_url)
        for weight in range(2, 10):
            text = TABLE.replace(DID, did).replace("priority = 1", f"weight = {weight}")
            activate(own, text)
        own.dispose()

    def look() -> int:
        """What each number is routed by at every moment is a table that has the number."""
        looks = 0
        while not over.is_set():
            for did in (DID, other_did):
                with database.read() as connection:
                    found = find_number(connection, _ID, did)
                    if found is not None:
                        text = read_table_text(connection, _ID, FLOOD, found.active_version)
                        assert did in text
                        looks += 1
        return looks

    with ThreadPoolExecutor(3) as threads:
        looking = threads.submit(look)
        acting = [threads.submit(act, did) for did in (DID, other_did)]
        try:
            for each in acting:
                each.result()
        finally:
            over.set()
        assert looking.result() > 0

    with database.read() as connection:
        log = list_activations(connection, _ID, FLOOD)
        (table,) = (t for t in read_live_tables(connection, _ID).values() if t.campaign_id == FLOOD)
        owned = [d for d in (DID, other_did) if find_number(connection, _ID, d) is not None]
        stored = {version.version for version in list_versions(connection, _ID, FLOOD)}
    assert len(log) == 1 + 2 * 8
    assert all(later.previous_version == earlier.version for later, earlier in pairwise(log))
    assert log[0].version == table.version
    assert owned == [number.number for number in table.numbers]
    assert {entry.version for entry in log} <= stored
