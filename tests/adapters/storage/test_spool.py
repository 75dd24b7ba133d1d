import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callrouter.adapters.storage.spool import PATIENCE_S, Drained, Spool, SpooledEvent
from callrouter.adapters.storage.types import make_storable
from callrouter.domain.calls.events import CallEvent
from callrouter.domain.errors import StorageUnavailableError
from tests.adapters.storage.builders import any_texts, events, unhurried
from tests.domain.builders import CALL_SID, arrived, decided, ended, leg_sid, whispered

EVENTS: tuple[CallEvent, ...] = (arrived(), decided(1, 0.0), whispered(1, 5.0), ended(60.0))


def spooled(event: CallEvent, seller_id: str = "acme") -> SpooledEvent:
    return SpooledEvent(seller_id, event, "CallSid=CA", "+18005550100", "+14155550123")


def numbered(number: int) -> SpooledEvent:
    return spooled(replace(arrived(), call_sid=leg_sid(number)))


def number_of(entry: SpooledEvent) -> int:
    return int(entry.event.call_sid.removeprefix("CA"), 16)


class Target:
    """Where drained events go; it keeps what came, and refuses what it is told to."""

    def __init__(self, refuses: Callable[[SpooledEvent], bool] = lambda _: False) -> None:
        self.batches: list[list[SpooledEvent]] = []
        self._refuses = refuses

    def __call__(self, entries: Sequence[SpooledEvent]) -> None:
        if any(self._refuses(entry) for entry in entries):
            raise ValueError("refused")
        self.batches.append(list(entries))

    @property
    def came(self) -> list[SpooledEvent]:
        return [entry for batch in self.batches for entry in batch]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    opened = Spool(path)
    yield opened
    opened.close()


def test_what_was_appended_is_drained_in_order_and_then_gone(spool: Spool) -> None:
    entries = [spooled(event) for event in EVENTS]
    assert spool.append(entries) == (True,) * 4
    target = Target()
    assert spool.drain(target) == Drained(applied=4, refused=0)
    assert target.batches == [entries]
    assert spool.depth() == 0
    assert spool.drain(target) == Drained()


def test_the_same_event_again_is_not_new_and_stays_as_it_was(spool: Spool) -> None:
    first = spooled(decided(1, 0.0, "acme-east"))
    spool.append([first])
    second = spooled(decided(1, 9.0, "bolt"))
    assert spool.append([second, spooled(EVENTS[0])]) == (False, True)
    assert spool.append([spooled(second.event, "bolt")]) == (True,)
    assert spool.events_of("acme", CALL_SID) == (first.event, EVENTS[0])


def test_a_decision_is_found_by_its_attempt_or_as_the_last(spool: Spool) -> None:
    tries = [decided(n, 10.0 * n) for n in (1, 2, 10)]
    spool.append([*map(spooled, tries), spooled(ended(99.0))])
    assert spool.find_decided("acme", CALL_SID, 2) == tries[1]
    assert spool.find_decided("acme", CALL_SID, None) == tries[2]
    assert spool.find_decided("acme", CALL_SID, 3) is None
    assert spool.find_decided("bolt", CALL_SID, 1) is None
    assert spool.find_decided("acme", "CAother", None) is None


def test_what_was_appended_is_there_after_the_process_ended(path: Path, spool: Spool) -> None:
    spool.append([spooled(event) for event in EVENTS])
    with closing(Spool(path)) as later:
        assert later.events_of("acme", CALL_SID) == EVENTS


def test_callers_numbers_are_for_the_owner_s_eyes(path: Path, spool: Spool) -> None:
    spool.append([spooled(EVENTS[0])])
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


@unhurried
@given(event=events(any_texts), raw=st.none() | any_texts, number=any_texts)
def test_whatever_a_stranger_sends_is_kept_and_drained(
    path: Path, event: CallEvent, raw: str | None, number: str
) -> None:
    target = Target()
    with closing(Spool(path)) as spool:
        spool.append([SpooledEvent("acme", event, raw, number, number)])
        assert len(spool.events_of("acme", event.call_sid)) == 1
        assert spool.drain(target) == Drained(1, 0)
    [entry] = target.came
    assert entry.event.kind == event.kind
    assert entry.raw == (None if raw is None else make_storable(raw))
    assert entry.did == entry.ani == make_storable(number)


def test_a_long_spool_is_drained_in_batches(spool: Spool) -> None:
    spool.append([numbered(n) for n in range(25)])
    target = Target()
    spool.drain(target, batch=10)
    assert [len(batch) for batch in target.batches] == [10, 10, 5]
    assert [number_of(entry) for entry in target.came] == list(range(25))


