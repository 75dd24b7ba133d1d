"""How a call is rated for each party, with the terms that were considered and why; writes nothing.

For a call that was made, by its latest CDR, or for one that is only imagined.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.cdrs import StoredCdr, read_cdr
from callrouter.adapters.storage.ledger import find_entries_of_call
from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.ledger import Entry
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.rating import rate
from callrouter.domain.billing.talks import Talk, list_talks
from callrouter.domain.billing.terms_choice import WeighedTerms, find_terms, weigh_terms
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.read_paid_past import read_paid_past


@dataclass(frozen=True, slots=True)
class RatedTalk:
    """One party's side of a call: all its terms, each with why it isn't the one, and the charge.

    `version` is that of the terms, 0 when the party has none; without a `charge`, there are none
    for this call. `zone` is the party's.
    """

    talk: Talk
    version: int
    zone: str
    candidates: tuple[WeighedTerms, ...]
    charge: Charge | None


@dataclass(frozen=True, slots=True)
class RatedCall:
    """A call with each party's side of it, and what is booked for it."""

    stored: StoredCdr
    talks: tuple[RatedTalk, ...]
    entries: tuple[Entry, ...]


def explain_call(connection: Connection, seller_id: str, call_sid: str) -> RatedCall:
    """How a call is rated by the terms as they are now, and what its accounts have booked.

    Raises NotFoundError for a call that has no CDR.
    """
    stored = read_cdr(connection, seller_id, call_sid)
    if stored is None:
        raise NotFoundError(f"call {call_sid!r} has no CDR: it isn't over, or isn't known")
    entries = find_entries_of_call(connection, seller_id, call_sid)
    booked: Counter[Party] = Counter()
    for entry in entries:
        booked[entry.party] += entry.amount_micros
    paid = frozenset(party for party, micros in booked.items() if micros > 0)
    return RatedCall(
        stored, explain_talks(connection, seller_id, list_talks(stored.cdr), paid), entries
    )


def explain_talks(
    connection: Connection,
    seller_id: str,
    talks: Iterable[Talk],
    paid: frozenset[Party] = frozenset(),
) -> tuple[RatedTalk, ...]:
    """Each talk of one call rated, the buyers' first: shares are of what these are charged.

    Who has `paid` for it already isn't held against calls of the same caller that came after it.
    """
    rated: list[RatedTalk] = []
    for talk in sorted(talks, key=lambda each: each.party.side is Side.PUBLISHER):
        if talk.party.side is Side.PUBLISHER:
            talk = talk.with_charges(each.charge for each in rated if each.charge is not None)
        rated.append(_explain_talk(connection, seller_id, talk, is_paid=talk.party in paid))
    return tuple(rated)


def _explain_talk(
    connection: Connection, seller_id: str, talk: Talk, *, is_paid: bool
) -> RatedTalk:
    agreement = read_agreement(connection, seller_id, talk.party)
    if agreement is None:
        return RatedTalk(talk, 0, "UTC", (), None)
    terms, charge = find_terms(agreement, talk), None
    if terms is not None:
        past = read_paid_past(
            connection, seller_id, talk, terms, agreement.zone, only_earlier=is_paid
        )
        charge = rate(talk, terms, past, version=agreement.version)
    candidates = weigh_terms(agreement, talk)
    return RatedTalk(talk, agreement.version, agreement.zone, candidates, charge)
