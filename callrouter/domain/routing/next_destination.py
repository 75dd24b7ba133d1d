"""Which destination gets a call next, and why none of the others does.

`decide` is pure: the weighted draw comes from the call's own id, so a decision can be made again.
"""

from dataclasses import replace
from functools import partial

from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Candidate, Closing, Decision, Dial, Skip
from callrouter.domain.routing.eligibility import Judge, find_ring_left_s
from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.routing.strategies.choice import rank_routes
from callrouter.domain.routing.strategies.placing import Ranking
from callrouter.domain.tables.routing_table import LastResort

MOST_RUNG_TOGETHER = 10
"""As many phones as one <Dial> of Twilio's may ring at once (its page on <Number>)."""


def decide(plan: Plan, call: CallSoFar, conditions: Conditions, *, brief: bool = False) -> Decision:
    """The next attempt for `call`, or the table's last resort; the same inputs, the same answer.

    Every route is ranked and judged. The best that is left is dialled; with it, where its group
    rings together, the others of the group. A `brief` decision is the same, but doesn't look at
    candidates behind the one that is dialled: for whoever makes a hundred thousand of them.
    """
    table = plan.table
    judge = Judge(plan, call, conditions)
    ranked = _rank(plan, call, conditions, judge)
    candidates = _judge_in_order(ranked, judge, brief=brief)
    make = partial(
        Decision,
        call.attempts + 1,
        table.campaign_id,
        call.publisher,
        table.version,
        plan.directory.version,
        language=table.language,
    )
    left = [
        planned
        for (planned, _), candidate in zip(ranked, candidates, strict=not brief)
        if candidate.skip is None
    ]
    if not left:
        return _use_last_resort(make(candidates), plan, call, judge)
    first, *others = [_dial(plan, call, planned) for planned in _pick(left)]
    return make(candidates, dial=first, also=tuple(others))


def _judge_in_order(
    ranked: list[tuple[PlannedRoute, str]], judge: Judge, *, brief: bool
) -> tuple[Candidate, ...]:
    candidates = []
    for planned, figure in ranked:
        skip = judge.find_skip(planned)
        candidates.append(_show(planned, skip, figure))
        if brief and skip is None and not planned.rings_together:
            break
    return tuple(candidates)


def _show(planned: PlannedRoute, skip: Skip | None, figure: str) -> Candidate:
    candidate = planned.candidate
    if skip is None and not figure:
        return candidate
    return Candidate(
        candidate.destination_id,
        candidate.buyer_id,
        candidate.priority,
        candidate.weight,
        skip,
        figure=figure,
    )


def _rank(
    plan: Plan, call: CallSoFar, conditions: Conditions, judge: Judge
) -> list[tuple[PlannedRoute, str]]:
    """Every candidate with what the strategy saw of it; before all, where the DID is pointed."""
    table = plan.table
    ranking = Ranking(table.strategy, call.call_sid, table.currency, judge.moment, conditions)
    ranked = judge.put_later(rank_routes(plan, ranking, judge.prefers))
    pointed = plan.find_pointed(call.did)
    return ranked if pointed is None or pointed.is_listed else [(pointed, ""), *ranked]


def _pick(left: list[PlannedRoute]) -> list[PlannedRoute]:
    """The best candidate, and who is rung together with it."""
    best = left[0]
    if not best.rings_together:
        return [best]
    return [planned for planned in left if planned.group == best.group][:MOST_RUNG_TOGETHER]


def _dial(plan: Plan, call: CallSoFar, planned: PlannedRoute, *, overflow: bool = False) -> Dial:
    table, dial = plan.table, planned.dial
    assert dial is not None  # noqa: S101 - an unknown destination is passed by
    if overflow:
        ring_s = table.nobody_left.overflow_ring_s
    else:
        ring_s = min(dial.ring_s, find_ring_left_s(table.limits.ring_s, call.ring_ms))
    # An id that isn't a number makes destination carriers refuse the call (Twilio 13214).
    caller_id = None if call.caller.number else call.did
    if ring_s == dial.ring_s and caller_id is None and not overflow:
        return dial
    return replace(dial, ring_s=ring_s, caller_id=caller_id, overflow=overflow)


def _use_last_resort(undecided: Decision, plan: Plan, call: CallSoFar, judge: Judge) -> Decision:
    """What the table wants when no route is left; a refused caller only hears the message."""
    end = plan.table.nobody_left
    overflow = plan.overflow
    if overflow is not None and judge.refusal is None:
        skip = judge.find_skip_at_last(overflow)
        candidate = Candidate(
            destination_id=overflow.destination_id,
            buyer_id=overflow.buyer_id,
            priority=0,
            weight=0,
            skip=skip,
            overflow=True,
        )
        undecided = replace(undecided, candidates=(*undecided.candidates, candidate))
        if skip is None:
            return replace(undecided, dial=_dial(plan, call, overflow, overflow=True))
    if end.resort is LastResort.VOICEMAIL and judge.refusal is None:
        return replace(
            undecided,
            closing=Closing.VOICEMAIL,
            say=end.say,
            voicemail_max_s=end.voicemail_max_s,
        )
    return replace(undecided, closing=Closing.MESSAGE, say=end.say)
