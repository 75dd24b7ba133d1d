"""Decide the next attempt by the table that is live now, or by the last known good one."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.live_numbers import find_number
from callrouter.adapters.twilio.links import Links
from callrouter.adapters.twilio.twiml import render_decision
from callrouter.domain.calls.call import CallHistory
from callrouter.domain.calls.durations import measure_connected
from callrouter.domain.calls.events import CallArrived, RouteDecided
from callrouter.domain.calls.outcomes import was_bridged
from callrouter.domain.calls.recovery import may_recover
from callrouter.domain.errors import NotFoundError
from callrouter.domain.limits.caps import DialClaims
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.claims import list_claims
from callrouter.domain.routing.closing import apologize, close_call, refuse_number, take_leave
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Closing, Decision, Dial
from callrouter.domain.routing.eligibility import CARRIER_EXTRA_RING_S
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import Plan
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import Route
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.known_good import KnownGood, KnownNumber
from callrouter.workflows.read_conditions import find_accounts, find_concerned, read_conditions

log = structlog.get_logger()

_LEASE_MARGIN = timedelta(minutes=15)
"""A call that is told of nowhere is swept, several times, before its reservations end."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, what it depended on besides the time (None: nothing), what it must reserve."""

    decision: Decision
    conditions: Conditions | None = None
    claims: tuple[DialClaims, ...] = ()

    def lease_until(self, at: datetime) -> datetime:
        """When what is reserved is free again, should nobody ever tell how the call ended."""
        dial = self.decision.dial
        longest_s = dial.ring_s + CARRIER_EXTRA_RING_S + dial.call_s if dial else 0
        return at + timedelta(seconds=longest_s) + _LEASE_MARGIN


def decide_by_live_table(
    compiled: Compiled,
    connection: Connection,
    seller_id: str,
    call: CallSoFar,
    at: datetime,
    last: Decision | None = None,
    *,
    full: frozenset[str] = frozenset(),
) -> Decided:
    """The decision for `call` by the versions that are active at this very statement.

    `last` is its decision before, whose table ends the call when its number was taken away; `full`
    are counters that had no room a moment ago, and aren't tried again.
    """
    number = find_number(connection, seller_id, call.did)
    if number is None and last is not None and last.table_version:
        begun_by = compiled.table(connection, seller_id, last.campaign_id, last.table_version)
        return Decided(take_leave(begun_by, replace(call, publisher=last.publisher)))
    if number is None:
        return Decided(refuse_number(call))
    plan = compiled.plan(
        connection, seller_id, number.campaign_id, number.active_version, number.directory_version
    )
    call = replace(call, publisher=number.publisher)
    conditions = read_conditions(compiled, connection, seller_id, plan, number, call, at, full)
    decision = decide(plan, call, conditions)
    return Decided(
        decision,
        conditions if conditions != Conditions(at=at) else None,
        list_claims(plan, decision, conditions),
    )


def decide_by_known_good(
    compiled: Compiled, known: KnownGood, seller_id: str, call: CallSoFar, at: datetime
) -> Decided:
    """The decision for `call` by the configuration that the database was last seen with."""
    number = known.numbers.get((seller_id, call.did))
    if number is None and call.tried:
        return Decided(apologize(call))
    if number is None:
        return Decided(refuse_number(call))
    table = known.table(compiled, seller_id, number.campaign_id)
    directory = known.directories.get(seller_id, Directory())
    plan = compiled.plan_of(seller_id, table, directory)
    return _decide_uncounted(plan, known, seller_id, number, call, at)


def decide_by_last_used(
    compiled: Compiled, known: KnownGood, seller_id: str, call: CallSoFar, at: datetime
) -> Decided:
    """The same by the plan that last served a call of the campaign here, the live one left out.

    For a live one that can't be used, as when only a newer version of this program understands it:
    an older table is better than none. Raises NotFoundError when there is none.
    """
    number = known.numbers.get((seller_id, call.did))
    if number is None:
        return Decided(apologize(call))
    version, _ = known.tables[seller_id, number.campaign_id]
    directory = known.directories.get(seller_id, Directory())
    plan = compiled.last_used_plan(seller_id, number.campaign_id, version, directory.version)
    if plan is None:
        raise NotFoundError(f"no call of {number.campaign_id} was routed here by another table")
    return _decide_uncounted(plan, known, seller_id, number, call, at)


def _decide_uncounted(
    plan: Plan,
    known: KnownGood,
    seller_id: str,
    number: KnownNumber,
    call: CallSoFar,
    at: datetime,
) -> Decided:
    call = replace(call, publisher=number.publisher)
    conditions = Conditions(
        at=at,
        stops=find_concerned(known.stops.get(seller_id, {}), plan, call.publisher),
        standings=find_accounts(known.standings.get(seller_id, {}), plan),
        counts=False,
    )
    depends = bool(conditions.stops or conditions.standings or plan.list_counters(call.publisher))
    return Decided(decide(plan, call, conditions), conditions if depends else None)


