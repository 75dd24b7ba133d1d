"""What the outside world must offer, one thing each; the only Protocols."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from callrouter.domain.alerts.alert import Notice
from callrouter.domain.carrier.carrier_records import (
    CarrierCall,
    CarrierRecord,
    CarrierRequest,
    NumberSetup,
)
from callrouter.domain.health.buyer_health import HealthAnswer


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


class CarrierBooks(Protocol):
    """The carrier's own list of one seller's calls, with what each leg cost."""

    def stream_records(self, day: date) -> Iterator[tuple[CarrierRecord, ...]]:
        """Every leg that started on a UTC day, page by page, in any order.

        Raises CarrierUnavailableError, at any page, when it doesn't answer for long.
        """
        ...

    def fetch_records(self, call_sid: str) -> tuple[CarrierRecord, ...]:
        """The legs of one call, the caller's first; () when the carrier knows no such call.

        Raises CarrierUnavailableError when it doesn't answer for long.
        """
        ...

    def list_requests(self, call_sid: str) -> tuple[CarrierRequest, ...]:
        """The requests that the carrier made to anybody about a call, the oldest first.

        Raises CarrierUnavailableError when it doesn't tell.
        """
        ...


class Mailer(Protocol):
    """Sends mail from this installation's address."""

    def mail(self, to: str, notice: Notice) -> None:
        """Hand a notice for one mailbox to the mail server.

        Raises DeliveryFailedError when it doesn't take it.
        """
        ...


class Texter(Protocol):
    """Sends text messages through one seller's account at the carrier."""

    def text(self, sender: str, to: str, body: str) -> None:
        """Hand over a text message; both numbers in E.164, `sender` one of the seller's.

        Raises DeliveryFailedError when the carrier doesn't take it.
        """
        ...


class Poster(Protocol):
    """Posts to URLs that sellers named."""

    def post(self, url: str, secret: str, notice: Notice, at: datetime) -> None:
        """Post a notice, signed with `secret` at `at` unless that is empty.

        Raises DeliveryFailedError unless the answer is that it was taken.
        """
        ...


class HealthProbe(Protocol):
    """Asks the health URLs that sellers named."""

    def ask(self, urls: Sequence[str]) -> Mapping[str, HealthAnswer]:
        """The answer of each URL, within seconds; one that can't be had is a bad answer.

        A URL that we don't ask, whoever wrote it, is left out.
        """
        ...
