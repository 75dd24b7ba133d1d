"""What a decision takes of the counters: to be reserved before anybody is dialled."""

from callrouter.domain.caps import Claim, Counter, DialClaims
from callrouter.domain.conditions import Conditions
from callrouter.domain.decision import Decision, Dial
from callrouter.domain.periods import Moment
from callrouter.domain.plan import Plan, PlannedRoute, make_probe_claim
from callrouter.domain.stops import StopKind, group_stops, needs_probe


def list_claims(plan: Plan, decision: Decision, conditions: Conditions) -> tuple[DialClaims, ...]:
    """What must be reserved for `decision`, as of the conditions that it was made under.

    What the destinations of a group share is claimed once for each attempt.
    """
    if decision.dial is None:
        return ()
    moment = Moment(conditions.at)
    stops = group_stops(conditions.stops)
    of_publisher = plan.publisher_counters.get(decision.publisher, ())
    found: list[DialClaims] = []
    shared: dict[str, Claim] = {}
    for dial in (decision.dial, *decision.also):
        planned = _find_planned(plan, dial)
        own = _claim(planned, planned.own_counters, moment)
        if needs_probe(stops.get((StopKind.DESTINATION, dial.destination_id), ()), moment.at):
            own = (*own, make_probe_claim(dial.destination_id))
        if own:
            found.append(DialClaims(dial.destination_id, own))
        for claim in _claim(planned, (*planned.shared_counters, *of_publisher), moment):
            dearer = shared.get(claim.key)
            if dearer is None or dearer.amount < claim.amount:
                shared[claim.key] = claim
    if shared:
        found.append(DialClaims("", tuple(shared.values())))
    return tuple(found)


def _find_planned(plan: Plan, dial: Dial) -> PlannedRoute:
    planned = plan.overflow if dial.overflow else plan.find_route(dial.destination_id)
    assert planned is not None  # noqa: S101 - the decision was made by this plan
    return planned


def _claim(
    planned: PlannedRoute, counters: tuple[Counter, ...], moment: Moment
) -> tuple[Claim, ...]:
    return tuple(counter.claim_in(moment, planned.amount_of(counter)) for counter in counters)
