"""The tables of payments: what was told, whose it is, what was given back; Stripe's customers."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Text

from callrouter.adapters.storage.ledger_tables import ledger_entries
from callrouter.adapters.storage.tables import metadata, sellers
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.billing.party import Side
from callrouter.domain.billing.payment import PaymentSource, PaymentState

payments = sa.Table(
    "payments",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("source", Word(PaymentSource), nullable=False),
    Column("payment_id", ForeignText, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("paid_at", UtcDateTime, nullable=False),
    Column("payer", ForeignText, nullable=False),
    Column("text", ForeignText, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    Column("told_by", ForeignText, nullable=False),
    Column("state", Word(PaymentState), nullable=False),
    Column("side", Word(Side)),
    Column("party_id", ForeignText),
    Column("statement", Text, nullable=False),
    Column("entry", BigInteger),
    Column("entries", Integer, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "source", "payment_id"),
    sa.CheckConstraint("amount_micros > 0", name="payments_positive"),
    sa.CheckConstraint(
        "(state = 'taken') = (party_id IS NOT NULL) AND (side IS NULL) = (party_id IS NULL)",
        name="payments_owned",
    ),
    comment="Every payment that was told, once, whose it is, and its entry there.",
)
Index(
    "payments_unmatched_idx",
    payments.c.seller_id,
    payments.c.told_at,
    postgresql_where=payments.c.state == sa.literal_column("'unmatched'"),
    sqlite_where=payments.c.state == sa.literal_column("'unmatched'"),
)
Index("payments_paid_at_idx", payments.c.seller_id, payments.c.paid_at)
Index(
    "payments_entry_idx",
    *(payments.c[name] for name in ("seller_id", "side", "party_id", "currency", "entry")),
    unique=True,
    postgresql_where=payments.c.entry.is_not(None),
    sqlite_where=payments.c.entry.is_not(None),
)
IS_PAYMENT = ledger_entries.c.kind == sa.literal_column("'payment'")
Index(
    "ledger_entries_payments_idx",
    *(ledger_entries.c[name] for name in ("seller_id", "side", "party_id", "currency", "number")),
    postgresql_where=IS_PAYMENT,
    sqlite_where=IS_PAYMENT,
)

payment_returns = sa.Table(
    "payment_returns",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("source", Word(PaymentSource), nullable=False),
    Column("payment_id", ForeignText, nullable=False),
    Column("return_id", ForeignText, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "source", "payment_id", "return_id"),
    comment="What was given back of a payment, and (negative) came again; known before it or"
    " after.",
)

stripe_endpoints = sa.Table(
    "stripe_endpoints",
    metadata,
    Column("seller_id", Text, ForeignKey(sellers.c.seller_id), nullable=False),
    Column("secret", Text, nullable=False),
    Column("takes_tests", sa.Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id"),
    comment="By which secret Stripe signs a seller's events; it is sealed.",
)

stripe_customers = sa.Table(
    "stripe_customers",
    metadata,
    Column("seller_id", Text, ForeignKey(sellers.c.seller_id), nullable=False),
    Column("customer_id", ForeignText, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "customer_id"),
    comment="Which buyer a customer of the seller's Stripe account is.",
)
