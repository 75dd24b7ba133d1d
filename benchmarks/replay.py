"""A replay of 100,000 recorded calls: a candidate table and the live one, in either database."""

import json
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks.postgresql import running_postgresql
from benchmarks.servers import SELLER, Setup, number_of, set_up
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.event_codec import encode, encode_attempts
from callrouter.adapters.storage.outage_tables import attempt_outcomes
from callrouter.adapters.storage.tables import call_events, calls, cdrs
from callrouter.domain.calls.destination_outcomes import CountedOutcome
from callrouter.domain.calls.events import CallArrived
from callrouter.domain.cdr import (
    AttemptOutcome,
    AttemptRecord,
    ConnectedSource,
    Disposition,
    HangupParty,
)
from callrouter.workflows.live_tables import read_live_tables
from callrouter.workflows.replay_table import replay_table

_SINCE = datetime(2026, 11, 17, tzinfo=UTC)
_WEEK = timedelta(days=7)
_CALLS = 100_000
_ROUTES = 5
_RULES = (
    'price = "35.00"\npayable_after_s = 90\n'
    'caps = ["3200 connected per day", "140000.00 revenue per day"]\nconcurrency = 40\n'
    'filters = ["zip not_in 10001, 10002"]\n'
)
_CAMPAIGN = Setup(numbers=1_000, campaigns=1, routes=_ROUTES, rules=_RULES)


def measure_replay(folder: Path) -> list[tuple[str, str]]:
    """Every call by both tables, which differ in their weights, so that neither is left out."""
    rows = [_measure(f"sqlite:///{folder}/replay.db", "SQLite")]
    with running_postgresql() as url:
        rows.append(_measure(url, "PostgreSQL"))
    return rows


def _measure(url: str, name: str) -> tuple[str, str]:
    set_up(url, _CAMPAIGN)
    database = open_database(url)
    _fill(database)
    with database.read() as connection:
        (live,) = read_live_tables(connection, SELLER.seller_id).values()
    heavier = tuple(replace(route, weight=3 - i % 3) for i, route in enumerate(live.routes))
    candidate = replace(live, version=0, routes=heavier)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    replayed = replay_table(
        database, SELLER.seller_id, candidate, live, _SINCE, _SINCE + _WEEK, lambda *_: None
    )
    took_s = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024
    database.dispose()
    assert replayed.report.calls == _CALLS
    what = f"replay of 100,000 recorded calls, {name}, two tables of {_ROUTES} ruled routes"
    return what, f"{took_s:.1f} s (goal: 30), {max(grown, 0):.0f} MiB more"


def _fill(database: Database) -> None:
    """A week of calls: of three, two talked and one wasn't answered by its first destination."""
    for begin in range(0, _CALLS, 5_000):
        numbers = range(begin, begin + 5_000)
        with database.write() as connection:
            for table, rows in (
                (calls, (_call(n) for n in numbers)),
                (call_events, (_arrival(n) for n in numbers)),
                (cdrs, (_cdr(n) for n in numbers)),
                (attempt_outcomes, (row for n in numbers for row in _outcomes(n))),
            ):
                connection.execute(sa.insert(table), list(rows))
    with database.single() as connection:
        connection.execute(sa.text("ANALYZE"))


def _at(number: int) -> datetime:
    return _SINCE + number * _WEEK / _CALLS


def _sid(number: int) -> str:
    return f"CA{number:032x}"


def _did(number: int) -> str:
    return number_of(number % _CAMPAIGN.numbers)


def _ani(number: int) -> str:
    return f"+1415555{number * 7919 % 10_000:04}"


def _call(number: int) -> dict[str, object]:
    at = _at(number)
    return {
        "seller_id": SELLER.seller_id,
        "call_sid": _sid(number),
        "arrived_at": at,
        "did": _did(number),
        "ani": _ani(number),
        "campaign_id": "c0",
        "publisher": f"p{number % _CAMPAIGN.numbers % 7}",
        "closed_at": at,
        "cdr_revision": 1,
        "derived_events": 8,
    }


def _arrival(number: int) -> dict[str, object]:
    arrived = CallArrived(
        call_sid=_sid(number),
        received_at=_at(number),
        did=_did(number),
        ani=_ani(number),
        caller_state="CA",
        caller_zip=f"9410{number % 10}",
        caller_country="US",
    )
    return {
        "seller_id": SELLER.seller_id,
        "call_sid": arrived.call_sid,
        "key": arrived.key,
        "kind": arrived.kind,
        "received_at": arrived.received_at,
        "body": encode(arrived),
        "raw": json.dumps({}),
    }


def _attempts(number: int) -> tuple[AttemptRecord, ...]:
    return tuple(_attempt(number, place) for place in range(1, 3 if number % 3 == 0 else 2))


def _attempt(number: int, place: int) -> AttemptRecord:
    connected = number % 3 != 0 or place == 2
    return AttemptRecord(
        attempt=place,
        destination_id=f"d{(number + place) % _ROUTES}",
        buyer_id="acme",
        outcome=AttemptOutcome.CONNECTED if connected else AttemptOutcome.NO_ANSWER,
        leg_sid="",
        dialed_at=_at(number),
        ring_ms=9_000 if connected else 25_000,
        answered_ms=0,
        connected_ms=number * 37 % 400_000 if connected else 0,
        table_version=1,
    )


def _cdr(number: int) -> dict[str, object]:
    attempts, at = _attempts(number), _at(number)
    last = attempts[-1]
    return {
        "seller_id": SELLER.seller_id,
        "call_sid": _sid(number),
        "revision": 1,
        "started_at": at,
        "ended_at": at + timedelta(milliseconds=last.connected_ms),
        "campaign_id": "c0",
        "publisher": "",
        "did": _did(number),
        "ani": _ani(number),
        "buyer_id": last.buyer_id,
        "destination_id": last.destination_id,
        "attempts": encode_attempts(attempts),
        "disposition": Disposition.CONNECTED,
        "hangup_party": HangupParty.CALLER,
        "total_ms": last.connected_ms + 20_000,
        "ring_ms": last.ring_ms,
        "answered_ms": 0,
        "connected_ms": last.connected_ms,
        "connected_source": ConnectedSource.CARRIER_LEG,
        "table_version": 1,
        "flags": "",
        "derived_at": at,
    }


def _outcomes(number: int) -> Iterator[dict[str, object]]:
    for attempt in _attempts(number):
        connected = attempt.outcome is AttemptOutcome.CONNECTED
        yield {
            "seller_id": SELLER.seller_id,
            "call_sid": _sid(number),
            "attempt": attempt.attempt,
            "destination_id": attempt.destination_id,
            "buyer_id": attempt.buyer_id,
            "campaign_id": "c0",
            "dialed_at": attempt.dialed_at,
            "ended_at": attempt.dialed_at + timedelta(milliseconds=attempt.connected_ms + 9_000),
            "outcome": CountedOutcome.CONNECTED if connected else CountedOutcome.NO_ANSWER,
            "connected_ms": attempt.connected_ms,
            "revenue_micros": 0,
        }
