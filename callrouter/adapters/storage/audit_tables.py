"""The tables of the carrier's audit: its records with their cost, runs, findings, nights."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime, Word
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_audit import AuditClass
from callrouter.domain.carrier.carrier_records import LegDirection

carrier_costs = Table(
    "carrier_costs",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("leg_sid", ForeignText, nullable=False),
    Column("direction", Word(LegDirection), nullable=False),
    Column("dial_string", ForeignText, nullable=False),
    Column("status", Word(LegStatus), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("duration_s", Integer),
    Column("cost_micros", BigInteger),
    Column("currency", Text, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("asked", Integer, nullable=False),
    PrimaryKeyConstraint("seller_id", "call_sid", "leg_sid"),
    comment="The carrier's own record of each leg, with what it cost once that is known.",
)
Index(None, carrier_costs.c.seller_id, carrier_costs.c.started_at, carrier_costs.c.call_sid)
AWAITS_PRICE = carrier_costs.c.cost_micros.is_(None) & (
    carrier_costs.c.status == LegStatus.COMPLETED.value
)
Index(
    "carrier_costs_unpriced_seller_id_started_at_idx",
    carrier_costs.c.seller_id,
    carrier_costs.c.started_at,
    postgresql_where=AWAITS_PRICE,
    sqlite_where=AWAITS_PRICE,
)

audit_runs = Table(
    "audit_runs",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("run", Integer, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("failure", ForeignText, nullable=False),
    Column("our_legs", Integer, nullable=False),
    Column("their_legs", Integer, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("classes", Text, nullable=False),
    PrimaryKeyConstraint("seller_id", "day", "run"),
    comment="Each comparison of a day with the carrier's records; a day again is another run.",
)

audit_findings = Table(
    "audit_findings",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("run", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Word(AuditClass), nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("leg_sid", ForeignText, nullable=False),
    Column("our_ms", BigInteger),
    Column("their_ms", BigInteger),
    Column("text", ForeignText, nullable=False),
    Column("outcome", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "day", "run", "number"),
    comment="What a run found to be off; a trigger refuses UPDATE and DELETE.",
)

audit_nights = Table(
    "audit_nights",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime),
    PrimaryKeyConstraint("seller_id", "day"),
    comment="Which days the clock process has audited, or is to try again.",
)

audit_schedules = Table(
    "audit_schedules",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("is_on", Boolean, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id"),
    comment="At which hour a seller's nightly audit is made, where that was chosen.",
)
