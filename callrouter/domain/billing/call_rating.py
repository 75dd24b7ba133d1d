"""A whole call rated: every buyer, then the publisher, whose share depends on what buyers pay."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from callrouter.domain.billing.call_entries import CallAccounts, Rated, find_charge
from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.rating import PaidPast, rate
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import Agreement, Terms
from callrouter.domain.billing.terms_choice import find_terms

LookUpPast: TypeAlias = Callable[[Talk, Terms, str], PaidPast]
"""What knows the past by which a talk is rated by terms, on the clocks of a zone."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The terms that hold for a party's part of a call, of which agreement."""

    terms: Terms
    zone: str
    version: int


def find_agreed(
    talks: Iterable[Talk], agreements: Mapping[Party, Agreement]
) -> Mapping[Party, Agreed]:
    """The terms of every party of a call that has any for it."""
    found = {}
    for talk in talks:
        agreement = agreements.get(talk.party)
        terms = find_terms(agreement, talk) if agreement is not None else None
        if agreement is not None and terms is not None:
            found[talk.party] = Agreed(terms, agreement.zone, agreement.version)
    return found


def rate_talks(
    talks: Iterable[Talk],
    agreed: Mapping[Party, Agreed],
    accounts: CallAccounts,
    look_up: LookUpPast,
) -> tuple[Rated, ...]:
    """What the call comes to for each party: buyers first, as `list_talks` has them.

    A publisher's share is of what buyers are charged in the end, whatever was taken back left out.
    """
    rated: list[Rated] = []
    charged: list[Charge] = []
    for talk in talks:
        is_buyer = talk.party.side is Side.BUYER
        each = _rate(talk if is_buyer else talk.with_charges(charged), agreed, look_up)
        rated.append(each)
        charge = find_charge(each, accounts) if is_buyer else None
        if charge is not None:
            charged.append(charge)
    return tuple(rated)


def _rate(talk: Talk, agreed: Mapping[Party, Agreed], look_up: LookUpPast) -> Rated:
    own = agreed.get(talk.party)
    if own is None:
        return Rated(talk, None, is_listed=False)
    past = look_up(talk, own.terms, own.zone)
    charge = rate(talk, own.terms, past, version=own.version)
    pays_attempts = own.terms.per_attempt_micros is not None
    return Rated(talk, charge, is_listed=talk.is_connected or (pays_attempts and talk.attempts > 0))
