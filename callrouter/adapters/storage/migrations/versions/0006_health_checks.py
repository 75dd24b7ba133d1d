"""What buyers' health URLs last answered."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "health_checks",
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("buyer_id", sa.Text, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_good", sa.Boolean, nullable=False),
        sa.Column("in_row", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "buyer_id", name="health_checks_pkey"),
        comment="What each buyer's health URL last answered, and how often in a row.",
    )
