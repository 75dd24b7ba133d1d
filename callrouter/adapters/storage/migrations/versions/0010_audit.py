"""The carrier's records with their cost, and the audits that compare them with ours."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    _create_costs()
    op.create_table(
        "audit_runs",
        *_of_run(),
        _text("author"),
        _instant("started_at"),
        _instant("finished_at", nullable=True),
        _text("failure"),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("our_legs", "their_legs", "findings")
        ),
        _text("classes"),
        sa.PrimaryKeyConstraint("seller_id", "day", "run", name="audit_runs_pkey"),
        comment="Each comparison of a day with the carrier's records; a day again is another run.",
    )
    op.create_table(
        "audit_findings",
        *_of_run(),
        sa.Column("number", sa.Integer, nullable=False),
        *(_text(name) for name in ("kind", "call_sid", "leg_sid")),
        *(sa.Column(name, sa.BigInteger) for name in ("our_ms", "their_ms")),
        *(_text(name) for name in ("text", "outcome")),
        sa.PrimaryKeyConstraint("seller_id", "day", "run", "number", name="audit_findings_pkey"),
        comment="What a run found to be off; a trigger refuses UPDATE and DELETE.",
    )
    _refuse_changes("audit_findings")
    op.create_table(
        "audit_nights",
        _text("seller_id"),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        _instant("next_try_at", nullable=True),
        sa.PrimaryKeyConstraint("seller_id", "day", name="audit_nights_pkey"),
        comment="Which days the clock process has audited, or is to try again.",
    )
    op.create_table(
        "audit_schedules",
        *(_text(name) for name in ("seller_id", "at", "zone")),
        sa.Column("is_on", sa.Boolean, nullable=False),
        _text("author"),
        _instant("changed_at"),
        sa.PrimaryKeyConstraint("seller_id", name="audit_schedules_pkey"),
        comment="At which hour a seller's nightly audit is made, where that was chosen.",
    )


def _create_costs() -> None:
    op.create_table(
        "carrier_costs",
        *(_text(name) for name in ("seller_id", "call_sid", "leg_sid", "direction")),
        *(_text(name) for name in ("dial_string", "status")),
        _instant("started_at"),
        _instant("ended_at", nullable=True),
        sa.Column("duration_s", sa.Integer),
        sa.Column("cost_micros", sa.BigInteger),
        _text("currency"),
        _instant("read_at"),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "call_sid", "leg_sid", name="carrier_costs_pkey"),
        comment="The carrier's own record of each leg, with what it cost once that is known.",
    )
    op.create_index(
        "carrier_costs_seller_id_started_at_call_sid_idx",
        "carrier_costs",
        ["seller_id", "started_at", "call_sid"],
    )
    unpriced = sa.text("cost_micros IS NULL AND status = 'completed'")
    op.create_index(
        "carrier_costs_unpriced_seller_id_started_at_idx",
        "carrier_costs",
        ["seller_id", "started_at"],
        postgresql_where=unpriced,
        sqlite_where=unpriced,
    )


def _of_run() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
    )


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
