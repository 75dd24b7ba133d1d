"""Calls that happened: through the workflows, as webhooks would bring them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from callrouter.adapters.storage.engine import open_database
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    DialEnded,
    FallbackAsked,
    LegProgressed,
    LegStatus,
)
from callrouter.workflows.advance_call import advance_call
from callrouter.workflows.record_event import record_event
from callrouter.workflows.route_call import route_call
from callrouter.workflows.switchboard import Switchboard
from tests.cli.terminal import Terminal
from tests.switchboards import DID, SELLER, make_board

ANI = "+14155550123"


def call_sid(number: int) -> str:
    return f"CA{number:032d}"


@dataclass
class LiveCall:
    """A call while its webhooks come in; seconds count from its arrival."""

    board: Switchboard
    arrived: CallArrived

    def leg(
        self, attempt: int, seconds: float, status: LegStatus, duration_s: int | None = None
    ) -> None:
        at = self._at(seconds)
        progressed = LegProgressed(
            call_sid=self.arrived.call_sid,
            received_at=at,
            attempt=attempt,
            leg_sid=f"{self.arrived.call_sid[:-2]}f{attempt}",
            status=status,
            occurred_at=at.replace(microsecond=0),
            duration_s=duration_s,
        )
        record_event(self.board, SELLER.seller_id, progressed, self.arrived, "")

    def dial_ended(
        self, attempt: int, seconds: float, status: LegStatus, *, bridged: bool = False
    ) -> None:
        ended = DialEnded(
            call_sid=self.arrived.call_sid,
            received_at=self._at(seconds),
            attempt=attempt,
            status=status,
            bridged=bridged,
            duration_s=None,
            leg_sid=f"{self.arrived.call_sid[:-2]}f{attempt}",
            caller_status=LegStatus.IN_PROGRESS if bridged else LegStatus.RINGING,
        )
        advance_call(self.board, SELLER.seller_id, ended, self.arrived, (), "")

    def ended(self, seconds: float, duration_s: int) -> None:
        at = self._at(seconds)
        ended = CallEnded(
            call_sid=self.arrived.call_sid,
            received_at=at,
            status=LegStatus.COMPLETED,
            occurred_at=at.replace(microsecond=0),
            duration_s=duration_s,
        )
        record_event(self.board, SELLER.seller_id, ended, self.arrived, "")

    def fallback_asked(self, seconds: float) -> None:
        asked = FallbackAsked(
            call_sid=self.arrived.call_sid,
            received_at=self._at(seconds),
            error_code="11200",
            error_url="https://calls.example.com/twilio/voice",
        )
        record_event(self.board, SELLER.seller_id, asked, self.arrived, "")

    def _at(self, seconds: float) -> datetime:
        return self.arrived.received_at + timedelta(seconds=seconds)


@contextmanager
def receiving(
    terminal: Terminal, folder: Path, number: int, *, ani: str = ANI, did: str = DID
) -> Iterator[LiveCall]:
    """A call that arrives at the terminal's database, at the time of its clock."""
    database = open_database(terminal.environ["DATABASE_URL"])
    try:
        with make_board(database, folder, terminal.clock) as board:
            arrived = CallArrived(
                call_sid=call_sid(number), received_at=terminal.clock.now(), did=did, ani=ani
            )
            route_call(board, SELLER.seller_id, arrived, f"CallSid={call_sid(number)}")
            yield LiveCall(board, arrived)
    finally:
        database.dispose()


def play_failover(terminal: Terminal, folder: Path, number: int, *, ani: str = ANI) -> str:
    """acme-east is busy, bolt-main talks for 95 s; the call's id."""
    with receiving(terminal, folder, number, ani=ani) as call:
        call.leg(1, 1.5, LegStatus.RINGING)
        call.leg(1, 3.0, LegStatus.BUSY, 0)
        call.dial_ended(1, 3.25, LegStatus.BUSY)
        call.leg(2, 4.0, LegStatus.RINGING)
        call.leg(2, 9.0, LegStatus.IN_PROGRESS)
        call.leg(2, 104.0, LegStatus.COMPLETED, 95)
        call.dial_ended(2, 104.5, LegStatus.COMPLETED, bridged=True)
        call.ended(105.0, 95)
    return call_sid(number)


def play_open(terminal: Terminal, folder: Path, number: int) -> str:
    """acme-east rings, and nothing more was heard; the call's id."""
    with receiving(terminal, folder, number) as call:
        call.leg(1, 1.5, LegStatus.RINGING)
    return call_sid(number)
