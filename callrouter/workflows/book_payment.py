"""A payment that was told goes into the account of its owner, once; in the caller's transaction.

Whoever tells it again, and however often, changes nothing. What nobody owns is kept until somebody
says whose it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from callrouter.adapters.storage.payments import KeptPayment, add_payments, read_payments
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.payment import (
    Owner,
    Payment,
    PaymentSource,
    PaymentState,
    Unowned,
)
from callrouter.domain.money import say_micros
from callrouter.workflows.post_payment import post_payments, settle_returns


class Told(StrEnum):
    """What telling of a payment came to."""

    TAKEN = "taken"
    ALREADY = "already there"
    UNMATCHED = "unmatched"
    CONFLICT = "conflict"
    """There is another payment of the same name; nothing was changed."""


@dataclass(frozen=True, slots=True)
class ToldPayment:
    """A payment, and whose it is."""

    payment: Payment
    owner: Owner | Unowned


@dataclass(frozen=True, slots=True)
class Booked:
    """What telling of a payment came to, and how it is kept now."""

    told: Told
    kept: KeptPayment


def foresee_booking(
    connection: Connection,
    seller_id: str,
    source: PaymentSource,
    told: Sequence[ToldPayment],
    author: str,
    at: datetime,
) -> tuple[Booked, ...]:
    """What `book_payments` would come to, of each in their order; nothing is changed."""
    ids = [each.payment.payment_id for each in told]
    return _judge(told, read_payments(connection, seller_id, source, ids), author, at)


def book_payments(
    connection: Connection,
    seller_id: str,
    source: PaymentSource,
    told: Sequence[ToldPayment],
    author: str,
    at: datetime,
) -> tuple[Booked, ...]:
    """Keep payments of one source and put those that have an owner into the accounts.

    One that was kept without an owner gets the one that is found now. The owners' accounts must
    exist (`refuse_account`). What it came to, of each in their order.
    """
    ids = [each.payment.payment_id for each in told]
    before = read_payments(connection, seller_id, source, ids)
    new = {
        each.payment.payment_id: _keep(each, author, at)
        for each in reversed(told)
        if each.payment.payment_id not in before
    }
    add_payments(connection, seller_id, tuple(new.values()))
    # Somebody may have told the same at once: what is kept now, and held, has the say.
    held = read_payments(connection, seller_id, source, ids, lock=True)
    mine = {key for key, kept in new.items() if held[key] == kept}
    known = {key: kept for key, kept in held.items() if key not in mine}
    booked = _judge(told, known, author, at)
    taken = [each.kept for each in booked if each.told is Told.TAKEN]
    posted = {
        each.payment.payment_id: each for each in post_payments(connection, seller_id, taken, at)
    }
    return tuple(
        Booked(each.told, posted[each.kept.payment.payment_id]) if each.told is Told.TAKEN else each
        for each in booked
    )


def book_payment(
    connection: Connection,
    seller_id: str,
    payment: Payment,
    owner: Owner | Unowned,
    author: str,
    at: datetime,
) -> Booked:
    """The same of one payment, of which some may have been given back already."""
    told = [ToldPayment(payment, owner)]
    [booked] = book_payments(connection, seller_id, payment.source, told, author, at)
    return Booked(booked.told, settle_returns(connection, seller_id, booked.kept, author, at))


def _judge(
    told: Sequence[ToldPayment], known: Mapping[str, KeptPayment], author: str, at: datetime
) -> tuple[Booked, ...]:
    """What each of those told comes to, those before it included; TAKEN ones have no entry yet."""
    kept = dict(known)
    booked: list[Booked] = []
    for each in told:
        payment, owner = each.payment, each.owner
        before = kept.get(payment.payment_id)
        if before is not None and not _says_the_same(before.payment, payment):
            booked.append(Booked(Told.CONFLICT, before))
            continue
        now = before or _keep(each, author, at)
        if now.state is not PaymentState.UNMATCHED:
            booked.append(Booked(Told.ALREADY, now))
            continue
        if isinstance(owner, Owner):
            now = _own(now, owner, author, at)
        is_news = before is None or now.state is PaymentState.TAKEN
        kept[payment.payment_id] = now
        told_now = Told.TAKEN if now.state is PaymentState.TAKEN else Told.UNMATCHED
        booked.append(Booked(told_now if is_news else Told.ALREADY, now))
    return tuple(booked)


def _says_the_same(one: Payment, other: Payment) -> bool:
    return (one.amount_micros, one.currency) == (other.amount_micros, other.currency)


def _keep(told: ToldPayment, author: str, at: datetime) -> KeptPayment:
    """A payment as it is first kept: without an owner."""
    return KeptPayment(
        payment=told.payment,
        state=PaymentState.UNMATCHED,
        owner=None,
        told_at=at,
        told_by=author,
        changed_at=at,
        changed_by=author,
        reason=told.owner.reason if isinstance(told.owner, Unowned) else "",
    )


def _own(kept: KeptPayment, owner: Owner, author: str, at: datetime) -> KeptPayment:
    return replace(
        kept,
        state=PaymentState.TAKEN,
        owner=owner,
        changed_at=at,
        changed_by=author,
        reason="",
    )


def give_to(
    connection: Connection,
    seller_id: str,
    kept: KeptPayment,
    owner: Owner,
    author: str,
    at: datetime,
) -> KeptPayment:
    """Put a payment, whose row is held and which is in no account, into its owner's."""
    [taken] = post_payments(connection, seller_id, [_own(kept, owner, author, at)], at)
    return settle_returns(connection, seller_id, taken, author, at)


def word_conflict(payment: Payment, kept: KeptPayment) -> str:
    """Why a payment can't be kept beside another of the same name."""
    other = f"{say_micros(kept.payment.amount_micros)} {kept.payment.currency}"
    told = f"{say_micros(payment.amount_micros)} {payment.currency}"
    return (
        f"payment {payment.name} is kept with {other} since {kept.told_at:%Y-%m-%d}, by"
        f" {kept.told_by}; it can't be {told} as well"
    )


def same_party(kept: KeptPayment, party: Party) -> bool:
    """Whether a payment stands in an account of this party."""
    return kept.owner is not None and kept.owner.party == party
