"""Alerts, the channels they are sent to, and what waits to be sent; fallbacks by their time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "alert_channels",
        *_texts("seller_id", "name", "kind", "address", "sender"),
        sa.Column("secret", sa.Text),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("seller_id", "name", name="alert_channels_pkey"),
        comment="Where a seller's alerts are sent. Addresses and secrets are sealed.",
    )
    op.create_table(
        "alerts",
        *_texts("seller_id", "key"),
        _integer("sequence"),
        *_texts("subject", "text"),
        _instant("since"),
        _instant("last_raised_at"),
        _integer("times"),
        _instant("told_at"),
        _integer("steps"),
        _instant("recovered_at", nullable=True),
        sa.PrimaryKeyConstraint("seller_id", "key", name="alerts_pkey"),
        comment="One row a key: what stands, or stood last, under it.",
    )
    _index_some("alerts", "told_at", "recovered_at IS NULL")
    op.create_table(
        "alert_messages",
        *_texts("seller_id", "alert_key"),
        _integer("sequence"),
        _integer("step"),
        *_texts("channel", "change", "subject", "text"),
        _instant("created_at"),
        _instant("due_at", nullable=True),
        _integer("attempts"),
        _instant("sent_at", nullable=True),
        *_texts("failure"),
        sa.PrimaryKeyConstraint(
            "seller_id", "alert_key", "sequence", "step", "channel", name="alert_messages_pkey"
        ),
        comment="Each message about an alert to each channel; due until it is sent or given up.",
    )
    _index_some("alert_messages", "due_at", "due_at IS NOT NULL")
    op.create_index(
        "call_events_fallbacks_received_at_idx",
        "call_events",
        ["received_at"],
        postgresql_where=sa.text("kind = 'fallback_asked'"),
        sqlite_where=sa.text("kind = 'fallback_asked'"),
    )


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index_some(table: str, column: str, where: str) -> None:
    op.create_index(
        f"{table}_{column}_idx",
        table,
        [column],
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )
