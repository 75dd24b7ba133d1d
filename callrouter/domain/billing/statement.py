"""A statement: entries of one account, fixed when it is closed, and what they add up to.

Everything here follows from entries; nothing of it is state.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from callrouter.domain.billing.ledger import Entry, EntryKind
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.statement_periods import find_last_day
from callrouter.domain.clocks.periods import find_wall_time

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The head of a statement; a draft has number "" and isn't kept.

    It covers what was booked before `ends_at` and is on none before it; `starts_at` is where its
    period begins, and later bookings of earlier calls are on it too. `opening_micros` is what was
    due by all statements and payments before it. `payments_micros` is the sum of its payments and
    of those that were returned, negative as a rule; `amount_micros` that of all its other entries.
    `due_on` is the last day for its payment, on the clocks of `zone`, the party's.
    """

    party: Party
    currency: str
    number: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime
    due_on: date
    agreement_version: int
    opening_micros: int
    amount_micros: int
    payments_micros: int
    entries: int
    author: str = ""

    @property
    def closing_micros(self) -> int:
        """What is due once all of it is counted: opening balance, amount and payments."""
        return self.opening_micros + self.amount_micros + self.payments_micros

    @property
    def is_draft(self) -> bool:
        """Whether it is only what a statement would be."""
        return not self.number

    @property
    def first_day(self) -> date:
        """The first day of its period, on the clocks of its zone."""
        return find_wall_time(self.zone, self.starts_at).date()

    @property
    def last_day(self) -> date:
        """The last day of its period, on the clocks of its zone."""
        return find_last_day(self.ends_at, self.zone)


_OF_CALLS = (EntryKind.CHARGE, EntryKind.PAYOUT)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it stands on a statement.

    `taken_back` is the kind of the entry that it reverses, None when it reverses none.
    """

    entry: Entry
    taken_back: EntryKind | None = None

    @property
    def kind(self) -> EntryKind:
        """The kind under which it counts: a payment that was returned counts under payments."""
        return EntryKind.PAYMENT if self.taken_back is EntryKind.PAYMENT else self.entry.kind

    @property
    def calls(self) -> int:
        """1 where it charges or pays a call, -1 where it takes such an entry back, else 0."""
        return int(self.entry.kind in _OF_CALLS) - int(self.taken_back in _OF_CALLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What entries come to that are alike in kind and, if they are of calls, in place.

    `calls` and durations are of the entries that charge a call less those that take one back: over
    all statements of an account each call counts once. Entries that aren't of calls have no place.
    """

    kind: EntryKind
    is_call: bool
    campaign_id: str = ""
    destination_id: str = ""
    is_payable: bool = False
    entries: int = 0
    calls: int = 0
    total_ms: int = 0
    connected_ms: int = 0
    amount_micros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the calls of one campaign to one destination come to, payable or not."""

    campaign_id: str
    destination_id: str
    payable_calls: int = 0
    other_calls: int = 0
    total_ms: int = 0
    connected_ms: int = 0
    amount_micros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a statement's entries come to: by kind, and its calls by place.

    `by_kind` has the kinds in their own order, those without an entry left out; `places` are in
    the order of their names. The sum of `by_kind` is the statement's amount with its payments.
    """

    entries: int
    by_kind: tuple[tuple[EntryKind, int], ...]
    places: tuple[Place, ...]

    @property
    def calls(self) -> Place:
        """All calls together, as a place without a name."""
        return Place(
            campaign_id="",
            destination_id="",
            payable_calls=sum(place.payable_calls for place in self.places),
            other_calls=sum(place.other_calls for place in self.places),
            total_ms=sum(place.total_ms for place in self.places),
            connected_ms=sum(place.connected_ms for place in self.places),
            amount_micros=sum(place.amount_micros for place in self.places),
        )

    @property
    def payments_micros(self) -> int:
        """The sum of the payments."""
        return dict(self.by_kind).get(EntryKind.PAYMENT, 0)

    @property
    def amount_micros(self) -> int:
        """The sum of everything but the payments."""
        return sum(amount for _, amount in self.by_kind) - self.payments_micros


def tally(lines: Iterable[Line]) -> tuple[Tally, ...]:
    """The tallies of lines, which are read once and one after the other."""
    tallies: dict[Tally, Tally] = {}
    for line in lines:
        entry, calls = line.entry, line.calls
        alike = Tally(
            kind=line.kind,
            is_call=calls != 0,
            campaign_id=entry.campaign_id if calls else "",
            destination_id=entry.destination_id if calls else "",
            is_payable=calls != 0 and entry.amount_micros != 0,
        )
        one = tallies.get(alike, alike)
        tallies[alike] = replace(
            alike,
            entries=one.entries + 1,
            calls=one.calls + calls,
            total_ms=one.total_ms + calls * entry.total_ms,
            connected_ms=one.connected_ms + calls * entry.connected_ms,
            amount_micros=one.amount_micros + entry.amount_micros,
        )
    return tuple(tallies.values())


def summarize(tallies: Iterable[Tally]) -> Summary:
    """The summary of a statement by its tallies, whatever their order."""
    kinds: dict[EntryKind, int] = {}
    places: dict[tuple[str, str], Place] = {}
    entries = 0
    for one in tallies:
        entries += one.entries
        kinds[one.kind] = kinds.get(one.kind, 0) + one.amount_micros
        if one.is_call:
            key = (one.campaign_id, one.destination_id)
            place = places.get(key, Place(campaign_id=key[0], destination_id=key[1]))
            places[key] = _add(place, one)
    return Summary(
        entries=entries,
        by_kind=tuple((kind, kinds[kind]) for kind in EntryKind if kind in kinds),
        places=tuple(places[key] for key in sorted(places)),
    )


def _add(place: Place, one: Tally) -> Place:
    return replace(
        place,
        payable_calls=place.payable_calls + (one.calls if one.is_payable else 0),
        other_calls=place.other_calls + (0 if one.is_payable else one.calls),
        total_ms=place.total_ms + one.total_ms,
        connected_ms=place.connected_ms + one.connected_ms,
        amount_micros=place.amount_micros + one.amount_micros,
    )
