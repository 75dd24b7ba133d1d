"""Sellers, directories, routing tables, calls, their events and CDRs, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_APPEND_ONLY = ("call_events", "cdrs")


def upgrade() -> None:
    _create_configuration()
    _create_calls()
    _create_cdrs()
    op.create_table(
        "job_leases",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("name", name="job_leases_pkey"),
        comment="Which process does what only one may do, until when.",
    )
    config_changes = op.create_table(
        "config_changes",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("counter", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="config_changes_pkey"),
        sa.CheckConstraint("id = 1", name="config_changes_one_row"),
        comment="One row, counted up by every change of sellers, directories, tables, activations.",
    )
    op.execute(sa.insert(config_changes).values(id=1, counter=0))
    for table in _APPEND_ONLY:
        _refuse_changes(table)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _integer(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable, server_default=default)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"{table}_pkey")


def _of_campaign(table: str) -> sa.ForeignKeyConstraint:
    columns = ("seller_id", "campaign_id")
    return sa.ForeignKeyConstraint(
        columns,
        [f"campaigns.{name}" for name in columns],
        name=f"{table}_seller_id_campaign_id_fkey",
    )


def _of_seller(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["seller_id"], ["sellers.seller_id"], name=f"{table}_seller_id_fkey"
    )


def _create_configuration() -> None:
    op.create_table(
        "sellers",
        _text("seller_id"),
        _text("name"),
        _text("account_sid"),
        _text("primary_token"),
        _text("secondary_token", nullable=True),
        _integer("directory_version", default="0"),
        _instant("created_at"),
        _key("sellers", "seller_id"),
        sa.UniqueConstraint("account_sid", name="sellers_account_sid_key"),
        comment="Who owns numbers. Tokens are sealed.",
    )
    op.create_table(
        "directory_versions",
        _text("seller_id"),
        _integer("version"),
        _text("body"),
        _text("author"),
        _text("note"),
        _instant("created_at"),
        _key("directory_versions", "seller_id", "version"),
        _of_seller("directory_versions"),
        comment="Every version of a seller's buyers and destinations, each the whole as JSON.",
    )
    op.create_table(
        "campaigns",
        _text("seller_id"),
        _text("campaign_id"),
        _integer("active_version", nullable=True),
        _instant("created_at"),
        _key("campaigns", "seller_id", "campaign_id"),
        _of_seller("campaigns"),
        comment="What is sold, and which version of its routing table is live.",
    )
    op.create_table(
        "routing_tables",
        _text("seller_id"),
        _text("campaign_id"),
        _integer("version"),
        _text("toml"),
        _text("author"),
        _text("note"),
        _instant("created_at"),
        _key("routing_tables", "seller_id", "campaign_id", "version"),
        _of_campaign("routing_tables"),
        comment="Every version of each campaign's routing table, as it was written.",
    )
    op.create_table(
        "table_activations",
        _text("seller_id"),
        _text("campaign_id"),
        _integer("sequence"),
        _integer("version"),
        _integer("previous_version", nullable=True),
        _text("action"),
        _text("author"),
        _text("note"),
        _instant("activated_at"),
        _key("table_activations", "seller_id", "campaign_id", "sequence"),
        _of_campaign("table_activations"),
        comment="When which version went live, by whom and why.",
    )
    op.create_table(
        "dids",
        _text("seller_id"),
        _text("number"),
        _text("campaign_id"),
        _text("publisher"),
        _key("dids", "seller_id", "number"),
        _of_campaign("dids"),
        comment="The numbers of all live routing tables.",
    )


def _create_calls() -> None:
    op.create_table(
        "calls",
        _text("seller_id"),
        _text("call_sid"),
        _instant("arrived_at"),
        _text("did"),
        _text("ani"),
        _text("campaign_id"),
        _text("publisher"),
        _instant("closed_at", nullable=True),
        _integer("cdr_revision", default="0"),
        _integer("derived_events", default="0"),
        _instant("next_sweep_at", nullable=True),
        _key("calls", "seller_id", "call_sid"),
        comment="One row a call: whether it is open, and when to ask the carrier about it.",
    )
    op.create_index(
        "calls_seller_id_arrived_at_call_sid_idx", "calls", ["seller_id", "arrived_at", "call_sid"]
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "calls_open_seller_id_arrived_at_call_sid_idx",
        "calls",
        ["seller_id", "arrived_at", "call_sid"],
        postgresql_where=is_open,
        sqlite_where=is_open,
    )
    for column in ("next_sweep_at", "closed_at"):
        is_set = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"calls_{column}_idx",
            "calls",
            [column],
            postgresql_where=is_set,
            sqlite_where=is_set,
        )
    op.create_table(
        "call_events",
        _text("seller_id"),
        _text("call_sid"),
        _text("key"),
        _text("kind"),
        _instant("received_at"),
        _text("body"),
        _text("raw", nullable=True),
        _key("call_events", "seller_id", "call_sid", "key"),
        comment="What happened, kept for ever; a trigger refuses UPDATE and DELETE.",
    )


def _create_cdrs() -> None:
    op.create_table(
        "cdrs",
        _text("seller_id"),
        _text("call_sid"),
        _integer("revision"),
        _instant("started_at"),
        _instant("ended_at"),
        *(_text(name) for name in ("campaign_id", "publisher", "did", "ani")),
        *(_text(name) for name in ("buyer_id", "destination_id", "attempts")),
        *(_text(name) for name in ("disposition", "hangup_party")),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("total_ms", "ring_ms", "answered_ms", "connected_ms")
        ),
        _text("connected_source"),
        _integer("table_version"),
        _text("flags"),
        _instant("derived_at"),
        _key("cdrs", "seller_id", "call_sid", "revision"),
        comment="Every revision of every call detail record; a trigger refuses UPDATE and DELETE.",
    )
    op.create_index(
        "cdrs_seller_id_started_at_call_sid_idx", "cdrs", ["seller_id", "started_at", "call_sid"]
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
