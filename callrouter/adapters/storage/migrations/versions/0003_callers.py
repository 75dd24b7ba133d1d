"""What is known of callers: block and allow lists, whom they talked to, their last calls."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "sellers",
        sa.Column("lists_callers", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "caller_lists",
        *(_text(name) for name in ("seller_id", "pattern", "scope", "scope_id", "effect")),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        *(_text(name) for name in ("note", "author")),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_id", "pattern", "scope", "scope_id", "effect", name="caller_lists_pkey"
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["sellers.seller_id"], name="caller_lists_seller_id_fkey"
        ),
        comment=(
            "Which callers are blocked and allowed; looked up by each pattern that fits a caller."
        ),
    )
    op.create_table(
        "caller_contacts",
        *(_text(name) for name in ("seller_id", "call_sid", "destination_id", "number")),
        *(_text(name) for name in ("buyer_id", "campaign_id")),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payable", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_id", "call_sid", "destination_id", name="caller_contacts_pkey"
        ),
        comment="Which caller was connected with whom, by the latest CDR of each call.",
    )
    op.create_index(
        "caller_contacts_seller_id_number_connected_at_idx",
        "caller_contacts",
        ["seller_id", "number", "connected_at"],
    )
    shows_number = sa.text("ani LIKE '+%'")
    op.create_index(
        "calls_seller_id_ani_campaign_id_arrived_at_idx",
        "calls",
        ["seller_id", "ani", "campaign_id", "arrived_at"],
        postgresql_where=shows_number,
        sqlite_where=shows_number,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
