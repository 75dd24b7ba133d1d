"""What a caller's past and the seller's lists mean for a call and for each of its candidates."""

from callrouter.domain.callers.caller_lists import (
    ListEffect,
    ListEntry,
    country_of,
    judge_caller,
    say_entry,
)
from callrouter.domain.callers.duplicates import (
    DuplicateRule,
    DuplicateThen,
    PastContact,
    RepeatThen,
    find_buyer_of_repeat,
    find_duplicate,
    find_repeat,
    is_too_soon,
    name_duplicates,
    name_window,
    prefers,
    say_duplicate,
    say_repeat,
)
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Skip, SkipRule
from callrouter.domain.routing.plan import Plan
from callrouter.domain.routing.planned_route import PlannedRoute


class CallerJudge:
    """Judges one caller; somebody on an allow list is never a duplicate, a repeat or too soon."""

    def __init__(self, plan: Plan, call: CallSoFar, conditions: Conditions) -> None:
        self._plan = plan
        self._call = call
        self._known = conditions.caller
        self._at = conditions.at
        self._country = country_of(call.caller, call.caller_country) if self._known.entries else ""
        self._entries: dict[str, ListEntry | None] = {}
        self._of_call = self._find_entry("")
        self._last_buyer = find_buyer_of_repeat(
            None if self._is_allowed else plan.table.callers.repeats,
            self._known.contacts,
            campaign_id=plan.table.campaign_id,
            at=self._at,
        )

    @property
    def _is_allowed(self) -> bool:
        return self._of_call is not None and self._of_call.effect is ListEffect.ALLOW

    def refuse(self) -> Skip | None:
        """Why this caller gets nobody at all: unless some buyer allows whom the seller blocks."""
        if self._is_allowed:
            return None
        if self._of_call is None:
            return self._refuse_repeat() or self._refuse_duplicate()
        if any(self._is_exempt(planned.buyer_id) for planned in self._plan.routes):
            return None
        return Skip(SkipRule.BLOCKED, say_entry(self._of_call))

    def find_block(self, planned: PlannedRoute) -> Skip | None:
        """Why the lists keep this caller from a candidate, even from the overflow."""
        entry = self._find_entry(planned.buyer_id)
        if entry is None or entry.effect is not ListEffect.BLOCK:
            return None
        return Skip(SkipRule.BLOCKED, say_entry(entry))

    def find_skip(self, planned: PlannedRoute) -> Skip | None:
        """Why this caller isn't for one candidate."""
        blocked = self.find_block(planned)
        if blocked is not None:
            return blocked
        rule = planned.rules.duplicates
        if rule is None or rule.then is not DuplicateThen.ANOTHER_BUYER:
            return None
        found = self._find_duplicate(planned)
        return self._say_duplicate(rule, found) if found else None

    def prefers(self, planned: PlannedRoute) -> bool:
        """Whether the caller belongs to this candidate, whatever the priorities."""
        duplicate = self._find_duplicate(planned)
        return prefers(planned.rules.duplicates, duplicate, self._last_buyer, planned.buyer_id)

    def _refuse_repeat(self) -> Skip | None:
        """Asked before the first attempt only: who was let in isn't thrown out again."""
        last_call, rules = self._known.last_call, self._plan.table.callers
        if self._call.attempts or last_call is None:
            return None
        if is_too_soon(rules.min_gap_s, last_call, self._at):
            saw = say_repeat(rules.min_gap_s, last_call, self._at)
            return Skip(SkipRule.TOO_SOON, saw, name_window(rules.min_gap_s))
        repeats = rules.repeats
        if repeats is None or repeats.then is not RepeatThen.REFUSE:
            return None
        found = find_repeat(repeats, last_call, self._at)
        if found is None:
            return None
        saw = say_repeat(repeats.window_s, found, self._at)
        return Skip(SkipRule.REPEAT, saw, name_window(repeats.window_s))

    def _refuse_duplicate(self) -> Skip | None:
        if not self._known.contacts:
            return None
        for planned in self._plan.routes:
            rule = planned.rules.duplicates
            if rule is not None and rule.then is DuplicateThen.REFUSE:
                found = self._find_duplicate(planned)
                if found is not None:
                    return self._say_duplicate(rule, found)
        return None

    def _say_duplicate(self, rule: DuplicateRule, found: PastContact) -> Skip:
        saw = say_duplicate(rule, found, self._at)
        return Skip(SkipRule.DUPLICATE, saw, name_duplicates(rule))

    def _find_duplicate(self, planned: PlannedRoute) -> PastContact | None:
        rule = planned.rules.duplicates
        if rule is None or not self._known.contacts or self._is_exempt(planned.buyer_id):
            return None
        return find_duplicate(
            rule,
            self._known.contacts,
            campaign_id=self._plan.table.campaign_id,
            destination_id=planned.destination_id,
            buyer_id=planned.buyer_id,
            call_sid=self._call.call_sid,
            at=self._at,
        )

    def _is_exempt(self, buyer_id: str) -> bool:
        if self._is_allowed:
            return True
        entry = self._find_entry(buyer_id)
        return entry is not None and entry.effect is ListEffect.ALLOW

    def _find_entry(self, buyer_id: str) -> ListEntry | None:
        if not self._known.entries:
            return None
        if buyer_id not in self._entries:
            self._entries[buyer_id] = judge_caller(
                self._known.entries,
                self._call.caller,
                self._country,
                campaign_id=self._plan.table.campaign_id,
                buyer_id=buyer_id,
                at=self._at,
            )
        return self._entries[buyer_id]