def test_what_comes_during_the_drain_is_drained_too(spool: Spool) -> None:
    spool.append([numbered(1)])
    target = Target()

    def apply(entries: Sequence[SpooledEvent]) -> None:
        if not target.batches:
            spool.append([numbered(2)])
        target(entries)

    assert spool.drain(apply) == Drained(2, 0)
    assert [number_of(entry) for entry in target.came] == [1, 2]


def test_nothing_is_forgotten_while_the_database_is_away(spool: Spool) -> None:
    spool.append([numbered(n) for n in range(3)])
    target = Target()

    def fail_after_one(entries: Sequence[SpooledEvent]) -> None:
        if target.batches:
            raise StorageUnavailableError("away again")
        target(entries)

    with pytest.raises(StorageUnavailableError, match="away again"):
        spool.drain(fail_after_one, batch=1)
    assert (spool.depth(), spool.is_empty()) == (2, False)
    assert spool.drain(target) == Drained(2, 0)
    assert [number_of(entry) for entry in target.came] == [0, 1, 2]


def test_an_event_that_is_refused_stays_and_does_not_hold_up_the_others(spool: Spool) -> None:
    spool.append([numbered(n) for n in range(7)])
    target = Target(refuses=lambda entry: number_of(entry) == 3)
    with capture_logs() as logs:
        assert spool.drain(target, batch=5) == Drained(applied=6, refused=1)
    assert [number_of(entry) for entry in target.came] == [0, 1, 2, 4, 5, 6]
    assert [log["event"] for log in logs] == ["spooled_event_refused"]
    assert spool.drain(Target()) == Drained(applied=1, refused=0)


def test_an_event_of_a_later_version_waits_for_that_version(path: Path, spool: Spool) -> None:
    spool.append([numbered(n) for n in range(3)])
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE spooled_events SET kind = 'call_teleported' WHERE id = 2")
    with capture_logs() as logs:
        assert spool.drain(Target()) == Drained(applied=2, refused=1)
    assert "call_teleported" in logs[0]["error"]
    assert spool.depth() == 1


def test_a_second_drainer_leaves_it_to_the_first(path: Path, spool: Spool) -> None:
    spool.append([numbered(1)])

    def drain_again(_: Sequence[SpooledEvent]) -> None:
        with closing(Spool(path)) as other:
            assert other.drain(Target()) == Drained()
        assert spool.drain(Target()) == Drained()

    assert spool.drain(drain_again) == Drained(1, 0)


def test_threads_may_append_while_others_drain(path: Path) -> None:
    target, spool = Target(), Spool(path, patience_s=60)

    def append(first: int) -> None:
        for number in range(first, first + 25):
            spool.append([numbered(number)])

    with ThreadPoolExecutor(6) as threads, closing(Spool(path)) as other:
        appending = [threads.submit(append, 100 * n) for n in range(4)]
        while not all(future.done() for future in appending):
            spool.drain(target)
            other.drain(target)
        for future in appending:
            future.result()
    with closing(spool):
        spool.drain(target)
    came = [number_of(entry) for entry in target.came]
    assert sorted(came) == sorted(100 * n + m for n in range(4) for m in range(25))


def test_an_empty_spool_makes_no_file(path: Path, spool: Spool) -> None:
    assert spool.is_empty()
    assert spool.depth() == 0
    assert spool.drain(Target()) == Drained()
    assert list(path.parent.iterdir()) == []


def test_what_another_process_appends_and_drains_is_seen_at_once(path: Path, spool: Spool) -> None:
    with closing(Spool(path)) as other:
        for number in range(50):
            assert other.is_empty()
            spool.append([numbered(number)])
            assert not other.is_empty()
            spool.drain(Target())
            assert other.is_empty()


def test_it_is_seen_at_once_also_after_a_while_without_any_change(path: Path, spool: Spool) -> None:
    with closing(Spool(path)) as other:
        for number in range(5):
            look_for(0.05, other, expected=True)
            spool.append([numbered(number)])
            look_for(0.05, other, expected=False)
            spool.drain(Target())


def look_for(seconds: float, spool: Spool, *, expected: bool) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert spool.is_empty() == expected


def test_an_unchanged_file_is_looked_into_only_now_and_then(spool: Spool) -> None:
    spool.append([numbered(1)])
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as stranger:
        stranger.execute("PRAGMA synchronous = OFF")
        stranger.execute("BEGIN IMMEDIATE")
        stranger.execute("DELETE FROM spooled_events")
        look_for(0.05, spool, expected=False)
        stranger.execute("COMMIT")  # SQLite alone doesn't touch the file itself
        assert not spool.is_empty()
        wait_until(spool.is_empty)


