"""What a process sees of a PostgreSQL that is killed, frozen, unreachable or busy."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.calls import append_event, read_events
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.live_numbers import find_number
from callrouter.adapters.storage.sellers import bump_change_counter, read_change_counter
from callrouter.domain.errors import StorageUnavailableError
from tests.domain.builders import CALL_SID, DID, arrived
from tests.postgresql import PostgresqlServer

PATIENCE_S = 0.3
PATIENCE_AND_A_BIT_S = PATIENCE_S * 2 + 0.3
"""A bound for a machine that is busy with other things as well."""


@contextmanager
def opened(url: str, patience_s: float | None = PATIENCE_S) -> Iterator[Database]:
    database = open_database(url, patience_s=patience_s)
    try:
        yield database
    finally:
        database.dispose()


def read_one(database: Database) -> int:
    with database.read() as connection:
        return read_change_counter(connection)


def append_one(database: Database) -> bool:
    return append_event(database, "acme", arrived(), None).is_new


def write_one(database: Database) -> None:
    with database.write() as connection:
        bump_change_counter(connection)


def bump_around(database: Database, act: Callable[[], object]) -> None:
    """A transaction with `act` in its middle."""
    with database.write() as connection:
        bump_change_counter(connection)
        act()
        bump_change_counter(connection)


def bump_before(database: Database, act: Callable[[], object]) -> None:
    """A transaction with `act` right before its commit."""
    with database.write() as connection:
        bump_change_counter(connection)
        act()


def eventually(act: Callable[[], object], within_s: float = 10.0) -> None:
    """Repeat until the database serves again."""
    until = time.monotonic() + within_s
    while True:
        try:
            act()
        except StorageUnavailableError:
            assert time.monotonic() < until, "the database was never taken up again"
            time.sleep(0.02)
        else:
            return


USES = pytest.mark.parametrize(
    "use",
    [
        pytest.param(read_one, id="read"),
        pytest.param(append_one, id="single"),
        pytest.param(write_one, id="write"),
    ],
)


@USES
def test_a_restart_of_the_server_between_two_uses_goes_unnoticed(
    postgresql_server: PostgresqlServer, use: Callable[[Database], object]
) -> None:
    with opened(postgresql_server.url) as database:
        use(database)
        postgresql_server.restart()
        use(database)


def test_every_pooled_connection_survives_a_restart(postgresql_server: PostgresqlServer) -> None:
    with opened(postgresql_server.url) as database, ThreadPoolExecutor(4) as threads:
        meeting = threading.Barrier(4)

        def read_together(_: int) -> None:
            with database.read() as connection:
                meeting.wait()
                read_change_counter(connection)

        list(threads.map(read_together, range(4)))
        postgresql_server.restart()
        list(threads.map(read_together, range(4)))


@USES
def test_a_server_that_is_gone_is_reported_at_once_and_taken_up_again(
    postgresql_server: PostgresqlServer, use: Callable[[Database], object]
) -> None:
    with opened(postgresql_server.url) as database:
        use(database)
        postgresql_server.kill()
        began = time.monotonic()
        for _ in range(20):
            with pytest.raises(StorageUnavailableError):
                use(database)
        assert time.monotonic() - began < PATIENCE_AND_A_BIT_S
        postgresql_server.start()
        eventually(lambda: use(database))


@USES
def test_a_server_that_stands_still_holds_nobody_longer_than_the_patience(
    postgresql_server: PostgresqlServer, use: Callable[[Database], object]
) -> None:
    with opened(postgresql_server.url) as database:
        use(database)
        with postgresql_server.frozen():
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(StorageUnavailableError, match=r"within|next try in"):
                    use(database)
                assert time.monotonic() - began < PATIENCE_AND_A_BIT_S
        eventually(lambda: use(database))


def test_many_threads_are_all_let_go_when_the_server_stands_still(
    postgresql_server: PostgresqlServer,
) -> None:
    def timed(_: int) -> float:
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError):
            read_one(database)
        return time.monotonic() - began

    with opened(postgresql_server.url) as database, ThreadPoolExecutor(30) as threads:
        list(threads.map(lambda _: read_one(database), range(30)))
        with postgresql_server.frozen():
            waited = list(threads.map(timed, range(60)))
        assert max(waited) < PATIENCE_AND_A_BIT_S
        eventually(lambda: read_one(database))


def test_while_it_is_down_only_one_caller_in_half_a_second_tries(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        read_one(database)
        with postgresql_server.frozen():
            with pytest.raises(StorageUnavailableError):
                read_one(database)
            began = time.monotonic()
            for _ in range(50):
                with pytest.raises(StorageUnavailableError, match="next try in"):
                    read_one(database)
            assert time.monotonic() - began < 0.3
        eventually(lambda: read_one(database))


def test_an_outage_within_a_transaction_is_no_sign_that_the_database_is_up(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        read_one(database)
        with pytest.raises(StorageUnavailableError, match="within"):
            read_while_frozen_in_a_transaction(database, postgresql_server)
        with pytest.raises(StorageUnavailableError, match="next try in"):
            read_one(database)


def read_while_frozen_in_a_transaction(database: Database, server: PostgresqlServer) -> None:
    with database.write(), server.frozen():
        read_one(database)


def test_a_transaction_that_is_cut_in_its_middle_leaves_nothing(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        with pytest.raises(StorageUnavailableError):
            bump_around(database, postgresql_server.restart)
        eventually(lambda: read_one(database))
        assert read_one(database) == 0


@pytest.mark.parametrize("ending", ["frozen", "kill"])
def test_a_commit_that_is_not_answered_is_an_outage_and_leaves_all_or_nothing(
    postgresql_server: PostgresqlServer, ending: str
) -> None:
    with opened(postgresql_server.url) as database, ExitStack() as outage:

        def end() -> None:
            if ending == "kill":
                postgresql_server.kill()
            else:
                outage.enter_context(postgresql_server.frozen())

        began = time.monotonic()
        with pytest.raises(StorageUnavailableError):
            bump_before(database, end)
        assert time.monotonic() - began < PATIENCE_AND_A_BIT_S
        outage.close()
        postgresql_server.repair()
        eventually(lambda: read_one(database))
        assert read_one(database) in (0, 1)


def test_a_failure_of_ours_while_the_server_stands_still_is_not_held_up_by_the_rollback(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        with ExitStack() as until_rolled_back:

            def freeze_and_fail() -> None:
                until_rolled_back.enter_context(postgresql_server.frozen())
                raise ValueError("ours")

            began = time.monotonic()
            with pytest.raises(ValueError, match="ours"):
                bump_around(database, freeze_and_fail)
            assert time.monotonic() - began < PATIENCE_AND_A_BIT_S
        eventually(lambda: read_one(database))
        assert read_one(database) == 0


def test_an_address_where_nobody_answers_holds_nobody_longer_than_the_patience() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and says nothing
        port = silent.getsockname()[1]
        with opened(f"postgresql://postgres@127.0.0.1:{port}/callrouter") as database:
            began = time.monotonic()
            with pytest.raises(StorageUnavailableError):
                read_one(database)
            assert time.monotonic() - began < PATIENCE_AND_A_BIT_S


def test_an_address_where_nobody_listens_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with (
        opened(f"postgres://postgres@127.0.0.1:{port}/callrouter", None) as database,
        pytest.raises(StorageUnavailableError, match="refused"),
    ):
        read_one(database)


def test_a_lock_that_somebody_holds_too_long_fails_that_caller_and_no_other(
    postgresql_server: PostgresqlServer,
) -> None:
    with (
        opened(postgresql_server.url) as database,
        opened(postgresql_server.url, None) as somebody,
    ):
        with somebody.write() as connection:
            bump_change_counter(connection)
            began = time.monotonic()
            with pytest.raises(StorageUnavailableError, match="lock"):
                write_one(database)
            assert time.monotonic() - began < PATIENCE_AND_A_BIT_S
            assert read_one(database) == 0
        write_one(database)
        assert read_one(database) == 2


def test_a_connection_that_the_server_ends_is_replaced(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        read_one(database)
        with postgresql_server.connect() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'callrouter'"
            )
        assert read_one(database) == 0


def test_unhurried_work_may_take_longer_than_the_patience(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        with database.unhurried().read() as connection:
            connection.execute(sa.select(sa.func.pg_sleep(PATIENCE_S * 2)))
        with pytest.raises(StorageUnavailableError), database.read() as connection:
            connection.execute(sa.select(sa.func.pg_sleep(PATIENCE_S * 4)))


def test_a_pool_that_is_used_up_is_unavailable_for_that_caller(
    postgresql_server: PostgresqlServer,
) -> None:
    leave, entered = threading.Event(), threading.Semaphore(0)

    def hold(_: int) -> None:
        with database.unhurried().read():
            entered.release()
            leave.wait(10)

    with opened(postgresql_server.url) as database, ThreadPoolExecutor(20) as threads:
        held = [threads.submit(hold, n) for n in range(20)]
        for _ in held:
            entered.acquire(timeout=10)
        with pytest.raises(StorageUnavailableError):
            read_one(database)
        leave.set()
        for future in held:
            future.result()
        assert read_one(database) == 0


def test_events_are_kept_once_when_the_outcome_of_the_first_try_is_unknown(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        append_one(database)
        with postgresql_server.frozen(), pytest.raises(StorageUnavailableError):
            append_one(database)
        eventually(lambda: append_one(database))
        with database.read() as connection:
            assert read_events(connection, "acme", CALL_SID) == (arrived(),)


class ForgetfulPath:
    """A network path to the server that loses its connections without telling either side.

    What is sent on one of them afterwards is answered by the next machine: "no such connection".
    """

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = str(server.socket_folder / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lost: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}/callrouter"

    def lose_connections(self) -> None:
        self._lost.update(client for client, _ in self._pairs)

    def close(self) -> None:
        for one in (self._listener, *(one for pair in self._pairs for one in pair)):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._pairs.append((client, server))
                for pair in ((client, server), (server, client)):
                    self._threads.append(threading.Thread(target=self._carry, args=pair))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (sent := source.recv(65536)) and source not in self._lost:
                target.sendall(sent)
            for one in (source, target):
                one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def forgetful_path(postgresql_server: PostgresqlServer) -> Iterator[ForgetfulPath]:
    path = ForgetfulPath(postgresql_server)
    yield path
    path.close()


def test_a_transaction_that_finds_its_connection_lost_begins_again_on_a_new_one(
    forgetful_path: ForgetfulPath,
) -> None:
    with opened(forgetful_path.url, None) as database:
        write_one(database)
        forgetful_path.lose_connections()
        write_one(database)
        assert read_one(database) == 2


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda c: read_change_counter(c) == 0, id="by SQLAlchemy"),
        pytest.param(lambda c: find_number(c, "acme", DID) is None, id="prepared"),
    ],
)
def test_once_one_connection_is_found_lost_no_other_old_one_is_used(
    forgetful_path: ForgetfulPath, use: Callable[[Connection], bool]
) -> None:
    with opened(forgetful_path.url, None) as database:
        with database.read(), database.read(), database.read():
            pass
        forgetful_path.lose_connections()
        with pytest.raises(StorageUnavailableError), database.read() as connection:
            use(connection)
        with database.read() as one, database.read() as two, database.read() as three:
            assert [use(each) for each in (one, two, three)] == [True] * 3


_FORKS = """
import os, sys
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.live_numbers import find_number
from callrouter.adapters.storage.sellers import bump_change_counter, read_change_counter

