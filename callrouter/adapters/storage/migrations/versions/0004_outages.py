"""How attempts ended for their destinations, who gets no calls, and the version of that."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "sellers",
        sa.Column("conditions_version", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "attempt_outcomes",
        _text("seller_id"),
        _text("call_sid"),
        sa.Column("attempt", sa.Integer, nullable=False),
        *(_text(name) for name in ("destination_id", "buyer_id", "campaign_id")),
        _instant("dialed_at"),
        _instant("ended_at"),
        _text("outcome"),
        *(sa.Column(n, sa.BigInteger, nullable=False) for n in ("connected_ms", "revenue_micros")),
        sa.PrimaryKeyConstraint(
            "seller_id", "call_sid", "attempt", "destination_id", name="attempt_outcomes_pkey"
        ),
        comment="How each attempt ended for its destination: what breakers and averages go by.",
    )
    op.create_index(
        "attempt_outcomes_seller_id_destination_id_ended_at_idx",
        "attempt_outcomes",
        ["seller_id", "destination_id", "ended_at"],
    )
    _create_stops()


def _create_stops() -> None:
    op.create_table(
        "stops",
        *(_text(name) for name in ("seller_id", "kind", "subject_id", "cause")),
        _instant("since"),
        _instant("until", nullable=True),
        *(_text(name) for name in ("reason", "author", "zone")),
        sa.Column("cool_down_s", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "kind", "subject_id", "cause", name="stops_pkey"),
        comment="Who gets no calls now: a row for each destination, buyer or publisher and cause.",
    )
    ends = sa.text("until IS NOT NULL")
    op.create_index("stops_until_idx", "stops", ["until"], postgresql_where=ends, sqlite_where=ends)
    op.create_table(
        "stop_changes",
        _text("seller_id"),
        sa.Column("sequence", sa.Integer, nullable=False),
        *(_text(name) for name in ("kind", "subject_id")),
        *(sa.Column(name, sa.Text) for name in ("old", "new")),
        _instant("changed_at"),
        _instant("until", nullable=True),
        *(_text(name) for name in ("reason", "figures", "author")),
        sa.PrimaryKeyConstraint("seller_id", "sequence", name="stop_changes_pkey"),
        comment="Every stop that was set or lifted; a trigger refuses UPDATE and DELETE.",
    )
    op.create_index(
        "stop_changes_seller_id_kind_subject_id_sequence_idx",
        "stop_changes",
        ["seller_id", "kind", "subject_id", "sequence"],
    )
    _refuse_changes("stop_changes")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _refuse_changes(table: str) -> None:
    """A trigger that lets rows of `table` be added, but never be changed or removed."""
    refusal = f"{table} is append-only"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuse_{change.lower()} BEFORE {change} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
