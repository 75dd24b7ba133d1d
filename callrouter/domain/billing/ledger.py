"""The ledger: entries that are only ever added, and what an account's sum is made of.

Amounts are signed micro-units. What is due between the seller and a party grows with positive ones:
a buyer owes it to the seller, the seller owes it to a publisher. Payments are negative.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import RefusedError
from callrouter.domain.money import DECIMALS, MICROS, say_amount


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


LESSENING = frozenset({EntryKind.PAYMENT, EntryKind.CREDIT, EntryKind.WRITE_OFF})
"""Kinds that only ever make what is due less: their amounts are negative."""
OF_CALLS = {Side.BUYER: EntryKind.CHARGE, Side.PUBLISHER: EntryKind.PAYOUT}
"""The kind by which a call stands in a party's account: one that counts, whatever repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What is to be written into an account.

    `reference` is unique within the account: whatever is told again under the same reference is
    the same entry. `booked_at` decides which statement it lands in. `reverses` is the number of the
    entry that it takes back, `corrects` the closed statement that this changes. Entries of calls
    have the call, when that began, the CDR's revision, the call's figures in milliseconds, and the
    version of the terms.
    """

    party: Party
    kind: EntryKind
    amount_micros: int
    currency: str
    reference: str
    booked_at: datetime
    reason: str
    author: str
    reverses: int | None = None
    corrects: str = ""
    call_sid: str = ""
    call_started_at: datetime | None = None
    cdr_revision: int = 0
    campaign_id: str = ""
    destination_id: str = ""
    ani: str = ""
    did: str = ""
    total_ms: int = 0
    connected_ms: int = 0
    terms_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Posting):
    """One line of an account, never changed once it is kept.

    `number` counts an account's entries from 1; `posted_at` is when it was written.
    """

    number: int
    posted_at: datetime


_PREFIX = "account-"
_MIDDLE = "/ever/"


def account_key(party: Party, currency: str) -> str:
    """The key of an account's counter, as in `account-USD/ever/buyer:acme`.

    What is used of it is the sum of the account's entries; what is held, what calls in progress may
    still come to. It stands before all other counters of the seller: counters are locked in the
    order of their keys, and what posts entries locks accounts first.
    """
    return f"{_PREFIX}{currency}{_MIDDLE}{party.side}:{party.party_id}"


def read_account_key(key: str) -> tuple[Party, str] | None:
    """The party and the currency whose key this is; None for another counter's."""
    if not key.startswith(_PREFIX):
        return None
    currency, _, name = key.removeprefix(_PREFIX).partition(_MIDDLE)
    side, _, party_id = name.partition(":")
    return Party(Side(side), party_id), currency


def reverse(
    entry: Entry, booked_at: datetime, reason: str, author: str, corrects: str = ""
) -> Posting:
    """What takes `entry` back, whole; raises RefusedError for a reversal.

    It says of the call what the entry said. Its reference is that of the one reversal that an entry
    can have. `corrects` is the closed statement that has the entry, if any has.
    """
    if entry.kind is EntryKind.REVERSAL:
        raise RefusedError(
            f"entry {entry.number} of {entry.party} is the reversal of entry {entry.reverses};"
            " a reversal can't be reversed: post the amount again"
        )
    return Posting(
        party=entry.party,
        kind=EntryKind.REVERSAL,
        amount_micros=-entry.amount_micros,
        currency=entry.currency,
        reference=f"reversal:{entry.number}",
        booked_at=booked_at,
        reason=reason,
        author=author,
        reverses=entry.number,
        corrects=corrects,
        call_sid=entry.call_sid,
        call_started_at=entry.call_started_at,
        cdr_revision=entry.cdr_revision,
        campaign_id=entry.campaign_id,
        destination_id=entry.destination_id,
        ani=entry.ani,
        did=entry.did,
        total_ms=entry.total_ms,
        connected_ms=entry.connected_ms,
        terms_version=entry.terms_version,
    )


def correct(entry: Entry, right: Posting, at: datetime, statement: str) -> tuple[Posting, Posting]:
    """What puts `right` in the place of `entry`: the reversal of the one, then the other.

    Both are booked when the entry was, so that the same statement will show all three; but `at`,
    naming `statement`, where that is closed ("" while it isn't). `right` gets a reference that
    nothing else can have that replaces the entry. It may be of another account.
    """
    booked_at = at if statement else entry.booked_at
    taken_back = reverse(entry, booked_at, right.reason, right.author, statement)
    replacement = replace(
        right,
        booked_at=booked_at,
        corrects=statement,
        reference=f"{right.reference}/instead:{entry.currency}-{entry.number}",
    )
    return taken_back, replacement


def refuse_unfit(posting: Posting) -> None:
    """Raise RefusedError for an amount that can't stand in an account; written by hand or read."""
    micros, currency = posting.amount_micros, posting.currency
    if currency not in DECIMALS:
        raise RefusedError(f"{currency!r} isn't a currency: known are {', '.join(DECIMALS)}")
    if micros % (MICROS // 10 ** DECIMALS[currency]):
        raise RefusedError(
            f"the amount has more decimals than {currency}, which has {DECIMALS[currency]}"
        )
    if micros == 0:
        raise RefusedError(f"{say_amount(0, currency)} changes nothing: say an amount as in 25.00")
    if micros > 0 and posting.kind in LESSENING:
        raise RefusedError(
            f"a {posting.kind} makes what {posting.party} owes less, or what is owed to it:"
            f" write {say_amount(-micros, currency)}"
        )
