"""What a statement is made of beside its amount, so that it can be written again as it was."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for column in (
        sa.Column("payments_micros", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("through_entry", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("zone", sa.Text, nullable=False, server_default="UTC"),
        sa.Column("agreement_version", sa.Integer, nullable=False, server_default="0"),
    ):
        op.add_column("statements", column)
    op.create_index("statements_number_key", "statements", ["seller_id", "number"], unique=True)
    op.create_index("statements_closed_at_idx", "statements", ["seller_id", "closed_at"])
