"""What the outside world must offer, one thing each; the only Protocols."""

from datetime import datetime
from typing import Protocol

from callrouter.domain.carrier_records import CarrierCall, NumberSetup


class Clock(Protocol):
    """Tells the time, nothing else."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        ...


class Carrier(Protocol):
    """The carrier's records of one seller's account."""

    def fetch_call(self, call_sid: str) -> CarrierCall | None:
        """What the carrier knows of a call, or None when it knows no such call.

        Raises CarrierUnavailableError when it doesn't answer.
        """
        ...

    def list_numbers(self) -> tuple[NumberSetup, ...]:
        """Every number of the account with the URLs that it is configured with."""
        ...
