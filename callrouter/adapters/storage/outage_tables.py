"""The tables of outages: how attempts ended for their destinations, who gets no calls and why."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.calls.destination_outcomes import CountedOutcome
from callrouter.domain.health.stops import StopCause, StopKind

attempt_outcomes = Table(
    "attempt_outcomes",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("destination_id", ForeignText, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("dialed_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("outcome", Word(CountedOutcome), nullable=False),
    Column("connected_ms", BigInteger, nullable=False),
    Column("revenue_micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("seller_id", "call_sid", "attempt", "destination_id"),
    comment="How each attempt ended for its destination: what breakers and averages go by.",
)
Index(
    None,
    attempt_outcomes.c.seller_id,
    attempt_outcomes.c.destination_id,
    attempt_outcomes.c.ended_at,
)

stops = Table(
    "stops",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("kind", Word(StopKind), nullable=False),
    Column("subject_id", ForeignText, nullable=False),
    Column("cause", Word(StopCause), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("reason", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("zone", Text, nullable=False),
    Column("cool_down_s", Integer, nullable=False),
    PrimaryKeyConstraint("seller_id", "kind", "subject_id", "cause"),
    comment="Who gets no calls now: a row for each destination, buyer or publisher and cause.",
)
Index(
    None,
    stops.c.until,
    postgresql_where=stops.c.until.is_not(None),
    sqlite_where=stops.c.until.is_not(None),
)

stop_changes = Table(
    "stop_changes",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", Word(StopKind), nullable=False),
    Column("subject_id", ForeignText, nullable=False),
    Column("old", Word(StopCause)),
    Column("new", Word(StopCause)),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("reason", ForeignText, nullable=False),
    Column("figures", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "sequence"),
    comment="Every stop that was set or lifted; a trigger refuses UPDATE and DELETE.",
)
Index(
    None,
    stop_changes.c.seller_id,
    stop_changes.c.kind,
    stop_changes.c.subject_id,
    stop_changes.c.sequence,
)

health_checks = Table(
    "health_checks",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("buyer_id", Text, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("is_good", Boolean, nullable=False),
    Column("in_row", Integer, nullable=False),
    Column("said", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "buyer_id"),
    comment="What each buyer's health URL last answered, and how often in a row.",
)
