"""Take a payment that a person tells of: from a buyer, or to a publisher."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.payment import Owner, Payment, PaymentSource, name_by_hand
from callrouter.domain.clocks.periods import find_day_start, find_wall_time
from callrouter.domain.errors import RefusedError
from callrouter.domain.money import DECIMALS, read_amount
from callrouter.workflows.book_payment import (
    Booked,
    Told,
    book_payment,
    same_party,
    word_conflict,
)
from callrouter.workflows.find_account import refuse_account, refuse_statement
from callrouter.workflows.review_standing import review_parties

LONGEST_REFERENCE = 100
_PLAIN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPayment:
    """What a person tells of a payment; `paid_on` None is today, on the party's clocks."""

    party: Party
    amount: str
    currency: str
    reference: str
    paid_on: date | None = None
    statement: str = ""
    note: str = ""


def take_payment(
    database: Database, seller_id: str, told: HandPayment, author: str, at: datetime
) -> Booked:
    """Put a payment into the party's account; the same reference again changes nothing.

    Raises RefusedError for what can't be: an amount that isn't one or isn't positive, another
    currency than the account's, a day to come, an unknown party, a statement that isn't the
    party's, or a reference under which another amount is kept; nothing is changed then.
    """
    amount = _read_amount(told)
    with database.write() as connection:
        problem = refuse_account(connection, seller_id, told.party, told.currency)
        if problem is None and told.statement:
            problem = refuse_statement(
                connection, seller_id, told.party, told.currency, told.statement
            )
        if problem is not None:
            raise RefusedError(problem)
        agreement = read_agreement(connection, seller_id, told.party)
        payment = Payment(
            source=PaymentSource.HAND,
            payment_id=name_by_hand(told.party, told.currency, told.reference),
            amount_micros=amount,
            currency=told.currency,
            paid_at=_find_paid_at(told.paid_on, agreement.zone if agreement else "UTC", at),
            text=told.note,
        )
        owner = Owner(told.party, told.statement)
        booked = book_payment(connection, seller_id, payment, owner, author, at)
        if booked.told is Told.CONFLICT:
            raise RefusedError(word_conflict(payment, booked.kept))
        if booked.told is Told.ALREADY and not same_party(booked.kept, told.party):
            raise RefusedError(
                f"payment {payment.name} is kept, and was {booked.kept.state}"
                f" ({booked.kept.reason}); use another reference, or `callrouter payment assign`"
            )
    review_parties(database, seller_id, [told.party], author=author, at=at)
    return booked


def _read_amount(told: HandPayment) -> int:
    if told.currency not in DECIMALS:
        known = ", ".join(DECIMALS)
        raise RefusedError(f"{told.currency!r} isn't a currency; known are {known}")
    amount = (
        read_amount(told.amount, told.currency)
        if _PLAIN.fullmatch(told.amount)
        else f'{told.amount!r} isn\'t an amount: write it like "35.00", with a point, no sign'
    )
    if isinstance(amount, str):
        raise RefusedError(amount)
    if amount == 0:
        raise RefusedError(f"{told.amount!r} must be more than 0: a payment of nothing is none")
    reference = told.reference
    if not reference.strip() or len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        raise RefusedError(
            f"the reference must have 1 to {LONGEST_REFERENCE} characters, on one line"
        )
    return amount


def _find_paid_at(paid_on: date | None, zone: str, at: datetime) -> datetime:
    today = find_wall_time(zone, at).date()
    if paid_on is None or paid_on == today:
        return at
    if paid_on > today:
        raise RefusedError(f"{paid_on} is a day to come: today is {today} in {zone}")
    return find_day_start(zone, paid_on)
