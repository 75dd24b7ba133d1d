"""A replay reads what was recorded: calls, stops, callers and counters, in either database."""

from datetime import timedelta

import pytest

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.recorded_calls import (
    Period,
    count_recorded,
    read_recorded,
    stream_recorded,
)
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    DialEnded,
    LegProgressed,
    LegStatus,
)
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.replay.report import Figures, Move
from callrouter.workflows.advance_call import advance_call
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.live_tables import read_stored_table
from callrouter.workflows.record_event import record_event
from callrouter.workflows.replay_table import WORTH_A_PROCESS, Replayed, replay_table
from callrouter.workflows.route_call import route_call
from callrouter.workflows.stop_traffic import stop_traffic
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import BUYERS, DID, SELLER, T0, TABLE, activate

_ID = SELLER.seller_id
FLOOD = "flood-repair"
BOLT_FIRST = TABLE.replace("priority = 1", "priority = 3")
AFTER = T0 + timedelta(hours=2)


def play(board: Switchboard, number: int, *, talk_s: int = 60, ani: str = "") -> CallArrived:
    """A call whose first attempt talks for so long; 0: it is busy, and the second one talks."""
    at = T0 + timedelta(seconds=30 * number)
    arrived = CallArrived(
        call_sid=f"CA{number:032d}",
        received_at=at,
        did=DID,
        ani=ani or f"+1415555{number:04}",
        caller_state="CA",
    )
    route_call(board, _ID, arrived, "")
    if talk_s == 0:
        _end_attempt(board, arrived, 1, 0)
    _end_attempt(board, arrived, 1 if talk_s else 2, talk_s or 60)
    over = CallEnded(
        call_sid=arrived.call_sid,
        received_at=at + timedelta(seconds=90),
        status=LegStatus.COMPLETED,
        occurred_at=at + timedelta(seconds=90),
        duration_s=90,
    )
    record_event(board, _ID, over, arrived, "")
    return arrived


def _end_attempt(board: Switchboard, arrived: CallArrived, attempt: int, talk_s: int) -> None:
    at = arrived.received_at + timedelta(seconds=talk_s + 5)
    leg_sid = f"{arrived.call_sid[:-2]}f{attempt}"
    status = LegStatus.COMPLETED if talk_s else LegStatus.BUSY
    progressed = LegProgressed(
        call_sid=arrived.call_sid,
        received_at=at,
        attempt=attempt,
        leg_sid=leg_sid,
        status=status,
        occurred_at=at,
        duration_s=talk_s,
    )
    record_event(board, _ID, progressed, arrived, "")
    ended = DialEnded(
        call_sid=arrived.call_sid,
        received_at=at,
        attempt=attempt,
        status=status,
        bridged=talk_s > 0,
        duration_s=talk_s or None,
        leg_sid=leg_sid,
        caller_status=LegStatus.IN_PROGRESS if talk_s else LegStatus.RINGING,
    )
    advance_call(board, _ID, ended, arrived, (), "")


def replay(
    database: Database,
    text: str,
    *,
    told: list[tuple[int, int]] | None = None,
    beside_from: int = WORTH_A_PROCESS,
) -> Replayed:
    """A file against what is live, over all calls so far."""
    with database.read() as connection:
        live = read_stored_table(connection, _ID, FLOOD, 1)
    progress = told if told is not None else []
    return replay_table(
        database,
        _ID,
        read_table(text, "new.toml"),
        live,
        T0,
        AFTER,
        lambda done, total: progress.append((done, total)),
        beside_from=beside_from,
    )


def test_the_same_table_gives_what_really_happened(board: Switchboard) -> None:
    for number in range(4):
        play(board, number, talk_s=60 if number % 2 else 0)
    told: list[tuple[int, int]] = []
    replayed = replay(board.database, TABLE, told=told)
    assert told == [(4, 4)]
    report = replayed.report
    assert (report.calls, report.changed, report.live_left) == (4, 0, 0)
    east, main = report.rows
    assert east.live == east.candidate == Figures(4, 2, 120_000, 0, 0)
    assert main.live == main.candidate == Figures(2, 2, 120_000, 0, 0)
    assert replayed.unmeasured == ()


def test_another_order_moves_calls_and_estimates_what_never_was(board: Switchboard) -> None:
    play(board, 0, talk_s=0)
    for number in range(1, 4):
        play(board, number)
    report = replay(board.database, BOLT_FIRST).report
    assert report.moves == (Move("acme-east", "bolt-main", 3),)
    east, main = report.rows
    assert east.candidate == Figures()
    assert main.candidate == Figures(4, 4, 240_000, 0, 3)


