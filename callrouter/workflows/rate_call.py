"""Book what a closed call comes to for each of its parties, as part of closing it.

A call whose rating fails stays due for it; its CDR is kept all the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.agreements import find_newest_versions
from callrouter.adapters.storage.cdrs import SavedCdr, StoredCdr, read_cdr
from callrouter.adapters.storage.ledger import (
    AccountId,
    find_entries_of_call,
    lock_accounts,
    post_locked,
    read_statement_of,
)
from callrouter.adapters.storage.rated_calls import lock_closed_call, mark_rated
from callrouter.adapters.storage.savepoints import savepoint
from callrouter.adapters.storage.settlements import lock_reservations
from callrouter.domain.billing.call_entries import (
    CallAccounts,
    Change,
    list_changes,
    sort_entries,
)
from callrouter.domain.billing.call_rating import Agreed, find_agreed, rate_talks
from callrouter.domain.billing.ledger import Entry, Posting
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.talks import Talk, list_talks
from callrouter.domain.billing.terms import Agreement
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.read_paid_past import read_paid_past

log = structlog.get_logger()


def rate_call(
    connection: Connection,
    seller_id: str,
    saved: SavedCdr,
    at: datetime,
    compiled: Compiled | None,
) -> bool:
    """Book a call whose CDR was just saved; True when nothing is left to book, False if it failed.

    The call is locked. Told again it changes nothing; a changed result is the reversal of what
    stands and a new entry. A call of parties that have agreed to nothing costs one read.
    """
    if not saved.is_new:
        return saved.is_rated
    stored = StoredCdr(saved.cdr, saved.revision, at)
    is_booked = saved.revision > 1
    return _rate(connection, seller_id, stored, at, compiled, is_booked=is_booked)


def rate_if_due(
    connection: Connection,
    seller_id: str,
    call_sid: str,
    at: datetime,
    compiled: Compiled | None = None,
) -> bool:
    """Book a closed call that was left unrated; True when nothing is left to book.

    For a call that was closed together with others, or whose rating failed. Locks it.
    """
    is_rated = lock_closed_call(connection, seller_id, call_sid)
    if is_rated is not False:
        return bool(is_rated)
    stored = read_cdr(connection, seller_id, call_sid)
    assert stored is not None  # noqa: S101 - that is why it is due
    mark_rated(connection, seller_id, call_sid, stored.revision)
    return _rate(connection, seller_id, stored, at, compiled, is_booked=True)


def _rate(
    connection: Connection,
    seller_id: str,
    stored: StoredCdr,
    at: datetime,
    compiled: Compiled | None,
    *,
    is_booked: bool,
) -> bool:
    """Book what has to be; `is_booked` tells that the call may have entries by now."""
    talks = list_talks(stored.cdr)
    versions = find_newest_versions(connection, seller_id, {talk.party for talk in talks})
    if not versions and not is_booked:
        return True
    call_sid = stored.cdr.call_sid
    try:
        with savepoint(connection):
            agreements = _read_agreements(connection, seller_id, versions, compiled or Compiled())
            entries = find_entries_of_call(connection, seller_id, call_sid) if is_booked else ()
            _book(connection, seller_id, stored, talks, agreements, entries, at)
    except Exception:
        log.exception("rating_failed", call=call_sid, revision=stored.revision)
        mark_rated(connection, seller_id, call_sid, 0)
        return False
    return True


def _read_agreements(
    connection: Connection, seller_id: str, versions: Mapping[Party, int], compiled: Compiled
) -> Mapping[Party, Agreement]:
    """What these versions of parties' terms say."""
    return {
        party: compiled.agreement(connection, seller_id, party, version)
        for party, version in versions.items()
    }


def lock_accounts_of(
    connection: Connection,
    seller_id: str,
    call_sid: str,
    agreed: Mapping[Party, Agreed],
    entries: Sequence[Entry],
) -> CallAccounts:
    """Hold all that booking a call changes, in the order in which settling it will.

    First what the call has reserved, since whoever gives that back takes counters after it. What
    the call has in its accounts then, given what it had before.
    """
    accounts: set[AccountId] = {(party, each.terms.currency) for party, each in agreed.items()}
    accounts |= {(entry.party, entry.currency) for entry in entries}
    if accounts:
        lock_reservations(connection, seller_id, call_sid)
        lock_accounts(connection, seller_id, accounts)
    # Once more: a person may have taken something back meanwhile.
    now = find_entries_of_call(connection, seller_id, call_sid) if entries else ()
    return sort_entries(now)


def _post_changes(
    connection: Connection, seller_id: str, changes: Sequence[Change], at: datetime
) -> tuple[Entry, ...]:
    """Write what must change; corrections of closed statements into the open period."""
    postings: list[Posting] = []
    for change in changes:
        standing = change.standing
        statement = read_statement_of(connection, seller_id, standing) if standing else ""
        postings += change.book(at, statement)
    return post_locked(connection, seller_id, postings, at)


def _book(
    connection: Connection,
    seller_id: str,
    stored: StoredCdr,
    talks: Sequence[Talk],
    agreements: Mapping[Party, Agreement],
    entries: Sequence[Entry],
    at: datetime,
) -> None:
    agreed = find_agreed(talks, agreements)
    _tell_of_missing(talks, agreements, agreed)
    call_sid = stored.cdr.call_sid
    accounts = lock_accounts_of(connection, seller_id, call_sid, agreed, entries)
    rated = rate_talks(talks, agreed, accounts, partial(read_paid_past, connection, seller_id))
    changes = list_changes(rated, accounts, stored.cdr, stored.revision)
    for entry in _post_changes(connection, seller_id, changes, at):
        _log(entry)


def _log(entry: Entry) -> None:
    log.info(
        "call_booked",
        call=entry.call_sid,
        party=str(entry.party),
        kind=entry.kind,
        amount_micros=entry.amount_micros,
        currency=entry.currency,
        entry=entry.number,
        corrects=entry.corrects,
        reason=entry.reason,
    )


def _say_no_terms(talk: Talk) -> str:
    """What is missing, as in "no terms with buyer acme for flood-repair on 2026-11-26"."""
    return f"no terms with {talk.party} for {talk.campaign_id} on {talk.started_at:%Y-%m-%d}"


def _tell_of_missing(
    talks: Sequence[Talk], agreements: Mapping[Party, Agreement], agreed: Mapping[Party, Agreed]
) -> None:
    for talk in talks:
        if talk.is_connected and talk.party in agreements and talk.party not in agreed:
            log.warning("no_terms", call=talk.call_sid, reason=_say_no_terms(talk))
