"""Take a payment back out of the account: it bounced, or it was another party's."""

from datetime import datetime

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.payments import KeptPayment
from callrouter.domain.errors import RefusedError
from callrouter.workflows.assign_payment import hold_payment
from callrouter.workflows.post_payment import take_back
from callrouter.workflows.review_standing import review_parties


def reverse_payment(
    database: Database, seller_id: str, name: str, reason: str, author: str, at: datetime
) -> tuple[KeptPayment, KeptPayment]:
    """Reverse a payment's entry, so that what it paid is open again; how it was, and is now.

    It can be assigned anew afterwards. Raises NotFoundError for an unknown payment, RefusedError
    without a reason, or when it stands in no account (any more).
    """
    if not reason.strip():
        raise RefusedError("say why it is taken back: the account will show it")
    with database.write() as connection:
        kept = hold_payment(connection, seller_id, name)
        reversed_now = take_back(connection, seller_id, kept, reason, author, at)
    owners = [kept.owner.party] if kept.owner else []
    review_parties(database, seller_id, owners, author=author, at=at)
    return kept, reversed_now
