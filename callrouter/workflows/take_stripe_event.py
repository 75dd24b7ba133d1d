"""Take what a Stripe event says of money; told again, in any order, it changes nothing more."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.payments import KeptPayment, lock_payment, note_return
from callrouter.adapters.storage.stripe_endpoints import find_customer, lock_endpoint
from callrouter.adapters.stripe_events.reader import (
    BUYER_KEY,
    NotCounted,
    StripeEvent,
    StripePayment,
    StripeReturn,
)
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.payment import Owner, Payment, PaymentSource, Unowned
from callrouter.workflows.book_payment import Told, book_payment, word_conflict
from callrouter.workflows.find_account import refuse_account, refuse_statement
from callrouter.workflows.post_payment import settle_returns
from callrouter.workflows.raise_alert import raise_alert
from callrouter.workflows.review_standing import review_parties
from callrouter.workflows.review_unmatched import review_unmatched

log = structlog.get_logger()

AUTHOR = "stripe"


class StripeOutcome(StrEnum):
    """What an event came to."""

    TAKEN = "taken"
    ALREADY = "already there"
    UNMATCHED = "kept without an owner"
    RETURNED = "given back"
    CONFLICT = "conflict"
    NOT_COUNTED = "not counted"


@dataclass(frozen=True, slots=True)
class StripeAnswer:
    """What an event came to and why; `owner` is whose account it changed, or stands in."""

    outcome: StripeOutcome
    reason: str = ""
    owner: Owner | None = None


def take_stripe_event(
    database: Database, seller_id: str, event: StripeEvent, at: datetime, *, takes_tests: bool
) -> StripeAnswer:
    """Put a payment of an event into its owner's account, or take out what was given back.

    What can't be put anywhere is kept until somebody says whose it is, and the seller is told: an
    event that was signed is never refused, since Stripe would send it for days.
    """
    if event.is_test != takes_tests:
        money = "played" if event.is_test else "real"
        return StripeAnswer(
            StripeOutcome.NOT_COUNTED, f"its money is {money}, which the endpoint doesn't take"
        )
    news = event.news
    if isinstance(news, NotCounted):
        return StripeAnswer(StripeOutcome.NOT_COUNTED, news.reason)
    with database.write() as connection:
        lock_endpoint(connection, seller_id)
        if isinstance(news, StripePayment):
            answer = _take(connection, seller_id, news, min(event.created_at, at), at)
        else:
            answer = _give_back(connection, seller_id, news, at)
    if answer.owner and answer.outcome in (StripeOutcome.TAKEN, StripeOutcome.RETURNED):
        review_parties(database, seller_id, [answer.owner.party], author=AUTHOR, at=at)
    return answer


_OUTCOMES = {
    Told.TAKEN: StripeOutcome.TAKEN,
    Told.ALREADY: StripeOutcome.ALREADY,
    Told.UNMATCHED: StripeOutcome.UNMATCHED,
    Told.CONFLICT: StripeOutcome.CONFLICT,
}


def _take(
    connection: Connection, seller_id: str, news: StripePayment, paid_at: datetime, at: datetime
) -> StripeAnswer:
    payment = Payment(
        source=PaymentSource.STRIPE,
        payment_id=news.intent_id,
        amount_micros=news.amount_micros,
        currency=news.currency,
        paid_at=paid_at,
        payer=news.payer,
        text=news.text,
    )
    owner = _find_owner(connection, seller_id, news)
    booked = book_payment(connection, seller_id, payment, owner, AUTHOR, at)
    review_unmatched(connection, seller_id, at)
    reason = booked.kept.reason
    if booked.told is Told.CONFLICT:
        reason = word_conflict(payment, booked.kept)
        _tell_conflict(connection, seller_id, payment.name, reason, at)
    return StripeAnswer(_OUTCOMES[booked.told], reason, booked.kept.owner)


def _find_owner(connection: Connection, seller_id: str, news: StripePayment) -> Owner | Unowned:
    """By what the payment says, else by its customer."""
    buyer_id = news.buyer_id or find_customer(connection, seller_id, news.customer_id)
    if not buyer_id:
        customer = f"customer {news.customer_id}" if news.customer_id else "no customer"
        return Unowned(f"no {BUYER_KEY} in its metadata, and {customer} is no buyer that we know")
    party = Party(Side.BUYER, buyer_id)
    problem = refuse_account(connection, seller_id, party, news.currency)
    if problem is not None:
        return Unowned(problem)
    if not news.statement:
        return Owner(party)
    problem = refuse_statement(connection, seller_id, party, news.currency, news.statement)
    if problem is None:
        return Owner(party, news.statement)
    # The money is the buyer's all the same: it pays the oldest.
    log.warning("stripe_statement_ignored", payment=news.intent_id, reason=problem)
    return Owner(party)


def _give_back(
    connection: Connection, seller_id: str, news: StripeReturn, at: datetime
) -> StripeAnswer:
    source = PaymentSource.STRIPE
    note_return(
        connection, seller_id, source, news.intent_id, news.return_id, news.amount_micros,
        news.currency, at,
    )  # fmt: skip
    kept = lock_payment(connection, seller_id, source, news.intent_id)
    if kept is None:
        return StripeAnswer(StripeOutcome.RETURNED, "kept until its payment is told")
    if kept.payment.currency != news.currency:
        reason = (
            f"{news.return_id} gives back {news.currency} of {kept.payment.name}, which was paid"
            f" in {kept.payment.currency}: correct the account by hand"
        )
        _tell_conflict(connection, seller_id, kept.payment.name, reason, at)
        return StripeAnswer(StripeOutcome.CONFLICT, reason, kept.owner)
    now: KeptPayment = settle_returns(connection, seller_id, kept, AUTHOR, at)
    outcome = StripeOutcome.ALREADY if now == kept else StripeOutcome.RETURNED
    return StripeAnswer(outcome, "" if kept.owner else "it has no owner yet", now.owner)


def _tell_conflict(
    connection: Connection, seller_id: str, name: str, reason: str, at: datetime
) -> None:
    subject = f"Stripe says two things of payment {name}"
    raise_alert(connection, seller_id, f"payments:conflict:{name}", subject, reason, at)
