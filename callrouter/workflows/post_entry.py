"""A person changes an account: an adjustment, a credit, a write-off, a reversal; with a reason."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import (
    lock_account,
    post_locked,
    read_by_reference,
    read_entry,
    read_last,
    read_reversal,
    read_statement_of,
)
from callrouter.domain.billing.ledger import Entry, EntryKind, Posting, refuse_unfit, reverse
from callrouter.domain.billing.party import Party
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.find_account import choose_currency
from callrouter.workflows.review_standing import review_parties

log = structlog.get_logger()

BY_HAND = (EntryKind.ADJUSTMENT, EntryKind.CREDIT, EntryKind.WRITE_OFF)
"""The kinds that a person writes: payments have their own way in, calls book themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants to be written; `reference` is "" for one that nobody else knows."""

    party: Party
    currency: str
    kind: EntryKind
    amount_micros: int
    reason: str
    author: str
    reference: str = ""


def post_entry(database: Database, seller_id: str, wanted: Wanted, at: datetime) -> Entry:
    """Write an entry by hand, booked at `at`.

    Raises RefusedError for an amount that can't stand, a currency in which the party has no
    account, a reference that was used before, and where no reason is given; NotFoundError for a
    party that isn't known.
    """
    if wanted.kind not in BY_HAND:
        raise RefusedError(f"a {wanted.kind} isn't written by hand: {', '.join(BY_HAND)} are")
    _refuse_without_reason(wanted.reason)
    posting = Posting(
        party=wanted.party,
        kind=wanted.kind,
        amount_micros=wanted.amount_micros,
        currency=wanted.currency,
        reference=f"hand:{wanted.reference}",
        booked_at=at,
        reason=wanted.reason,
        author=wanted.author,
    )
    refuse_unfit(posting)
    with database.write() as connection:
        choose_currency(connection, seller_id, wanted.party, wanted.currency)
        lock_account(connection, seller_id, wanted.party, wanted.currency)
        account = wanted.party, wanted.currency
        if not wanted.reference:
            posting = replace(
                posting, reference=f"by-hand:{read_last(connection, seller_id, account) + 1}"
            )
        known = read_by_reference(connection, seller_id, *account, posting.reference)
        if known is not None:
            raise RefusedError(
                f"entry {known.number} of {wanted.party} has the reference"
                f" {wanted.reference!r} already: nothing was written"
            )
        [entry] = post_locked(connection, seller_id, [posting], at)
    _log(entry)
    review_parties(database, seller_id, [wanted.party], author=wanted.author, at=at)
    return entry


def reverse_entry(
    database: Database,
    seller_id: str,
    party: Party,
    currency: str | None,
    number: int,
    *,
    reason: str,
    author: str,
    at: datetime,
) -> Entry:
    """Take back an entry, whole; in the open period, naming the closed statement that has it.

    A call that is taken back isn't charged again. Raises RefusedError for a reversal, for a payment
    (which is taken back with all that is kept of it: reverse_payment), for an entry that was taken
    back before, and where no reason is given; NotFoundError for an unknown one.
    """
    _refuse_without_reason(reason)
    with database.write() as connection:
        currency = choose_currency(connection, seller_id, party, currency)
        lock_account(connection, seller_id, party, currency)
        entry = _find_reversible(connection, seller_id, party, currency, number)
        statement = read_statement_of(connection, seller_id, entry)
        posting = reverse(entry, at, reason, author, statement)
        [reversal] = post_locked(connection, seller_id, [posting], at)
    _log(reversal)
    review_parties(database, seller_id, [party], author=author, at=at)
    return reversal


def _find_reversible(
    connection: Connection, seller_id: str, party: Party, currency: str, number: int
) -> Entry:
    """An entry that wasn't taken back yet, and may be in this way."""
    entry = read_entry(connection, seller_id, party, currency, number)
    if entry is None:
        raise NotFoundError(f"{party} has no entry {number} in {currency}")
    if entry.kind is EntryKind.PAYMENT:
        raise RefusedError(
            f"entry {number} of {party} is a payment ({entry.reason}): take it back with"
            " `callrouter payment reverse`"
        )
    taken_back = read_reversal(connection, seller_id, party, currency, number)
    if taken_back is not None:
        raise RefusedError(
            f"entry {number} of {party} was taken back by entry {taken_back.number}"
            f" ({taken_back.author}: {taken_back.reason})"
        )
    return entry


def _refuse_without_reason(reason: str) -> None:
    if not reason.strip():
        raise RefusedError("say why: whoever looks at the account will ask")


def _log(entry: Entry) -> None:
    log.info(
        "entry_posted",
        party=str(entry.party),
        entry=entry.number,
        kind=entry.kind,
        amount_micros=entry.amount_micros,
        currency=entry.currency,
        author=entry.author,
        reason=entry.reason,
    )
