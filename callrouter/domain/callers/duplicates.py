"""Callers who come again: repeats (to the same campaign) and duplicates (to the same buyer).

Knows what was noted of a caller; not how it is kept, nor what a block list says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from callrouter.domain.cdr import AttemptOutcome, Cdr
from callrouter.domain.clocks.time_spans import say_span

CLOCK_SKEW_S = 60
"""How far machines' clocks may differ: what lies less ahead of us than this happened just now.

What lies further ahead has not happened yet, as when an earlier moment is looked at again.
"""


class DuplicateScope(StrEnum):
    """To whom the caller must have talked before: this very destination, or any of its buyer's."""

    DESTINATION = "destination"
    BUYER = "buyer"


class DuplicateAfter(StrEnum):
    """Which earlier calls count: all that were connected, or only those that were payable."""

    CONNECTED = "connected"
    PAYABLE = "payable"


class DuplicateThen(StrEnum):
    """What becomes of a duplicate.

    NORMAL: routed like any call. SAME_BUYER: whom the caller knows comes first. ANOTHER_BUYER:
    whatever `scope` covers is passed by. REFUSE: nobody is dialled at all.
    """

    NORMAL = "normal"
    SAME_BUYER = "same_buyer"
    ANOTHER_BUYER = "another_buyer"
    REFUSE = "refuse"


class RepeatThen(StrEnum):
    """What becomes of a repeat: routed normally, to the buyer of before first, or to nobody."""

    NORMAL = "normal"
    SAME_BUYER = "same_buyer"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """When a caller is a duplicate for a candidate, and what then.

    Stands at a campaign, a buyer or a route; the most specific one is the candidate's. Calls of
    other campaigns count only with `any_campaign`: who asks for something else is a new lead.
    """

    window_s: int
    scope: DuplicateScope = DuplicateScope.BUYER
    after: DuplicateAfter = DuplicateAfter.PAYABLE
    then: DuplicateThen = DuplicateThen.ANOTHER_BUYER
    any_campaign: bool = False


@dataclass(frozen=True, slots=True)
class RepeatRule:
    """When a caller repeats a call to the same campaign, connected or not, and what then."""

    window_s: int
    then: RepeatThen = RepeatThen.NORMAL


@dataclass(frozen=True, slots=True)
class CallerRules:
    """What a campaign wants of callers who come again, whichever route they would get.

    A call within `min_gap_s` seconds of the caller's last one to the campaign is refused; 0 for
    none.
    """

    min_gap_s: int = 0
    repeats: RepeatRule | None = None


NO_CALLER_RULES = CallerRules()


@dataclass(frozen=True, slots=True)
class PastContact:
    """A caller and a destination were connected at `connected_at`, in a call that is over."""

    destination_id: str
    buyer_id: str
    campaign_id: str
    call_sid: str
    connected_at: datetime
    payable: bool


@dataclass(frozen=True, slots=True)
class PastCall:
    """An earlier call of a caller, whatever became of it."""

    campaign_id: str
    did: str
    call_sid: str
    arrived_at: datetime


def list_contacts(cdr: Cdr, payable: frozenset[str]) -> tuple[PastContact, ...]:
    """Whom a call connected its caller with; `payable` has the destinations that must pay for it.

    A destination that was connected twice in the call counts once, from the first time on.
    """
    found: dict[str, PastContact] = {}
    for attempt in cdr.attempts:
        if attempt.outcome is AttemptOutcome.CONNECTED and attempt.destination_id:
            found.setdefault(
                attempt.destination_id,
                PastContact(
                    destination_id=attempt.destination_id,
                    buyer_id=attempt.buyer_id,
                    campaign_id=cdr.campaign_id,
                    call_sid=cdr.call_sid,
                    connected_at=attempt.dialed_at,
                    payable=attempt.destination_id in payable,
                ),
            )
    return tuple(found.values())


def condense(contacts: Iterable[PastContact], at: datetime) -> tuple[PastContact, ...]:
    """The contacts that no later one makes superfluous, the newest first.

    Of each campaign and destination the newest that has happened by `at`, and the newest payable
    one: every question of this module gets the same answer from these.
    """
    newest: dict[tuple[str, str, bool], PastContact] = {}
    for contact in sorted(contacts, key=_order, reverse=True):
        if _age_s(contact.connected_at, at) is None:
            continue
        place = (contact.campaign_id, contact.destination_id)
        if contact.payable:
            newest.setdefault((*place, True), contact)
        newest.setdefault((*place, False), contact)
    return tuple(sorted(set(newest.values()), key=_order, reverse=True))


