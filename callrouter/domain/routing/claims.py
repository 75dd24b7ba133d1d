"""What a decision takes of the counters: to be reserved before anybody is dialled."""

from callrouter.domain.clocks.periods import moment_at
from callrouter.domain.health.stops import StopKind, group_stops, needs_probe
from callrouter.domain.limits.caps import Claim, DialClaims, SubjectKind, merge_claims, name_buyer
from callrouter.domain.routing.account_judge import AccountJudge
from callrouter.domain.routing.claims_book import list_claims_of
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import Decision, Dial
from callrouter.domain.routing.plan import Plan, make_probe_claim
from callrouter.domain.routing.planned_route import PlannedRoute


def list_claims(plan: Plan, decision: Decision, conditions: Conditions) -> tuple[DialClaims, ...]:
    """What must be reserved for `decision`, as of the conditions that it was made under.

    What the destinations of a group share is claimed once for each attempt; where they are of
    several buyers, what these count is claimed for each of them, since only one gets the call. So
    it is with what is held on a buyer's account: for the dearest of its destinations.
    """
    if decision.dial is None:
        return ()
    page = plan.claims_book.open_at(moment_at(conditions.at))
    of_publisher = plan.publisher_counters.get(decision.publisher, ())
    if not (decision.also or conditions.stops or conditions.standings):
        planned = _find_planned(plan, decision.dial)
        return page.list_alone(planned, decision.publisher, of_publisher)
    stops = group_stops(conditions.stops)
    accounts = AccountJudge(plan, conditions) if conditions.standings else None
    dials = decision.dials
    has_one_buyer = len({dial.buyer_id for dial in dials}) == 1
    found: list[DialClaims] = []
    shared: dict[str, list[Claim]] = {}
    for dial in dials:
        planned = _find_planned(plan, dial)
        own = list_claims_of(page.list_own(planned))
        if needs_probe(stops.get((StopKind.DESTINATION, dial.destination_id), ()), conditions.at):
            own = (*own, make_probe_claim(dial.destination_id))
        if own:
            found.append(DialClaims(dial.destination_id, own))
        of_buyer = "" if has_one_buyer else name_buyer(dial.buyer_id)
        for taking in (*page.list_shared(planned), *page.take(planned, of_publisher)):
            is_buyers = taking.counter.subject.kind is SubjectKind.BUYER
            shared.setdefault(of_buyer if is_buyers else "", []).append(taking.claim)
        if accounts is not None:
            shared.setdefault(of_buyer, []).extend(accounts.list_claims(planned))
    found += [
        DialClaims(name, merge_claims(tuple(claims))) for name, claims in shared.items() if claims
    ]
    return tuple(found)


def _find_planned(plan: Plan, dial: Dial) -> PlannedRoute:
    planned = plan.overflow if dial.overflow else plan.find_route(dial.destination_id)
    assert planned is not None  # noqa: S101 - the decision was made by this plan
    return planned
