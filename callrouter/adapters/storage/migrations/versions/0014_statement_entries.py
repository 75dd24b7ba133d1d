"""Entries of a statement without foreign keys, which took most of the time of closing it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_KEYS = ("statement_entries_entry_fkey", "statement_entries_statement_fkey")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for key in _KEYS:
            op.drop_constraint(key, "statement_entries", type_="foreignkey")
        return
    # SQLite makes the table anew; its triggers go with the old one.
    with op.batch_alter_table("statement_entries", recreate="always") as table:
        for key in _KEYS:
            table.drop_constraint(key, type_="foreignkey")
    for change in ("UPDATE", "DELETE"):
        op.execute(
            sa.text(
                f"CREATE TRIGGER statement_entries_refuse_{change.lower()} BEFORE {change}"
                " ON statement_entries"
                " BEGIN SELECT RAISE(ABORT, 'statement_entries is append-only'); END"
            )
        )
