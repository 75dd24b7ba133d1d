"""Let a seller's Stripe account tell of payments, and say which of its customers is which buyer."""

import re
from datetime import datetime

from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.stripe_endpoints import (
    StripeCustomer,
    StripeEndpoint,
    remove_customer,
    save_customer,
    save_endpoint,
)
from callrouter.domain.errors import NotFoundError, RefusedError

_SECRET = re.compile(r"whsec_[!-~]{8,200}")
_CUSTOMER = re.compile(r"cus_[A-Za-z0-9_]{1,200}")


def set_stripe_secret(
    database: Database,
    box: SecretBox,
    seller_id: str,
    secret: str,
    at: datetime,
    *,
    takes_tests: bool = False,
) -> None:
    """Keep the secret by which Stripe signs the seller's events, in place of the one before.

    With `takes_tests`, money that is only played counts, and no other. Raises RefusedError for what
    is no such secret.
    """
    if not _SECRET.fullmatch(secret):
        raise RefusedError(
            "that isn't a signing secret: it begins with whsec_, and Stripe shows it where the"
            " endpoint is set up"
        )
    with database.write() as connection:
        save_endpoint(connection, box, seller_id, StripeEndpoint(secret, takes_tests), at)


def name_stripe_customer(database: Database, seller_id: str, customer: StripeCustomer) -> None:
    """Say which buyer a customer is; payments that name no buyer are then this one's.

    Raises RefusedError for what is no customer's id, NotFoundError for an unknown buyer.
    """
    if not _CUSTOMER.fullmatch(customer.customer_id):
        raise RefusedError(
            f"{customer.customer_id!r} isn't the id of a customer at Stripe: write it like cus_Nff4"
        )
    with database.write() as connection:
        buyers = read_directory(connection, seller_id, None).buyers
        if customer.buyer_id not in buyers:
            known = ", ".join(sorted(buyers)) or "none at all yet"
            raise NotFoundError(f"there is no buyer {customer.buyer_id!r}; there is {known}")
        save_customer(connection, seller_id, customer)


def forget_stripe_customer(database: Database, seller_id: str, customer_id: str) -> None:
    """Say no longer which buyer a customer is. Raises NotFoundError when nothing is known of it."""
    with database.write() as connection:
        if not remove_customer(connection, seller_id, customer_id):
            raise NotFoundError(f"nothing is known of customer {customer_id!r}")
