"""Changes of live routing tables that wait for their time."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "scheduled_changes",
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("change_id", sa.Integer, nullable=False),
        sa.Column("campaign_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("replaced_version", sa.Integer),
        sa.Column("swap_id", sa.Integer),
        sa.Column("pointed_to", sa.Text, nullable=False),
        sa.Column("numbers", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "change_id", name="scheduled_changes_pkey"),
        comment="Changes of live routing tables that wait for their time, and what became of each.",
    )
    op.create_index(
        "scheduled_changes_pending_due_at_idx",
        "scheduled_changes",
        ["due_at"],
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
