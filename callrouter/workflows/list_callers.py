"""Put callers on a seller's block and allow lists, and take them off; calls obey at once."""

from datetime import datetime

from callrouter.adapters.storage.caller_lists import (
    ListPlace,
    add_entries,
    remove_entry,
    remove_expired,
)
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.routing_tables import list_campaigns
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry, ListScope, check_spelt
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.remove_in_batches import remove_in_batches


def list_callers(
    database: Database, seller_id: str, entries: tuple[ListEntry, ...], at: datetime
) -> None:
    """Keep entries, each in place of one for the same callers, scope and effect.

    Raises RefusedError for a pattern that can't be or an end that lies in the past, NotFoundError
    for a campaign or buyer that the seller doesn't have; nothing is kept then.
    """
    for entry in entries:
        problem = check_entry(entry, at)
        if problem is not None:
            raise RefusedError(problem)
    scopes = read_scopes(database, seller_id)
    for entry in entries:
        problem = scopes.refuse(entry.scope, entry.scope_id)
        if problem is not None:
            raise NotFoundError(problem)
    with database.write() as connection:
        add_entries(connection, seller_id, entries)


def unlist_callers(
    database: Database,
    seller_id: str,
    patterns: tuple[str, ...],
    scope: ListScope,
    scope_id: str,
) -> tuple[ListPlace, ...]:
    """Remove what the lists say of just these patterns in this scope: the entries that it was.

    Raises NotFoundError when one of the patterns has no such entry; nothing is removed then.
    """
    removed: list[ListPlace] = []
    with database.write() as connection:
        for pattern in patterns:
            places = [ListPlace(pattern, scope, scope_id, effect) for effect in ListEffect]
            found = [each for each in places if remove_entry(connection, seller_id, each)]
            if not found:
                where = "" if scope is ListScope.SELLER else f" for {scope} {scope_id}"
                raise NotFoundError(
                    f"no entry{where} speaks of {pattern}; see what there is with `callers list`"
                )
            removed += found
    return tuple(removed)


def forget_expired(database: Database, seller_id: str, at: datetime) -> int:
    """Remove the entries that have expired by `at`, which say nothing any more; how many."""
    return remove_in_batches(
        database, lambda connection, most: remove_expired(connection, seller_id, at, most)
    )


class Scopes:
    """The campaigns and buyers of a seller, for whom an entry may be."""

    def __init__(self, campaigns: frozenset[str], buyers: frozenset[str]) -> None:
        self._known = {ListScope.CAMPAIGN: campaigns, ListScope.BUYER: buyers}

    def refuse(self, scope: ListScope, scope_id: str) -> str | None:
        """Why there can't be an entry for this scope, or None when there can."""
        if scope is ListScope.SELLER or scope_id in self._known[scope]:
            return None
        known = ", ".join(sorted(self._known[scope])) or "none at all yet"
        return f"there is no {scope} {scope_id!r}; there is {known}"


def read_scopes(database: Database, seller_id: str) -> Scopes:
    """What entries of this seller may be for. Raises NotFoundError for an unknown seller."""
    with database.read() as connection:
        campaigns = list_campaigns(connection, seller_id)
        directory = read_directory(connection, seller_id, None)
    return Scopes(
        frozenset(campaign.campaign_id for campaign in campaigns), frozenset(directory.buyers)
    )


def check_entry(entry: ListEntry, at: datetime) -> str | None:
    """What is wrong with an entry by itself, or None."""
    problem = check_spelt(entry.pattern)
    if problem is None and not entry.holds_at(at):
        return f"{entry.pattern} would end at {entry.expires_at:%Y-%m-%d %H:%M:%S}Z, in the past"
    return problem
