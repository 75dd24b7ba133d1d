"""Find the talks that nobody can charge for, since there are no terms for them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from callrouter.adapters.storage.agreements import list_agreements
from callrouter.adapters.storage.cdrs import CdrCursor, CdrFilter, list_oldest_first
from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.call_rating import find_agreed
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.talks import Talk, list_talks
from callrouter.domain.cdr import Cdr


@dataclass(frozen=True, slots=True)
class MissingTerms:
    """Talks of one party and campaign without terms: how many, of what length, the first and last.

    `has_any` tells whether the party has agreed to anything at all.
    """

    party: Party
    campaign_id: str
    has_any: bool
    calls: int
    connected_ms: int
    first_at: datetime
    last_at: datetime


def find_missing_terms(
    database: Database, seller_id: str, since: datetime, until: datetime
) -> tuple[MissingTerms, ...]:
    """What is missing for the calls of a period, by party and campaign.

    Of every buyer, and of the publishers that have agreed to anything: the others aren't paid.
    """
    with database.read() as connection:
        agreements = {each.party: each for each in list_agreements(connection, seller_id)}
    found: dict[tuple[Party, str], MissingTerms] = {}
    for cdr in _stream(database, seller_id, CdrFilter(since=since, until=until)):
        talks = [talk for talk in list_talks(cdr) if talk.is_connected]
        agreed = find_agreed(talks, agreements)
        for talk in talks:
            is_known = talk.party in agreements
            if talk.party in agreed or (talk.party.side is Side.PUBLISHER and not is_known):
                continue
            key = talk.party, talk.campaign_id
            found[key] = _add(found.get(key), talk, has_any=is_known)
    return tuple(found[key] for key in sorted(found))


def _add(missing: MissingTerms | None, talk: Talk, *, has_any: bool) -> MissingTerms:
    if missing is None:
        return MissingTerms(
            party=talk.party,
            campaign_id=talk.campaign_id,
            has_any=has_any,
            calls=1,
            connected_ms=talk.connected_ms,
            first_at=talk.started_at,
            last_at=talk.started_at,
        )
    return replace(
        missing,
        calls=missing.calls + 1,
        connected_ms=missing.connected_ms + talk.connected_ms,
        last_at=talk.started_at,
    )


def _stream(database: Database, seller_id: str, wanted: CdrFilter) -> Iterator[Cdr]:
    after: CdrCursor | None = None
    while True:
        with database.read() as connection:
            page = list_oldest_first(connection, seller_id, wanted, after)
        if not page:
            return
        yield from (stored.cdr for stored in page)
        after = CdrCursor.behind(page[-1])
