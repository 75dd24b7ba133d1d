"""The ledger: entries that are only ever added, and what an account's sum is made of.

Amounts are signed micro-units. What is due between the seller and a party grows with positive ones:
a buyer owes it to the seller, the seller owes it to a publisher. Payments are negative.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callrouter.domain.billing.party import Party


class EntryKind(StrEnum):
    """What an entry is for."""

    CHARGE = "charge"
    """A call that a buyer was rated for; 0 when it need not be paid, the reason says why."""
    PAYOUT = "payout"
    """The same on a publisher's side."""
    PAYMENT = "payment"
    ADJUSTMENT = "adjustment"
    CREDIT = "credit"
    WRITE_OFF = "write_off"
    REVERSAL = "reversal"
    """Takes back one other entry, whole; never a reversal itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an account, never changed once it is kept.

    `number` counts an account's entries from 1. `reference` is unique within the account: whatever
    is told again under the same reference is the same entry. `booked_at` decides which statement it
    lands in, `posted_at` is when it was written. `reverses` is the number of the entry that it
    takes back, `corrects` the closed statement that this changes. Entries of calls have the call,
    the CDR's revision, the call's figures in milliseconds, and the version of the terms.
    """

    party: Party
    number: int
    kind: EntryKind
    amount_micros: int
    currency: str
    reference: str
    booked_at: datetime
    posted_at: datetime
    reason: str
    author: str
    reverses: int | None = None
    corrects: str = ""
    call_sid: str = ""
    cdr_revision: int = 0
    campaign_id: str = ""
    destination_id: str = ""
    ani: str = ""
    did: str = ""
    total_ms: int = 0
    connected_ms: int = 0
    terms_version: int = 0
