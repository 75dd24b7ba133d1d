"""The tables of alerts: whom they are sent to, what stands, what waits to be sent."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.alerts.alert import AlertChange, ChannelKind

alert_channels = Table(
    "alert_channels",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Word(ChannelKind), nullable=False),
    Column("address", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("secret", Text),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "name"),
    comment="Where a seller's alerts are sent. Addresses and secrets are sealed.",
)

alerts = Table(
    "alerts",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("key", ForeignText, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("subject", ForeignText, nullable=False),
    Column("text", ForeignText, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("last_raised_at", UtcDateTime, nullable=False),
    Column("times", Integer, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("recovered_at", UtcDateTime),
    PrimaryKeyConstraint("seller_id", "key"),
    comment="One row a key: what stands, or stood last, under it.",
)
Index(
    None,
    alerts.c.told_at,
    postgresql_where=alerts.c.recovered_at.is_(None),
    sqlite_where=alerts.c.recovered_at.is_(None),
)

alert_messages = Table(
    "alert_messages",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("alert_key", ForeignText, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("change", Word(AlertChange), nullable=False),
    Column("subject", ForeignText, nullable=False),
    Column("text", ForeignText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("failure", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "alert_key", "sequence", "step", "channel"),
    comment="Each message about an alert to each channel; due until it is sent or given up.",
)
Index(
    None,
    alert_messages.c.due_at,
    postgresql_where=alert_messages.c.due_at.is_not(None),
    sqlite_where=alert_messages.c.due_at.is_not(None),
)
