"""Payments that were told and what was given back of them; by what Stripe's events are known."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ACCOUNT = ("seller_id", "side", "party_id", "currency")


def upgrade() -> None:
    op.create_table(
        "payments",
        *_texts("seller_id", "source", "payment_id"),
        sa.Column("amount_micros", sa.BigInteger, nullable=False),
        *_texts("currency"),
        _instant("paid_at"),
        *_texts("payer", "text"),
        _instant("told_at"),
        *_texts("told_by", "state"),
        sa.Column("side", sa.Text),
        sa.Column("party_id", sa.Text),
        *_texts("statement"),
        sa.Column("entry", sa.BigInteger),
        sa.Column("entries", sa.Integer, nullable=False),
        *_texts("reason"),
        _instant("changed_at"),
        *_texts("changed_by"),
        sa.PrimaryKeyConstraint("seller_id", "source", "payment_id", name="payments_pkey"),
        sa.CheckConstraint("amount_micros > 0", name="payments_positive"),
        sa.CheckConstraint(
            "(state = 'taken') = (party_id IS NOT NULL) AND (side IS NULL) = (party_id IS NULL)",
            name="payments_owned",
        ),
        comment="Every payment that was told, once, whose it is, and its entry there.",
    )
    op.create_index("payments_paid_at_idx", "payments", ["seller_id", "paid_at"])
    _index("payments_unmatched_idx", "payments", ["seller_id", "told_at"], "state = 'unmatched'")
    _index("payments_entry_idx", "payments", [*_ACCOUNT, "entry"], "entry IS NOT NULL", unique=True)
    _index(
        "ledger_entries_payments_idx", "ledger_entries", [*_ACCOUNT, "number"], "kind = 'payment'"
    )
    op.create_table(
        "payment_returns",
        *_texts("seller_id", "source", "payment_id", "return_id"),
        sa.Column("amount_micros", sa.BigInteger, nullable=False),
        *_texts("currency"),
        _instant("told_at"),
        sa.PrimaryKeyConstraint(
            "seller_id", "source", "payment_id", "return_id", name="payment_returns_pkey"
        ),
        comment="What was given back of a payment, and (negative) came again; known before it or"
        " after.",
    )
    _create_stripe()


def _create_stripe() -> None:
    op.create_table(
        "stripe_endpoints",
        _seller("stripe_endpoints"),
        *_texts("secret"),
        sa.Column("takes_tests", sa.Boolean, nullable=False),
        _instant("changed_at"),
        sa.PrimaryKeyConstraint("seller_id", name="stripe_endpoints_pkey"),
        comment="By which secret Stripe signs a seller's events; it is sealed.",
    )
    op.create_table(
        "stripe_customers",
        _seller("stripe_customers"),
        *_texts("customer_id", "buyer_id", "author"),
        _instant("added_at"),
        sa.PrimaryKeyConstraint("seller_id", "customer_id", name="stripe_customers_pkey"),
        comment="Which buyer a customer of the seller's Stripe account is.",
    )


def _seller(table: str) -> "sa.Column[str]":
    key = sa.ForeignKey("sellers.seller_id", name=f"{table}_seller_id_fkey")
    return sa.Column("seller_id", sa.Text, key, nullable=False)


def _texts(*names: str) -> tuple["sa.Column[str]", ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _index(
    name: str, table: str, columns: list[str], condition: str, *, unique: bool = False
) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, postgresql_where=where, sqlite_where=where)
