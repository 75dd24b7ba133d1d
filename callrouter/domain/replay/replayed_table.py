"""One table's run over recorded calls, with counters, callers and earnings of its own."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from callrouter.domain.callers.duplicates import PastContact
from callrouter.domain.health.stops import Stop
from callrouter.domain.limits.caps import Usage, name_buyer
from callrouter.domain.limits.reservations import DialOutcome
from callrouter.domain.limits.standing import Standings
from callrouter.domain.replay.burst_caps import Burst, find_bursts
from callrouter.domain.replay.outcome_draws import OutcomePool, ReplayedOutcome
from callrouter.domain.replay.recorded import RecordedCall
from callrouter.domain.replay.remembered_callers import RememberedCallers
from callrouter.domain.replay.replayed_counters import ReplayedCounters
from callrouter.domain.routing.claims import list_claims
from callrouter.domain.routing.conditions import Conditions, Earnings
from callrouter.domain.routing.decision import CallSoFar, Decision, Dial
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.payability import earn_micros, is_payable
from callrouter.domain.routing.plan import Plan
from callrouter.domain.tables.routing_table import StrategyName

NOBODYS: Standings = MappingProxyType({})
"""Accounts of which none matters."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What one attempt came to at the destination that took it, or was the only one rung."""

    destination_id: str
    buyer_id: str
    outcome: ReplayedOutcome
    revenue_micros: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a call went: its attempts in order, and the caps that sent it elsewhere.

    `in_table` is False for a DID that the table doesn't have; `nobody_left` when its end was
    reached without a talk.
    """

    talks: tuple[Talk, ...] = ()
    bursts: tuple[Burst, ...] = ()
    nobody_left: bool = False
    in_table: bool = True

    @property
    def taken_by(self) -> Talk | None:
        """The last attempt that was joined."""
        return next((talk for talk in reversed(self.talks) if talk.outcome.connected), None)

    @property
    def is_estimate(self) -> bool:
        """Whether an attempt of it was never made."""
        return any(talk.outcome.is_estimate for talk in self.talks)


class ReplayedTable:
    """A plan's run. Calls must come in the order of their arrival."""

    def __init__(
        self,
        plan: Plan,
        pool: OutcomePool,
        callers: RememberedCallers,
        used: Mapping[str, Usage],
    ) -> None:
        """`used` is what the counters held when the first call came."""
        self.plan = plan
        self._pool = pool
        self._callers = callers
        self._counters = ReplayedCounters(used)
        by_revenue = plan.table.strategy.name is StrategyName.REVENUE_PER_CALL
        self._earned: dict[str, deque[int]] | None = {} if by_revenue else None

    def remember(self, recorded: RecordedCall) -> None:
        """Take what a call before the period says of its caller."""
        self._callers.note_call(recorded.call, recorded.arrived_at)
        for attempt in recorded.attempts:
            planned = self.plan.find_route(attempt.destination_id)
            threshold_s = (planned.route.payable_after_s if planned else None) or 0
            if attempt.connected_ms:
                contact = PastContact(
                    attempt.destination_id,
                    attempt.buyer_id,
                    self.plan.table.campaign_id,
                    recorded.call.call_sid,
                    attempt.dialed_at,
                    payable=attempt.connected_ms >= threshold_s * 1000,
                )
                self._callers.note_contact(recorded.call, contact, recorded.arrived_at)

    def place(
        self,
        recorded: RecordedCall,
        stops: tuple[Stop, ...],
        standings: Standings = NOBODYS,
    ) -> Placement:
        """Where the call goes by this table, under what stood when it came.

        Credit is no part of that: what buyers had left then isn't worked out again.
        """
        number = self.plan.numbers.get(recorded.call.did)
        if number is None:
            return Placement(nobody_left=True, in_table=False)
        self._counters.settle_until(recorded.arrived_at)
        call = recorded.call
        if number.publisher != call.publisher:
            call = replace(call, publisher=number.publisher)
        conditions = Conditions(
            at=recorded.arrived_at,
            usage=self._counters.usage,
            stops=stops,
            caller=self._callers.know(call, recorded.arrived_at),
            earnings=self._read_earnings(),
            standings=standings,
        )
        placed = self._dial_on(recorded, call, conditions)
        self._callers.note_call(call, recorded.arrived_at)
        return placed

    def _dial_on(
        self, recorded: RecordedCall, call: CallSoFar, conditions: Conditions
    ) -> Placement:
        talks: list[Talk] = []
        bursts: dict[Burst, None] = {}
        recoveries = 0
        while True:
            decision = decide(self.plan, call, conditions, brief=True)
            if decision.dial is None or len(decision.candidates) > 1:
                found = find_bursts(self.plan, decision, conditions)
                bursts.update(dict.fromkeys(found))
            if decision.dial is None:
                has_talked = any(talk.outcome.connected for talk in talks)
                return Placement(tuple(talks), tuple(bursts), nobody_left=not has_talked)
            talk = self._ring(recorded, call, decision, conditions)
            talks.append(talk)
            outcome = talk.outcome
            goes_on = not outcome.connected or _is_recovered(decision, talk, recoveries)
            if outcome.caller_left or not goes_on:
                return Placement(tuple(talks), tuple(bursts))
            recoveries += outcome.connected
            call = replace(
                call,
                tried=(*call.tried, *(dial.destination_id for dial in decision.dials)),
                attempts_made=call.attempts + 1,
                ring_ms=call.ring_ms + outcome.ring_ms,
            )
            waited_ms = outcome.ring_ms + outcome.connected_ms
            conditions = replace(conditions, at=conditions.at + timedelta(milliseconds=waited_ms))

    def _ring(
        self, recorded: RecordedCall, call: CallSoFar, decision: Decision, conditions: Conditions
    ) -> Talk:
        """Dial everybody whom the decision rings; who answered first, or else the first of them."""
        at = conditions.at
        claims = list_claims(self.plan, decision, conditions)
        self._counters.reserve(claims, at)
        ends = [(dial, self._pool.find(recorded, dial.destination_id)) for dial in decision.dials]
        dial, outcome = next((end for end in ends if end[1].connected), ends[0])
        ended_at = at + timedelta(milliseconds=outcome.ring_ms + outcome.connected_ms)
        revenue = earn_micros(dial, outcome.connected_ms, connected=outcome.connected)
        if claims:
            self._counters.settle_at(ended_at, claims, _settle(decision, dial, outcome))
        if outcome.connected and self.plan.knows_callers:
            self._note_contact(call, dial, outcome, at, ended_at)
        self._note_earned(dial.destination_id, revenue)
        return Talk(dial.destination_id, dial.buyer_id, outcome, revenue)

    def _note_contact(
        self,
        call: CallSoFar,
        dial: Dial,
        outcome: ReplayedOutcome,
        at: datetime,
        ended_at: datetime,
    ) -> None:
        payable = is_payable(dial, outcome.connected_ms, connected=True)
        contact = PastContact(
            dial.destination_id,
            dial.buyer_id,
            self.plan.table.campaign_id,
            call.call_sid,
            at,
            payable=payable,
        )
        self._callers.note_contact(call, contact, ended_at)

    def _note_earned(self, destination_id: str, micros: int) -> None:
        if self._earned is not None:
            most = self.plan.table.strategy.over_calls
            self._earned.setdefault(destination_id, deque(maxlen=most)).append(micros)

    def _read_earnings(self) -> Mapping[str, Earnings]:
        if self._earned is None:
            return {}
        return {name: Earnings(len(last), sum(last)) for name, last in self._earned.items()}


def _settle(decision: Decision, taken: Dial, outcome: ReplayedOutcome) -> dict[str, DialOutcome]:
    """What the attempt came to for each that was rung, and as a whole."""
    payable = is_payable(taken, outcome.connected_ms, connected=outcome.connected)
    attempt = decision.attempt
    whole = DialOutcome(
        attempt=attempt, destination_id="", connected=outcome.connected, payable=payable
    )
    if not decision.also:
        return {taken.destination_id: whole, "": whole}
    lost = DialOutcome(attempt=attempt, destination_id="", connected=False, payable=False)
    others = {dial.destination_id: lost for dial in decision.dials}
    others |= {name_buyer(dial.buyer_id): lost for dial in decision.dials}
    others[name_buyer(taken.buyer_id)] = whole
    return {**others, taken.destination_id: whole, "": whole}


def _is_recovered(decision: Decision, talk: Talk, recoveries: int) -> bool:
    """Whether the next one is dialled for a caller whom the destination dropped."""
    dial = next(d for d in decision.dials if d.destination_id == talk.destination_id)
    rule = dial.recovery
    if rule is None or not talk.outcome.buyer_hung_up or recoveries >= rule.most:
        return False
    return talk.outcome.connected_ms < rule.under_s * 1000
