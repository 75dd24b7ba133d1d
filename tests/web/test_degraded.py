"""The database is away: callers hear nothing of it, and nothing that was answered is lost."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.calls import read_call, read_event_rows
from callrouter.adapters.storage.cdrs import CdrFilter, StoredCdr, list_cdrs
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.domain.calls.events import CallArrived
from callrouter.domain.cdr import CdrFlag, Disposition
from callrouter.web.app import create_app
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.switchboard import Switchboard
from tests.postgresql import PostgresqlServer
from tests.switchboards import (
    DID,
    SCREENED_DID,
    SELLER,
    T0,
    TABLE,
    FakeClock,
    activate,
    add_table_from_the_future,
    make_board,
    open_seller,
)
from tests.twilio_side import (
    ANI,
    CALL_SID,
    TwilioSide,
    buyer_fields,
    caller_fields,
    leg_sid,
    stamp,
)
from tests.web.outages import AWAY, PATIENCE_S, make_unreachable, without_database

ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"
ATTEMPT_2 = "/twilio/attempts/2?d=bolt-main&tried=acme-east.bolt-main"


@pytest.fixture(params=list(AWAY))
def down(
    request: pytest.FixtureRequest, board: Switchboard, tmp_path: Path, clock: FakeClock
) -> Iterator[Switchboard]:
    """A process of the same machine as `board`, started while the database is away."""
    url = make_unreachable(request.param, tmp_path)
    with without_database(url, tmp_path, clock) as degraded:
        yield degraded


@pytest.fixture
def stranded(down: Switchboard) -> TwilioSide:
    """Twilio calling the process without a database."""
    return TwilioSide(create_app(down).test_client())


def list_all(database: Database) -> tuple[StoredCdr, ...]:
    with database.read() as connection:
        return list_cdrs(connection, SELLER.seller_id, CdrFilter(), None, 100)


def play_call(twilio: TwilioSide, clock: FakeClock) -> list[str]:
    """Acme is busy, Bolt talks for a minute: every answer."""

    def tell(seconds: float, target: str, fields: dict[str, str]) -> str:
        clock.set(seconds)
        response = twilio.post(target, {**fields, "Timestamp": stamp(clock.at)})
        assert response.status_code in (200, 204), response.text
        return response.text

    busy = {"DialCallStatus": "busy", "DialBridged": "false", "DialCallSid": leg_sid(1)}
    joined = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallSid": leg_sid(2)}

    def bolt(status: str, **more: str) -> dict[str, str]:
        return buyer_fields(status, 2, to="+14155550174") | more

    return [
        tell(0, "/twilio/voice", caller_fields("ringing")),
        tell(2, "/twilio/legs/1?d=acme-east", buyer_fields("busy", 1)),
        tell(2, ATTEMPT_1, caller_fields("ringing") | busy),
        tell(4, "/twilio/legs/2?d=bolt-main", bolt("ringing")),
        tell(9, "/twilio/legs/2?d=bolt-main", bolt("in-progress")),
        tell(
            69,
            "/twilio/legs/2?d=bolt-main",
            bolt("completed", CallDuration="60"),
        ),
        tell(69, ATTEMPT_2, caller_fields("in-progress") | joined),
        tell(70, "/twilio/status", caller_fields("completed", CallDuration="60")),
    ]


def test_a_whole_call_goes_as_ever_and_its_cdr_says_only_that_it_was_degraded(
    stranded: TwilioSide,
    down: Switchboard,
    twilio: TwilioSide,
    board: Switchboard,
    clock: FakeClock,
) -> None:
    answers = play_call(stranded, clock)
    assert board.spool.depth() > 0
    assert list_all(board.database) == ()

    drain_spool(board)
    (degraded,) = list_all(board.database)

    assert "+12125550171</Number>" in answers[0]
    assert "+14155550174</Number>" in answers[2]
    assert degraded.cdr.disposition is Disposition.CONNECTED
    assert (degraded.cdr.total_ms, degraded.cdr.connected_ms) == (70_000, 60_000)
    assert degraded.cdr.attempt_outcomes() == "acme-east:busy bolt-main:connected"
    assert degraded.cdr.flags == (CdrFlag.DEGRADED,)
    assert play_call(twilio, clock) == answers
    assert list_all(board.database) == (degraded,)


def test_whisper_and_screening_go_by_what_was_decided(stranded: TwilioSide) -> None:
    stranded.post("/twilio/voice", caller_fields("ringing", did=SCREENED_DID))

    whispered = stranded.post("/twilio/whisper/1?d=bolt-main", buyer_fields("in-progress"))
    pressed = [
        stranded.post(
            "/twilio/screening/1?d=bolt-main", buyer_fields("in-progress", leg) | {"Digits": key}
        )
        for leg, key in ((1, "5"), (2, "1"))
    ]

    assert "Solar quote." in whispered.text
    assert "Press 5." in whispered.text
    assert "Hangup" not in pressed[0].text
    assert "Hangup" in pressed[1].text


def test_a_call_that_began_before_the_outage_goes_on_by_its_url_and_is_whole_afterwards(
    twilio: TwilioSide, stranded: TwilioSide, board: Switchboard
) -> None:
    busy = {"DialCallStatus": "busy", "DialBridged": "false"}
    twilio.post("/twilio/voice", caller_fields("ringing"))

    second = stranded.post(ATTEMPT_1, caller_fields("ringing") | busy)
    last = stranded.post(ATTEMPT_2, caller_fields("ringing") | busy)
    ended = stranded.post("/twilio/status", caller_fields("completed", CallDuration="3"))

    assert "+14155550174</Number>" in second.text
    assert "Nobody is left." in last.text
    assert ended.status_code == 204
    drain_spool(board)
    (stored,) = list_all(board.database)
    assert stored.cdr.attempt_outcomes() == "acme-east:busy bolt-main:busy"
    assert stored.cdr.did == DID
    assert CdrFlag.DEGRADED in stored.cdr.flags


def test_a_screened_call_that_began_before_the_outage_is_screened_all_the_same(
    twilio: TwilioSide, stranded: TwilioSide
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing", did=SCREENED_DID))

    whispered = stranded.post("/twilio/whisper/1?d=bolt-main", buyer_fields("in-progress"))
    pressed = stranded.post(
        "/twilio/screening/1?d=bolt-main", buyer_fields("in-progress", Digits="1")
    )

    assert "Press 5." in whispered.text
    assert "Hangup" in pressed.text


def test_a_repeat_gets_the_same_bytes_before_during_and_after_the_outage(
    twilio: TwilioSide, stranded: TwilioSide, board: Switchboard
) -> None:
    first = twilio.post("/twilio/voice", caller_fields("ringing")).text

    assert stranded.post("/twilio/voice", caller_fields("ringing")).text == first
    drain_spool(board)
    assert twilio.post("/twilio/voice", caller_fields("ringing")).text == first


def test_what_was_decided_during_the_outage_stays_decided_whatever_table_is_live_then(
    twilio: TwilioSide, stranded: TwilioSide, board: Switchboard
) -> None:
    first = stranded.post("/twilio/voice", caller_fields("ringing")).text
    swapped = TABLE.replace('"acme-east"\npriority = 1', '"acme-east"\npriority = 9')
    assert activate(board.database, swapped) == 2

    assert twilio.post("/twilio/voice", caller_fields("ringing")).text == first
    drain_spool(board)
    assert twilio.post("/twilio/voice", caller_fields("ringing")).text == first


def test_two_processes_of_a_machine_answer_the_same_though_they_know_different_tables(
    down: Switchboard, stranded: TwilioSide, board: Switchboard, tmp_path: Path, clock: FakeClock
) -> None:
    """They share the spool; what one of them has decided counts for both."""
    swapped = TABLE.replace('"acme-east"\npriority = 1', '"acme-east"\npriority = 9')
    activate(board.database, swapped)
    board.known_good.refresh()
    url = make_unreachable("refused", tmp_path)
    with without_database(url, tmp_path, clock) as another:
        other_process = TwilioSide(create_app(another).test_client())
        assert another.spool.is_empty()  # as of now, and for half a second
        first = stranded.post("/twilio/voice", caller_fields("ringing")).text

        assert "+12125550171</Number>" in first
        assert other_process.post("/twilio/voice", caller_fields("ringing")).text == first


def test_a_number_that_nobody_has_is_not_in_service_without_a_database_either(
    stranded: TwilioSide, board: Switchboard
) -> None:
    fields = caller_fields("ringing", did="+18005550199")

    assert "not in service" in stranded.post("/twilio/voice", fields).text
    drain_spool(board)
    ended = stranded.post("/twilio/status", fields | {"CallStatus": "completed"})
    assert ended.status_code == 204
    drain_spool(board)
    (stored,) = list_all(board.database)
    assert stored.cdr.disposition is Disposition.NOT_IN_SERVICE


def test_a_crowded_spool_is_waited_for_as_nothing_may_be_lost(
    stranded: TwilioSide, down: Switchboard, board: Switchboard
) -> None:
    stranded.post("/twilio/voice", caller_fields("ringing", call_sid="CA" + "9" * 32))
    crowd = sqlite3.connect(down.spool.path, isolation_level=None, check_same_thread=False)
    crowd.execute("BEGIN EXCLUSIVE")
    leaving = threading.Timer(0.6, lambda: crowd.execute("ROLLBACK"))
    leaving.start()

    with capture_logs() as logs:
        answer = stranded.post("/twilio/voice", caller_fields("ringing"))
        told = stranded.post("/twilio/status", caller_fields("no-answer"))
    leaving.join()
    crowd.close()

    assert "+12125550171</Number>" in answer.text
    assert told.status_code == 204
    assert "events_lost" not in [line["event"] for line in logs]
    drain_spool(board)
    assert {"arrived", "decided:1", "ended:no-answer"} <= set(_events(board.database))


def test_draining_again_changes_nothing(
    stranded: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    play_call(stranded, clock)
    assert drain_spool(board) > 0
    before = list_all(board.database)
    with board.database.read() as connection:
        events = read_event_rows(connection, SELLER.seller_id, CALL_SID)

    assert drain_spool(board) == 0
    play_call(stranded, clock)
    assert drain_spool(board) > 0
    assert list_all(board.database) == before
    with board.database.read() as connection:
        assert read_event_rows(connection, SELLER.seller_id, CALL_SID) == events


def test_a_drained_call_is_what_its_webhooks_said(
    stranded: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    play_call(stranded, clock)
    clock.set(500)
    drain_spool(board)

    with board.database.read() as connection:
        call = read_call(connection, SELLER.seller_id, CALL_SID)
        rows = read_event_rows(connection, SELLER.seller_id, CALL_SID)
    assert call is not None
    assert (call.arrived_at, call.did, call.campaign_id) == (T0, DID, "flood-repair")
    assert isinstance(rows[0].event, CallArrived)
    assert rows[0].event.received_at == T0
    assert rows[0].event.degraded
    assert rows[0].raw is not None
    assert "FromCity=SAN+FRANCISCO" in rows[0].raw
    assert [row.event.received_at for row in rows] == sorted(row.event.received_at for row in rows)


def test_a_call_of_which_only_its_end_was_heard_keeps_its_numbers(
    stranded: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    clock.set(30)
    stranded.post("/twilio/status", caller_fields("no-answer"))
    clock.set(500)
    drain_spool(board)

    with board.database.read() as connection:
        call = read_call(connection, SELLER.seller_id, CALL_SID)
    assert call is not None
    assert (call.did, call.ani) == (DID, ANI)
    assert call.arrived_at == T0 + timedelta(seconds=30)


def test_a_machine_that_never_saw_the_configuration_refuses_what_it_cant_check(
    tmp_path: Path, clock: FakeClock
) -> None:
    url = make_unreachable("refused", tmp_path)
    with without_database(url, tmp_path, clock) as nobody:
        client = create_app(nobody).test_client()
        twilio = TwilioSide(client)

        assert twilio.post("/twilio/voice", caller_fields("ringing")).status_code == 403
        assert client.get("/health").status_code == 503


def test_health_says_degraded_while_the_database_is_away_and_until_the_spool_is_empty(
    down: Switchboard, stranded: TwilioSide, board: Switchboard, twilio: TwilioSide
) -> None:
    assert stranded.client.get("/health").json == {
        "status": "degraded",
        "database": "down",
        "spooled_events": 0,
    }
    stranded.post("/twilio/voice", caller_fields("ringing"))
    answer = twilio.client.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "degraded", "database": "up", "spooled_events": 2}
    drain_spool(board)
    assert twilio.client.get("/health").json == {
        "status": "ok",
        "database": "up",
        "spooled_events": 0,
    }


@pytest.mark.slow
def test_a_server_that_stands_still_keeps_no_caller_waiting(
    postgresql_server: PostgresqlServer, tmp_path: Path, clock: FakeClock
) -> None:
    database = open_database(postgresql_server.url, patience_s=PATIENCE_S)
    open_seller(database)
    with make_board(database, tmp_path, clock) as board:
        board.known_good.refresh()
        twilio = TwilioSide(create_app(board).test_client())
        twilio.post("/twilio/voice", caller_fields("ringing", call_sid="CA" + "9" * 32))

        with postgresql_server.frozen():
            took_s = []
            for _ in range(3):
                began = time.monotonic()
                answer = twilio.post("/twilio/voice", caller_fields("ringing"))
                took_s.append(time.monotonic() - began)
                assert "+12125550171</Number>" in answer.text

        assert max(took_s) < 2 * PATIENCE_S + 0.5
        deadline = time.monotonic() + 10
        while board.spool.depth() and time.monotonic() < deadline:
            drain_spool(board)
        assert len(_events(database)) == 2
    database.dispose()


def _events(database: Database) -> list[str]:
    with database.unhurried().read() as connection:
        rows = read_event_rows(connection, SELLER.seller_id, CALL_SID)
    return [row.event.key for row in rows]


def test_an_outage_is_said_in_one_line_a_webhook(stranded: TwilioSide) -> None:
    with capture_logs() as logs:
        stranded.post("/twilio/voice", caller_fields("ringing"))
        stranded.post("/twilio/status", caller_fields("completed"))

    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
        "routing_degraded",
        "event_spooled",
    ]


RECOVERING = TABLE.replace("priority = 1", "priority = 1\nrecovery = { under_s = 20 }")
DROPPED = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "6"}


@pytest.mark.parametrize("begun_before", [True, False], ids=["begun before", "begun without"])
def test_a_caller_who_is_dropped_early_is_recovered_without_a_database_too(
    twilio: TwilioSide, board: Switchboard, tmp_path: Path, clock: FakeClock, begun_before: bool
) -> None:
    activate(board.database, RECOVERING)
    board.known_good.refresh()
    url = make_unreachable("unreadable", tmp_path)
    with without_database(url, tmp_path, clock) as degraded:
        stranded = TwilioSide(create_app(degraded).test_client())
        first = twilio if begun_before else stranded
        first.post("/twilio/voice", caller_fields("ringing"))
        clock.set(11)

        hung_up = stranded.post(ATTEMPT_1, caller_fields("completed", call_sid="CA9") | DROPPED)
        dropped = stranded.post(ATTEMPT_1, caller_fields("in-progress") | DROPPED)
        again = stranded.post(ATTEMPT_2, caller_fields("in-progress") | DROPPED)

    assert "+14155550174</Number>" in dropped.text
    assert "<Dial" not in hung_up.text + again.text


def test_a_live_table_that_this_version_does_not_understand_leaves_the_one_before_it_in_use(
    board: Switchboard, twilio: TwilioSide
) -> None:
    """As while a newer version of the program is being rolled out."""
    first = twilio.post("/twilio/voice", caller_fields("ringing")).text
    activate(board.database, TABLE.replace("ring_s = 20", "ring_s = 21"))
    add_table_from_the_future(board.database, "flood-repair")

    again = caller_fields("ringing", call_sid="CA" + "d" * 32)
    with capture_logs() as logged:
        answer = twilio.post("/twilio/voice", again).text

    assert "+12125550171</Number>" in answer
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == [
        "webhook_broke",
        "last_known_good_broke",
    ]
    assert first == twilio.post("/twilio/voice", caller_fields("ringing")).text


def test_a_buyer_is_whispered_to_though_another_campaign_s_table_is_not_understood(
    board: Switchboard, twilio: TwilioSide
) -> None:
    """Nothing is known of the call but what the request says."""
    add_table_from_the_future(board.database, "flood-repair")
    board.known_good.refresh()

    whispered = twilio.post("/twilio/whisper/1?d=bolt-main", buyer_fields("in-progress"))

    assert "Solar quote." in whispered.text


def test_where_no_table_is_understood_the_caller_hears_an_apology(
    board: Switchboard, twilio: TwilioSide
) -> None:
    add_table_from_the_future(board.database, "flood-repair")

    answer = twilio.post("/twilio/voice", caller_fields("ringing")).text

    assert "<Say" in answer