def test_a_destination_without_a_past_is_named(board: Switchboard) -> None:
    play(board, 0)
    assert replay(board.database, BOLT_FIRST).unmeasured == ("bolt-main",)


def test_what_was_stopped_then_is_stopped_in_the_replay(board: Switchboard) -> None:
    play(board, 0)
    stop = Stop(
        kind=StopKind.BUYER,
        subject_id="bolt",
        cause=StopCause.PAUSED,
        since=T0 + timedelta(seconds=40),
    )
    stop_traffic(board.database, _ID, stop)
    play(board, 2)
    assert replay(board.database, BOLT_FIRST).report.moves == (Move("acme-east", "bolt-main", 1),)


def test_who_called_before_the_period_is_known(
    board: Switchboard,
) -> None:
    refusing = TABLE.replace(
        "[[dids]]", '[callers]\nrepeats = { window = "1h", then = "refuse" }\n[[dids]]', 1
    )
    play(board, 0, ani="+14155550177")
    play(board, 1, ani="+14155550177")
    play(board, 3, ani="+14155550188")
    report = replay(board.database, refusing).report
    assert (report.live_left, report.candidate_left) == (0, 1)
    with board.database.read() as connection:
        live = read_stored_table(connection, _ID, FLOOD, 1)
    later = T0 + timedelta(seconds=20)
    again = replay_table(
        board.database, _ID, read_table(refusing, "r"), live, later, AFTER, lambda *_: None
    )
    assert (again.report.calls, again.report.candidate_left) == (2, 1)


def test_what_counters_held_when_the_period_began_counts(board: Switchboard) -> None:
    capped = TABLE.replace("ring_s = 20", 'ring_s = 20\ncaps = ["2 attempts ever"]', 1)
    activate(board.database, capped)
    for number in range(3):
        play(board, number)
    later = T0 + timedelta(seconds=20)
    with board.database.read() as connection:
        live = read_stored_table(connection, _ID, FLOOD, 2)
    found = replay_table(board.database, _ID, live, live, later, AFTER, lambda *_: None).report
    assert [(row.destination_id, row.live.attempts) for row in found.rows] == [
        ("acme-east", 1),
        ("bolt-main", 1),
    ]
    (burst,) = found.bursts
    assert (burst.limit, burst.live, burst.worst_period) == ("2 attempts ever", 1, "ever")


def test_a_destination_that_was_deleted_since_takes_no_call_in_either(board: Switchboard) -> None:
    play(board, 0)
    crest = TABLE.replace('destination = "acme-east"', 'destination = "bolt-two"')
    two = BUYERS + '[[buyers.destinations]]\nid = "bolt-two"\ndial = "+14155550175"\n'
    apply_buyers(board.database, _ID, two, "b.toml", author="", note="", at=T0)
    activate(board.database, crest)
    one = BUYERS.replace('id = "acme-east"', 'id = "acme-new"')
    apply_buyers(board.database, _ID, one + two[len(BUYERS) :], "b.toml", author="", note="", at=T0)
    found = replay(board.database, crest).report
    assert found.calls == 1
    assert {row.destination_id for row in found.rows} == {"bolt-main", "bolt-two"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_many_calls_are_replayed_by_two_processes_and_come_to_the_same(board: Switchboard) -> None:
    for number in range(6):
        play(board, number, talk_s=30 * (number % 2))
    here = replay(board.database, BOLT_FIRST)
    assert replay(board.database, BOLT_FIRST, beside_from=6) == here
    assert here.report.moves


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_pages_have_every_call_that_is_over_once_in_the_order_of_arrival(
    board: Switchboard, page: int
) -> None:
    for number in range(5):
        play(board, number)
    open_call = CallArrived(call_sid="CA9", received_at=T0, did=DID, ani="+14155550123")
    route_call(board, _ID, open_call, "")
    period = Period(_ID, FLOOD, T0, AFTER)
    with board.database.read() as connection:
        pages = list(stream_recorded(connection, period, page=page))
        assert count_recorded(connection, period) == 5
    calls = [read_recorded(row) for each in pages for row in each]
    assert [call.call.call_sid for call in calls] == [f"CA{n:032d}" for n in range(5)]
    assert all(len(each) <= page for each in pages)
    assert calls[0].call.caller_state == "CA"
    assert calls[0].attempts[0].connected_ms == 60_000
