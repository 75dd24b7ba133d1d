"""Block and allow lists: which entry speaks of a caller, and which of several has the say.

Most specific first: buyer, campaign, seller; within one scope the number itself, then prefixes from
the longest on, its country, that it is withheld, everyone. Allow beats block between equals.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import phonenumbers

from callrouter.domain.callers.duplicates import PastCall, PastContact
from callrouter.domain.numbers import Caller, is_e164, read_caller

_PREFIX = re.compile(r"\+[1-9][0-9]{0,13}")
_COUNTRY = "country:"
WITHHELD = "withheld"
EVERYONE = "everyone"


class ListEffect(StrEnum):
    """What an entry does. An allowed caller is never a duplicate, a repeat or too soon either."""

    BLOCK = "block"
    ALLOW = "allow"


class PatternKind(StrEnum):
    """What an entry speaks of."""

    NUMBER = "number"
    PREFIX = "prefix"
    COUNTRY = "country"
    WITHHELD = "withheld"
    EVERYONE = "everyone"


class ListScope(StrEnum):
    """Where an entry holds: everywhere, in one campaign, or for calls to one buyer."""

    SELLER = "seller"
    CAMPAIGN = "campaign"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """One line of a seller's lists.

    `pattern` is as `spell_pattern` writes it. `scope_id` is the campaign's or the buyer's id, ""
    for the whole seller. From `expires_at` on it doesn't count; None for no end.
    """

    effect: ListEffect
    pattern: str
    scope: ListScope = ListScope.SELLER
    scope_id: str = ""
    expires_at: datetime | None = None
    note: str = ""
    author: str = ""
    added_at: datetime

    @property
    def kind(self) -> PatternKind:
        """What it speaks of."""
        return kind_of(self.pattern)

    def holds_at(self, at: datetime) -> bool:
        """Whether it still counts at `at`."""
        return self.expires_at is None or at < self.expires_at


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """What is known of a caller before a call is routed; nothing of one who has no number.

    `contacts` are condensed; `last_call` is the newest other call to the same campaign.
    """

    entries: tuple[ListEntry, ...] = ()
    contacts: tuple[PastContact, ...] = ()
    last_call: PastCall | None = None


def spell_pattern(kind: PatternKind, value: str = "") -> str:
    """A pattern as it is kept: +14155550123, +1415*, country:CA, withheld, everyone."""
    match kind:
        case PatternKind.NUMBER:
            return value
        case PatternKind.PREFIX:
            return f"{value}*"
        case PatternKind.COUNTRY:
            return _COUNTRY + value
        case _:
            return kind.value


def kind_of(pattern: str) -> PatternKind:
    """What a pattern speaks of."""
    if pattern in (WITHHELD, EVERYONE):
        return PatternKind(pattern)
    if pattern.startswith(_COUNTRY):
        return PatternKind.COUNTRY
    return PatternKind.PREFIX if pattern.endswith("*") else PatternKind.NUMBER


def check_pattern(kind: PatternKind, value: str) -> str | None:
    """What is wrong with what a person wrote for a pattern, or None."""
    match kind:
        case PatternKind.NUMBER:
            if not is_e164(value):
                return f"{value!r} isn't E.164: write it like +14155550123"
            if read_caller(value).withheld:
                return f"{value!r} is how carriers spell a withheld number: use withheld instead"
        case PatternKind.PREFIX if not _PREFIX.fullmatch(value):
            return f"{value!r} isn't how numbers begin: write a plus and digits, as in +1900"
        case PatternKind.COUNTRY if value not in phonenumbers.SUPPORTED_REGIONS:
            return f"{value!r} isn't a country: write its two letters, as in CA"
        case _:
            pass
    return None


def check_spelt(pattern: str) -> str | None:
    """What is wrong with a pattern that a person spelt as `spell_pattern` does, or None."""
    kind = kind_of(pattern)
    return check_pattern(kind, pattern.removeprefix(_COUNTRY).removesuffix("*"))


def country_of(caller: Caller, sent: str) -> str:
    """The caller's country in two letters: as the carrier sent it, else by the number, else ""."""
    if len(sent) == 2 and sent.isascii() and sent.isalpha():
        return sent.upper()
    if caller.number is None:
        return ""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(caller.number))
    except phonenumbers.NumberParseException:
        return ""
    return region if region in phonenumbers.SUPPORTED_REGIONS else ""


def list_patterns(caller: Caller, country: str) -> tuple[str, ...]:
    """Every pattern that fits the caller, some fifteen, the most specific first."""
    patterns: list[str] = []
    if caller.number is not None:
        patterns.append(caller.number)
        patterns += [f"{caller.number[:end]}*" for end in range(len(caller.number), 1, -1)]
    if country:
        patterns.append(_COUNTRY + country)
    if caller.withheld:
        patterns.append(WITHHELD)
    return (*patterns, EVERYONE)


def judge_caller(
    entries: Iterable[ListEntry],
    caller: Caller,
    country: str,
    *,
    campaign_id: str,
    buyer_id: str,
    at: datetime,
) -> ListEntry | None:
    """The entry that has the say for this caller, campaign and buyer; None when none speaks.

    With no buyer (""), what holds for the call as a whole. `country` is as `country_of` has it.
    """
    order = {pattern: place for place, pattern in enumerate(list_patterns(caller, country))}
    speaking = (
        entry
        for entry in entries
        if entry.pattern in order and entry.holds_at(at) and _covers(entry, campaign_id, buyer_id)
    )
    return min(
        speaking,
        key=lambda entry: (
            _SCOPES.index(entry.scope),
            order[entry.pattern],
            entry.effect is not ListEffect.ALLOW,
        ),
        default=None,
    )


def say_entry(entry: ListEntry) -> str:
    """What a skip saw: "blocked: +1900* in campaign flood-repair until …: prank"."""
    said = "blocked" if entry.effect is ListEffect.BLOCK else "allowed"
    where = f" {_WHERE[entry.scope]} {entry.scope_id}" if entry.scope_id else ""
    until = f" until {entry.expires_at:%Y-%m-%d %H:%M:%S}Z" if entry.expires_at else ""
    note = f" ({entry.note})" if entry.note else ""
    return f"{said}: {entry.pattern}{where}{until}{note}"


_SCOPES = (ListScope.BUYER, ListScope.CAMPAIGN, ListScope.SELLER)
_WHERE = {ListScope.CAMPAIGN: "in campaign", ListScope.BUYER: "for buyer", ListScope.SELLER: ""}


def _covers(entry: ListEntry, campaign_id: str, buyer_id: str) -> bool:
    match entry.scope:
        case ListScope.BUYER:
            return bool(buyer_id) and entry.scope_id == buyer_id
        case ListScope.CAMPAIGN:
            return entry.scope_id == campaign_id
        case _:
            return True
