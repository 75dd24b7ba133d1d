"""Talks and terms for the tests of rating, with figures that each test changes as it needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import (
    Agreement,
    Band,
    Clock,
    Operator,
    PerMinute,
    Rounding,
    Share,
    Terms,
)
from callrouter.domain.cdr import (
    AttemptOutcome,
    AttemptRecord,
    Cdr,
    ConnectedSource,
    Disposition,
    HangupParty,
)
from callrouter.domain.clocks.hours import Hours

ACME = Party(Side.BUYER, "acme")
RADIO = Party(Side.PUBLISHER, "radio-kx")
AT = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
"""A Thursday, noon in Chicago, one o'clock in New York."""
START = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
USD = 1_000_000
BAND_75 = (Band(120, 75 * USD),)


class TermsKeys(TypedDict, total=False):
    """What a test may want of terms."""

    starts_at: datetime
    ends_at: datetime | None
    currency: str
    campaign_id: str
    destination_id: str
    clock: Clock
    operator: Operator
    rounding: Rounding
    bands: tuple[Band, ...]
    per_minute: PerMinute | None
    per_attempt_micros: int | None
    share: Share | None
    hours: Hours | None
    duplicate_window_s: int
    most_per_day: int | None


def terms_of(**keys: Unpack[TermsKeys]) -> Terms:
    """Terms: 75 USD from 120 connected seconds on, unless a test says otherwise."""
    is_priced = {"per_minute", "per_attempt_micros", "share"} & keys.keys()
    base = Terms(starts_at=START, ends_at=None, currency="USD", bands=() if is_priced else BAND_75)
    return replace(base, **keys)


def agreement_of(*terms: Terms, party: Party = ACME, zone: str = "America/New_York") -> Agreement:
    """What a party has agreed to."""
    return Agreement(party=party, version=3, zone=zone, terms=terms)


class TalkKeys(TypedDict, total=False):
    """What a test may want of a talk."""

    party: Party
    campaign_id: str
    destination_id: str
    ani: str
    started_at: datetime
    is_connected: bool
    attempts: int
    total_ms: int
    answered_ms: int
    charged: tuple[Charge, ...]
    is_timed: bool


def talk_of(connected_s: float = 121, **keys: Unpack[TalkKeys]) -> Talk:
    """A talk of so many connected seconds, answered 12 s before, in a call 30 s longer."""
    ms = round(connected_s * 1000)
    base: TalkKeys = {
        "party": ACME,
        "campaign_id": "flood-repair",
        "destination_id": "acme-east",
        "ani": "+14155550123",
        "started_at": AT,
        "is_connected": True,
        "attempts": 1,
        "total_ms": ms + 30_000,
        "answered_ms": ms + 12_000,
    }
    values: TalkKeys = {**base, **keys}
    return Talk(call_sid="CA1", did="+18005550100", connected_ms=ms, **values)


def charge_of(amount_micros: int, currency: str = "USD") -> Charge:
    """What a buyer was charged."""
    return Charge(
        amount_micros=amount_micros, currency=currency, reason="as agreed", terms_version=1
    )


def cdr_of(*attempts: AttemptRecord) -> Cdr:
    """A call to a number of radio-kx with these attempts, 600 s long."""
    connected = [each for each in attempts if each.outcome is AttemptOutcome.CONNECTED]
    last = (connected or attempts)[-1]
    return Cdr(
        call_sid="CA1",
        started_at=AT,
        ended_at=AT + timedelta(seconds=600),
        campaign_id="flood-repair",
        publisher="radio-kx",
        did="+18005550100",
        ani="+14155550123",
        buyer_id=last.buyer_id,
        destination_id=last.destination_id,
        attempts=attempts,
        disposition=Disposition.CONNECTED if connected else Disposition.NO_ANSWER,
        hangup_party=HangupParty.CALLER,
        total_ms=600_000,
        ring_ms=9000,
        answered_ms=sum(each.answered_ms for each in connected),
        connected_ms=sum(each.connected_ms for each in connected),
        connected_source=ConnectedSource.CARRIER_LEG,
        table_version=1,
        flags=(),
    )
