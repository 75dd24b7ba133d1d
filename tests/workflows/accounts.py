"""Accounts with entries for tests of statements: a buyer in Chicago, and what it is charged."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from callrouter.adapters.storage.agreements import save_agreement
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import Entry, EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Agreement, Cycle
from tests.switchboards import SELLER

ACME = Party(Side.BUYER, "acme")
RADIO = Party(Side.PUBLISHER, "radio-one")
CHICAGO = "America/Chicago"
MICROS = 1_000_000
MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
"""The week from 16 to 22 November begins in Chicago."""
WEEK = timedelta(days=7)


def agree(
    database: Database,
    party: Party = ACME,
    *,
    cycle: Cycle = Cycle.WEEK,
    zone: str = CHICAGO,
    net_days: int = 15,
    version: int = 1,
) -> Agreement:
    """Let a party agree to statements; what it pays isn't asked here."""
    agreement = Agreement(
        party=party,
        version=version,
        zone=zone,
        terms=(),
        cycle=cycle,
        net_days=net_days,
        name="Acme Restoration Inc.",
        email="ap@acme.example",
        address=("400 Flood Avenue", "Chicago, IL 60601"),
    )
    with database.write() as connection:
        save_agreement(connection, SELLER.seller_id, agreement, "", "ann", "", MONDAY)
    return agreement


def charge(
    number: int,
    at: datetime,
    dollars: float = 75,
    *,
    party: Party = ACME,
    currency: str = "USD",
    destination: str = "acme-east",
    connected_s: float = 121,
) -> Posting:
    """A call that began at `at` and was charged, or paid for, when it ended."""
    is_buyer = party.side is Side.BUYER
    compared = f">= 120 s: 1 x {dollars:.2f} {currency}" if dollars else "< 120 s"
    return Posting(
        party=party,
        kind=EntryKind.CHARGE if is_buyer else EntryKind.PAYOUT,
        amount_micros=round(dollars * MICROS),
        currency=currency,
        reference=f"call:CA{number:032x}",
        booked_at=at,
        reason=f"connected {connected_s:g} s {compared}",
        author="rating",
        call_sid=f"CA{number:032x}",
        call_started_at=at,
        cdr_revision=1,
        campaign_id="flood-repair",
        destination_id=destination,
        ani=f"+1415555{number % 100 + 100:04}",
        did="+18005550100",
        total_ms=round(connected_s * 1000) + 20_450,
        connected_ms=round(connected_s * 1000),
        terms_version=1,
    )


def other(
    kind: EntryKind,
    dollars: float,
    at: datetime,
    reason: str,
    *,
    party: Party = ACME,
    currency: str = "USD",
) -> Posting:
    """An entry that isn't of a call."""
    return Posting(
        party=party,
        kind=kind,
        amount_micros=round(dollars * MICROS),
        currency=currency,
        reference=f"{kind}:{reason}",
        booked_at=at,
        reason=reason,
        author="ann",
    )


def book(database: Database, postings: Sequence[Posting], at: datetime) -> tuple[Entry, ...]:
    """Post entries at `at`."""
    with database.write() as connection:
        return post(connection, SELLER.seller_id, postings, at)
