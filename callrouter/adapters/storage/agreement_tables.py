"""The table of agreements."""

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, Table, Text

from callrouter.adapters.storage.tables import metadata, sellers
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.billing.party import Side

agreements = Table(
    "agreements",
    metadata,
    Column("seller_id", Text, ForeignKey(sellers.c.seller_id), nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("party_id", ForeignText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("toml", ForeignText, nullable=False),
    Column("body", Text, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("note", ForeignText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "side", "party_id", "version"),
    comment="Every version of what parties agreed to; a trigger refuses UPDATE and DELETE.",
)
