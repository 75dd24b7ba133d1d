"""Who has an account with the seller: buyers, who pay for calls, and publishers, who are paid."""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """On which side of a call a party stands."""

    BUYER = "buyer"
    PUBLISHER = "publisher"


@dataclass(frozen=True, slots=True, order=True)
class Party:
    """One buyer or one publisher of a seller."""

    side: Side
    party_id: str

    def __str__(self) -> str:
        return f"{self.side} {self.party_id}"
