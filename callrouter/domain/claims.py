"""What a decision takes of the counters: to be reserved before anybody is dialled."""

from collections.abc import Mapping

from callrouter.domain.caps import Claim, Counter, DialClaims, SubjectKind, merge_claims, name_buyer
from callrouter.domain.conditions import Conditions
from callrouter.domain.decision import Decision, Dial
from callrouter.domain.periods import Moment
from callrouter.domain.plan import Plan, PlannedRoute, make_probe_claim
from callrouter.domain.stops import StopKind, group_stops, needs_probe


def list_claims(plan: Plan, decision: Decision, conditions: Conditions) -> tuple[DialClaims, ...]:
    """What must be reserved for `decision`, as of the conditions that it was made under.

    What the destinations of a group share is claimed once for each attempt; where they are of
    several buyers, what these count is claimed for each of them, since only one gets the call.
    """
    if decision.dial is None:
        return ()
    keys = plan.keys.in_moment(Moment(conditions.at))
    stops = group_stops(conditions.stops)
    of_publisher = plan.publisher_counters.get(decision.publisher, ())
    dials = decision.dials
    has_one_buyer = len({dial.buyer_id for dial in dials}) == 1
    found: list[DialClaims] = []
    shared: dict[str, list[Claim]] = {}
    for dial in dials:
        planned = _find_planned(plan, dial)
        own = _claim(planned, planned.own_counters, keys)
        if needs_probe(stops.get((StopKind.DESTINATION, dial.destination_id), ()), conditions.at):
            own = (*own, make_probe_claim(dial.destination_id))
        if own:
            found.append(DialClaims(dial.destination_id, own))
        for counter in (*planned.shared_counters, *of_publisher):
            claim = _claim_on(counter, planned, keys)
            is_buyers = not has_one_buyer and counter.subject.kind is SubjectKind.BUYER
            shared.setdefault(name_buyer(dial.buyer_id) if is_buyers else "", []).append(claim)
    found += [DialClaims(name, merge_claims(tuple(claims))) for name, claims in shared.items()]
    return tuple(found)


def _find_planned(plan: Plan, dial: Dial) -> PlannedRoute:
    planned = plan.overflow if dial.overflow else plan.find_route(dial.destination_id)
    assert planned is not None  # noqa: S101 - the decision was made by this plan
    return planned


def _claim(
    planned: PlannedRoute, counters: tuple[Counter, ...], keys: Mapping[int, str]
) -> tuple[Claim, ...]:
    return tuple(_claim_on(counter, planned, keys) for counter in counters)


def _claim_on(counter: Counter, planned: PlannedRoute, keys: Mapping[int, str]) -> Claim:
    return counter.claim(keys[id(counter)], planned.amount_of(counter))
