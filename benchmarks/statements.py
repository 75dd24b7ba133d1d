"""A statement of 200,000 calls: closed, made anew as CSV, and added up, in either database."""

import io
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import sqlalchemy as sa

from benchmarks.postgresql import running_postgresql
from benchmarks.servers import SELLER, Setup, number_of, set_up
from callrouter.adapters.storage.agreements import save_agreement
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.ledger import lock_account
from callrouter.adapters.storage.ledger_tables import ledger_entries
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Agreement, Cycle
from callrouter.workflows.close_statement import close_statement
from callrouter.workflows.export_statement import (
    export_statement_csv,
    find_statement,
    summarize_statement,
)

_CALLS = 200_000
_ACME = Party(Side.BUYER, "acme")
_SINCE = datetime(2026, 11, 1, tzinfo=UTC)
_UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
_PRICE = 35_000_000


def measure_statements(folder: Path) -> list[tuple[str, str]]:
    """Each step in a process of its own, so that its memory is its own, too."""
    rows = _measure(f"sqlite:///{folder}/statements.db", "SQLite")
    with running_postgresql() as url:
        rows += _measure(url, "PostgreSQL")
    return rows


def _measure(url: str, name: str) -> list[tuple[str, str]]:
    set_up(url, Setup(numbers=1, campaigns=1, routes=1))
    _run_apart(_fill, url)
    steps = ((_close, "closed"), (_add_up, "added up by place"), (_export, "written as CSV"))
    return [
        (f"statement of 200,000 calls {what}, {name}", _run_apart(step, url))
        for step, what in steps
    ]


def _run_apart(step: Callable[[Database], None], url: str) -> str:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_time, step, url).result()


def _time(step: Callable[[Database], None], url: str) -> str:
    database = open_database(url)
    with database.read() as connection:
        connection.execute(sa.select(1))
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    step(database)
    took_s = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024
    database.dispose()
    return f"{took_s:.1f} s, {grown:.0f} MiB more"


def _close(database: Database) -> None:
    drawn = close_statement(database, SELLER.seller_id, _ACME, None, None, "bench", _UNTIL)
    assert drawn.head.entries == _CALLS
    assert drawn.head.amount_micros == _CALLS // 2 * _PRICE


def _add_up(database: Database) -> None:
    drawn = find_statement(database, SELLER.seller_id, "acme-2026-0001")
    assert summarize_statement(database, drawn).calls.payable_calls == _CALLS // 2


class _Nowhere(io.TextIOBase):
    def write(self, text: str, /) -> int:
        return len(text)


def _export(database: Database) -> None:
    drawn = find_statement(database, SELLER.seller_id, "acme-2026-0001")
    assert export_statement_csv(database, drawn, _Nowhere(), lambda _: None) == _CALLS


def _fill(database: Database) -> None:
    """A month of calls, every other one of which must be paid for."""
    agreement = Agreement(party=_ACME, version=1, zone="UTC", terms=(), cycle=Cycle.MONTH)
    with database.write() as connection:
        save_agreement(connection, SELLER.seller_id, agreement, "", "bench", "", _SINCE)
        lock_account(connection, SELLER.seller_id, _ACME, "USD")
    for begin in range(1, _CALLS + 1, 5_000):
        rows = [_entry(number) for number in range(begin, begin + 5_000)]
        with database.write() as connection:
            connection.execute(sa.insert(ledger_entries), rows)
    with database.single() as connection:
        connection.execute(sa.text("ANALYZE"))


def _entry(number: int) -> dict[str, object]:
    at = _SINCE + number * timedelta(days=29) / _CALLS
    is_payable = number % 2
    connected_ms = (90 + number % 300) * 1000 if is_payable else number % 90 * 1000
    return {
        "seller_id": SELLER.seller_id,
        "side": _ACME.side,
        "party_id": _ACME.party_id,
        "currency": "USD",
        "number": number,
        "kind": EntryKind.CHARGE,
        "amount_micros": _PRICE if is_payable else 0,
        "reference": f"call:CA{number:032x}",
        "booked_at": at,
        "posted_at": at,
        "reason": f"connected {connected_ms // 1000} s {'>=' if is_payable else '<'} 90 s",
        "author": "rating",
        "reverses": None,
        "corrects": "",
        "call_sid": f"CA{number:032x}",
        "call_started_at": at,
        "cdr_revision": 1,
        "campaign_id": "c0",
        "destination_id": f"d{number % 5}",
        "ani": f"+1415555{number * 7919 % 10_000:04}",
        "did": number_of(0),
        "total_ms": connected_ms + 20_000,
        "connected_ms": connected_ms,
        "terms_version": 1,
    }