def test_a_write_within_the_tick_of_the_last_one_is_seen_at_once(spool: Spool) -> None:
    spool.append([numbered(1)])
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as stranger:
        stranger.execute("PRAGMA synchronous = OFF")
        assert not spool.is_empty()
        stranger.execute("DELETE FROM spooled_events")  # leaves the stamp of the file as it is
        assert spool.is_empty()


def test_what_this_process_appends_is_noticed_at_once(spool: Spool) -> None:
    assert spool.is_empty()
    spool.append([numbered(1)])
    assert not spool.is_empty()


BREAKS = pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda path: path.write_bytes(b"garbage" * 9_999), id="overwritten"),
        pytest.param(lambda path: os.truncate(path, 5_000), id="cut off"),
    ],
)


@BREAKS
def test_a_broken_file_is_set_aside_and_calls_go_on(
    path: Path, break_it: Callable[[Path], object]
) -> None:
    with closing(Spool(path)) as before:
        before.append([numbered(n) for n in range(200)])
    break_it(path)
    with closing(Spool(path)) as spool, capture_logs() as logs:
        assert spool.append([numbered(1)]) == (True,)
        assert spool.drain(Target()) == Drained(1, 0)
    [log] = [log for log in logs if log["event"] == "spool_set_aside"]
    assert log["path"] == f"{path}.corrupt-1"
    assert Path(log["path"]).exists()


def test_damage_amid_the_file_is_found_when_it_is_read_and_calls_go_on(path: Path) -> None:
    with closing(Spool(path)) as before:
        before.append([numbered(n) for n in range(2_000)])
    with path.open("r+b") as file:
        file.seek(40 * 4_096)
        file.write(b"garbage" * 9_999)
    with closing(Spool(path)) as spool, capture_logs() as logs:
        assert not spool.is_empty()
        assert spool.append([numbered(3_000)]) == (True,)
        spool.drain(Target())
        assert spool.append([numbered(1)]) == (True,)
        assert spool.drain(Target()) == Drained(1, 0)
        assert spool.is_empty()
    assert [log["event"] for log in logs if "spool" in log["event"]] == ["spool_set_aside"]


def test_a_locked_file_holds_no_caller_longer_than_the_patience(path: Path, spool: Spool) -> None:
    """However many callers wait, and whether the file is open already or not."""
    spool.append([numbered(0)])
    took: list[float] = []

    def append(one: Spool, number: int) -> None:
        start = time.monotonic()
        with pytest.raises(StorageUnavailableError, match="can't be used"):
            one.append([numbered(number)])
        took.append(time.monotonic() - start)

    with closing(sqlite3.connect(path, isolation_level=None)) as file, closing(Spool(path)) as new:
        file.execute("BEGIN EXCLUSIVE")
        with ThreadPoolExecutor(12) as threads:
            list(threads.map(append, [spool, new] * 6, range(1, 13)))
        file.execute("ROLLBACK")
        assert max(took) < 5 * PATIENCE_S  # six in a row would take longer
        assert new.append([numbered(13)]) == spool.append([numbered(14)]) == (True,)


def test_a_drain_that_waits_for_the_file_is_in_no_caller_s_way(path: Path, spool: Spool) -> None:
    spool.append([numbered(1)])
    target, lock = Target(), sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def lock_after(entries: Sequence[SpooledEvent]) -> None:
        target(entries)
        lock.execute("BEGIN IMMEDIATE")

    with closing(lock), ThreadPoolExecutor(1) as threads:
        draining = threads.submit(spool.drain, lock_after)
        wait_until(lambda: bool(target.batches))
        wait_until(lambda: lock.in_transaction)
        assert spool.events_of("acme", leg_sid(1)) == (numbered(1).event,)
        with pytest.raises(StorageUnavailableError):
            spool.append([numbered(2)])
        assert not draining.done()
        lock.execute("ROLLBACK")
        assert draining.result() == Drained(1, 0)


def test_a_second_broken_file_is_set_aside_beside_the_first(path: Path) -> None:
    for _ in range(2):
        path.write_bytes(b"garbage" * 99)
        with closing(Spool(path)) as spool, capture_logs():
            spool.append([numbered(1)])
        for file in path.parent.glob("spool.db*"):
            if "corrupt" not in file.name:
                file.unlink()
    assert [f.name for f in sorted(path.parent.glob("*corrupt-?"))] == [
        "spool.db.corrupt-1",
        "spool.db.corrupt-2",
    ]


