"""Swaps under load: whether a later call is routed by an older table, and whether any fails."""

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.load import Webhook, sign
from benchmarks.servers import SELLER, Setup, Web, serving, set_up
from benchmarks.webhooks import make_arrivals
from callrouter.adapters.clock import SystemClock
from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.routing_tables import read_table_text
from callrouter.workflows.activate_table import activate_file

SWAPS = 100
_CALLERS = 6
_CAMPAIGN = "c0"
_PAUSE_S = 0.02


@dataclass
class _Live:
    """The version that calls which begin now must be routed by, or by a later one."""

    version: int = 1
    over: bool = False


@dataclass
class _Caller:
    """Calls one number after the other on a connection of its own; keeps what must be checked."""

    url: str
    webhooks: Iterator[Webhook]
    live: _Live
    began: dict[str, int] = field(default_factory=dict)
    failed: int = 0

    def call(self) -> None:
        """Place calls until the swaps are over."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        for webhook in self.webhooks:
            if self.live.over:
                break
            self.began[webhook.fields["CallSid"]] = self.live.version
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": sign(
                    self.url + webhook.target, webhook.fields, SELLER.tokens[0]
                ),
            }
            try:
                connection.request("POST", webhook.target, urlencode(webhook.fields), headers)
                response = connection.getresponse()
                response.read()
                self.failed += response.status != 200
            except (OSError, http.client.HTTPException):
                self.failed += 1
                connection.close()
        connection.close()


def measure_swaps(database_url: str, folder: Path, web: Web, name: str) -> tuple[str, str]:
    """What 100 activations of a table came to while its numbers were called all the time."""
    setup = Setup(numbers=100, campaigns=1)
    set_up(database_url, setup)
    database = open_database(database_url)
    live = _Live()
    with serving("callrouter.wsgi:app", folder, web, database_url=database_url) as url:
        callers = [
            _Caller(url, make_arrivals(f"5{n:05x}", 10**6, setup.numbers), live)
            for n in range(_CALLERS)
        ]
        threads = [threading.Thread(target=caller.call) for caller in callers]
        for thread in threads:
            thread.start()
        try:
            took_ms = sorted(_swap(database, live, turn) for turn in range(SWAPS))
        finally:
            live.over = True
            for thread in threads:
                thread.join()
    began = {sid: least for caller in callers for sid, least in caller.began.items()}
    older, degraded = _check(database, began)
    database.dispose()
    failed = sum(caller.failed for caller in callers)
    return (
        f"{SWAPS} swaps under load, {name}",
        f"{len(began)} calls, {older} by an older table, {failed} failed requests, {degraded} "
        f"degraded; activate p50 {took_ms[len(took_ms) // 2]:.0f} ms, "
        f"p99 {took_ms[len(took_ms) * 99 // 100]:.0f} ms",
    )


def _swap(database: Database, live: _Live, turn: int) -> float:
    """Activate another table; the milliseconds until it held everywhere."""
    with database.read() as connection:
        text = read_table_text(connection, SELLER.seller_id, _CAMPAIGN, 1)
    text = text.replace("weight = 1", f"weight = {turn + 4}")
    began = time.perf_counter()
    at = SystemClock().now()
    activated = activate_file(
        database, SELLER.seller_id, text, _CAMPAIGN, author="bench", note="", at=at
    )
    took_ms = (time.perf_counter() - began) * 1000
    live.version = activated.table.version
    time.sleep(_PAUSE_S)
    return took_ms


def _check(database: Database, began: dict[str, int]) -> tuple[int, int]:
    """How many calls were routed by an older table than was live when they began; how many blind.

    The latter went by last known good, because the database kept them waiting for too long.
    """
    older = degraded = 0
    with database.read() as connection:
        for call_sid, least in began.items():
            decided = read_decided(connection, SELLER.seller_id, call_sid, 1)
            if decided is None or decided.degraded:
                degraded += 1
            else:
                older += decided.decision.table_version < least
    return older, degraded
