"""The table of scheduled changes."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.tables.scheduled_change import ChangeKind, ChangeState

scheduled_changes = Table(
    "scheduled_changes",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("change_id", Integer, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("kind", Word(ChangeKind), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("note", ForeignText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("version", Integer),
    Column("replaced_version", Integer),
    Column("swap_id", Integer),
    Column("pointed_to", Text, nullable=False),
    Column("numbers", Text, nullable=False),
    Column("state", Word(ChangeState), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "change_id"),
    comment="Changes of live routing tables that wait for their time, and what became of each.",
)
_pending = scheduled_changes.c.state == ChangeState.PENDING.value
Index(
    "scheduled_changes_pending_due_at_idx",
    scheduled_changes.c.due_at,
    postgresql_where=_pending,
    sqlite_where=_pending,
)
