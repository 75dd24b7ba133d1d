"""A decision explains itself: what was recorded with it gives the same decision again (law 6)."""

import random
from datetime import datetime, timedelta

import pytest

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    DialEnded,
    LegProgressed,
    LegStatus,
)
from callrouter.domain.errors import NotFoundError
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.routing.decision import SkipRule
from callrouter.workflows.advance_call import advance_call
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.decide_again import Recalled, decide_again, recall_decisions
from callrouter.workflows.record_event import record_event
from callrouter.workflows.route_call import route_call
from callrouter.workflows.stop_traffic import stop_traffic
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import DID, SELLER, T0, TABLE, activate

_ID = SELLER.seller_id
RULED = f"""
campaign = "flood-repair"
strategy = "least_used_cap"
[callers]
min_gap_s = 20
[rules]
caps = ["60 attempts per day"]
duplicates = {{ window = "30d", after = "connected" }}
[[dids]]
number = "{DID}"
publisher = "radio-kx"
[[routes]]
destination = "acme-east"
price = "35.00"
caps = ["25 connected per day", "300.00 revenue per hour"]
concurrency = 2
hours = {{ weekdays = "08:00-13:03" }}
[[routes]]
destination = "bolt-main"
spacing_s = 4
filters = ["state != TX"]
[nobody_left]
voicemail = true
"""


def play_calls(board: Switchboard, count: int) -> list[str]:
    """So many calls of few callers, each by chance answered, refused or hung up on."""
    chance = random.Random(7)  # noqa: S311 - the same calls every time
    sids = []
    for number in range(count):
        arrived = CallArrived(
            call_sid=f"CA{number:032d}",
            received_at=T0 + timedelta(seconds=7 * number),
            did=DID,
            ani=f"+1415555{chance.randrange(40):04}",
            caller_state=chance.choice(("TX", "CA", "")),
        )
        sids.append(arrived.call_sid)
        route_call(board, _ID, arrived, "")
        _end_call(board, arrived, chance)
        if number == count // 2:
            _pause(board.database, arrived.received_at)
    return sids


def _end_call(board: Switchboard, arrived: CallArrived, chance: random.Random) -> None:
    """The first attempt fails, or talks; a second one, if there is one, isn't told of."""
    at = arrived.received_at + timedelta(seconds=chance.randint(1, 6))
    if chance.random() < 0.2:
        return
    is_bridged = chance.random() < 0.5
    ended = DialEnded(
        call_sid=arrived.call_sid,
        received_at=at,
        attempt=1,
        status=LegStatus.COMPLETED if is_bridged else LegStatus.BUSY,
        bridged=is_bridged,
        duration_s=5 if is_bridged else None,
        leg_sid="CA" + arrived.call_sid[2:][::-1],
        caller_status=LegStatus.COMPLETED if is_bridged else LegStatus.RINGING,
    )
    advance_call(board, _ID, ended, arrived, (), "")
    if is_bridged:
        leg = LegProgressed(
            call_sid=arrived.call_sid,
            received_at=at,
            attempt=1,
            leg_sid=ended.leg_sid,
            status=LegStatus.COMPLETED,
            occurred_at=at,
            duration_s=5,
        )
        record_event(board, _ID, leg, arrived, "")
        over = CallEnded(
            call_sid=arrived.call_sid,
            received_at=at,
            status=LegStatus.COMPLETED,
            occurred_at=at,
            duration_s=5,
        )
        record_event(board, _ID, over, arrived, "")


def _pause(database: Database, at: datetime) -> None:
    stop = Stop(
        kind=StopKind.DESTINATION,
        subject_id="acme-east",
        cause=StopCause.PAUSED,
        since=at,
        author="ann",
    )
    stop_traffic(database, _ID, stop)


def test_every_recorded_decision_comes_out_the_same_again(board: Switchboard) -> None:
    activate(board.database, RULED)
    sids = play_calls(board, 80)
    with board.database.read() as connection:
        recalled = [each for sid in sids for each in recall_decisions(connection, _ID, sid)]
    asked = [each for each in recalled if each.again is not None]
    assert [each for each in asked if not each.agrees] == []
    seen = {
        candidate.skip.rule
        for each in asked
        for candidate in each.decided.decision.candidates
        if candidate.skip
    }
    assert seen >= {
        SkipRule.ALREADY_TRIED,
        SkipRule.STOPPED,
        SkipRule.FULL,
        SkipRule.FILTERED,
        SkipRule.DUPLICATE,
        SkipRule.TOO_SOON,
        SkipRule.CLOSED,
    }


def test_a_decision_that_asked_no_table_is_not_made_again(board: Switchboard) -> None:
    arrived = CallArrived(call_sid="CA1", received_at=T0, did="+18005550142", ani="+14155550123")
    route_call(board, _ID, arrived, "")
    with board.database.read() as connection:
        (recalled,) = recall_decisions(connection, _ID, "CA1")
        with pytest.raises(NotFoundError, match="no call 'CA2'"):
            recall_decisions(connection, _ID, "CA2")
    assert recalled == Recalled(recalled.decided, None)
    assert recalled.agrees


def test_what_was_recorded_otherwise_than_it_comes_out_is_said(board: Switchboard) -> None:
    arrived = CallArrived(call_sid="CA1", received_at=T0, did=DID, ani="+14155550123")
    route_call(board, _ID, arrived, "")
    activate(board.database, TABLE.replace("ring_s = 20", "ring_s = 30"))
    with board.database.read() as connection:
        (recalled,) = recall_decisions(connection, _ID, "CA1")
        events = read_events(connection, _ID, "CA1")
        assert recalled.agrees  # by the version that it was made by
        compiled = Compiled()
        compiled.table_of(_ID, "flood-repair", 1, TABLE.replace("ring_s = 20", "ring_s = 30"))
        again = decide_again(compiled, connection, _ID, events, recalled.decided)
    assert again is not None
    assert not Recalled(recalled.decided, again).agrees
