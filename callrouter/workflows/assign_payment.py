"""Say whose a payment is that nobody owns, or that it isn't for any account at all."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.payments import KeptPayment, change_payments, lock_payment
from callrouter.domain.billing.payment import Owner, PaymentState, read_name
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.book_payment import give_to
from callrouter.workflows.find_account import refuse_account, refuse_statement
from callrouter.workflows.review_standing import review_parties
from callrouter.workflows.review_unmatched import review_unmatched


def assign_payment(
    database: Database, seller_id: str, name: str, owner: Owner, author: str, at: datetime
) -> KeptPayment:
    """Put a payment into its owner's account, be it unmatched, dismissed or reversed before.

    One that is the owner's already stays as it is. Raises NotFoundError for an unknown payment,
    RefusedError when it is another party's, or can't be this one's.
    """
    with database.write() as connection:
        kept = hold_payment(connection, seller_id, name)
        if kept.owner is not None:
            if kept.owner.party == owner.party:
                return kept
            raise RefusedError(
                f"{name} stands in the account of {kept.owner.party}: reverse it there first, with"
                f" `callrouter payment reverse {name}`"
            )
        currency = kept.payment.currency
        problem = refuse_account(connection, seller_id, owner.party, currency)
        if problem is None and owner.statement:
            problem = refuse_statement(
                connection, seller_id, owner.party, currency, owner.statement
            )
        if problem is not None:
            raise RefusedError(problem)
        taken = give_to(connection, seller_id, kept, owner, author, at)
        review_unmatched(connection, seller_id, at)
    review_parties(database, seller_id, [owner.party], author=author, at=at)
    return taken


def dismiss_payment(
    database: Database, seller_id: str, name: str, reason: str, author: str, at: datetime
) -> KeptPayment:
    """Say of a payment in no account that it is for none; it is listed as unmatched no more.

    Raises NotFoundError for an unknown payment, RefusedError when it stands in an account.
    """
    with database.write() as connection:
        kept = hold_payment(connection, seller_id, name)
        if kept.owner is not None:
            raise RefusedError(
                f"{name} stands in the account of {kept.owner.party}; `payment reverse` takes it"
                " out"
            )
        if kept.state is PaymentState.DISMISSED:
            return kept
        dismissed = replace(
            kept,
            state=PaymentState.DISMISSED,
            reason=reason,
            changed_at=at,
            changed_by=author,
        )
        change_payments(connection, seller_id, [dismissed])
        review_unmatched(connection, seller_id, at)
    return dismissed


def hold_payment(connection: Connection, seller_id: str, name: str) -> KeptPayment:
    """The payment of this name, its row held. Raises NotFoundError when there is none."""
    read = read_name(name)
    kept = lock_payment(connection, seller_id, *read) if read else None
    if kept is None:
        raise NotFoundError(
            f"there is no payment {name!r}; `callrouter payment list` and `payment unmatched` show"
            " what there is"
        )
    return kept
