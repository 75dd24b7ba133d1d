"""Why a candidate is passed by, or a call refused as a whole: every rule with the value it saw."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType

from callrouter.domain.clocks.periods import Moment, moment_at
from callrouter.domain.clocks.timetable import WallTime, is_open, read_wall, say_closed
from callrouter.domain.health.stops import (
    StopKind,
    StopsBySubject,
    find_stop,
    group_stops,
    name_stop,
    needs_probe,
    say_stop,
)
from callrouter.domain.limits.cap_words import name_limit, say_usage
from callrouter.domain.limits.caps import UNLIMITED, Usage
from callrouter.domain.routing.account_judge import AccountJudge
from callrouter.domain.routing.caller_judge import CallerJudge
from callrouter.domain.routing.claims_book import Takings
from callrouter.domain.routing.conditions import NOBODY, Conditions
from callrouter.domain.routing.decision import CallSoFar, Skip, SkipRule
from callrouter.domain.routing.plan import Plan, make_probe_claim
from callrouter.domain.routing.planned_route import PlannedRoute
from callrouter.domain.tables.filters import (
    TAG,
    CallFacts,
    Field,
    Filter,
    describe_caller,
    find_mismatch,
)
from callrouter.domain.tables.routing_table import AdvertisedNumber, WhenUncounted, WithheldCallers

CARRIER_EXTRA_RING_S = 5
"""Twilio lets a phone ring about this much longer than `timeout` says (its page on <Dial>)."""
SHORTEST_RING_S = 5
"""The smallest `timeout` that Twilio accepts on <Dial>."""

_EMPTY = Usage()
_NO_STOPS: StopsBySubject = MappingProxyType({})
_UNASKED = Skip(SkipRule.CLOSED, "not asked yet")
_OF_THE_NUMBER = frozenset({Field.AREA_CODE, Field.NUMBER_TYPE})
_UNKNOWN_DID = AdvertisedNumber("")
_SENT: Mapping[str, Callable[[CallSoFar], str]] = MappingProxyType(
    {
        Field.STATE: attrgetter("caller_state"),
        Field.ZIP: attrgetter("caller_zip"),
        Field.COUNTRY: attrgetter("caller_country"),
        Field.PUBLISHER: attrgetter("publisher"),
    }
)
"""What the carrier says of a call, or our own table, by field."""


class Judge:
    """Judges the candidates of one decision; what they share is worked out once."""

    def __init__(self, plan: Plan, call: CallSoFar, conditions: Conditions) -> None:
        self._plan = plan
        self._call = call
        self._conditions = conditions
        self._at = conditions.at
        self._moment = moment_at(conditions.at)
        self._walls: dict[str, WallTime] = {}
        # Routes share rules and counters: what was found of one holds for the next. By identity,
        # as the plan has each only once, and as values they would take long to hash.
        self._closed = plan.hours_book.open_at(self._moment.minute)
        self._filtered: dict[int, Skip | None] = {}
        self._shared: dict[tuple[int, int | None], Skip | None] = {}
        self._page = plan.claims_book.open_at(self._moment)
        self._of_publisher = plan.publisher_counters.get(call.publisher, ())
        self._usage = conditions.usage
        dials_uncounted = plan.table.limits.when_uncounted is WhenUncounted.DIAL
        self._needs_counts = not (conditions.counts or dials_uncounted)
        self._stops = group_stops(conditions.stops) if conditions.stops else _NO_STOPS
        self._is_plain = not (call.tried or self._stops)
        self._pointed_at = plan.numbers.get(call.did, _UNKNOWN_DID).to
        self._facts: CallFacts | None = None
        self._caller = CallerJudge(plan, call, conditions)
        self._is_known = conditions.caller is not NOBODY
        self._accounts = AccountJudge(plan, conditions) if conditions.standings else None
        self.refusal = self._refuse_call()
        self._of_call = self.refusal or self._find_spent()

    @property
    def moment(self) -> Moment:
        """The instant of the decision, as all zones see it."""
        return self._moment

    @property
    def prefers(self) -> Callable[[PlannedRoute], bool] | None:
        """Whether the caller belongs to a candidate, whatever the priorities; None: to nobody."""
        return self._caller.prefers if self._conditions.caller.contacts else None

    def find_skip(self, planned: PlannedRoute) -> Skip | None:
        """Why this candidate is passed by; None when it can be dialled."""
        skip = planned.unusable if self._is_plain else self._skip_destination(planned)
        return (
            skip
            or self._of_call
            or self._skip_by_rules(planned)
            or self._skip_without_room(planned)
        )

    def find_skip_at_last(self, planned: PlannedRoute) -> Skip | None:
        """The same for the overflow, which no rule and no limit of one call holds back.

        Its buyer's block list does.
        """
        return (
            self._skip_destination(planned)
            or self._caller.find_block(planned)
            or self._skip_without_room(planned)
        )

    def find_skip_of_anybody(self, planned: PlannedRoute) -> Skip | None:
        """The same as far as it doesn't depend on who calls, which DID, and what was tried."""
        return (
            self._skip_destination(planned)
            or self._skip_closed(planned)
            or self._skip_without_room(planned)
        )

    def put_later(self, ranked: list[tuple[PlannedRoute, str]]) -> list[tuple[PlannedRoute, str]]:
        """The ranked candidates with those behind all others whose buyers' state says so."""
        return ranked if self._accounts is None else self._accounts.put_later(ranked)

    def needs_probe(self, planned: PlannedRoute) -> bool:
        """Whether a call to this candidate is the one that tries it after an outage."""
        stops = self._stops.get((StopKind.DESTINATION, planned.destination_id), ())
        return needs_probe(stops, self._at)

    def _skip_destination(self, planned: PlannedRoute) -> Skip | None:
        """What is wrong with the destination itself, whoever calls."""
        destination_id, tried = planned.destination_id, self._call.tried
        if tried and destination_id in tried:
            attempt = tried.index(destination_id) + 1
            return Skip(SkipRule.ALREADY_TRIED, f"attempt {attempt} of this call")
        if planned.unusable is not None or not self._stops:
            return planned.unusable
        stops = (
            *self._stops.get((StopKind.DESTINATION, destination_id), ()),
            *self._stops.get((StopKind.BUYER, planned.buyer_id), ()),
        )
        stop = find_stop(stops, self._at)
        if stop is None:
            return None
        return Skip(SkipRule.STOPPED, say_stop(stop, self._at), name_stop(stop))

    def _refuse_call(self) -> Skip | None:
        """Why this call gets nobody at all, not even the overflow."""
        call = self._call
        if call.caller.withheld and self._plan.table.withheld_callers is WithheldCallers.REFUSE:
            return Skip(SkipRule.WITHHELD_CALLER, f"caller id {call.caller.ani!r}")
        stops = self._stops.get((StopKind.PUBLISHER, call.publisher))
        stop = find_stop(stops, self._at) if stops else None
        if stop is not None:
            saw = f"publisher {call.publisher}: {say_stop(stop, self._at)}"
            return Skip(SkipRule.STOPPED, saw, name_stop(stop))
        return self._caller.refuse() if self._is_known else None

    def _find_spent(self) -> Skip | None:
        """Which of the things that one call may use up is used up."""
        call, limits = self._call, self._plan.table.limits
        if call.attempts >= limits.attempts:
            used = f"{call.attempts} of {limits.attempts} attempts used"
            return Skip(SkipRule.ATTEMPT_LIMIT, used, f"{limits.attempts} attempts")
        if find_ring_left_s(limits.ring_s, call.ring_ms) < SHORTEST_RING_S:
            rung = f"{call.ring_ms / 1000:.1f} s of {limits.ring_s} s rung"
            return Skip(SkipRule.RING_LIMIT, rung, f"{limits.ring_s} s")
        return None

    def _skip_by_rules(self, planned: PlannedRoute) -> Skip | None:
        pointed_at = self._pointed_at
        if pointed_at and planned.destination_id != pointed_at:
            saw = f"{self._call.did} goes to {pointed_at}"
            return Skip(SkipRule.POINTED_ELSEWHERE, saw, pointed_at)
        skip = None
        if planned.timetable is not None:
            skip = self._closed.get(id(planned.timetable), _UNASKED)
            if skip is _UNASKED:
                skip = self._skip_closed(planned)
        if skip is None and planned.rules.filters:
            skip = self._filtered.get(id(planned.rules.filters), _UNASKED)
            if skip is _UNASKED:
                skip = self._skip_filtered(planned.rules.filters)
        if skip is None and self._is_known:
            skip = self._caller.find_skip(planned)
        return skip

    def _skip_closed(self, planned: PlannedRoute) -> Skip | None:
        timetable = planned.timetable
        if timetable is None:
            return None
        skip = None
        if not is_open(timetable, self._read_wall(timetable.zone)):
            skip = Skip(SkipRule.CLOSED, say_closed(timetable, self._at))
        self._closed[id(timetable)] = skip
        return skip

    def _skip_filtered(self, filters: tuple[Filter, ...]) -> Skip | None:
        if self._facts is None:
            self._facts = gather_facts(self._plan, self._call)
        found = find_mismatch(filters, self._facts)
        skip = None if found is None else Skip(SkipRule.FILTERED, str(found), found.wanted)
        self._filtered[id(filters)] = skip
        return skip

    def _skip_without_room(self, planned: PlannedRoute) -> Skip | None:
        skip = None if self._accounts is None else self._accounts.find_skip(planned)
        if skip is not None:
            return skip
        if self._needs_counts:
            return self._skip_uncounted(planned)
        if planned.own_counters:
            skip = self._find_full(self._page.list_own(planned))
        if skip is None and (planned.shared_counters or self._of_publisher):
            place = (id(planned.shared_counters), planned.route.price_micros)
            skip = self._shared.get(place, _UNASKED)
            if skip is _UNASKED:
                skip = self._shared[place] = self._skip_full_for_all(planned)
        if skip is None and self._stops:
            skip = self._skip_probed(planned)
        return skip

    def _skip_uncounted(self, planned: PlannedRoute) -> Skip | None:
        counters = (*planned.own_counters, *planned.shared_counters, *self._of_publisher)
        if not any(c.cap.limit < UNLIMITED or c.spacing_s for c in counters):
            return None
        return Skip(SkipRule.UNCOUNTED, "its caps can't be counted while the database is away")

    def _skip_full_for_all(self, planned: PlannedRoute) -> Skip | None:
        """What is counted of several routes, which is the same for all that take the same of it."""
        takings = self._page.list_shared(planned)
        if self._of_publisher:
            takings = (*takings, *self._page.take(planned, self._of_publisher))
        return self._find_full(takings)

    def _find_full(self, takings: Takings) -> Skip | None:
        usage = self._usage
        for taking in takings:
            claim = taking.claim
            counted = usage.get(claim.key)
            # Most have room, and say so before anything else is asked.
            if counted is None:
                if claim.amount <= claim.limit:
                    continue
            elif not claim.spacing_s and claim.amount + counted.used + counted.held <= claim.limit:
                continue
            counter, counted = taking.counter, counted or _EMPTY
            if not counter.has_room(counted, self._at, claim.amount):
                saw = say_usage(counter, counted, self._at, claim.amount)
                return Skip(SkipRule.FULL, saw, name_limit(counter, counted, claim.amount))
        return None

    def _skip_probed(self, planned: PlannedRoute) -> Skip | None:
        if not self.needs_probe(planned):
            return None
        key = make_probe_claim(planned.destination_id).key
        if not self._conditions.usage.get(key, _EMPTY).total:
            return None
        said = "breaker half open: the one call that tries it is in progress"
        return Skip(SkipRule.STOPPED, said, "breaker half open")

    def _read_wall(self, zone: str) -> WallTime:
        wall = self._walls.get(zone)
        if wall is None:
            wall = self._walls[zone] = read_wall(zone, self._at)
        return wall


def find_ring_left_s(limit_s: int, rung_ms: int) -> int:
    """Seconds that the next attempt may be told to ring, the carrier's extra already taken off."""
    return limit_s - CARRIER_EXTRA_RING_S - -(-rung_ms // 1000)


def gather_facts(plan: Plan, call: CallSoFar) -> CallFacts:
    """What the plan's filters ask of this call; what nobody sent is missing."""
    fields = plan.fields
    tags = plan.numbers.get(call.did, _UNKNOWN_DID).tags
    facts = {}
    for name in fields:
        read = _SENT.get(name)
        text = read(call) if read is not None else tags.get(name.removeprefix(TAG))
        if text:
            facts[name] = text
    if not fields.isdisjoint(_OF_THE_NUMBER):
        facts.update(describe_caller(call.caller))
    return facts
