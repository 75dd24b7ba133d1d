"""Accounts: their entries, their statements, and counters that may stand below 0 for them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ACCOUNT = ("seller_id", "side", "party_id", "currency")
_IS_PAID = "amount_micros > 0 AND kind IN ('charge', 'payout')"


def upgrade() -> None:
    _create_entries()
    _create_statements()
    for table in ("ledger_entries", "statements", "statement_entries"):
        _refuse_changes(table)
    _let_accounts_stand_below_zero()
    _remember_what_is_rated()


def _create_entries() -> None:
    op.create_table(
        "ledger_entries",
        *_texts(*_ACCOUNT),
        _big("number"),
        *_texts("kind"),
        _big("amount_micros"),
        *_texts("reference"),
        _instant("booked_at"),
        _instant("posted_at"),
        *_texts("reason", "author"),
        _big("reverses", nullable=True),
        *_texts("corrects", "call_sid"),
        _instant("call_started_at", nullable=True),
        sa.Column("cdr_revision", sa.Integer, nullable=False),
        *_texts("campaign_id", "destination_id", "ani", "did"),
        _big("total_ms"),
        _big("connected_ms"),
        sa.Column("terms_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(*_ACCOUNT, "number", name="ledger_entries_pkey"),
        sa.UniqueConstraint(*_ACCOUNT, "reference", name="ledger_entries_reference_key"),
        sa.UniqueConstraint(*_ACCOUNT, "reverses", name="ledger_entries_reverses_key"),
        _reference("ledger_entries_reverses_fkey", "reverses", "ledger_entries", "number"),
        sa.CheckConstraint(
            "number > 0 AND (reverses IS NULL OR reverses < number)",
            name="ledger_entries_in_order",
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses IS NOT NULL)",
            name="ledger_entries_reversal_reverses",
        ),
        sa.CheckConstraint(
            "CASE WHEN kind IN ('charge', 'payout') THEN amount_micros >= 0"
            " WHEN kind IN ('payment', 'credit', 'write_off') THEN amount_micros < 0"
            " WHEN kind = 'adjustment' THEN amount_micros <> 0 ELSE kind = 'reversal' END",
            name="ledger_entries_sign",
        ),
        comment="Every entry of every account, kept for ever; a trigger refuses UPDATE and DELETE.",
    )
    op.create_index(
        "ledger_entries_booked_at_idx", "ledger_entries", [*_ACCOUNT, "booked_at", "number"]
    )
    for name, columns, condition in (
        ("ledger_entries_call_sid_idx", ["seller_id", "call_sid"], "call_sid != ''"),
        (
            "ledger_entries_paid_ani_idx",
            ["seller_id", "side", "party_id", "ani", "call_started_at"],
            _IS_PAID,
        ),
        (
            "ledger_entries_paid_started_at_idx",
            ["seller_id", "side", "party_id", "call_started_at"],
            _IS_PAID,
        ),
    ):
        where = sa.text(condition)
        op.create_index(name, "ledger_entries", columns, postgresql_where=where, sqlite_where=where)


def _create_statements() -> None:
    op.create_table(
        "statements",
        *_texts(*_ACCOUNT, "number"),
        *(_instant(name) for name in ("period_starts_at", "period_ends_at", "closed_at")),
        *_texts("closed_by"),
        sa.Column("due_on", sa.Date, nullable=False),
        _big("amount_micros"),
        sa.PrimaryKeyConstraint(*_ACCOUNT, "number", name="statements_pkey"),
        comment="Every statement that was closed; a trigger refuses UPDATE and DELETE.",
    )
    op.create_table(
        "statement_entries",
        *_texts(*_ACCOUNT),
        _big("entry"),
        *_texts("statement"),
        sa.PrimaryKeyConstraint(*_ACCOUNT, "entry", name="statement_entries_pkey"),
        _reference("statement_entries_entry_fkey", "entry", "ledger_entries", "number"),
        _reference("statement_entries_statement_fkey", "statement", "statements", "number"),
        comment="Which statement an entry stands in; a trigger refuses UPDATE and DELETE.",
    )
    op.create_index(
        "statement_entries_statement_idx", "statement_entries", [*_ACCOUNT, "statement", "entry"]
    )


def _let_accounts_stand_below_zero() -> None:
    """Who pays in advance has used less than nothing: only of other counters that can't be."""
    rule = "held >= 0 AND (used >= 0 OR counter LIKE 'account-%')"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("cap_counters_not_negative", "cap_counters")
        op.create_check_constraint("cap_counters_not_negative", "cap_counters", rule)
        return
    # SQLite can't change a rule: the table is made anew, and rules aren't taken along.
    with op.batch_alter_table("cap_counters", recreate="always") as table:
        table.create_check_constraint("cap_counters_not_negative", rule)


def _remember_what_is_rated() -> None:
    """Calls that have a CDR by now keep NULL: they are rated only when somebody asks for it."""
    op.add_column("calls", sa.Column("rated_revision", sa.Integer))
    is_unrated = sa.text("rated_revision < cdr_revision")
    op.create_index(
        "calls_unrated_closed_at_idx",
        "calls",
        ["closed_at"],
        postgresql_where=is_unrated,
        sqlite_where=is_unrated,
    )


def _texts(*names: str) -> tuple["sa.Column[str]", ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _reference(name: str, column: str, table: str, target: str) -> sa.ForeignKeyConstraint:
    """Within one account."""
    return sa.ForeignKeyConstraint(
        [*_ACCOUNT, column], [f"{table}.{key}" for key in (*_ACCOUNT, target)], name=name
    )


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