def read_call_so_far(
    history: CallHistory, known_from: CallArrived, tried_by_url: tuple[str, ...]
) -> CallSoFar:
    """What was tried and rung in this call, by its events and by what Twilio's URL remembers.

    An attempt whose records are out of reach counts as rung for as long as a default route rings.
    """
    arrived = history.arrived or known_from
    known = tuple(a.destination_id for a in history.attempts if a.was_dialled)
    forgotten = tuple(d for d in tried_by_url if d not in known)
    remembered = {a.attempt for a in history.attempts if a.was_dialled}
    out_of_reach = min(len(forgotten), max(remembered, default=0) - len(remembered))
    default_ring_ms = (Route("").ring_s + CARRIER_EXTRA_RING_S) * 1000
    return CallSoFar(
        call_sid=known_from.call_sid,
        did=arrived.did,
        caller=read_caller(arrived.ani),
        tried=known + forgotten,
        ring_ms=_rung_ms(history) + default_ring_ms * out_of_reach,
        attempts_made=max(remembered, default=None),
        caller_state=arrived.caller_state,
        caller_zip=arrived.caller_zip,
        caller_country=arrived.caller_country,
    )


def begin_call(arrived: CallArrived) -> CallSoFar:
    """A call of which nothing was tried yet."""
    return CallSoFar(
        call_sid=arrived.call_sid,
        did=arrived.did,
        caller=read_caller(arrived.ani),
        caller_state=arrived.caller_state,
        caller_zip=arrived.caller_zip,
        caller_country=arrived.caller_country,
    )


def _rung_ms(history: CallHistory) -> int:
    """Milliseconds that the caller has waited on attempts that are over, by our own clock."""
    waited = 0
    for attempt in history.attempts:
        if attempt.has_lead and attempt.decided is not None and attempt.dial_ended is not None:
            span = attempt.dial_ended.received_at - attempt.decided.received_at
            talked_ms = measure_connected(attempt, history).ms
            waited += max(0, round(span.total_seconds() * 1000) - talked_ms)
    return waited


def presume_dial(
    compiled: Compiled, known: KnownGood, seller_id: str, call: CallSoFar, destination_id: str
) -> Dial | None:
    """What the last known good table dials a destination under: for when the decision is away."""
    number = known.numbers.get((seller_id, call.did))
    if number is None:
        return None
    table = known.table(compiled, seller_id, number.campaign_id)
    plan = compiled.plan_of(seller_id, table, known.directories.get(seller_id, Directory()))
    planned = plan.find_route(destination_id)
    if planned is None or planned.destination is None:
        return None
    return Dial(
        destination_id=destination_id,
        buyer_id=planned.buyer_id,
        dial_string=planned.destination.dial,
        ring_s=planned.route.ring_s,
        call_s=table.limits.call_s,
        caller_id=None,
        recovery=planned.rules.recovery,
    )


def closing_after(
    history: CallHistory, attempt: int, call: CallSoFar, presumed: Dial | None = None
) -> Decision | None:
    """The decision to dial nobody any more after `attempt`, or None when the caller still waits.

    A caller whom the destination dropped early waits as well, where its route is recovered;
    `presumed` says whether it is when the decision can't be reached.
    """
    this = next(a for a in history.attempts if a.attempt == attempt and a.has_lead)
    end = this.dial_ended
    last = history.decisions[-1].decision if history.decisions else None
    if may_recover(this, history, presumed):
        return None
    if was_bridged(this, history):
        return close_call(call, Closing.CONNECTED, last)
    if end is not None and end.caller_status.is_final:
        return close_call(call, Closing.CALLER_GONE, last)
    return None


def make_answer(
    links: Links, call_sid: str, at: datetime, found: Decided, tried: tuple[str, ...]
) -> RouteDecided:
    """The event that keeps a decision, with the TwiML that says it; `tried` were dialled before."""
    return RouteDecided(
        call_sid=call_sid,
        received_at=at,
        decision=found.decision,
        twiml=render_decision(found.decision, links, tried, call_sid),
        conditions=found.conditions,
        reserves=bool(found.claims),
    )


def log_decision(decided: RouteDecided) -> None:
    """One line that says what was decided for which call by which table."""
    decision = decided.decision
    log.info(
        "route_decided",
        call=decided.call_sid,
        attempt=decision.attempt,
        campaign=decision.campaign_id,
        table=decision.table_version,
        destination=decision.dial.destination_id if decision.dial else None,
        closing=decision.closing,
        degraded=decided.degraded,
    )
