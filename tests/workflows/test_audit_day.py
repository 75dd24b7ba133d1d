"""A day's CDRs against the carrier's records: what is off is found, told, and taken up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.audits import (
    AuditRun,
    Finding,
    begin_run,
    list_findings,
    list_runs,
    read_run,
)
from callrouter.adapters.storage.carrier_costs import read_records, save_records, sum_costs
from callrouter.adapters.storage.cdrs import read_cdr
from callrouter.domain.alerts.alert import Alert
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_audit import AuditClass
from callrouter.domain.carrier.carrier_records import CarrierRecord, CarrierRequest, LegDirection
from callrouter.domain.cdr import CdrFlag, Disposition
from callrouter.domain.errors import CarrierUnavailableError
from callrouter.workflows.audit_day import AuditProgress, audit_day
from callrouter.workflows.compare_with_carrier import Comparison
from callrouter.workflows.switchboard import Switchboard
from tests.books import FakeBooks, record
from tests.switchboards import DID, OTHER_SELLER, SELLER, T0, FakeClock
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields, leg_sid, stamp

DAY = T0.date()
MIDNIGHT = datetime(2026, 9, 16, tzinfo=UTC)
ID = SELLER.seller_id
MISSED = "CA" + "d" * 32
NIGHT_S = 14 * 3600.0
"""Seven in the morning of the next day."""


@pytest.fixture
def talked(twilio: TwilioSide, clock: FakeClock) -> TwilioSide:
    """A call of 100 s of which 90 were talk, all of it told."""
    play(twilio, clock, CALL_SID, 1)
    clock.set(NIGHT_S)
    return twilio


def play(
    twilio: TwilioSide, clock: FakeClock, call_sid: str, leg: int, begins_s: float = 0
) -> None:
    clock.set(begins_s)
    twilio.post("/twilio/voice", caller_fields("ringing", call_sid=call_sid))
    clock.set(begins_s + 100)
    ended = {"CallDuration": "90", "Timestamp": stamp(clock.now())}
    over = buyer_fields("completed", leg, call_sid=call_sid)
    twilio.post("/twilio/legs/1?d=acme-east", over | ended)
    dial = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallSid": leg_sid(leg)}
    twilio.post(
        "/twilio/attempts/1?d=acme-east&tried=acme-east",
        caller_fields("completed", call_sid=call_sid) | dial | {"DialCallDuration": "90"},
    )
    twilio.post("/twilio/status", caller_fields("completed", call_sid=call_sid) | ended)


BOTH = [record(), record(leg_sid(1), cost_micros=14_000)]


def audit(board: Switchboard, books: FakeBooks, day_offset: int = 0) -> AuditRun:
    day = DAY + timedelta(days=day_offset)
    return audit_day(board.database, books, board.clock, ID, day, author="test")


def findings(board: Switchboard, run: AuditRun) -> tuple[Finding, ...]:
    with board.database.read() as connection:
        return list_findings(connection, ID, run)


def alerts(board: Switchboard) -> tuple[Alert, ...]:
    with board.database.read() as connection:
        return list_alerts(connection, ID, standing_only=True)


def test_a_day_on_which_everything_agrees(talked: TwilioSide, board: Switchboard) -> None:
    run = audit(board, FakeBooks(BOTH))

    assert (run.our_legs, run.their_legs, run.findings) == (2, 2, 0)
    assert run.classes == {AuditClass.AGREES: 2}
    assert run.finished_at is not None
    assert findings(board, run) == ()
    assert alerts(board) == ()


def test_what_each_leg_cost_is_kept_once_however_often_it_is_read(
    talked: TwilioSide, board: Switchboard
) -> None:
    for _ in range(2):
        audit(board, FakeBooks(BOTH))

    with board.database.read() as connection:
        (cost,) = sum_costs(connection, ID, T0, MIDNIGHT)
    assert (cost.currency, cost.cost_micros, cost.legs) == ("USD", 36_000, 2)


def test_a_day_again_is_another_run(talked: TwilioSide, board: Switchboard) -> None:
    audit(board, FakeBooks(BOTH[:1]))
    audit(board, FakeBooks(BOTH))

    with board.database.read() as connection:
        runs = list_runs(connection, ID, most=10)
        first = read_run(connection, ID, DAY, 1)
        last = read_run(connection, ID)
    assert [(run.run, run.findings) for run in runs] == [(2, 0), (1, 1)]
    assert first is not None
    assert (first.findings, len(findings(board, first))) == (1, 1)
    assert last is not None
    assert last.run == 2


def test_nothing_of_it_is_another_sellers(talked: TwilioSide, board: Switchboard) -> None:
    run = audit(board, FakeBooks(BOTH[:1]))

    other = OTHER_SELLER.seller_id
    with board.database.read() as connection:
        assert list_runs(connection, other, most=10) == ()
        assert list_findings(connection, other, run) == ()
        assert read_records(connection, other, [CALL_SID]) == {}
        assert sum_costs(connection, other, T0, MIDNIGHT) == ()


def test_a_duration_that_differs_is_found_and_told(talked: TwilioSide, board: Switchboard) -> None:
    books = FakeBooks([BOTH[0], replace(BOTH[1], duration_s=84)])

    run = audit(board, books)

    (found,) = findings(board, run)
    assert (found.kind, found.leg_sid) == (AuditClass.DIFFERS, leg_sid(1))
    assert (found.our_ms, found.their_ms) == (90_000, 84_000)
    (alert,) = alerts(board)
    assert alert.subject == "1 thing off with the calls of 2026-09-15"
    assert "answered 90.000 s (connected 90.000 s) here, 84 s at the carrier" in alert.text
    assert "callrouter audit findings --day 2026-09-15" in alert.text


def test_an_alert_is_over_when_a_run_finds_nothing(talked: TwilioSide, board: Switchboard) -> None:
    audit(board, FakeBooks(BOTH[:1]))
    assert len(alerts(board)) == 1

    audit(board, FakeBooks(BOTH))

    assert alerts(board) == ()


def test_a_run_of_an_older_day_changes_no_alert(talked: TwilioSide, board: Switchboard) -> None:
    audit(board, FakeBooks(BOTH[:1]))

    audit(board, FakeBooks(), day_offset=-1)

    assert len(alerts(board)) == 1


def test_a_call_that_we_miss_is_found_and_taken_up(talked: TwilioSide, board: Switchboard) -> None:
    missed = [
        record(sid, call_sid=MISSED, at=T0 + timedelta(minutes=5), lasted_s=70, duration_s=60)
        for sid in (MISSED, leg_sid(9))
    ]
    asked = CarrierRequest("https://calls.example.com/twilio/voice", 502, 20)
    books = FakeBooks([*BOTH, *missed], requests=(asked,))

    run = audit(board, books)

    (found,) = findings(board, run)
    assert found.kind is AuditClass.WE_MISS_CALL
    assert "the carrier asked https://calls.example.com/twilio/voice and got 502" in found.text
    assert found.outcome == "taken up: its CDR is written"
    assert run.classes == {AuditClass.AGREES: 2, AuditClass.WE_MISS_CALL: 2}
    with board.database.read() as connection:
        stored = read_cdr(connection, ID, MISSED)
    assert stored is not None
    assert (stored.cdr.did, stored.cdr.ani) == (DID, "+14155550123")
    assert stored.cdr.started_at == T0 + timedelta(minutes=5)
    assert stored.cdr.total_ms == 70_000
    assert stored.cdr.disposition is Disposition.CONNECTED
    assert stored.cdr.flags == (CdrFlag.SWEPT,)
    again = audit(board, books)
    assert again.findings == 0
    assert again.classes == {AuditClass.AGREES: 4}


def test_a_call_that_was_never_closed_is_closed(
    twilio: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    clock.set(NIGHT_S)

    run = audit(board, FakeBooks(BOTH))

    (found,) = findings(board, run)
    assert (found.kind, found.outcome) == (AuditClass.NOT_CLOSED, "taken up: its CDR is written")
    with board.database.read() as connection:
        stored = read_cdr(connection, ID, CALL_SID)
    assert stored is not None
    assert (stored.cdr.campaign_id, stored.cdr.connected_ms) == ("flood-repair", 90_000)


@pytest.mark.parametrize(
    ("records", "classes"),
    [
        pytest.param(
            [record(MISSED, call_sid=MISSED, dial_string="+18005550199")],
            {AuditClass.NOT_OURS: 1},
            id="to a number that isn't ours",
        ),
        pytest.param(
            [record(MISSED, call_sid=MISSED, direction=LegDirection.OTHER)],
            {AuditClass.NOT_OURS: 1},
            id="placed by somebody else's program",
        ),
        pytest.param(
            [record(MISSED, call_sid=MISSED, at=T0 - timedelta(seconds=1))],
            {AuditClass.NOT_OURS: 1},
            id="before its campaign went live",
        ),
        pytest.param(
            [record(MISSED, call_sid=MISSED, status=LegStatus.IN_PROGRESS, lasted_s=None)],
            {AuditClass.GOING_ON: 1},
            id="still going on",
        ),
        pytest.param(
            [record(leg_sid(8), call_sid=MISSED)],
            {AuditClass.NOT_OURS: 1},
            id="a leg of a call that the carrier doesn't have",
        ),
    ],
)
def test_what_is_no_call_of_ours_is_counted_and_not_told(
    board: Switchboard,
    clock: FakeClock,
    records: list[CarrierRecord],
    classes: dict[AuditClass, int],
) -> None:
    clock.set(NIGHT_S)

    run = audit(board, FakeBooks(records))

    assert (run.classes, run.findings) == (classes, 0)


def test_a_call_of_which_the_carrier_has_nothing_is_asked_about_before_it_is_told(
    talked: TwilioSide, board: Switchboard
) -> None:
    books = FakeBooks()

    run = audit(board, books)

    assert books.fetched == [CALL_SID]
    (found,) = findings(board, run)
    assert found.kind is AuditClass.THEY_MISS_CALL
    assert run.classes == {AuditClass.THEY_MISS_CALL: 2}


def test_a_call_that_the_carrier_lists_late_is_no_finding(
    talked: TwilioSide, board: Switchboard
) -> None:
    run = audit(board, FakeBooks(unlisted={CALL_SID: tuple(BOTH)}))

    assert run.classes == {AuditClass.AGREES: 2}
    with board.database.read() as connection:
        assert len(read_records(connection, ID, [CALL_SID])[CALL_SID]) == 2


def test_a_call_past_midnight_belongs_to_the_day_on_which_it_began(
    twilio: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    begins_s = (MIDNIGHT - T0).total_seconds() - 5
    play(twilio, clock, CALL_SID, 1, begins_s)
    clock.set(begins_s + NIGHT_S)
    began_at = T0 + timedelta(seconds=begins_s)
    books = FakeBooks([record(at=began_at), record(leg_sid(1), at=MIDNIGHT, lasted_s=95)])

    assert audit(board, books).classes == {AuditClass.AGREES: 2}
    assert books.fetched == [CALL_SID]
    assert audit(board, books, day_offset=1).classes == {}


def test_the_carrier_that_does_not_answer_ends_the_run_and_is_remembered(
    talked: TwilioSide, board: Switchboard
) -> None:
    books = FakeBooks(BOTH, fails=CarrierUnavailableError("Twilio's REST API is failing"))

    with pytest.raises(CarrierUnavailableError):
        audit(board, books)

    with board.database.read() as connection:
        (run,) = list_runs(connection, ID, most=10)
        assert read_run(connection, ID) is None
    assert run.failure == "Twilio's REST API is failing"
    assert alerts(board) == ()


def test_what_cant_be_taken_up_says_why(talked: TwilioSide, board: Switchboard) -> None:
    class Forgetful(FakeBooks):
        def fetch_records(self, call_sid: str) -> tuple[CarrierRecord, ...]:
            self.fetched.append(call_sid)
            return ()

    books = Forgetful([*BOTH, record(MISSED, call_sid=MISSED)])

    (found,) = findings(board, audit(board, books))

    assert found.outcome == "not taken up: the carrier doesn't have it any more"


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_every_call_is_compared_once_whatever_the_page(
    twilio: TwilioSide, board: Switchboard, clock: FakeClock, page: int
) -> None:
    """Two that agree, two that the carrier lost, one that never reached us, one orphan."""
    sids = [f"CA{number:032d}" for number in range(4)]
    for number, sid in enumerate(sids):
        play(twilio, clock, sid, number + 1, number * 200.0)
    clock.set(NIGHT_S)
    records = [
        record(leg, call_sid=sid, at=T0 + timedelta(seconds=number * 200))
        for number, sid in enumerate(sids[:2])
        for leg in (sid, leg_sid(number + 1))
    ]
    records += [record(MISSED, call_sid=MISSED), record(leg_sid(8), call_sid="CA9")]
    with board.database.write() as connection:
        save_records(connection, ID, records, clock.now())
        run = begin_run(connection, ID, DAY, "test", clock.now())
    books = FakeBooks(records)

    comparison = Comparison(board.database, books, clock, ID, run, page=page)
    comparison.compare(lambda _: None)

    assert comparison.classes == {
        AuditClass.AGREES: 4,
        AuditClass.WE_MISS_CALL: 1,
        AuditClass.THEY_MISS_CALL: 4,
        AuditClass.NOT_OURS: 1,
    }
    assert (comparison.our_legs, comparison.their_legs, comparison.findings) == (8, 6, 3)


def test_the_carrier_is_asked_about_so_many_calls_in_one_run_and_no_more(
    talked: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    missed = [record(f"CA{number:032d}", call_sid=f"CA{number:032d}") for number in range(3)]
    with board.database.write() as connection:
        save_records(connection, ID, missed, clock.now())
        run = begin_run(connection, ID, DAY, "test", clock.now())
    books = FakeBooks(missed)

    Comparison(board.database, books, clock, ID, run, most_asked=2).compare(lambda _: None)

    assert len(books.fetched) == 2
    outcomes = [each.outcome for each in findings(board, run)]
    assert outcomes == [
        "taken up: its CDR is written",
        "taken up: its CDR is written",
        "not taken up: too many in one run; audit the day again",
        "",
    ]


@pytest.mark.parametrize(
    ("fails", "told", "outcome"),
    [
        pytest.param(
            CarrierUnavailableError("it is failing"), "", "not taken up: it is failing", id="fails"
        ),
        pytest.param(
            None,
            "; the carrier asked nobody what to do with it",
            "not taken up: it has not ended yet",
            id="up again",
        ),
    ],
)
def test_a_missed_call_that_cant_be_taken_up_is_told_all_the_same(
    board: Switchboard, clock: FakeClock, fails: Exception | None, told: str, outcome: str
) -> None:
    clock.set(NIGHT_S)
    with board.database.write() as connection:
        save_records(connection, ID, [record(MISSED, call_sid=MISSED)], clock.now())
        run = begin_run(connection, ID, DAY, "test", clock.now())
    up = record(MISSED, call_sid=MISSED, status=LegStatus.IN_PROGRESS)
    books = FakeBooks([up], fails=fails)

    Comparison(board.database, books, clock, ID, run).compare(lambda _: None)

    (found,) = findings(board, run)
    assert (found.text.partition("reached us")[2], found.outcome) == (told, outcome)


def test_what_the_carrier_asked_is_not_told_when_it_has_forgotten_it(
    board: Switchboard, clock: FakeClock
) -> None:
    clock.set(30 * 86_400)

    run = audit(board, FakeBooks([record(MISSED, call_sid=MISSED)]))

    (found,) = findings(board, run)
    assert found.text.endswith("nothing of it ever reached us")


def test_progress_is_told_page_by_page(talked: TwilioSide, board: Switchboard) -> None:
    told: list[AuditProgress] = []
    books = FakeBooks([*BOTH, record(MISSED, call_sid=MISSED, dial_string="+18005550199")])

    audit_day(board.database, books, board.clock, ID, DAY, author="test", on_progress=told.append)

    assert told == [AuditProgress(2), AuditProgress(3), AuditProgress(3, 2)]
