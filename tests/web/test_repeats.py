"""The same webhook twice, or many times at once: one call, one attempt, the same bytes."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.cdrs import CdrFilter, list_cdrs
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.web.app import create_app
from tests.postgresql import PostgresqlServer
from tests.switchboards import (
    SCREENED_DID,
    SELLER,
    TABLE,
    activate,
    make_board,
    open_seller,
)
from tests.twilio_side import CALL_SID, TwilioSide, buyer_fields, caller_fields

AT_ONCE = 8
ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"
ATTEMPT_2 = "/twilio/attempts/2?d=bolt-main&tried=acme-east.bolt-main"
LEG_1 = "/twilio/legs/1?d=acme-east"

AT_ONCE_BY_DESTINATION = [
    f"concurrent/ever/destination:{destination}" for destination in ("acme-east", "bolt-main")
]
ACME_FIRST = TABLE.replace("ring_s = 20", "ring_s = 20\nconcurrency = 5")
BOLT_FIRST = ACME_FIRST.replace("priority = 1", "priority = 3")


def await_blocked(server: PostgresqlServer, count: int) -> None:
    """Return once so many of the server's connections wait for somebody's lock."""
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    until = time.monotonic() + 10
    with server.connect() as connection:
        while connection.execute(blocked).fetchone() != (count,):
            assert time.monotonic() < until, "nobody waits"
            time.sleep(0.005)


def at_once(app: Flask, requests: list[Callable[[TwilioSide], str]]) -> list[str]:
    """What each request is answered, all of them sent in the same instant from threads."""
    barrier = Barrier(len(requests))

    def send(request: Callable[[TwilioSide], str]) -> str:
        twilio = TwilioSide(app.test_client())
        barrier.wait()
        return request(twilio)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def asks(target: str, fields: dict[str, str]) -> Callable[[TwilioSide], str]:
    def ask(twilio: TwilioSide) -> str:
        response = twilio.post(target, fields)
        assert response.status_code in (200, 204), response.text
        return response.text

    return ask


def keys(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(e.key for e in read_events(connection, SELLER.seller_id, CALL_SID))


def test_a_voice_webhook_that_comes_eight_times_at_once_is_one_call(
    app: Flask, database: Database
) -> None:
    answers = at_once(app, [asks("/twilio/voice", caller_fields("ringing"))] * AT_ONCE)

    assert len(set(answers)) == 1
    assert "+12125550171</Number>" in answers[0]
    assert keys(database) == ["arrived", "decided:1"]


def test_the_fallback_that_is_asked_while_the_first_request_still_runs_gets_its_answer(
    app: Flask, database: Database, twilio: TwilioSide
) -> None:
    url = f"{twilio.public_url}/twilio/voice"
    fallback = caller_fields("ringing", ErrorCode="11205", ErrorUrl=url)
    first = asks("/twilio/voice", caller_fields("ringing"))

    answers = at_once(app, [first, asks("/twilio/fallback", fallback)] * (AT_ONCE // 2))

    assert len(set(answers)) == 1
    assert keys(database) == ["arrived", "decided:1", f"fallback:11205:{url}"]


def test_two_first_webhooks_of_a_call_that_is_known_by_its_leg_are_one_decision(
    postgresql_server: PostgresqlServer, tmp_path: Path
) -> None:
    """Both have seen that nothing is decided yet; between them the table was swapped."""
    database = open_database(postgresql_server.url)
    open_seller(database)
    with make_board(database, tmp_path) as board, ThreadPoolExecutor(2) as threads:
        board.known_good.refresh()
        app = create_app(board)
        asks(LEG_1, buyer_fields("ringing"))(TwilioSide(app.test_client()))
        voice = asks("/twilio/voice", caller_fields("ringing"))
        answers = []
        with postgresql_server.connect() as rival, rival.transaction():
            rival.execute("SELECT FROM calls FOR UPDATE")
            for table in (ACME_FIRST, BOLT_FIRST):
                activate(database, table)
                answers.append(threads.submit(voice, TwilioSide(app.test_client())))
                await_blocked(postgresql_server, len(answers))

        assert "+12125550171</Number>" in answers[0].result()
        assert answers[0].result() == answers[1].result()
    with database.read() as connection:
        usage = read_usage(connection, SELLER.seller_id, AT_ONCE_BY_DESTINATION)
    assert [each.held for each in usage.values()] == [1, 0]
    database.dispose()


def test_an_action_that_comes_eight_times_at_once_is_one_next_attempt(
    app: Flask, database: Database, twilio: TwilioSide
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    busy = caller_fields("ringing", DialCallStatus="busy", DialBridged="false")

    answers = at_once(app, [asks(ATTEMPT_1, busy)] * AT_ONCE)

    assert len(set(answers)) == 1
    assert "+14155550174</Number>" in answers[0]
    assert keys(database) == ["arrived", "decided:1", "decided:2", "dial_ended:1"]


def test_the_fallback_for_an_action_that_still_runs_gets_the_same_next_attempt(
    app: Flask, database: Database, twilio: TwilioSide
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    busy = caller_fields("ringing", DialCallStatus="busy", DialBridged="false")
    url = f"{twilio.public_url}{ATTEMPT_1}"
    fallback = caller_fields("ringing", ErrorCode="11205", ErrorUrl=url)

    answers = at_once(
        app, [asks(ATTEMPT_1, busy), asks("/twilio/fallback", fallback)] * (AT_ONCE // 2)
    )

    assert len(set(answers)) == 1
    assert "+14155550174</Number>" in answers[0]


def test_a_whole_call_told_at_once_and_again_has_one_cdr(
    app: Flask, database: Database, twilio: TwilioSide
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing"))
    bridged = caller_fields(
        "in-progress", DialCallStatus="completed", DialBridged="true", DialCallDuration="60"
    )
    told = [
        asks(LEG_1, buyer_fields("ringing")),
        asks(LEG_1, buyer_fields("in-progress")),
        asks(LEG_1, buyer_fields("completed", CallDuration="60")),
        asks(ATTEMPT_1, bridged),
        asks("/twilio/status", caller_fields("completed", CallDuration="60")),
    ]

    first = at_once(app, told)
    again = at_once(app, told)

    assert first == again
    with database.read() as connection:
        (stored,) = list_cdrs(connection, SELLER.seller_id, CdrFilter(), None, 10)
    assert stored.cdr.connected_ms == 60_000
    assert len(stored.cdr.attempts) == 1


@pytest.mark.parametrize("key", ["5", "1"], ids=["accepts", "declines"])
def test_whisper_and_key_press_repeated_get_the_same_answer(
    app: Flask, twilio: TwilioSide, key: str
) -> None:
    twilio.post("/twilio/voice", caller_fields("ringing", did=SCREENED_DID))
    whisper = asks("/twilio/whisper/1?d=bolt-main", buyer_fields("in-progress"))
    press = asks("/twilio/screening/1?d=bolt-main", buyer_fields("in-progress", Digits=key))

    whispered = at_once(app, [whisper] * 4)
    pressed = at_once(app, [press] * 4)

    assert len(set(whispered)) == len(set(pressed)) == 1
    assert "Press 5." in whispered[0]
    assert ("Hangup" in pressed[0]) is (key != "5")
