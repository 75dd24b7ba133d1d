"""What a replay knows of its callers: the lists as they are, and whom its own calls reached."""

from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from callrouter.domain.callers.caller_lists import KnownCaller, ListEntry, country_of, list_patterns
from callrouter.domain.callers.duplicates import PastCall, PastContact, condense
from callrouter.domain.routing.conditions import NOBODY
from callrouter.domain.routing.decision import CallSoFar


class RememberedCallers:
    """The past of each caller, in one campaign, as the replay makes it."""

    def __init__(
        self, campaign_id: str, entries: Iterable[ListEntry], *, asks_history: bool
    ) -> None:
        """`entries` are all of the seller's lists; without `asks_history` nothing else is known."""
        self._campaign_id = campaign_id
        self._asks_history = asks_history
        self._entries: dict[str, list[ListEntry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.pattern, []).append(entry)
        self._contacts: dict[str, tuple[PastContact, ...]] = {}
        self._last_calls: dict[str, PastCall] = {}
        self._to_come: list[tuple[datetime, int, str, PastContact]] = []
        self._order = count()

    def know(self, call: CallSoFar, at: datetime) -> KnownCaller:
        """What is known of a caller when the call arrives."""
        if not (self._asks_history or self._entries):
            return NOBODY
        self._tell_until(at)
        number = call.caller.number
        entries = self._find_entries(call)
        contacts = self._contacts.get(number, ()) if number else ()
        last_call = self._last_calls.get(number) if number else None
        if not (entries or contacts or last_call):
            return NOBODY
        return KnownCaller(entries, contacts, last_call)

    def note_call(self, call: CallSoFar, at: datetime) -> None:
        """Remember that there was a call."""
        if self._asks_history and call.caller.number:
            past = PastCall(self._campaign_id, call.did, call.call_sid, at)
            self._last_calls[call.caller.number] = past

    def note_contact(self, call: CallSoFar, contact: PastContact, ends_at: datetime) -> None:
        """Remember whom the caller talked to, once the call is over."""
        if self._asks_history and call.caller.number:
            entry = (ends_at, next(self._order), call.caller.number, contact)
            heappush(self._to_come, entry)

    def _tell_until(self, at: datetime) -> None:
        while self._to_come and self._to_come[0][0] <= at:
            _, _, number, contact = heappop(self._to_come)
            known = (*self._contacts.get(number, ()), contact)
            self._contacts[number] = condense(known, at)

    def _find_entries(self, call: CallSoFar) -> tuple[ListEntry, ...]:
        if not self._entries:
            return ()
        patterns = list_patterns(call.caller, country_of(call.caller, call.caller_country))
        return tuple(e for pattern in patterns for e in self._entries.get(pattern, ()))
