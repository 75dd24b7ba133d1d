"""What a call changes in accounts: nothing, an entry for each party, or corrections of these.

Each party has at most one entry of a call that counts, whatever is told how often. One that a
person has taken back stays so: the call isn't charged again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.ledger import OF_CALLS, Entry, EntryKind, Posting, correct
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.talks import Talk
from callrouter.domain.cdr import Cdr

RATER = "rating"
"""The author of what is booked because of a call's own events and its terms."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A party's part of a call, and what it comes to; without `charge` there are no terms for it.

    `is_listed` tells that it gets an entry though it comes to 0, for a statement to say why.
    """

    talk: Talk
    charge: Charge | None
    is_listed: bool


@dataclass(frozen=True, slots=True)
class CallAccounts:
    """The entries that a call has, of all parties, in the order in which they were written."""

    entries: tuple[Entry, ...]

    def find_standing(self, party: Party) -> Entry | None:
        """The party's charge or payout that counts: the one that nothing takes back."""
        own = self._of(party)
        reversed_ = {(e.currency, e.reverses) for e in own if e.kind is EntryKind.REVERSAL}
        return next(
            (
                entry
                for entry in reversed(own)
                if entry.kind is OF_CALLS[party.side]
                and (entry.currency, entry.number) not in reversed_
            ),
            None,
        )

    def was_taken_back(self, party: Party) -> bool:
        """Whether a person has taken back what the party was charged for the call.

        What rating takes back it replaces.
        """
        was_charged = any(entry.kind is OF_CALLS[party.side] for entry in self._of(party))
        return was_charged and self.find_standing(party) is None

    def list_parties(self) -> tuple[Party, ...]:
        """Everybody who has an entry of the call."""
        return tuple(dict.fromkeys(entry.party for entry in self.entries))

    def _of(self, party: Party) -> Sequence[Entry]:
        return [entry for entry in self.entries if entry.party == party]


def sort_entries(entries: Iterable[Entry]) -> CallAccounts:
    """The entries of one call as its accounts."""
    return CallAccounts(tuple(sorted(entries, key=lambda e: (e.posted_at, e.number))))


def find_charge(rated: Rated, accounts: CallAccounts) -> Charge | None:
    """What the party is charged in the end: a share for a publisher is worked out of that.

    As it stands where there are no terms any more; None where there is nothing, or where a person
    has taken it back.
    """
    party = rated.talk.party
    if accounts.was_taken_back(party):
        return None
    if rated.charge is not None:
        return rated.charge
    standing = accounts.find_standing(party)
    if standing is None:
        return None
    return Charge(
        amount_micros=standing.amount_micros,
        currency=standing.currency,
        reason=standing.reason,
        terms_version=standing.terms_version,
    )


def make_posting(rated: Rated, charge: Charge, revision: int) -> Posting:
    """The entry of a rated call; its reference is that of the call's one entry in the account."""
    talk = rated.talk
    return Posting(
        party=talk.party,
        kind=OF_CALLS[talk.party.side],
        amount_micros=charge.amount_micros,
        currency=charge.currency,
        reference=f"call:{talk.call_sid}",
        booked_at=talk.started_at,
        reason=charge.reason,
        author=RATER,
        call_sid=talk.call_sid,
        call_started_at=talk.started_at,
        cdr_revision=revision,
        campaign_id=talk.campaign_id,
        destination_id=talk.destination_id,
        ani=talk.ani,
        did=talk.did,
        total_ms=talk.total_ms,
        connected_ms=talk.connected_ms,
        terms_version=charge.terms_version,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What ought to stand in an account for a call, and the entry that stands there instead."""

    right: Posting
    standing: Entry | None

    def book(self, at: datetime, statement: str) -> tuple[Posting, ...]:
        """What must be written: the entry alone, or with the reversal of what stands.

        `statement` is the closed one that has what stands, "" for none.
        """
        return (
            (self.right,)
            if self.standing is None
            else correct(self.standing, self.right, at, statement)
        )


def list_changes(
    rated: Sequence[Rated], accounts: CallAccounts, cdr: Cdr, revision: int
) -> tuple[Change, ...]:
    """What must change for each party, of those too that the call had nothing to do with after all.

    Without terms whatever stands is left alone, and so is what a person has taken back. Words alone
    are no change: a duplicate may be told of another call.
    """
    found = [_find_change(each, accounts, revision) for each in rated]
    parties = {each.talk.party for each in rated}
    found += [
        _find_leftover(party, accounts, cdr, revision)
        for party in accounts.list_parties()
        if party not in parties
    ]
    return tuple(change for change in found if change is not None)


def _find_change(rated: Rated, accounts: CallAccounts, revision: int) -> Change | None:
    charge, party = rated.charge, rated.talk.party
    if charge is None or accounts.was_taken_back(party):
        return None
    standing = accounts.find_standing(party)
    right = make_posting(rated, charge, revision)
    if standing is None:
        is_wanted = charge.is_payable or rated.is_listed
    else:
        is_wanted = not _says_the_same(standing, right)
    return Change(right, standing) if is_wanted else None


def _find_leftover(party: Party, accounts: CallAccounts, cdr: Cdr, revision: int) -> Change | None:
    standing = accounts.find_standing(party)
    if standing is None or (standing.amount_micros == 0 and standing.total_ms == 0):
        return None
    right = Posting(
        party=party,
        kind=standing.kind,
        amount_micros=0,
        currency=standing.currency,
        reference=f"call:{cdr.call_sid}",
        booked_at=cdr.started_at,
        reason=f"not payable: the call was not {party}'s",
        author=RATER,
        call_sid=cdr.call_sid,
        call_started_at=cdr.started_at,
        cdr_revision=revision,
        campaign_id=cdr.campaign_id,
        ani=cdr.ani,
        did=cdr.did,
        terms_version=standing.terms_version,
    )
    return Change(right, standing)


def _says_the_same(standing: Entry, right: Posting) -> bool:
    return all(
        getattr(standing, name) == getattr(right, name)
        for name in (
            "amount_micros",
            "currency",
            "total_ms",
            "connected_ms",
            "destination_id",
            "campaign_id",
        )
    )
