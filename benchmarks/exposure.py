"""What calls may cost is held on accounts by eight processes at once: on many, and on one alone."""

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

from benchmarks.postgresql import running_postgresql
from benchmarks.servers import PLAIN, SELLER, set_up
from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.ledger import post
from callrouter.adapters.storage.reservations import reserve
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.limits.caps import Claim, DialClaims, Measure
from callrouter.domain.limits.standing import name_account

WORKERS = 8
_AT = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
_PRICE = 75_000_000
_CALLS = 2_000
"""Dialled by each worker; two thirds of them can be paid."""
_PAID = WORKERS * _CALLS * 2 // 3


@dataclass(frozen=True, slots=True)
class _Leg:
    """One worker's part: its calls go to so many buyers in turn."""

    url: str
    worker: int
    buyers: int


@dataclass(frozen=True, slots=True)
class _Ran:
    """How many calls were dialled, when it began and ended, and how long each dial took."""

    dialled: int
    began: float
    ended: float
    took_ms: list[float]


class _NoRoomError(Exception):
    """Rolls back what could not be held."""


_barriers: list[Barrier] = []


def measure_exposure() -> list[tuple[str, str]]:
    """Holding, each in a transaction of its own, on fifty accounts and on one, in PostgreSQL."""
    return [_measure(50), _measure(1)]


def _measure(buyers: int) -> tuple[str, str]:
    context = get_context("spawn")
    with running_postgresql() as url:
        set_up(url, PLAIN)
        database = open_database(url)
        _pay(database, buyers)
        with ProcessPoolExecutor(
            WORKERS,
            mp_context=context,
            initializer=_come_to_start,
            initargs=(context.Barrier(WORKERS),),
        ) as workers:
            ran = list(workers.map(_run, [_Leg(url, each, buyers) for each in range(WORKERS)]))
        left = _read_left(database, buyers)
        database.dispose()
    dialled = sum(each.dialled for each in ran)
    took = sorted(ms for each in ran for ms in each.took_ms)
    wall_s = max(each.ended for each in ran) - min(each.began for each in ran)
    accounts = "one account" if buyers == 1 else f"{buyers} accounts"
    what = f"exposure held at dial, PostgreSQL, {WORKERS} workers, {accounts}"
    pace = f"{len(took) / wall_s:.0f} dials/s, p99 {took[len(took) * 99 // 100]:.1f} ms"
    return what, f"{pace}; {dialled} of {len(took)} could be paid, {left} left, none over"


def _pay(database: Database, buyers: int) -> None:
    """Every buyer pays in advance for its share of the calls."""
    for buyer in range(buyers):
        payment = Posting(
            party=Party(Side.BUYER, f"b{buyer}"),
            kind=EntryKind.PAYMENT,
            amount_micros=-(_PAID // buyers) * _PRICE,
            currency="USD",
            reference="payment:bench",
            booked_at=_AT,
            reason="paid in advance",
            author="bench",
        )
        with database.write() as connection:
            post(connection, SELLER.seller_id, [payment], _AT)


def _come_to_start(barrier: Barrier) -> None:
    _barriers.append(barrier)


def _run(leg: _Leg) -> _Ran:
    database = open_database(leg.url)
    _barriers[0].wait()
    began, dialled, took_ms = time.perf_counter(), 0, []
    for number in range(_CALLS):
        key = name_account("USD", f"b{(number + leg.worker) % leg.buyers}")
        start = time.perf_counter()
        dialled += _dial(database, f"CA{leg.worker:02}{number:030}", key)
        took_ms.append((time.perf_counter() - start) * 1000)
    ended = time.perf_counter()  # of the whole machine, as the beginning
    database.dispose()
    return _Ran(dialled, began, ended, took_ms)


def _dial(database: Database, call_sid: str, key: str) -> bool:
    claim = Claim(key, Measure.CREDIT, _PRICE, 0)
    lease_until = _AT + timedelta(hours=5)
    try:
        with database.write() as connection:
            dials = [DialClaims("", (claim,))]
            _end_if(reserve(connection, SELLER.seller_id, call_sid, 1, dials, _AT, lease_until))
    except _NoRoomError:
        return False
    return True


def _end_if(refused: tuple[str, ...]) -> None:
    if refused:
        raise _NoRoomError(refused)


def _read_left(database: Database, buyers: int) -> int:
    """How many more calls could be paid, once it is sure that no account is overdrawn."""
    keys = [name_account("USD", f"b{buyer}") for buyer in range(buyers)]
    with database.read() as connection:
        usage = read_usage(connection, SELLER.seller_id, keys)
    over = [key for key, each in usage.items() if each.total > 0]
    assert not over, f"overdrawn: {over}"
    return -sum(each.total for each in usage.values()) // _PRICE
