"""Caps through the real application: room is taken before a dial, given back or counted after."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.stops import change_stop
from callrouter.domain.calls.events import RouteDecided
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar
from callrouter.domain.routing.next_destination import decide
from callrouter.workflows.decide_next import decide_by_live_table
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.sweep_open_calls import sweep_open_calls
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import DID, SELLER, T0, TABLE, FakeClock, activate
from tests.twilio_side import ANI
from tests.web.outages import AWAY, make_unreachable, without_database
from tests.web.placed_calls import Calls, sid

TODAY = "/day:2026-09-15/in:flood-repair/destination:acme-east"
AT_ONCE = "concurrent/ever/destination:acme-east"
ROUTE = 'destination = "acme-east"\n'


def capped(rules: str) -> str:
    """The table of the tests with rules on its first route."""
    return TABLE.replace(ROUTE, ROUTE + rules + "\n")


@pytest.fixture
def calls(board: Switchboard, clock: FakeClock) -> Calls:
    return Calls(board, clock)


def usage(board: Switchboard, key: str) -> tuple[int, int]:
    """What a counter has used, and what is held on it."""
    with board.database.read() as connection:
        found = read_usage(connection, SELLER.seller_id, [key])[key]
    return found.used, found.held


def decided(board: Switchboard, number: int, attempt: int = 1) -> RouteDecided:
    with board.database.read() as connection:
        found = read_decided(connection, SELLER.seller_id, sid(number), attempt)
    assert found is not None
    return found


def test_room_is_held_while_a_call_is_in_progress_and_the_next_call_is_told_why(
    board: Switchboard, calls: Calls
) -> None:
    activate(board.database, capped('caps = ["1 connected per day"]'))

    assert [calls.arrive(1), calls.arrive(2)] == ["acme", "bolt"]

    assert usage(board, "connected" + TODAY) == (0, 1)
    skip = decided(board, 2).decision.candidates[0].skip
    assert skip is not None
    said = "cap 1/1 connected today (1 of them in progress), resets 00:00 America/New_York"
    assert (skip.rule, skip.saw) == ("full", said)


def test_a_call_that_nobody_took_gives_its_room_back(board: Switchboard, calls: Calls) -> None:
    activate(board.database, capped('caps = ["1 connected per day"]'))
    calls.arrive(1)

    assert calls.fail(1) == "bolt"

    assert usage(board, "connected" + TODAY) == (0, 0)
    assert calls.arrive(2) == "acme"


def test_a_call_whose_caller_left_gives_its_room_back(board: Switchboard, calls: Calls) -> None:
    activate(board.database, capped('caps = ["1 connected per day"]'))
    calls.arrive(1)
    calls.fail(1, "canceled")
    calls.end(1)

    assert calls.arrive(2) == "acme"


def test_a_call_that_talked_counts_until_midnight_where_the_buyer_is(
    board: Switchboard, calls: Calls, clock: FakeClock
) -> None:
    activate(board.database, capped('caps = ["1 connected per day"]'))
    calls.arrive(1)
    calls.talk(1, 60)

    assert usage(board, "connected" + TODAY) == (1, 0)
    clock.at = T0.replace(hour=3, minute=59, day=16)  # 23:59 in New York
    assert calls.arrive(2) == "bolt"
    clock.at += timedelta(minutes=1)
    assert calls.arrive(3) == "acme"


@pytest.mark.parametrize(
    ("seconds", "counted"),
    [pytest.param(119, 0, id="too short"), pytest.param(120, 1, id="payable")],
)
def test_only_a_call_that_lasted_counts_as_payable_and_earns(
    board: Switchboard, calls: Calls, seconds: int, counted: int
) -> None:
    rules = 'price = "35.00"\npayable_after_s = 120\n'
    caps = 'caps = ["9 payable per day", "99.00 revenue per day", "9 attempts per day"]'
    activate(board.database, capped(rules + caps))
    calls.arrive(1)
    assert usage(board, "revenue" + TODAY) == (0, 35_000_000)

    calls.talk(1, seconds)

    assert usage(board, "payable" + TODAY) == (counted, 0)
    assert usage(board, "revenue" + TODAY) == (35_000_000 * counted, 0)
    assert usage(board, "attempts" + TODAY) == (1, 0)


def test_a_webhook_that_comes_twice_takes_room_once(board: Switchboard, calls: Calls) -> None:
    activate(board.database, capped("concurrency = 5"))

    assert [calls.arrive(1), calls.arrive(1)] == ["acme", "acme"]
    assert usage(board, AT_ONCE) == (0, 1)
    assert [calls.fail(1), calls.fail(1)] == ["bolt", "bolt"]
    assert usage(board, AT_ONCE) == (0, 0)


def test_a_call_of_which_something_else_was_heard_first_takes_its_room_too(
    board: Switchboard, calls: Calls
) -> None:
    activate(board.database, capped("concurrency = 1"))
    calls.end(1)

    assert calls.arrive(1) == "acme"

    assert usage(board, AT_ONCE) == (0, 1)
    assert calls.arrive(2) == "bolt"


def test_the_buyer_s_one_telephone_is_free_for_the_next_attempt_of_the_same_call(
    board: Switchboard, calls: Calls
) -> None:
    """Both destinations share the buyer's line: the first attempt must let it go first."""
    shared = TABLE.replace('destination = "bolt-main"', 'destination = "bolt-main"\ngroup = "line"')
    shared = shared.replace(ROUTE, ROUTE + 'group = "line"\n')
    activate(board.database, shared + '[[groups]]\nid = "line"\nconcurrency = 1\n')
    assert calls.arrive(1) == "acme"
    assert calls.arrive(2) == "nobody"

    assert calls.fail(1) == "bolt"

    assert usage(board, "concurrent/ever/group:flood-repair.line") == (0, 1)


