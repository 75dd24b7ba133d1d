"""The thread that looks after a web process."""

import threading
import time
from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.spool import Spool, SpooledEvent
from callrouter.domain.calls.events import CallArrived
from callrouter.workflows.caretaker import Caretaker
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import OTHER_SELLER, SELLER, T0, FakeClock, make_board, open_seller
from tests.twilio_side import CALL_SID
from tests.web.outages import make_unreachable, without_database

WITHIN_S = 10.0


def test_its_first_look_is_over_when_it_has_started(database: Database, tmp_path: Path) -> None:
    open_seller(database)
    with make_board(database, tmp_path) as board:
        caretaker = Caretaker(board)
        caretaker.start()
        assert SELLER.account_sid in board.known_good.current.sellers
        caretaker.stop()
    assert "caretaker" not in [thread.name for thread in threading.enumerate()]


def test_it_goes_on_looking(board: Switchboard) -> None:
    caretaker = Caretaker(board)
    caretaker.start()
    open_seller(board.database, OTHER_SELLER, tables=())
    arrived = CallArrived(call_sid=CALL_SID, received_at=T0, did="", ani="")
    board.spool.append([SpooledEvent(SELLER.seller_id, arrived, None)])

    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline and (
        board.spool.depth() or OTHER_SELLER.account_sid not in board.known_good.current.sellers
    ):
        time.sleep(0.05)
    caretaker.stop()

    assert board.spool.depth() == 0
    assert OTHER_SELLER.account_sid in board.known_good.current.sellers


def test_an_outage_is_said_and_waited_out(tmp_path: Path, clock: FakeClock) -> None:
    url = make_unreachable("refused", tmp_path)
    with without_database(url, tmp_path, clock) as board, capture_logs() as logs:
        Caretaker(board).look_after()

    assert [line["event"] for line in logs] == ["caretaker_waits"]


def test_a_bug_doesnt_end_it(board: Switchboard) -> None:
    class Broken(Spool):
        def is_empty(self) -> bool:
            raise RuntimeError("a bug")

    broken = replace(board, spool=Broken(Path("nowhere")))
    with capture_logs() as logs:
        Caretaker(broken).look_after()

    assert [line["event"] for line in logs] == ["caretaker_failed"]
