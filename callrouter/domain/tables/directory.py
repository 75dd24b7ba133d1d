"""Buyers and the places where they answer: the seller's directory, one immutable version of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from callrouter.domain.health.circuit_breaker import BreakerKeys, BreakerSettings, choose_settings


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who pays for calls. `zone` is the IANA zone in which the buyer's day begins.

    `health_url` is asked now and then whether the buyer can take calls; "" asks nobody.
    """

    buyer_id: str
    name: str
    zone: str
    breaker: BreakerKeys | None = None
    health_url: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """One answer point of a buyer; `dial` is an E.164 number or a `sip:` address."""

    destination_id: str
    buyer_id: str
    dial: str
    enabled: bool = True
    note: str = ""
    breaker: BreakerKeys | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """All buyers and destinations of one seller at one version; version 0 is the empty one."""

    version: int = 0
    buyers: Mapping[str, Buyer] = field(default_factory=lambda: MappingProxyType({}))
    destinations: Mapping[str, Destination] = field(default_factory=lambda: MappingProxyType({}))

    def destinations_of(self, buyer_id: str) -> frozenset[str]:
        """The ids of a buyer's destinations."""
        own = (each for each in self.destinations.values() if each.buyer_id == buyer_id)
        return frozenset(destination.destination_id for destination in own)

    def zone_of(self, destination_id: str) -> str:
        """The zone of the buyer whose destination it is; UTC for one that isn't here."""
        destination = self.destinations.get(destination_id)
        return self.zone_of_buyer(destination.buyer_id) if destination else "UTC"

    def zone_of_buyer(self, buyer_id: str) -> str:
        """The buyer's zone; UTC for one that isn't here."""
        buyer = self.buyers.get(buyer_id)
        return buyer.zone if buyer else "UTC"


def breaker_settings(directory: Directory, destination_id: str) -> BreakerSettings:
    """How this destination is judged: by its own keys, else its buyer's, else the defaults."""
    destination = directory.destinations.get(destination_id)
    buyer = directory.buyers.get(destination.buyer_id) if destination else None
    keys = (destination.breaker if destination else None, buyer.breaker if buyer else None)
    return choose_settings(*(each for each in keys if each is not None))


def replace_buyers(
    directory: Directory, buyers: Mapping[str, Buyer], destinations: Mapping[str, Destination]
) -> Directory:
    """The next version: these buyers with exactly these destinations, all others untouched."""
    kept = {
        destination_id: destination
        for destination_id, destination in directory.destinations.items()
        if destination.buyer_id not in buyers
    }
    return Directory(
        version=directory.version + 1,
        buyers=MappingProxyType({**directory.buyers, **buyers}),
        destinations=MappingProxyType({**kept, **destinations}),
    )
