"""How fast the domain itself is: decisions and derivations a second on one core."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from benchmarks.servers import number_of
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.calls.derivation import derive
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    CallEvent,
    DialEnded,
    LegProgressed,
    LegStatus,
    RouteDecided,
)
from callrouter.domain.clocks.periods import Moment
from callrouter.domain.limits.caps import Usage
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.routing_table import Route, RoutingTable

_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def measure_decide(routes: int) -> tuple[str, str]:
    """Decisions of new calls by a table with so many routes."""
    table = RoutingTable("c", (), tuple(Route(f"d{i}", weight=i % 5 + 1) for i in range(routes)))
    directory = Directory(
        1,
        {"acme": Buyer("acme", "Acme", "America/Chicago")},
        {f"d{i}": Destination(f"d{i}", "acme", "+13125550171") for i in range(routes)},
    )
    plan, conditions = make_plan(table, directory), Conditions(at=_AT)
    caller = read_caller("+14155550123")

    def once(turn: int) -> None:
        decide(plan, CallSoFar(f"CA{turn:032x}", "+18005550100", caller), conditions)

    per_s = _pace(once, 3_000)
    return f"decide, {routes} routes", f"{per_s:,.0f}/s, {1e6 / per_s:.0f} us each"


_RULES = """
weight = {weight}
price = "35.00"
caps = ["50 connected per day", "900 connected per month"]
concurrency = 5
filters = ["state in CA, TX, OK", "zip > {zip}", "tag.source == tv"]
hours = {{ weekdays = ["0{hour}:00-12:00", "13:00-18:00"], sat = "10:00-14:00", holidays = ["US"] }}
"""


def make_ruled_plan(routes: int = 50, numbers: int = 10_000) -> Plan:
    """A campaign of 10,000 numbers whose routes have caps, hours and filters, some shared."""
    text = 'campaign = "c"\n[rules]\ncaps = ["100000 attempts per day"]\n'
    text += "".join(
        f'[[buyers]]\nid = "b{i}"\ncaps = ["1000 payable per day"]\nconcurrency = 50\n'
        for i in range(10)
    )
    text += "".join(
        f'[[dids]]\nnumber = "{number_of(i)}"\ntags = {{ source = "tv" }}\n' for i in range(numbers)
    )
    text += "".join(
        f'[[routes]]\ndestination = "d{i}"\n'
        + _RULES.format(weight=i % 5 + 1, zip=i % 10, hour=i % 4 + 6)
        for i in range(routes)
    )
    zones = ("America/New_York", "America/Chicago", "America/Los_Angeles")
    directory = Directory(
        1,
        {f"b{i}": Buyer(f"b{i}", f"Buyer {i}", zones[i % 3]) for i in range(10)},
        {f"d{i}": Destination(f"d{i}", f"b{i % 10}", "+13125550171") for i in range(routes)},
    )
    return make_plan(read_table(text, "bench"), directory)


def measure_ruled_decide() -> tuple[str, str]:
    """Decisions by fifty routes with caps, hours and filters, every counter in use."""
    plan = make_ruled_plan()
    at = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    keys = plan.list_keys(Moment(at), "")
    usage = {key: Usage(10, 2, at - timedelta(seconds=60)) for key in keys}
    usage |= {key: Usage(0, 2) for key in keys if key.startswith("concurrent")}
    conditions = Conditions(at=at, usage=usage)
    caller = read_caller("+14155550123")

    def once(turn: int) -> None:
        call = CallSoFar(f"CA{turn:032x}", number_of(turn), caller, caller_state="CA")
        decide(plan, replace(call, caller_zip="94105"), conditions)

    per_s = _pace(once, 1_000)
    what = f"decide, 50 routes with caps, hours, filters, {len(keys)} counters, 10,000 numbers"
    return what, f"{per_s:,.0f}/s, {1e6 / per_s:.0f} us each (goal: 300)"


def measure_derive() -> tuple[str, str]:
    """Derivations of the CDR of a call whose first attempt failed and whose second talked."""
    events = _failed_over_call()

    def once(_turn: int) -> None:
        derive(events)

    per_s = _pace(once, 3_000)
    what = f"derive, {len(events)} events, two attempts"
    return what, f"{per_s:,.0f}/s, {1e6 / per_s:.0f} us each"


def _pace(once: Callable[[int], None], times: int) -> float:
    best = 0.0
    for _ in range(5):
        began = time.perf_counter()
        for turn in range(times):
            once(turn)
        best = max(best, times / (time.perf_counter() - began))
    return best


def _failed_over_call() -> tuple[CallEvent, ...]:
    table = RoutingTable("c", (), (Route("d0"), Route("d1", priority=2)))
    directory = Directory(
        1, {}, {f"d{i}": Destination(f"d{i}", "acme", f"+1312555017{i}") for i in range(2)}
    )
    sid, caller = "CA1", read_caller("+14155550123")
    plan, conditions = make_plan(table, directory), Conditions(at=_AT)
    first = decide(plan, CallSoFar(sid, "+18005550100", caller), conditions)
    second = decide(plan, CallSoFar(sid, "+18005550100", caller, tried=("d0",)), conditions)

    def at(seconds: float) -> datetime:
        return _AT + timedelta(seconds=seconds)

    def leg(attempt: int, status: LegStatus, s: float, duration_s: int | None) -> LegProgressed:
        return LegProgressed(
            call_sid=sid,
            received_at=at(s + 0.2),
            attempt=attempt,
            destination_id=f"d{attempt - 1}",
            leg_sid=f"CAleg{attempt}",
            status=status,
            occurred_at=at(s),
            duration_s=duration_s,
        )

    def dial(attempt: int, status: LegStatus, s: float, duration_s: int | None) -> DialEnded:
        return DialEnded(
            call_sid=sid,
            received_at=at(s),
            attempt=attempt,
            destination_id=f"d{attempt - 1}",
            status=status,
            bridged=status is LegStatus.COMPLETED,
            duration_s=duration_s,
            leg_sid=f"CAleg{attempt}",
            caller_status=LegStatus.IN_PROGRESS,
        )

    return (
        CallArrived(call_sid=sid, received_at=at(0), did="+18005550100", ani="+14155550123"),
        RouteDecided(call_sid=sid, received_at=at(0), decision=first, twiml="<Response/>"),
        leg(1, LegStatus.INITIATED, 1, None),
        leg(1, LegStatus.RINGING, 2, None),
        leg(1, LegStatus.BUSY, 4, 0),
        dial(1, LegStatus.BUSY, 5, None),
        RouteDecided(call_sid=sid, received_at=at(5), decision=second, twiml="<Response/>"),
        leg(2, LegStatus.INITIATED, 6, None),
        leg(2, LegStatus.RINGING, 7, None),
        leg(2, LegStatus.IN_PROGRESS, 12, None),
        leg(2, LegStatus.COMPLETED, 132, 120),
        dial(2, LegStatus.COMPLETED, 133, 120),
        CallEnded(
            call_sid=sid,
            received_at=at(134),
            status=LegStatus.COMPLETED,
            occurred_at=at(133),
            duration_s=121,
        ),
    )
