"""The tables of accounts: entries, statements, and which entry stands in which statement."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Text

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Side

_ACCOUNT = ("seller_id", "side", "party_id", "currency")


def _account_columns() -> tuple["Column[str]", ...]:
    return (
        Column("seller_id", Text, nullable=False),
        Column("side", Word(Side), nullable=False),
        Column("party_id", ForeignText, nullable=False),
        Column("currency", Text, nullable=False),
    )


ledger_entries = sa.Table(
    "ledger_entries",
    metadata,
    *_account_columns(),
    Column("number", BigInteger, nullable=False),
    Column("kind", Word(EntryKind), nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("reference", ForeignText, nullable=False),
    Column("booked_at", UtcDateTime, nullable=False),
    Column("posted_at", UtcDateTime, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("reverses", BigInteger),
    Column("corrects", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("call_started_at", UtcDateTime),
    Column("cdr_revision", Integer, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("destination_id", ForeignText, nullable=False),
    Column("ani", ForeignText, nullable=False),
    Column("did", ForeignText, nullable=False),
    Column("total_ms", BigInteger, nullable=False),
    Column("connected_ms", BigInteger, nullable=False),
    Column("terms_version", Integer, nullable=False),
    PrimaryKeyConstraint(*_ACCOUNT, "number"),
    sa.UniqueConstraint(*_ACCOUNT, "reference", name="ledger_entries_reference_key"),
    sa.UniqueConstraint(*_ACCOUNT, "reverses", name="ledger_entries_reverses_key"),
    sa.ForeignKeyConstraint(
        (*_ACCOUNT, "reverses"),
        [f"ledger_entries.{name}" for name in (*_ACCOUNT, "number")],
        name="ledger_entries_reverses_fkey",
    ),
    sa.CheckConstraint(
        "number > 0 AND (reverses IS NULL OR reverses < number)", name="ledger_entries_in_order"
    ),
    sa.CheckConstraint(
        "(kind = 'reversal') = (reverses IS NOT NULL)", name="ledger_entries_reversal_reverses"
    ),
    sa.CheckConstraint(
        "CASE WHEN kind IN ('charge', 'payout') THEN amount_micros >= 0"
        " WHEN kind IN ('payment', 'credit', 'write_off') THEN amount_micros < 0"
        " WHEN kind = 'adjustment' THEN amount_micros <> 0 ELSE kind = 'reversal' END",
        name="ledger_entries_sign",
    ),
    comment="Every entry of every account, kept for ever; a trigger refuses UPDATE and DELETE.",
)
Index(
    "ledger_entries_booked_at_idx",
    *(ledger_entries.c[name] for name in (*_ACCOUNT, "booked_at", "number")),
)
IS_OF_CALL = ledger_entries.c.call_sid != sa.literal_column("''")
Index(
    "ledger_entries_call_sid_idx",
    ledger_entries.c.seller_id,
    ledger_entries.c.call_sid,
    postgresql_where=IS_OF_CALL,
    sqlite_where=IS_OF_CALL,
)
_paid = ledger_entries.c
# Charges and payouts of calls that were paid for: what past callers and days are looked up by.
IS_PAID = sa.and_(
    _paid.amount_micros > sa.literal_column("0"),
    _paid.kind.in_([sa.literal_column("'charge'"), sa.literal_column("'payout'")]),
)
Index(
    "ledger_entries_paid_ani_idx",
    *(_paid[name] for name in ("seller_id", "side", "party_id", "ani", "call_started_at")),
    postgresql_where=IS_PAID,
    sqlite_where=IS_PAID,
)
Index(
    "ledger_entries_paid_started_at_idx",
    *(_paid[name] for name in ("seller_id", "side", "party_id", "call_started_at")),
    postgresql_where=IS_PAID,
    sqlite_where=IS_PAID,
)

statements = sa.Table(
    "statements",
    metadata,
    *_account_columns(),
    Column("number", Text, nullable=False),
    Column("period_starts_at", UtcDateTime, nullable=False),
    Column("period_ends_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("closed_by", ForeignText, nullable=False),
    Column("due_on", sa.Date, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("payments_micros", BigInteger, nullable=False, server_default="0"),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("through_entry", BigInteger, nullable=False, server_default="0"),
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("agreement_version", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint(*_ACCOUNT, "number"),
    comment="Every statement that was closed; a trigger refuses UPDATE and DELETE.",
)

Index("statements_number_key", statements.c.seller_id, statements.c.number, unique=True)
Index("statements_closed_at_idx", statements.c.seller_id, statements.c.closed_at)

# No foreign keys: its rows come from the ledger itself, from which nothing is ever removed, very
# many at once; and those of a statement are there before its head.
statement_entries = sa.Table(
    "statement_entries",
    metadata,
    *_account_columns(),
    Column("entry", BigInteger, nullable=False),
    Column("statement", Text, nullable=False),
    PrimaryKeyConstraint(*_ACCOUNT, "entry"),
    comment="Which statement an entry stands in; a trigger refuses UPDATE and DELETE.",
)
Index(
    "statement_entries_statement_idx",
    *(statement_entries.c[name] for name in (*_ACCOUNT, "statement", "entry")),
)