def test_fifty_calls_at_once_get_one_slot_and_none_of_them_hears_an_error(
    board: Switchboard, clock: FakeClock
) -> None:
    activate(board.database, capped('caps = ["1 connected per day", "7 attempts ever"]'))

    with ThreadPoolExecutor(10) as pool:
        dialled = Counter(pool.map(Calls(board, clock).arrive, range(50)))

    assert dialled == {"acme": 1, "bolt": 49}
    assert usage(board, "connected" + TODAY) == (0, 1)


def test_a_lost_call_is_swept_and_gives_its_room_back(
    board: Switchboard, calls: Calls, clock: FakeClock
) -> None:
    class NobodyKnows:
        def fetch_call(self, call_sid: str) -> None:
            assert call_sid == sid(1)

        def list_numbers(self) -> tuple[()]:
            return ()

    activate(board.database, capped("concurrency = 1"))
    calls.arrive(1)
    clock.at += timedelta(hours=25)

    sweep_open_calls(board.database, lambda _: NobodyKnows(), clock, timedelta(minutes=3))

    assert usage(board, AT_ONCE) == (0, 0)


def test_a_recorded_decision_can_be_made_again_from_what_was_recorded_with_it(
    board: Switchboard, calls: Calls
) -> None:
    rules = 'caps = ["1 connected per day"]\nspacing_s = 5\nduplicates = { window = "30d" }'
    activate(board.database, capped(rules))
    calls.arrive(1)
    calls.talk(1, 60)
    calls.arrive(2)

    for number in (1, 2):
        event = decided(board, number)
        recorded = event.decision
        with board.database.read() as connection:
            plan = board.compiled.plan(
                connection,
                SELLER.seller_id,
                recorded.campaign_id,
                recorded.table_version,
                recorded.directory_version,
            )
        call = CallSoFar(sid(number), DID, read_caller(ANI), recorded.publisher, caller_state="CA")
        conditions = event.conditions or Conditions(at=event.received_at)
        assert decide(plan, call, conditions) == recorded
    assert decided(board, 2).conditions is not None


