"""An outage as callers bring it about: calls fail, a destination is left alone and comes back."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.stops import read_stops
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.routing.decision import Decision, SkipRule
from callrouter.web.app import create_app
from callrouter.workflows.review_stops import review_stops
from callrouter.workflows.stop_traffic import resume_traffic, stop_traffic
from callrouter.workflows.switchboard import Switchboard
from tests.domain.builders import at
from tests.switchboards import SELLER, FakeClock, make_board
from tests.twilio_side import TwilioSide, caller_fields, leg_sid
from tests.web.outages import make_unreachable, without_database


@dataclass
class Callers:
    """People who call one after the other."""

    board: Switchboard
    clock: FakeClock
    twilio: TwilioSide
    calls: int = 0

    def arrive(self, seconds: float) -> str:
        """A call comes; the call's id."""
        self.clock.set(seconds)
        self.calls += 1
        call_sid = f"CA{self.calls:032d}"
        assert (
            self.twilio.post("/twilio/voice", caller_fields(call_sid=call_sid)).status_code == 200
        )
        return call_sid

    def end(
        self, call_sid: str, attempt: int, seconds: float, status: str, talk_s: int = 0
    ) -> None:
        """The carrier says how an attempt ended, as the TwiML told it to."""
        self.clock.set(seconds)
        decision = self.decision(call_sid, attempt)
        assert decision.dial is not None
        told = caller_fields("in-progress" if talk_s else "ringing", call_sid=call_sid)
        told |= {"DialCallStatus": status, "DialBridged": "true" if talk_s else "false"}
        if talk_s:
            told |= {"DialCallSid": leg_sid(attempt), "DialCallDuration": str(talk_s)}
        assert self.twilio.post(self.action(call_sid, attempt), told).status_code == 200

    def action(self, call_sid: str, attempt: int) -> str:
        with self.board.database.read() as connection:
            decided = read_decided(connection, SELLER.seller_id, call_sid, attempt)
        assert decided is not None
        found = re.search(r'action="([^"]+)"', decided.twiml)
        assert found is not None
        return found[1].replace("&amp;", "&")

    def decision(self, call_sid: str, attempt: int = 1) -> Decision:
        with self.board.database.read() as connection:
            decided = read_decided(connection, SELLER.seller_id, call_sid, attempt)
        assert decided is not None
        return decided.decision

    def dialled(self, call_sid: str, attempt: int = 1) -> str:
        dial = self.decision(call_sid, attempt).dial
        return dial.destination_id if dial else ""

    def skip(self, call_sid: str, destination: str) -> tuple[SkipRule, str] | None:
        found = next(
            c.skip for c in self.decision(call_sid).candidates if c.destination_id == destination
        )
        return (found.rule, found.saw) if found else None


def break_acme(callers: Callers) -> None:
    """Five calls that acme-east can't be given; each goes on to bolt-main, who talks."""
    for second in range(0, 50, 10):
        call_sid = callers.arrive(second)
        assert callers.dialled(call_sid) == "acme-east"
        callers.end(call_sid, 1, second + 2, "failed")
        assert callers.dialled(call_sid, 2) == "bolt-main"
        callers.end(call_sid, 2, second + 9, "completed", talk_s=6)


def test_failing_calls_open_the_breaker_and_one_probe_closes_it(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    callers = Callers(board, clock, twilio)
    break_acme(callers)

    passed_by = callers.arrive(60)
    assert callers.dialled(passed_by) == "bolt-main"
    assert callers.skip(passed_by, "acme-east") == (
        SkipRule.STOPPED,
        "breaker open since 13:00 America/New_York, 5 of 5 failed",
    )

    probe = callers.arrive(163)
    beside = callers.arrive(164)
    assert callers.dialled(probe) == "acme-east"
    assert callers.dialled(beside) == "bolt-main"
    assert callers.skip(beside, "acme-east") is not None
    callers.end(probe, 1, 190, "completed", talk_s=20)

    assert callers.dialled(callers.arrive(200)) == "acme-east"
    assert callers.dialled(callers.arrive(201)) == "acme-east"


def test_a_probe_that_fails_is_the_last_for_twice_as_long(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    callers = Callers(board, clock, twilio)
    break_acme(callers)
    review_stops(board.database, board.compiled, FakeClock(at(163)))

    probe = callers.arrive(170)
    callers.end(probe, 1, 172, "busy")

    assert callers.dialled(probe, 2) == "bolt-main"
    assert callers.dialled(callers.arrive(300)) == "bolt-main"
    with board.database.read() as connection:
        [stop] = read_stops(connection, SELLER.seller_id)
    assert (stop.cause, stop.until) == (StopCause.BREAKER_OPEN, at(172 + 240))


def test_a_person_may_be_quicker_than_the_cool_down(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    callers = Callers(board, clock, twilio)
    break_acme(callers)

    resume_traffic(
        board.database,
        SELLER.seller_id,
        StopKind.DESTINATION,
        "acme-east",
        author="maria",
        note="trunk is back",
        at=at(70),
    )

    assert callers.dialled(callers.arrive(71)) == "acme-east"


def test_an_open_breaker_is_respected_without_the_database_too(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide, tmp_path: Path
) -> None:
    break_acme(Callers(board, clock, twilio))
    board.known_good.refresh()

    clock.set(60)
    with without_database(make_unreachable("refused", tmp_path), tmp_path, clock) as cut_off:
        client = TwilioSide(create_app(cut_off).test_client())
        twiml = client.post("/twilio/voice", caller_fields(call_sid="CA" + "9" * 32)).text

    assert "+14155550174" in twiml
    assert "+12125550171" not in twiml


@pytest.mark.parametrize(
    ("kind", "subject_id", "dialled"),
    [
        (StopKind.DESTINATION, "acme-east", "bolt-main"),
        (StopKind.BUYER, "acme", "bolt-main"),
        (StopKind.PUBLISHER, "radio-kx", ""),
    ],
)
def test_once_somebody_is_paused_no_later_call_goes_there_whoever_answers_it(
    board: Switchboard,
    clock: FakeClock,
    twilio: TwilioSide,
    database: Database,
    tmp_path: Path,
    kind: StopKind,
    subject_id: str,
    dialled: str,
) -> None:
    (tmp_path / "other").mkdir()
    with make_board(database, tmp_path / "other", clock) as other:
        other.known_good.refresh()
        first = Callers(board, clock, twilio)
        second = Callers(other, clock, TwilioSide(create_app(other).test_client()), calls=100)
        assert first.dialled(first.arrive(1)) == second.dialled(second.arrive(1)) == "acme-east"

        stop = Stop(kind=kind, subject_id=subject_id, cause=StopCause.PAUSED, since=at(2))
        stop_traffic(database, SELLER.seller_id, stop)

        assert first.dialled(first.arrive(3)) == second.dialled(second.arrive(3)) == dialled
        resume_traffic(
            database, SELLER.seller_id, kind, subject_id, author="maria", note="", at=at(4)
        )
        assert first.dialled(first.arrive(5)) == second.dialled(second.arrive(5)) == "acme-east"
