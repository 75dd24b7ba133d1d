"""Terms of one agreement that are in force at the same time for the very same calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callrouter.domain.billing.terms import Terms
from callrouter.domain.billing.terms_choice import say_scope


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two terms of which a call could have either: their places, the one in force later second."""

    earlier: int
    later: int
    scope: str


def find_overlaps(terms: Sequence[Terms]) -> Iterator[Overlap]:
    """Each of the terms that begin before those before them, for the same calls, have ended."""
    last: dict[tuple[str, str], int] = {}
    for index in sorted(range(len(terms)), key=lambda place: (terms[place].starts_at, place)):
        own = terms[index]
        scope = (own.campaign_id, own.destination_id)
        before = last.get(scope)
        if before is not None:
            ends_at = terms[before].ends_at
            if ends_at is None or ends_at > own.starts_at:
                yield Overlap(before, index, say_scope(own))
        if before is None or _outlasts(own, terms[before]):
            last[scope] = index


def _outlasts(own: Terms, other: Terms) -> bool:
    if other.ends_at is None:
        return False
    return own.ends_at is None or own.ends_at > other.ends_at
