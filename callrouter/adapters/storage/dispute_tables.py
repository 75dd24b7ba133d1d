"""The tables of what became of differences: decisions, and disputes that they were raised in."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, Index, Integer, PrimaryKeyConstraint, Text

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.tie_out.disputes import DisputeState
from callrouter.domain.tie_out.settlement import Decision

difference_decisions = sa.Table(
    "difference_decisions",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("tie_out", Integer, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("decision", Word(Decision), nullable=False),
    Column("agreed_micros", BigInteger, nullable=False),
    Column("buyer_micros", BigInteger, nullable=False),
    Column("publisher_micros", BigInteger, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "tie_out", "line_no", "number"),
    comment="Every decision about a line of a tie-out, in order; the last one counts. The amounts"
    " are the steps that were posted with it.",
)

disputes = sa.Table(
    "disputes",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("tie_out", Integer, nullable=False),
    Column("state", Word(DisputeState), nullable=False),
    Column("owner", ForeignText, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("raise_by", Date),
    Column("note", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "number"),
    comment="Differences of one tie-out that were raised with the buyer together.",
)
Index(
    "disputes_buyer_id_idx",
    *(disputes.c[name] for name in ("seller_id", "buyer_id", "number")),
)

dispute_lines = sa.Table(
    "dispute_lines",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("tie_out", Integer, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("dispute", Integer, nullable=False),
    PrimaryKeyConstraint("seller_id", "tie_out", "line_no"),
    comment="In which dispute a line is: one at most.",
)
Index(
    "dispute_lines_dispute_idx",
    *(dispute_lines.c[name] for name in ("seller_id", "dispute", "line_no")),
)

dispute_changes = sa.Table(
    "dispute_changes",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("dispute", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Word(DisputeState), nullable=False),
    Column("owner", ForeignText, nullable=False),
    Column("note", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "dispute", "number"),
    comment="Every change of a dispute, in order, with who made it.",
)
