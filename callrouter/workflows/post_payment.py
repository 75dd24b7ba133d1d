"""Payments go into accounts and out of them again, whole or in part; in the caller's transaction.

Who is told of what, and whose a payment is, others know.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.ledger import (
    post,
    read_by_reference,
    read_entry,
    read_reversal,
    read_statement_of,
)
from callrouter.adapters.storage.payments import (
    KeptPayment,
    change_payments,
    sum_returned,
)
from callrouter.domain.billing.ledger import Entry, EntryKind, Posting, correct, reverse
from callrouter.domain.billing.payment import Payment, PaymentState
from callrouter.domain.errors import RefusedError
from callrouter.domain.money import say_amount, say_micros


def post_payments(
    connection: Connection, seller_id: str, taken: Sequence[KeptPayment], at: datetime
) -> tuple[KeptPayment, ...]:
    """Put payments that have an owner, and whose rows are held, into the accounts.

    They come back with their entries.
    """
    postings = [_posting(each, each.payment.amount_micros) for each in taken]
    made = {
        (entry.party, entry.currency, entry.reference): entry.number
        for entry in post(connection, seller_id, postings, at)
    }
    now = tuple(
        replace(
            each,
            entry=made.get((posting.party, posting.currency, posting.reference))
            or _find_number(connection, seller_id, posting),
            entries=each.entries + 1,
        )
        for each, posting in zip(taken, postings, strict=True)
    )
    change_payments(connection, seller_id, now)
    return now


def settle_returns(
    connection: Connection, seller_id: str, kept: KeptPayment, author: str, at: datetime
) -> KeptPayment:
    """Make what stands in the account what is left of a payment after all that was given back.

    Its row is held. An amount is changed as any other in an account: the entry is reversed, and one
    with what is left takes its place.
    """
    if kept.state is not PaymentState.TAKEN or kept.owner is None:
        return kept
    payment = kept.payment
    returned = max(sum_returned(connection, seller_id, payment), 0)
    left = max(payment.amount_micros - returned, 0)
    before = _read_standing(connection, seller_id, kept)
    if before is None and kept.entry is not None:
        return kept  # somebody has reversed it in the account itself
    if left == (-before.amount_micros if before else 0):
        return kept
    given_back = f"{say_micros(payment.amount_micros - left)} {payment.currency} given back"
    right = replace(
        _posting(kept, left), reason=f"{_describe(payment)}; {given_back}", author=author
    )
    if before is None:
        postings: tuple[Posting, ...] = (right,)
    else:
        statement = read_statement_of(connection, seller_id, before)
        if left:
            postings = correct(before, right, at, statement)
        else:
            postings = (reverse(before, at, right.reason, author, statement),)
    entries = post(connection, seller_id, postings, at)
    now = replace(
        kept,
        entry=entries[-1].number if left else None,
        entries=kept.entries + (1 if left else 0),
        changed_at=at,
        changed_by=author,
    )
    change_payments(connection, seller_id, [now])
    return now


def take_back(
    connection: Connection,
    seller_id: str,
    kept: KeptPayment,
    reason: str,
    author: str,
    at: datetime,
) -> KeptPayment:
    """Take a payment, whose row is held, out of its account by a reversal; it has no owner then.

    Raises RefusedError when it is in no account.
    """
    entry = _read_standing(connection, seller_id, kept)
    if kept.state is not PaymentState.TAKEN or entry is None:
        raise RefusedError(f"{kept.payment.name} stands in no account: there is nothing to reverse")
    statement = read_statement_of(connection, seller_id, entry)
    post(connection, seller_id, [reverse(entry, at, reason, author, statement)], at)
    now = replace(
        kept,
        state=PaymentState.REVERSED,
        owner=None,
        entry=None,
        reason=reason,
        changed_at=at,
        changed_by=author,
    )
    change_payments(connection, seller_id, [now])
    return now


def _read_standing(connection: Connection, seller_id: str, kept: KeptPayment) -> Entry | None:
    """The entry by which a payment stands in its account, unless somebody has reversed it there."""
    if kept.owner is None or kept.entry is None:
        return None
    account = kept.owner.party, kept.payment.currency
    if read_reversal(connection, seller_id, *account, kept.entry) is not None:
        return None
    return read_entry(connection, seller_id, *account, kept.entry)


def _find_number(connection: Connection, seller_id: str, posting: Posting) -> int | None:
    """The number of the entry that somebody else has written under the same reference."""
    account = posting.party, posting.currency
    entry = read_by_reference(connection, seller_id, *account, posting.reference)
    return entry.number if entry else None


def _posting(kept: KeptPayment, amount_micros: int) -> Posting:
    assert kept.owner is not None  # noqa: S101 - only what has one is posted
    payment = kept.payment
    again = f"/again:{kept.entries}" if kept.entries else ""
    return Posting(
        party=kept.owner.party,
        kind=EntryKind.PAYMENT,
        amount_micros=-amount_micros,
        currency=payment.currency,
        reference=payment.reference + again,
        booked_at=payment.paid_at,
        reason=_describe(payment),
        author=kept.changed_by,
    )


def _describe(payment: Payment) -> str:
    told = " ".join(filter(None, (payment.payer, payment.text)))[:200]
    return f"{say_amount(payment.amount_micros, payment.currency)} by {payment.name}" + (
        f": {told}" if told else ""
    )
