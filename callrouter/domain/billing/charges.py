"""What one call comes to for one party, and why, in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a party owes for a call, or is owed; 0 when it need not be paid.

    `reason` says in words how it came about: "connected 121 s >= 120 s: 1 x 75.00 USD", or "not
    payable: connected 119 s < 120 s". `terms_version` is the agreement's.
    """

    amount_micros: int
    currency: str
    reason: str
    terms_version: int

    @property
    def is_payable(self) -> bool:
        """Whether there is anything to pay: only such calls count in windows and for most a day."""
        return self.amount_micros > 0
