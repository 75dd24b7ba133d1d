"""Tell a seller that payments wait for an owner, once; in the caller's transaction."""

from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.payments import count_unmatched
from callrouter.workflows.raise_alert import raise_alert, recover_alert

UNMATCHED_ALERT = "payments:unmatched"


def review_unmatched(connection: Connection, seller_id: str, at: datetime) -> None:
    """Tell the seller that payments wait for an owner, or that none does any more."""
    waiting = count_unmatched(connection, seller_id)
    if not waiting:
        recover_alert(connection, seller_id, UNMATCHED_ALERT, "Every payment has an owner.", at)
        return
    subject = f"{waiting} payment{'s' if waiting > 1 else ''} without an owner"
    text = (
        "Money came, and nobody knows from whom. See `callrouter payment unmatched`; say whose it"
        " is with `callrouter payment assign`, or that it is nobody's with `payment dismiss`."
    )
    raise_alert(connection, seller_id, UNMATCHED_ALERT, subject, text, at)
