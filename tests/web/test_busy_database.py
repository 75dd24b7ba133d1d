"""Others write for so long that a webhook is answered without the database: a repeat still agrees.

What is live takes acme, whose calls at once are counted; without the database bolt is taken, since
nobody can count.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.spool import Spool, SpooledEvent
from callrouter.web.app import create_app
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import TABLE, make_board, open_seller
from tests.twilio_side import TwilioSide, caller_fields

PATIENCE_S = 0.1
ACME, BOLT = "+12125550171", "+14155550174"
COUNTED = TABLE.replace("priority = 1", "priority = 1\nconcurrency = 5")
VOICE = "/twilio/voice"
ATTEMPT_1 = "/twilio/attempts/1?d=bolt-main&tried=bolt-main"
BUSY = {"DialCallStatus": "busy", "DialBridged": "false"}


@pytest.fixture
def file(sqlite_url: str) -> str:
    return sqlite_url.removeprefix("sqlite:///")


@pytest.fixture
def board(sqlite_url: str, tmp_path: Path) -> Iterator[Switchboard]:
    database = open_database(sqlite_url, patience_s=PATIENCE_S)
    open_seller(database, tables=(COUNTED,))
    with make_board(database, tmp_path) as made:
        made.known_good.refresh()
        yield made
    database.dispose()


@contextmanager
def writing(file: str) -> Iterator[Callable[[], object]]:
    """Another process writes; it has done with what is yielded."""
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield lambda: other.execute("ROLLBACK")
    finally:
        other.close()


def ask(board: Switchboard, target: str = VOICE) -> str:
    fields = caller_fields("ringing") | (BUSY if target != VOICE else {})
    return TwilioSide(create_app(board).test_client()).post(target, fields).text


class SlowSpool(Spool):
    """A spool that keeps nothing before `meanwhile` has happened."""

    meanwhile: Callable[[], None]

    def append(self, entries: Sequence[SpooledEvent]) -> tuple[bool, ...]:
        self.meanwhile()
        return super().append(entries)


@pytest.mark.parametrize("target", [VOICE, ATTEMPT_1])
def test_a_repeat_that_comes_to_write_before_the_first_is_spooled_gets_the_answer_of_the_first(
    board: Switchboard, file: str, tmp_path: Path, target: str
) -> None:
    repeats: list[Future[str]] = []
    spool = SlowSpool(tmp_path / "slow.db")
    busy = replace(board, spool=spool)
    with writing(file) as have_done, ThreadPoolExecutor(1) as threads:

        def repeat() -> None:
            have_done()
            repeats.append(threads.submit(ask, busy, target))
            wait_for(repeats, timeout=3 * PATIENCE_S)

        spool.meanwhile = repeat
        first = ask(busy, target)
        [repeated] = repeats

        assert repeated.result() == first
    drain_spool(busy)
    assert ask(busy, target) == first
    spool.close()


@pytest.mark.parametrize("target", [VOICE, ATTEMPT_1])
def test_a_repeat_that_cant_write_gets_the_answer_that_was_recorded(
    board: Switchboard, file: str, target: str
) -> None:
    first = ask(board, target)
    with writing(file):
        assert ask(board, target) == first
    drain_spool(board)
    assert ask(board, target) == first
