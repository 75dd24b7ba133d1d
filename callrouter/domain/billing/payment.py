"""A payment as it is told, by hand, a bank's file or Stripe; whose it is may not be known yet."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callrouter.domain.billing.party import Party


class PaymentSource(StrEnum):
    """Who told of a payment."""

    HAND = "hand"
    BANK = "bank"
    STRIPE = "stripe"


class PaymentState(StrEnum):
    """What became of a payment that was told."""

    TAKEN = "taken"
    """It stands in a party's account."""
    UNMATCHED = "unmatched"
    """Nobody knows whose it is: somebody must say."""
    DISMISSED = "dismissed"
    """Somebody has said that it isn't for any account."""
    REVERSED = "reversed"
    """It stood in an account, and was taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came. `payment_id` is unique among a seller's payments of the same source.

    `payer` and `text` are what the source says of it, for people.
    """

    source: PaymentSource
    payment_id: str
    amount_micros: int
    currency: str
    paid_at: datetime
    payer: str = ""
    text: str = ""

    @property
    def name(self) -> str:
        """By which people and commands name it, as in `bank:first/2026-11-0001`."""
        return f"{self.source}:{self.payment_id}"

    @property
    def reference(self) -> str:
        """The reference of its entry in an account."""
        return f"payment:{self.name}"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a payment is, and the statement that it names ("" for none)."""

    party: Party
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Unowned:
    """Why nobody knows whose a payment is, as a message to who has to say."""

    reason: str


def name_by_hand(party: Party, currency: str, reference: str) -> str:
    """The id of a payment taken by hand: its reference is unique within the account alone."""
    side = "" if party.side.value == "buyer" else f"{party.side}/"
    return f"{side}{party.party_id}/{currency}/{reference}"


def read_name(name: str) -> tuple[PaymentSource, str] | None:
    """The source and the id in a payment's name; None for what can't be one."""
    source, colon, payment_id = name.partition(":")
    if not colon or not payment_id or source not in tuple(PaymentSource):
        return None
    return PaymentSource(source), payment_id