def test_the_phones_of_a_ring_group_that_do_not_answer_are_free_while_another_talks(
    board: Switchboard, calls: Calls, clock: FakeClock
) -> None:
    group = 'group = "desks"\nconcurrency = 1\n'
    table = TABLE.replace(ROUTE, ROUTE + group)
    table = table.replace('destination = "bolt-main"\n', 'destination = "bolt-main"\n' + group)
    ring = '[[groups]]\nid = "desks"\nring = "together"\nconcurrency = 9\n'
    buyers = "".join(f'[[buyers]]\nid = "{name}"\nconcurrency = 2\n' for name in ("acme", "bolt"))
    activate(board.database, table + ring + buyers)
    calls.arrive(1)
    assert usage(board, "concurrent/ever/buyer:acme") == (0, 1)
    assert usage(board, AT_ONCE) == (0, 1)
    assert usage(board, "concurrent/ever/destination:bolt-main") == (0, 1)

    calls.tell(1, "canceled", 0)

    assert usage(board, AT_ONCE) == (0, 0)
    assert usage(board, "concurrent/ever/buyer:acme") == (0, 0)
    assert usage(board, "concurrent/ever/buyer:bolt") == (0, 1)
    assert usage(board, "concurrent/ever/destination:bolt-main") == (0, 1)
    assert usage(board, "concurrent/ever/group:flood-repair.desks") == (0, 1)


@pytest.fixture(params=list(AWAY))
def stranded(
    request: pytest.FixtureRequest, board: Switchboard, tmp_path: Path, clock: FakeClock
) -> Iterator[Switchboard]:
    """A process of the same machine that started while the database is away."""
    activate(board.database, capped("concurrency = 1"))
    board.known_good.refresh()
    with without_database(make_unreachable(request.param, tmp_path), tmp_path, clock) as down:
        yield down


def test_what_can_not_be_counted_is_passed_by_while_the_database_is_away(
    stranded: Switchboard, board: Switchboard, clock: FakeClock
) -> None:
    assert Calls(stranded, clock).arrive(1) == "bolt"

    drain_spool(board)
    skip = decided(board, 1).decision.candidates[0].skip
    assert skip is not None
    assert skip.rule == "uncounted"


def test_room_that_was_taken_before_an_outage_is_given_back_when_the_spool_is_drained(
    stranded: Switchboard, board: Switchboard, clock: FakeClock
) -> None:
    Calls(board, clock).arrive(1)
    assert usage(board, AT_ONCE) == (0, 1)
    away = Calls(stranded, clock)
    away.fail(1)
    away.end(1)
    assert usage(board, AT_ONCE) == (0, 1)

    drain_spool(board)

    assert usage(board, AT_ONCE) == (0, 0)


def test_a_counter_that_had_no_room_a_moment_ago_is_not_tried_again(board: Switchboard) -> None:
    """However quickly it is free again: else two calls could take turns for ever."""
    rules = 'caps = ["1 connected per day"]\nspacing_s = 30'
    activate(board.database, capped(rules))
    call = CallSoFar(sid(1), DID, read_caller(ANI))

    def say(full: set[str]) -> list[str]:
        with board.database.read() as connection:
            found = decide_by_live_table(
                board.compiled, connection, SELLER.seller_id, call, T0, full=frozenset(full)
            )
        return [c.skip.saw if c.skip else "" for c in found.decision.candidates]

    assert say(set()) == ["", ""]
    assert say({"connected" + TODAY}) == [
        "cap 1/1 connected today, resets 00:00 America/New_York",
        "",
    ]
    assert say({AT_ONCE}) == ["0 s since the last call, spacing 30 s", ""]


def test_a_probe_that_another_call_took_a_moment_ago_is_not_tried_again(
    board: Switchboard, calls: Calls
) -> None:
    """Though that one is over by now, and its counter there, with nothing on it."""
    half_open = Stop(
        kind=StopKind.DESTINATION, subject_id="acme-east", cause=StopCause.HALF_OPEN, since=T0
    )
    with board.database.write() as connection:
        change_stop(
            connection, SELLER.seller_id, None, half_open, at=T0, author="test", reason="test"
        )
    assert calls.arrive(1) == "acme"
    assert calls.fail(1, "canceled") == "bolt"
    call = CallSoFar(sid(2), DID, read_caller(ANI))

    with board.database.read() as connection:
        found = decide_by_live_table(
            board.compiled,
            connection,
            SELLER.seller_id,
            call,
            T0,
            full=frozenset({"probe/destination:acme-east"}),
        )

    skip = found.decision.candidates[0].skip
    assert skip is not None
    assert skip.subject == "breaker half open"
