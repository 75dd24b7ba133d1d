"""The whole schema: `metadata` with every table, whichever module it is written in."""

from callrouter.adapters.storage import (
    agreement_tables,
    alert_tables,
    audit_tables,
    caller_tables,
    cap_tables,
    dispute_tables,
    ledger_tables,
    outage_tables,
    payment_tables,
    schedule_tables,
    standing_tables,
    tie_out_tables,
)
from callrouter.adapters.storage.tables import metadata

__all__ = [
    "agreement_tables",
    "alert_tables",
    "audit_tables",
    "caller_tables",
    "cap_tables",
    "dispute_tables",
    "ledger_tables",
    "metadata",
    "outage_tables",
    "payment_tables",
    "schedule_tables",
    "standing_tables",
    "tie_out_tables",
]
