"""The tables of the shared database; every key starts with the seller."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Text

from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.cdr import ConnectedSource, Disposition, HangupParty

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

sellers = sa.Table(
    "sellers",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("name", ForeignText, nullable=False),
    Column("account_sid", Text, nullable=False, unique=True),
    Column("primary_token", Text, nullable=False),
    Column("secondary_token", Text),
    Column("directory_version", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("lists_callers", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("conditions_version", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("seller_id"),
    comment="Who owns numbers. Tokens are sealed.",
)

directory_versions = sa.Table(
    "directory_versions",
    metadata,
    Column("seller_id", Text, sa.ForeignKey(sellers.c.seller_id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("note", ForeignText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "version"),
    comment="Every version of a seller's buyers and destinations, each the whole as JSON.",
)

campaigns = sa.Table(
    "campaigns",
    metadata,
    Column("seller_id", Text, sa.ForeignKey(sellers.c.seller_id), nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("active_version", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "campaign_id"),
    comment="What is sold, and which version of its routing table is live.",
)


def _of_campaign() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ("seller_id", "campaign_id"), (campaigns.c.seller_id, campaigns.c.campaign_id)
    )


routing_tables = sa.Table(
    "routing_tables",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("toml", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("note", ForeignText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "campaign_id", "version"),
    _of_campaign(),
    comment="Every version of each campaign's routing table, as it was written.",
)

table_activations = sa.Table(
    "table_activations",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("previous_version", Integer),
    Column("action", Text, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("note", ForeignText, nullable=False),
    Column("activated_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "campaign_id", "sequence"),
    _of_campaign(),
    comment="When which version went live, by whom and why.",
)

dids = sa.Table(
    "dids",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("publisher", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "number"),
    _of_campaign(),
    comment="The numbers of all live routing tables.",
)

# No foreign keys from here on: what happened to a call is kept whatever else is known of it, and
# the call path pays for each check.
calls = sa.Table(
    "calls",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False),
    Column("did", ForeignText, nullable=False),
    Column("ani", ForeignText, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("publisher", ForeignText, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("cdr_revision", Integer, nullable=False, server_default="0"),
    Column("derived_events", Integer, nullable=False, server_default="0"),
    Column("next_sweep_at", UtcDateTime),
    Column("rated_revision", Integer),
    PrimaryKeyConstraint("seller_id", "call_sid"),
    comment="One row a call: whether it is open, and when to ask the carrier about it.",
)
Index(None, calls.c.seller_id, calls.c.arrived_at, calls.c.call_sid)
Index(
    "calls_open_seller_id_arrived_at_call_sid_idx",
    calls.c.seller_id,
    calls.c.arrived_at,
    calls.c.call_sid,
    postgresql_where=calls.c.closed_at.is_(None),
    sqlite_where=calls.c.closed_at.is_(None),
)
Index(
    None,
    calls.c.next_sweep_at,
    postgresql_where=calls.c.next_sweep_at.is_not(None),
    sqlite_where=calls.c.next_sweep_at.is_not(None),
)
Index(
    None,
    calls.c.closed_at,
    postgresql_where=calls.c.closed_at.is_not(None),
    sqlite_where=calls.c.closed_at.is_not(None),
)
# NULL for calls from before there was any rating.
IS_UNRATED = calls.c.rated_revision < calls.c.cdr_revision
Index(
    "calls_unrated_closed_at_idx",
    calls.c.closed_at,
    postgresql_where=IS_UNRATED,
    sqlite_where=IS_UNRATED,
)

# Withheld callers have no history: most of their rows aren't in the index.
SHOWS_NUMBER = calls.c.ani.like(sa.literal_column("'+%'"))
Index(
    None,
    calls.c.seller_id,
    calls.c.ani,
    calls.c.campaign_id,
    calls.c.arrived_at,
    postgresql_where=SHOWS_NUMBER,
    sqlite_where=SHOWS_NUMBER,
)

call_events = sa.Table(
    "call_events",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("key", ForeignText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("raw", ForeignText),
    PrimaryKeyConstraint("seller_id", "call_sid", "key"),
    comment="What happened, kept for ever; a trigger refuses UPDATE and DELETE.",
)
Index(
    "call_events_fallbacks_received_at_idx",
    call_events.c.received_at,
    postgresql_where=call_events.c.kind == "fallback_asked",
    sqlite_where=call_events.c.kind == "fallback_asked",
)

cdrs = sa.Table(
    "cdrs",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("publisher", ForeignText, nullable=False),
    Column("did", ForeignText, nullable=False),
    Column("ani", ForeignText, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("destination_id", ForeignText, nullable=False),
    Column("attempts", Text, nullable=False),
    Column("disposition", Word(Disposition), nullable=False),
    Column("hangup_party", Word(HangupParty), nullable=False),
    Column("total_ms", BigInteger, nullable=False),
    Column("ring_ms", BigInteger, nullable=False),
    Column("answered_ms", BigInteger, nullable=False),
    Column("connected_ms", BigInteger, nullable=False),
    Column("connected_source", Word(ConnectedSource), nullable=False),
    Column("table_version", Integer, nullable=False),
    Column("flags", Text, nullable=False),
    Column("derived_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "call_sid", "revision"),
    comment="Every revision of every call detail record; a trigger refuses UPDATE and DELETE.",
)
Index(None, cdrs.c.seller_id, cdrs.c.started_at, cdrs.c.call_sid)

job_leases = sa.Table(
    "job_leases",
    metadata,
    Column("name", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("name"),
    comment="Which process does what only one may do, until when.",
)

config_changes = sa.Table(
    "config_changes",
    metadata,
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("counter", BigInteger, nullable=False),
    PrimaryKeyConstraint("id"),
    sa.CheckConstraint("id = 1", name="config_changes_one_row"),
    comment="One row, counted up by every change of sellers, directories, tables, activations.",
)