def test_a_process_that_had_the_broken_file_open_goes_on_with_the_new_one(path: Path) -> None:
    with closing(Spool(path)) as one, closing(Spool(path)) as two, capture_logs():
        two.append([numbered(0)])
        two.close()
        assert two.depth() == 1
        path.write_bytes(b"garbage" * 9_999)
        one.append([numbered(1)])
        two.append([numbered(2)])
        target = Target()
        one.drain(target)
    assert [number_of(entry) for entry in target.came] == [1, 2]


def test_a_spool_that_cannot_be_written_says_so_and_counts_as_empty(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "no such folder" / "spool.db")) as spool:
        with pytest.raises(StorageUnavailableError, match="no such folder"):
            spool.append([numbered(1)])
        assert spool.is_empty()
    (tmp_path / "folder.db").mkdir()
    with closing(Spool(tmp_path / "folder.db")) as spool, capture_logs() as logs:
        assert spool.is_empty()
    assert [log["event"] for log in logs] == ["spool_unreadable"]


_NUMBERED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from callrouter.adapters.storage.spool import Spool, SpooledEvent
from callrouter.domain.calls.events import CallArrived

def numbered(number):
    arrived = CallArrived(
        call_sid=f"CA{number:032x}", received_at=datetime(2026, 9, 15, 17, tzinfo=UTC),
        did="+18005550100", ani="+14155550101",
    )
    return SpooledEvent("acme", arrived, None)
"""
_APPENDS = """
spool, first = Spool(Path(sys.argv[1]), patience_s=60), int(sys.argv[2])
for number in range(first, first + 100_000):
    spool.append([numbered(number)])
    print(number, flush=True)
"""
_DRAINS = """
seen = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def apply(entries):
    numbers = (int(entry.event.call_sid.removeprefix("CA"), 16) for entry in entries)
    os.write(seen, "".join(f"{number}\\n" for number in numbers).encode())

spool = Spool(Path(sys.argv[1]), patience_s=60)
print("ready", flush=True)
while True:
    spool.drain(apply, batch=7)
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own; what it runs isn't counted, since it is killed before it could say."""
    environ = {name: value for name, value in os.environ.items() if "COV" not in name}
    return subprocess.Popen(
        [sys.executable, "-c", _NUMBERED + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def read_lines(process: subprocess.Popen[str], into: list[str]) -> threading.Thread:
    assert process.stdout is not None
    thread = threading.Thread(target=lambda out: into.extend(out), args=(process.stdout,))
    thread.start()
    return thread


def test_nothing_is_lost_when_appenders_and_drainers_are_killed(path: Path, tmp_path: Path) -> None:
    """What an appender said it had kept is drained; twice at most for a killed drainer's batch."""
    seen = tmp_path / "seen"
    acknowledged: list[str] = []
    appenders = [run(_APPENDS, path, 1_000_000 * n) for n in (1, 2)]
    drainers = [run(_DRAINS, path, seen) for _ in range(2)]
    readers = [read_lines(process, acknowledged) for process in appenders]
    wait_until(lambda: len(acknowledged) > 20 and seen.exists() and seen.stat().st_size > 80)
    drainers[0].send_signal(signal.SIGKILL)
    before = seen.stat().st_size
    wait_until(lambda: seen.stat().st_size > before + 80)
    for process in (*appenders, *drainers):
        process.kill()
        process.wait()
    for reader in readers:
        reader.join()
    for process in (*appenders, *drainers):
        assert process.stdout is not None
        process.stdout.close()
    target = Target()
    with closing(Spool(path)) as spool:
        spool.drain(target)
    drained = [int(line) for line in seen.read_text().split()]
    drained += [number_of(entry) for entry in target.came]
    kept = {int(line) for line in acknowledged}
    assert kept <= set(drained)
    assert len(set(drained) - kept) <= len(appenders)  # durable, but killed before it could say so
    assert len(drained) - len(set(drained)) <= 2 * 7


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_child_uses_a_connection_of_its_own_after_a_fork(spool: Spool) -> None:
    script = """
spool = Spool(Path(sys.argv[1]))
spool.append([numbered(1)])
child = os.fork()
if child == 0:
    spool.append([numbered(2)])
    spool.close()
    os._exit(spool.depth())
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 2
spool.append([numbered(3)])
assert spool.depth() == 3
spool.close()
"""
    process = run(script, spool.path)
    process.communicate(timeout=60)
    assert process.returncode == 0
