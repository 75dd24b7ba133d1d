"""The tables of callers: whom they talked to, and the lists that block and allow them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from callrouter.adapters.storage.tables import metadata, sellers
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.callers.caller_lists import ListEffect, ListScope

caller_contacts = Table(
    "caller_contacts",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("destination_id", ForeignText, nullable=False),
    Column("number", Text, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("connected_at", UtcDateTime, nullable=False),
    Column("payable", Boolean, nullable=False),
    PrimaryKeyConstraint("seller_id", "call_sid", "destination_id"),
    comment="Which caller was connected with whom, by the latest CDR of each call.",
)
Index(None, caller_contacts.c.seller_id, caller_contacts.c.number, caller_contacts.c.connected_at)

caller_lists = Table(
    "caller_lists",
    metadata,
    Column("seller_id", Text, ForeignKey(sellers.c.seller_id), nullable=False),
    Column("pattern", Text, nullable=False),
    Column("scope", Word(ListScope), nullable=False),
    Column("scope_id", Text, nullable=False),
    Column("effect", Word(ListEffect), nullable=False),
    Column("expires_at", UtcDateTime),
    Column("note", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "pattern", "scope", "scope_id", "effect"),
    comment="Which callers are blocked and allowed; looked up by each pattern that fits a caller.",
)
