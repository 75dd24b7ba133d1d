"""By which secret Stripe signs a seller's events, and which of its customers is which buyer."""

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.payment_tables import stripe_customers, stripe_endpoints
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.statements import insert_or_skip, matches


@dataclass(frozen=True, slots=True)
class StripeEndpoint:
    """How a seller's events are signed, and whether money that is only played counts."""

    secret: str = field(repr=False)
    takes_tests: bool


@dataclass(frozen=True, slots=True)
class StripeCustomer:
    """Which buyer a customer of the seller's Stripe account is; who said so, and when."""

    customer_id: str
    buyer_id: str
    author: str
    added_at: datetime


_ADD = insert_or_skip(stripe_endpoints)
_CHANGE = (
    sa.update(stripe_endpoints)
    .where(matches(stripe_endpoints, "seller_id", prefix="of_"))
    .values({n: bindparam(n) for n in ("secret", "takes_tests", "changed_at")})
)
_READ = sa.select(stripe_endpoints).where(matches(stripe_endpoints, "seller_id"))
_LOCK = sa.select(stripe_endpoints.c.seller_id).where(matches(stripe_endpoints, "seller_id"))
_OF_CUSTOMER = ("seller_id", "customer_id")
_ADD_CUSTOMER = insert_or_skip(stripe_customers)
_REMOVE_CUSTOMER = sa.delete(stripe_customers).where(matches(stripe_customers, *_OF_CUSTOMER))
_FIND = sa.select(stripe_customers.c.buyer_id).where(matches(stripe_customers, *_OF_CUSTOMER))
_LIST = (
    sa.select(*(stripe_customers.c[n] for n in ("customer_id", "buyer_id", "author", "added_at")))
    .where(matches(stripe_customers, "seller_id"))
    .order_by(stripe_customers.c.buyer_id, stripe_customers.c.customer_id)
)


def save_endpoint(
    connection: Connection, box: SecretBox, seller_id: str, endpoint: StripeEndpoint, at: datetime
) -> None:
    """Keep how a seller's events are signed, in place of what was kept; within a transaction."""
    values = {
        "secret": box.seal(endpoint.secret),
        "takes_tests": endpoint.takes_tests,
        "changed_at": at,
    }
    of_seller = {"of_seller_id": seller_id}
    if connection.execute(_CHANGE, values | of_seller).rowcount == 0:
        connection.execute(_ADD[connection.dialect.name], values | {"seller_id": seller_id})


def read_endpoint(connection: Connection, box: SecretBox, seller_id: str) -> StripeEndpoint | None:
    """How a seller's events are signed; None for a seller that takes none, or that isn't there.

    Raises SettingsError when the secret was sealed with another SECRET_KEY.
    """
    row = connection.execute(_READ, {"seller_id": seller_id}).one_or_none()
    return None if row is None else StripeEndpoint(box.open(row.secret), row.takes_tests)


def lock_endpoint(connection: Connection, seller_id: str) -> None:
    """Let a seller's events be taken one after the other, until the transaction ends."""
    connection.execute(_LOCK.with_for_update(), {"seller_id": seller_id})


def save_customer(connection: Connection, seller_id: str, customer: StripeCustomer) -> None:
    """Say which buyer a customer is, in place of what was said before; within a transaction."""
    key = {"seller_id": seller_id, "customer_id": customer.customer_id}
    connection.execute(_REMOVE_CUSTOMER, key)
    values = {"buyer_id": customer.buyer_id, "author": customer.author}
    connection.execute(
        _ADD_CUSTOMER[connection.dialect.name], key | values | {"added_at": customer.added_at}
    )


def remove_customer(connection: Connection, seller_id: str, customer_id: str) -> bool:
    """Forget which buyer a customer is; False when nothing is known of it."""
    key = {"seller_id": seller_id, "customer_id": customer_id}
    return connection.execute(_REMOVE_CUSTOMER, key).rowcount == 1


def find_customer(connection: Connection, seller_id: str, customer_id: str) -> str:
    """The buyer that a customer is; "" when nobody has said."""
    key = {"seller_id": seller_id, "customer_id": customer_id}
    found: str | None = connection.execute(_FIND, key).scalar_one_or_none()
    return found or ""


def list_customers(connection: Connection, seller_id: str) -> tuple[StripeCustomer, ...]:
    """All that is known of a seller's customers, by buyer."""
    rows = connection.execute(_LIST, {"seller_id": seller_id})
    return tuple(StripeCustomer(*row) for row in rows)
