"""Whether terms name a buyer, campaigns and destinations that there are; knows no files."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from callrouter.domain.billing.party import Side
from callrouter.domain.billing.terms import Agreement, Terms


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a seller has: each buyer's destinations, its campaigns, publishers of live numbers."""

    destinations: Mapping[str, Collection[str]]
    campaign_ids: Collection[str]
    publishers: Collection[str]


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that nobody has, at its place in the file's own words, counted from 0."""

    key_path: tuple[str | int, ...]
    message: str


def check_names(agreement: Agreement, known: KnownNames, at: datetime) -> tuple[UnknownName, ...]:
    """Why an agreement may not be applied at `at`: all reasons, or none.

    Terms that have ended may name what is no more. A publisher may be new: that is a warning.
    """
    party = agreement.party
    if party.side is Side.BUYER and party.party_id not in known.destinations:
        message = _say_unknown("there is no buyer", party.party_id, known.destinations)
        return (UnknownName(("buyer",), f"{message}; buyers come from a buyers file"),)
    return tuple(
        problem
        for index, terms in enumerate(agreement.terms)
        if terms.ends_at is None or terms.ends_at > at
        for problem in _check_terms(index, terms, agreement, known)
    )


def warn_about_names(agreement: Agreement, known: KnownNames) -> tuple[str, ...]:
    """What is odd about an agreement that may be applied all the same."""
    party = agreement.party
    if party.side is Side.PUBLISHER and party.party_id not in known.publishers:
        said = _say_unknown("no live number has the publisher", party.party_id, known.publishers)
        return (said,)
    return ()


def _check_terms(
    index: int, terms: Terms, agreement: Agreement, known: KnownNames
) -> Iterator[UnknownName]:
    if terms.campaign_id and terms.campaign_id not in known.campaign_ids:
        message = _say_unknown("there is no campaign", terms.campaign_id, known.campaign_ids)
        yield UnknownName(("terms", index, "campaign"), message)
    if not terms.destination_id:
        return
    party, path = agreement.party, ("terms", index, "destination")
    if party.side is Side.BUYER:
        own = known.destinations[party.party_id]
        if terms.destination_id not in own:
            said = f"{party} has no destination"
            yield UnknownName(path, _say_unknown(said, terms.destination_id, own))
    else:
        every = {each for own in known.destinations.values() for each in own}
        if terms.destination_id not in every:
            said = "no buyer has a destination"
            yield UnknownName(path, _say_unknown(said, terms.destination_id, every))


def _say_unknown(said: str, name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), n=3)
    if near:
        return f'{said} "{name}"; did you mean {" or ".join(near)}?'
    return f'{said} "{name}"; known are {", ".join(sorted(known)[:10]) or "none"}'
