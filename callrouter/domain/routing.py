"""Which destination gets a call next, and why none of the others does.

`decide` is pure: the weighted draw comes from the call's own id, so a decision can be replayed.
"""

import math
from dataclasses import replace
from hashlib import blake2b

from callrouter.domain.decision import (
    CallSoFar,
    Candidate,
    Closing,
    Decision,
    Dial,
    Skip,
    SkipRule,
)
from callrouter.domain.directory import Destination, Directory
from callrouter.domain.routing_table import (
    LastResort,
    Route,
    RoutingTable,
    WithheldCallers,
)

CARRIER_EXTRA_RING_S = 5
"""Twilio lets a phone ring about this much longer than `timeout` says (its page on <Dial>)."""
SHORTEST_RING_S = 5
"""The smallest `timeout` that Twilio accepts on <Dial>."""


def decide(table: RoutingTable, directory: Directory, call: CallSoFar) -> Decision:
    """The next attempt for `call`, or the table's last resort; the same inputs, the same answer.

    Every route is ranked: lower priority first, then a draw by weight whose dice are the call's
    id and the destination's name, so that leaving one out never reorders the others.
    """
    refusal = _refuse_call(table, call)
    candidates = tuple(
        Candidate(
            destination_id=route.destination_id,
            buyer_id=_buyer_of(directory, route.destination_id),
            priority=route.priority,
            weight=route.weight,
            skip=_skip_destination(directory, call, route.destination_id) or refusal,
        )
        for route in rank_routes(table, call.call_sid)
    )
    undecided = Decision(
        attempt=len(call.tried) + 1,
        campaign_id=table.campaign_id,
        publisher=call.publisher,
        table_version=table.version,
        directory_version=directory.version,
        candidates=candidates,
        language=table.language,
    )
    chosen = next((c for c in candidates if c.skip is None), None)
    if chosen is None:
        return _use_last_resort(undecided, table, directory, call)
    destination = directory.destinations[chosen.destination_id]
    return replace(undecided, dial=_dial(table, call, destination))


def rank_routes(table: RoutingTable, call_sid: str) -> list[Route]:
    """The table's routes in the order in which this call would try them.

    Within one priority this is a weighted shuffle (Efraimidis and Spirakis, 2006): the chance to
    come first is the route's share of the weights.
    """
    return sorted(table.routes, key=lambda route: (route.priority, _draw(call_sid, route)))


def _draw(call_sid: str, route: Route) -> float:
    digest = blake2b(f"{call_sid} {route.destination_id}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(digest) + 1) / (2**64 + 1)
    return -math.log(uniform) / route.weight


def _buyer_of(directory: Directory, destination_id: str) -> str:
    destination = directory.destinations.get(destination_id)
    return destination.buyer_id if destination else ""


def _skip_destination(directory: Directory, call: CallSoFar, destination_id: str) -> Skip | None:
    """Why this one destination is passed by, whatever the call has used up."""
    if destination_id in call.tried:
        attempt = call.tried.index(destination_id) + 1
        return Skip(SkipRule.ALREADY_TRIED, f"attempt {attempt} of this call")
    destination = directory.destinations.get(destination_id)
    if destination is None:
        return Skip(SkipRule.NOT_IN_DIRECTORY, f"not in directory version {directory.version}")
    if not destination.enabled:
        return Skip(SkipRule.DISABLED, destination.note or "switched off in the directory")
    return None


def _refuse_call(table: RoutingTable, call: CallSoFar) -> Skip | None:
    """Why no route at all may take this call any more."""
    if _refuses_caller(table, call):
        return Skip(SkipRule.WITHHELD_CALLER, f"caller id {call.caller.ani!r}")
    if len(call.tried) >= table.limits.attempts:
        used = f"{len(call.tried)} of {table.limits.attempts} attempts used"
        return Skip(SkipRule.ATTEMPT_LIMIT, used)
    if _ring_left_s(table, call) < SHORTEST_RING_S:
        rung = f"{call.ring_ms / 1000:.1f} s of {table.limits.ring_s} s rung"
        return Skip(SkipRule.RING_LIMIT, rung)
    return None


def _refuses_caller(table: RoutingTable, call: CallSoFar) -> bool:
    return call.caller.withheld and table.withheld_callers is WithheldCallers.REFUSE


def _ring_left_s(table: RoutingTable, call: CallSoFar) -> int:
    """Seconds that the next attempt may be told to ring, the carrier's extra already taken off."""
    return table.limits.ring_s - CARRIER_EXTRA_RING_S - math.ceil(call.ring_ms / 1000)


def _dial(
    table: RoutingTable, call: CallSoFar, destination: Destination, *, overflow: bool = False
) -> Dial:
    route = None if overflow else table.route_to(destination.destination_id)
    ring_s = (
        min(route.ring_s, _ring_left_s(table, call)) if route else table.nobody_left.overflow_ring_s
    )
    return Dial(
        destination_id=destination.destination_id,
        buyer_id=destination.buyer_id,
        dial_string=destination.dial,
        ring_s=ring_s,
        call_s=table.limits.call_s,
        # An id that isn't a number makes destination carriers refuse the call (Twilio 13214).
        caller_id=None if call.caller.number else call.did,
        whisper=route.whisper if route else "",
        screening=route.screening if route else None,
        overflow=overflow,
    )


def _use_last_resort(
    undecided: Decision, table: RoutingTable, directory: Directory, call: CallSoFar
) -> Decision:
    """What the table wants when no route is left; a refused caller only hears the message."""
    end = table.nobody_left
    if end.resort is LastResort.OVERFLOW and not _refuses_caller(table, call):
        undecided = _add_overflow(undecided, end.overflow_destination_id, directory, call)
        if undecided.candidates[-1].skip is None:
            overflow = directory.destinations[end.overflow_destination_id]
            return replace(undecided, dial=_dial(table, call, overflow, overflow=True))
    if end.resort is LastResort.VOICEMAIL and not _refuses_caller(table, call):
        return replace(
            undecided,
            closing=Closing.VOICEMAIL,
            say=end.say,
            voicemail_max_s=end.voicemail_max_s,
        )
    return replace(undecided, closing=Closing.MESSAGE, say=end.say)


def _add_overflow(
    undecided: Decision, destination_id: str, directory: Directory, call: CallSoFar
) -> Decision:
    candidate = Candidate(
        destination_id=destination_id,
        buyer_id=_buyer_of(directory, destination_id),
        priority=0,
        weight=0,
        skip=_skip_destination(directory, call, destination_id),
        overflow=True,
    )
    return replace(undecided, candidates=(*undecided.candidates, candidate))