database = open_database(sys.argv[1], patience_s=5.0)

def count():
    with database.write() as connection:
        bump_change_counter(connection)
    with database.read() as connection:
        return read_change_counter(connection)

assert count() == 1
child = os.fork()
if child == 0:
    answer = count()
    database.dispose()
    os._exit(answer)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 2, status
assert count() == 3
database.dispose()
"""


def test_parent_and_child_each_use_their_own_connections_after_a_fork(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _FORKS, database_url],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_dispose_leaves_no_thread_and_the_next_use_begins_anew(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        for _ in range(2):
            read_one(database)
            assert any(t.name == "storage-watchdog" for t in threading.enumerate())
            database.dispose()
            assert not any(t.name.startswith("storage-") for t in threading.enumerate())


def test_the_driver_says_why_in_one_line_without_our_sql(
    postgresql_server: PostgresqlServer,
) -> None:
    with opened(postgresql_server.url) as database:
        read_one(database)
        postgresql_server.kill()
        with pytest.raises(StorageUnavailableError) as raised:
            read_one(database)
    assert "\n" not in str(raised.value)
    assert "SELECT" not in str(raised.value)
    assert isinstance(raised.value.__cause__, psycopg.Error | sa.exc.DBAPIError)


def test_a_mistake_of_ours_passes_through(postgresql_server: PostgresqlServer) -> None:
    with (
        opened(postgresql_server.url) as database,
        pytest.raises(sa.exc.ProgrammingError) as raised,
        database.read() as connection,
    ):
        connection.exec_driver_sql("SELECT * FROM no_such_table")
    assert isinstance(raised.value.orig, psycopg.errors.UndefinedTable)
