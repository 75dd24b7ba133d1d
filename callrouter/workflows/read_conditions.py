"""Read the conditions of a decision: what changes from call to call, as far as a plan asks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.known_callers import read_caller
from callrouter.adapters.storage.live_numbers import NumberNow
from callrouter.domain.callers.caller_lists import KnownCaller, country_of
from callrouter.domain.clocks.periods import Moment
from callrouter.domain.health.stops import Stop, StopKind, StopsBySubject
from callrouter.domain.limits.caps import Counter, Usage
from callrouter.domain.limits.standing import Standings
from callrouter.domain.routing.account_judge import find_dearest, list_account_counters
from callrouter.domain.routing.conditions import NOBODY, Conditions
from callrouter.domain.routing.decision import CallSoFar
from callrouter.domain.routing.plan import Plan, make_probe_claim
from callrouter.workflows.compiled import Compiled

_UNUSED = Usage()


def read_conditions(
    compiled: Compiled,
    connection: Connection,
    seller_id: str,
    plan: Plan,
    number: NumberNow,
    call: CallSoFar,
    at: datetime,
    full: frozenset[str] = frozenset(),
) -> Conditions:
    """What stands for this call: stops, accounts, counters, its caller, what was earned lately.

    Counters in `full` had no room a moment ago and are taken to have none. A plan that asks for
    nothing costs no statement.
    """
    stops = find_concerned(
        compiled.stops(connection, seller_id, number.conditions_version), plan, call.publisher
    )
    standings = find_accounts(
        compiled.standings(connection, seller_id, number.conditions_version), plan
    )
    accounts = list_account_counters(plan, standings, at)
    keys = [*plan.list_keys(Moment(at), call.publisher), *accounts]
    keys += [
        make_probe_claim(stop.subject_id).key
        for stop in stops
        if stop.is_breaker and stop.kind is StopKind.DESTINATION
    ]
    usage = _read_usage(connection, seller_id, keys)
    if full:
        dearest = find_dearest(plan, standings, at)
        usage = _fill(usage, plan, call.publisher, at, full, accounts, dearest)
    return Conditions(
        at=at,
        usage=usage,
        stops=stops,
        caller=_read_caller(connection, seller_id, plan, number, call, at),
        earnings=compiled.earnings(connection, seller_id, plan, at),
        standings=standings,
    )


def find_concerned(stops: StopsBySubject, plan: Plan, publisher: str) -> tuple[Stop, ...]:
    """Those stops that a decision by `plan` may see."""
    if not stops:
        return ()
    routes = (*plan.routes, *plan.extra.values())
    subjects = {(StopKind.PUBLISHER, publisher)}
    subjects |= {(StopKind.DESTINATION, each.destination_id) for each in routes}
    subjects |= {(StopKind.BUYER, each.buyer_id) for each in routes}
    return tuple(stop for subject in sorted(subjects & stops.keys()) for stop in stops[subject])


def find_accounts(standings: Standings, plan: Plan) -> Standings:
    """The accounts of those buyers that a decision by `plan` may dial."""
    if not standings:
        return standings
    buyers = {each.buyer_id for each in (*plan.routes, *plan.extra.values())}
    return {buyer_id: standings[buyer_id] for buyer_id in sorted(buyers & standings.keys())}


def _read_caller(
    connection: Connection,
    seller_id: str,
    plan: Plan,
    number: NumberNow,
    call: CallSoFar,
    at: datetime,
) -> KnownCaller:
    asks_history = plan.knows_callers and call.caller.number is not None
    if not asks_history and not number.lists_callers:
        return NOBODY
    known = read_caller(
        connection,
        seller_id,
        call.caller,
        country_of(call.caller, call.caller_country),
        campaign_id=plan.table.campaign_id,
        call_sid=call.call_sid,
        at=at,
    )
    if not known.entries:
        return known
    # Many buyers may each have a word on one caller: those of other tables needn't be kept.
    scopes = {"", plan.table.campaign_id}
    scopes |= {planned.buyer_id for planned in (*plan.routes, *plan.extra.values())}
    concerned = tuple(entry for entry in known.entries if entry.scope_id in scopes)
    return replace(known, entries=concerned)


def _read_usage(connection: Connection, seller_id: str, keys: Sequence[str]) -> Mapping[str, Usage]:
    """The counters that hold anything at all: the others needn't be kept with the decision."""
    usage = read_usage(connection, seller_id, keys)
    return {key: each for key, each in usage.items() if each != _UNUSED}


def _fill(
    usage: Mapping[str, Usage],
    plan: Plan,
    publisher: str,
    at: datetime,
    full: frozenset[str],
    accounts: Mapping[str, Counter],
    dearest: Mapping[str, int],
) -> Mapping[str, Usage]:
    """The usage with no room on the counters of `full`, should it have come back meanwhile.

    On accounts that is room for the `dearest` call.
    """
    filled = dict(usage)
    moment = Moment(at)
    counters = {counter.key_in(moment): counter for counter in plan.list_counters(publisher)}
    counters.update(accounts)
    for key in full:
        counter, counted = counters.get(key), usage.get(key, _UNUSED)
        if counter is None:  # a probe's, of which there is one
            filled[key] = replace(counted, held=1)
        elif counter.has_room(counted, at, dearest.get(key, 1)):
            is_spaced = counter.spacing_s > 0
            filled[key] = replace(
                counted,
                used=counted.used if is_spaced else counter.cap.limit,
                last_at=at if is_spaced else counted.last_at,
            )
    return filled
