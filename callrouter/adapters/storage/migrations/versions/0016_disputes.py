"""What became of differences: decisions, and the disputes that they were raised in."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "difference_decisions",
        *_key("tie_out", "line_no", "number"),
        *_texts("decision"),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("agreed_micros", "buyer_micros", "publisher_micros")
        ),
        *_texts("reason", "author"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_id", "tie_out", "line_no", "number", name="difference_decisions_pkey"
        ),
        comment="Every decision about a line of a tie-out, in order; the last one counts. The"
        " amounts are the steps that were posted with it.",
    )
    op.create_table(
        "disputes",
        *_key("number"),
        *_texts("buyer_id"),
        sa.Column("tie_out", sa.Integer, nullable=False),
        *_texts("state", "owner"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raise_by", sa.Date),
        *_texts("note"),
        sa.PrimaryKeyConstraint("seller_id", "number", name="disputes_pkey"),
        comment="Differences of one tie-out that were raised with the buyer together.",
    )
    op.create_index("disputes_buyer_id_idx", "disputes", ["seller_id", "buyer_id", "number"])
    op.create_table(
        "dispute_lines",
        *_key("tie_out", "line_no", "dispute"),
        sa.PrimaryKeyConstraint("seller_id", "tie_out", "line_no", name="dispute_lines_pkey"),
        comment="In which dispute a line is: one at most.",
    )
    op.create_index(
        "dispute_lines_dispute_idx", "dispute_lines", ["seller_id", "dispute", "line_no"]
    )
    op.create_table(
        "dispute_changes",
        *_key("dispute", "number"),
        *_texts("state", "owner", "note", "author"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "dispute", "number", name="dispute_changes_pkey"),
        comment="Every change of a dispute, in order, with who made it.",
    )


def _key(*names: str) -> tuple["sa.Column[str] | sa.Column[int]", ...]:
    numbers = (
        sa.Column(name, sa.BigInteger if name == "line_no" else sa.Integer, nullable=False)
        for name in names
    )
    return (*_texts("seller_id"), *numbers)


def _texts(*names: str) -> tuple["sa.Column[str]", ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)
