"""What it costs a call to read its conditions: counters, stops, its caller, in either database."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import Connection

from benchmarks.domain import make_ruled_plan
from benchmarks.postgresql import running_postgresql
from benchmarks.servers import PLAIN, SELLER, number_of, set_up
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.live_numbers import NumberNow
from callrouter.adapters.storage.reservations import reserve
from callrouter.domain.clocks.periods import Moment
from callrouter.domain.limits.caps import Claim, DialClaims, Measure
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.decision import CallSoFar
from callrouter.domain.routing.plan import Plan
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.read_conditions import read_conditions

_AT = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
_NUMBER = NumberNow("c", "", 1, 1, 0, lists_callers=True)
_TURNS = 500


def measure_conditions(folder: Path) -> list[tuple[str, str]]:
    """The reading by a plan of fifty routes, of which every counter is in use."""
    plan = make_ruled_plan(numbers=10)
    rows = [_measure(f"sqlite:///{folder}/conditions.db", plan, "SQLite")]
    with running_postgresql() as url:
        rows.append(_measure(url, plan, "PostgreSQL"))
    return rows


def _measure(url: str, plan: Plan, name: str) -> tuple[str, str]:
    set_up(url, PLAIN)
    database = open_database(url)
    keys = plan.list_keys(Moment(_AT), "")
    claims = tuple(Claim(key, Measure.CONNECTED, 1, 1_000) for key in keys)
    lease_until = _AT + timedelta(hours=1)
    with database.write() as connection:
        dials = [DialClaims("d0", claims)]
        reserve(connection, SELLER.seller_id, "CA0", 1, dials, _AT, lease_until)
    with database.read() as connection:
        us = min(_time(connection, plan) for _ in range(5))
    database.dispose()
    what = f"conditions read for a call, {name}, {len(keys)} counters and the caller's lists"
    return what, f"{us:.0f} us each"


def _time(connection: Connection, plan: Plan) -> float:
    compiled, caller = Compiled(), read_caller("+14155550123")
    began = time.perf_counter()
    for turn in range(_TURNS):
        call = CallSoFar(f"CA{turn:032x}", number_of(turn), caller)
        read_conditions(compiled, connection, SELLER.seller_id, plan, _NUMBER, call, _AT)
    return (time.perf_counter() - began) / _TURNS * 1e6
