"""The tables of caps: what is used and held of each counter, and by which dials."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Text

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.limits.caps import Measure
from callrouter.domain.limits.reservations import ReservationState

# Changed by every call of a subject: no index but the key, and room on each page, so that
# PostgreSQL can write the new version of a row beside the old one (HOT).
cap_counters = sa.Table(
    "cap_counters",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("counter", Text, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "counter"),
    # An account's stands below 0 while more was paid than is due.
    sa.CheckConstraint(
        "held >= 0 AND (used >= 0 OR counter LIKE 'account-%')", name="cap_counters_not_negative"
    ),
    comment="What each cap has used in each period, and what calls in progress hold of it.",
    postgresql_with={"fillfactor": 50},
)

reservations = sa.Table(
    "reservations",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("destination_id", Text, nullable=False),
    Column("counter", Text, nullable=False),
    Column("measure", Word(Measure), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", Word(ReservationState), nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    PrimaryKeyConstraint("seller_id", "call_sid", "attempt", "destination_id", "counter"),
    comment="What each dial took of each counter, and what became of it.",
)
# Written as in the indexes below, so that these serve for them.
is_held = reservations.c.state == sa.literal_column("'held'")
is_settled = reservations.c.state != sa.literal_column("'held'")
Index(
    "reservations_held_lease_until_idx",
    reservations.c.lease_until,
    postgresql_where=is_held,
    sqlite_where=is_held,
)
Index(
    "reservations_settled_reserved_at_idx",
    reservations.c.reserved_at,
    postgresql_where=is_settled,
    sqlite_where=is_settled,
)
