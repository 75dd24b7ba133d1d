"""How fast the domain itself is: decisions and derivations a second on one core."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from callrouter.domain.conditions import Conditions
from callrouter.domain.decision import CallSoFar
from callrouter.domain.derivation import derive
from callrouter.domain.directory import Buyer, Destination, Directory
from callrouter.domain.events import (
    CallArrived,
    CallEnded,
    CallEvent,
    DialEnded,
    LegProgressed,
    LegStatus,
    RouteDecided,
)
from callrouter.domain.numbers import read_caller
from callrouter.domain.plan import make_plan
from callrouter.domain.routing import decide
from callrouter.domain.routing_table import Route, RoutingTable

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
