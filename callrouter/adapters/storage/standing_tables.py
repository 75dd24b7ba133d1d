"""The tables of standing: each buyer's state, its changes, what holds it, the policy behind it."""

import sqlalchemy as sa
from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Text

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.billing.standing_holds import HoldKind

standings = sa.Table(
    "standings",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("buyer_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("seller_id", "buyer_id"),
    comment="How each buyer's account stands, and what calls may cost it.",
)

standing_changes = sa.Table(
    "standing_changes",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("buyer_id", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("figures", Text, nullable=False),
    Column("effect", Text, nullable=False),
    PrimaryKeyConstraint("seller_id", "sequence"),
    comment="Every change of a buyer's state, with the figures of the account.",
)
Index(
    None,
    standing_changes.c.seller_id,
    standing_changes.c.buyer_id,
    standing_changes.c.sequence,
)

standing_holds = sa.Table(
    "standing_holds",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("buyer_id", Text, nullable=False),
    Column("hold_id", Integer, nullable=False),
    Column("kind", Word(HoldKind), nullable=False),
    Column("state", Text, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),
    Column("lifted_by", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "buyer_id", "hold_id"),
    comment="Promises to pay and overrides: what holds a buyer's state until an instant.",
)

standing_policies = sa.Table(
    "standing_policies",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("toml", Text, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("note", ForeignText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "version"),
    comment="The states of accounts as the seller wrote them; the newest version holds.",
)

buyer_letters = sa.Table(
    "buyer_letters",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("buyer_id", Text, nullable=False),
    Column("address", ForeignText, nullable=False),
    Column("subject", ForeignText, nullable=False),
    Column("text", ForeignText, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("failure", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "sequence"),
    comment="What buyers are told of their accounts by mail; due until sent or given up.",
)
WAITS = buyer_letters.c.due_at.is_not(None)
Index(
    "buyer_letters_due_at_idx",
    buyer_letters.c.due_at,
    postgresql_where=WAITS,
    sqlite_where=WAITS,
)