def find_duplicate(
    rule: DuplicateRule | None,
    contacts: Iterable[PastContact],
    *,
    campaign_id: str,
    destination_id: str,
    buyer_id: str,
    call_sid: str,
    at: datetime,
) -> PastContact | None:
    """The newest contact that makes this call a duplicate for a candidate; None when it is none.

    Contacts made within the call `call_sid` itself don't count.
    """
    if rule is None:
        return None
    by_buyer = rule.scope is DuplicateScope.BUYER
    return _newest(
        contact
        for contact in contacts
        if contact.call_sid != call_sid
        and (rule.any_campaign or contact.campaign_id == campaign_id)
        and (
            contact.destination_id == destination_id or (by_buyer and contact.buyer_id == buyer_id)
        )
        and (contact.payable or rule.after is DuplicateAfter.CONNECTED)
        and _is_within(contact.connected_at, rule.window_s, at)
    )


def find_repeat(
    rule: RepeatRule | None, last_call: PastCall | None, at: datetime
) -> PastCall | None:
    """The caller's last call to the campaign when it makes this one a repeat.

    Ask before the first attempt only: a call that was let in isn't thrown out by a later one.
    """
    if rule is None or last_call is None:
        return None
    return last_call if _is_within(last_call.arrived_at, rule.window_s, at) else None


def is_too_soon(min_gap_s: int, last_call: PastCall | None, at: datetime) -> bool:
    """Whether the caller's last call to the campaign was less than `min_gap_s` seconds ago.

    Ask before the first attempt only, as for a repeat.
    """
    return last_call is not None and _is_within(last_call.arrived_at, min_gap_s, at)


def find_buyer_of_repeat(
    rule: RepeatRule | None, contacts: Iterable[PastContact], *, campaign_id: str, at: datetime
) -> PastContact | None:
    """Whom the caller of a repeat last talked to within the window, where that comes first."""
    if rule is None or rule.then is not RepeatThen.SAME_BUYER:
        return None
    return _newest(
        contact
        for contact in contacts
        if contact.campaign_id == campaign_id
        and _is_within(contact.connected_at, rule.window_s, at)
    )


def prefers(
    rule: DuplicateRule | None,
    duplicate: PastContact | None,
    before: PastContact | None,
    buyer_id: str,
) -> bool:
    """Whether a candidate of `buyer_id` comes before all others, whatever their priorities.

    `duplicate` is what `find_duplicate` found for it by `rule`, `before` what
    `find_buyer_of_repeat` found for the call.
    """
    if before is not None and before.buyer_id == buyer_id:
        return True
    return rule is not None and duplicate is not None and rule.then is DuplicateThen.SAME_BUYER


def say_duplicate(rule: DuplicateRule, contact: PastContact, at: datetime) -> str:
    """What a skip saw: "payable 12 days ago in CA…, window 30 days"."""
    what = "payable" if contact.payable else "connected"
    age = say_span(_age_s(contact.connected_at, at) or 0)
    with_whom = f" with {contact.destination_id}" if rule.scope is DuplicateScope.BUYER else ""
    return f"{what}{with_whom} {age} ago in {contact.call_sid}, {name_window(rule.window_s)}"


def say_repeat(window_s: int, last_call: PastCall, at: datetime) -> str:
    """What a refusal saw: "called 40 seconds ago in CA…, window 10 minutes"."""
    age = say_span(_age_s(last_call.arrived_at, at) or 0)
    return f"called {age} ago in {last_call.call_sid}, {name_window(window_s)}"


def name_duplicates(rule: DuplicateRule) -> str:
    """Which calls the rule looks back at, as in "payable with its buyer, window 30 days"."""
    return f"{rule.after} with its {rule.scope}, {name_window(rule.window_s)}"


def name_window(window_s: int) -> str:
    """A window by its length, as in "window 10 minutes"."""
    return f"window {say_span(window_s)}"


def _newest(contacts: Iterable[PastContact]) -> PastContact | None:
    return max(contacts, key=_order, default=None)


def _order(contact: PastContact) -> tuple[datetime, bool, str, str, str]:
    """By time; the rest only makes it the same order every time."""
    return (
        contact.connected_at,
        contact.payable,
        contact.call_sid,
        contact.destination_id,
        contact.campaign_id,
    )


def _age_s(then: datetime, at: datetime) -> float | None:
    """Seconds since `then`, 0 for what lies barely ahead; None for what hasn't happened yet."""
    age_s = (at - then) / timedelta(seconds=1)
    if age_s <= -CLOCK_SKEW_S:
        return None
    return max(0.0, age_s)


def _is_within(then: datetime, window_s: int, at: datetime) -> bool:
    """Whether `then` is less than `window_s` seconds ago."""
    age_s = _age_s(then, at)
    return age_s is not None and age_s < window_s
