"""How buyers' accounts stand, its changes, what holds it, the policy, letters to buyers."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "standings",
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("buyer_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "buyer_id", name="standings_pkey"),
        comment="How each buyer's account stands, and what calls may cost it.",
    )
    op.create_table(
        "standing_changes",
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("buyer_id", sa.Text, nullable=False),
        sa.Column("old", sa.Text, nullable=False),
        sa.Column("new", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "sequence", name="standing_changes_pkey"),
        comment="Every change of a buyer's state, with the figures of the account.",
    )
    op.create_index(
        "standing_changes_seller_id_buyer_id_sequence_idx",
        "standing_changes",
        ["seller_id", "buyer_id", "sequence"],
    )
    op.create_table(
        "standing_holds",
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("buyer_id", sa.Text, nullable=False),
        sa.Column("hold_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "buyer_id", "hold_id", name="standing_holds_pkey"),
        comment="Promises to pay and overrides: what holds a buyer's state until an instant.",
    )
    op.create_table(
        "standing_policies",
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("toml", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "version", name="standing_policies_pkey"),
        comment="The states of accounts as the seller wrote them; the newest version holds.",
    )
    _create_letters()


def _create_letters() -> None:
    op.create_table(
        "buyer_letters",
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("buyer_id", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("failure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "sequence", name="buyer_letters_pkey"),
        comment="What buyers are told of their accounts by mail; due until sent or given up.",
    )
    op.create_index(
        "buyer_letters_due_at_idx",
        "buyer_letters",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
