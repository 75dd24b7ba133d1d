"""Buyers and their destinations as TOML: read, with every refusal named by line, and written back.

Whether an id is already another buyer's is not known here; the domain's `table_check` sees to
that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field

from callrouter.adapters.policy_files.document import PolicyDocument, open_document
from callrouter.adapters.policy_files.explain import Section, find_repeats, read_sections
from callrouter.adapters.policy_files.rules import (
    DIAL_STRING,
    LONGEST_NAME,
    LONGEST_TEXT,
    TRUE_OR_FALSE,
    ZONE,
    Refusal,
    Rule,
    must_be,
    quote,
    slug,
    whole,
    written,
)
from callrouter.domain.calls.destination_outcomes import LONGEST_EARLY_DROP_S
from callrouter.domain.errors import FileProblem
from callrouter.domain.health.circuit_breaker import BreakerKeys
from callrouter.domain.tables.directory import Buyer, Destination
from callrouter.domain.tables.table_check import KeyPath


def _refuse_url(value: object) -> Refusal:
    text = str(value)
    if not text:
        return None
    try:
        parts = urlsplit(text)
        is_plain = not (parts.username or parts.password) and parts.port != 0
    except ValueError:  # a port or a host that can't be one
        return must_be(_URL.expected, text)
    is_printable = text.isascii() and text.isprintable() and " " not in text
    if parts.scheme in ("http", "https") and parts.hostname and is_plain and is_printable:
        return None if len(text) <= LONGEST_TEXT else must_be(_URL.expected, text)
    return must_be(_URL.expected, text)


_URL = Rule(
    f"an http or https address without a password, at most {LONGEST_TEXT} characters",
    '"https://status.example.com/lines"',
    _refuse_url,
)


_Percent: TypeAlias = Annotated[int | None, whole(1, 100, 80)]
_Count: TypeAlias = Annotated[int | None, whole(1, 1000, 5)]
_CoolDown: TypeAlias = Annotated[int | None, whole(10, 604_800, 120, "seconds")]


class BreakerSection(Section):
    """`[buyers.breaker]` and `[buyers.destinations.breaker]`: when a destination is left alone."""

    enabled: Annotated[bool | None, TRUE_OR_FALSE] = None
    minimum_sample: _Count = None
    window_s: Annotated[int | None, whole(60, 604_800, 900, "seconds")] = None
    buyer_percent: _Percent = None
    buyer_consecutive: _Count = None
    carrier_percent: _Percent = None
    carrier_consecutive: _Count = None
    early_drop_s: Annotated[int | None, whole(0, LONGEST_EARLY_DROP_S, 5, "seconds")] = None
    cool_down_s: _CoolDown = None
    longest_cool_down_s: _CoolDown = None
    successes_to_close: _Count = None


class DestinationSection(Section):
    """`[[buyers.destinations]]`: one answer point of the buyer above it."""

    id: Annotated[str, slug("acme-east")]
    dial: Annotated[str, DIAL_STRING]
    enabled: Annotated[bool, TRUE_OR_FALSE] = True
    note: Annotated[str, written("closed for stocktaking until Monday", 0, LONGEST_TEXT)] = ""
    breaker: BreakerSection | None = None


class BuyerSection(Section):
    """`[[buyers]]`: who pays for calls."""

    id: Annotated[str, slug("acme")]
    name: Annotated[str, written("Acme Restoration", 1, LONGEST_NAME)]
    zone: Annotated[str, ZONE]
    health_url: Annotated[str, _URL] = ""
    breaker: BreakerSection | None = None
    destinations: Annotated[list[DestinationSection], Field(default_factory=list)]


class BuyersFile(Section):
    """A whole buyers file."""

    buyers: Annotated[list[BuyerSection], Field(min_length=1)]


def read_buyers(text: str, file: str) -> tuple[Mapping[str, Buyer], Mapping[str, Destination]]:
    """The buyers and the destinations of `text`, each by id in the order of the file.

    Raises PolicyFileError with every problem, each with its line, its key and what is expected.
    """
    document = open_document(text, file)
    sections = read_sections(BuyersFile, document, _find_repeated_ids(document))
    buyers = {
        each.id: Buyer(
            each.id, each.name, each.zone, _read_breaker(each.breaker), health_url=each.health_url
        )
        for each in sections.buyers
    }
    destinations = {
        each.id: Destination(
            each.id, buyer.id, each.dial, each.enabled, each.note, _read_breaker(each.breaker)
        )
        for buyer in sections.buyers
        for each in buyer.destinations
    }
    return MappingProxyType(buyers), MappingProxyType(destinations)


def _read_breaker(section: BreakerSection | None) -> BreakerKeys | None:
    return None if section is None else BreakerKeys(**section.model_dump())


def write_buyers(buyers: Mapping[str, Buyer], destinations: Mapping[str, Destination]) -> str:
    """Buyers, each with its own of `destinations`, as a TOML text that `read_buyers` reads back."""
    return "\n".join(
        line for buyer in buyers.values() for line in _write_buyer(buyer, destinations)
    )


def _write_buyer(buyer: Buyer, destinations: Mapping[str, Destination]) -> Iterator[str]:
    yield "[[buyers]]"
    yield f"id = {quote(buyer.buyer_id)}"
    yield f"name = {quote(buyer.name)}"
    yield f"zone = {quote(buyer.zone)}"
    if buyer.health_url:
        yield f"health_url = {quote(buyer.health_url)}"
    yield from _write_breaker("buyers.breaker", buyer.breaker)
    yield ""
    for destination in destinations.values():
        if destination.buyer_id == buyer.buyer_id:
            yield "[[buyers.destinations]]"
            yield f"id = {quote(destination.destination_id)}"
            yield f"dial = {quote(destination.dial)}"
            yield f"enabled = {'true' if destination.enabled else 'false'}"
            if destination.note:
                yield f"note = {quote(destination.note)}"
            yield from _write_breaker("buyers.destinations.breaker", destination.breaker)
            yield ""


def _write_breaker(header: str, keys: BreakerKeys | None) -> Iterator[str]:
    if keys is None:
        return
    yield f"[{header}]"
    for name, value in spell_breaker(keys).items():
        yield f"{name} = {value}"


def spell_breaker(keys: BreakerKeys) -> Mapping[str, str]:
    """The keys that were written, by name, as TOML writes their values."""
    values = ((field.name, getattr(keys, field.name)) for field in fields(keys))
    return {name: str(value).lower() for name, value in values if value is not None}


def _find_repeated_ids(document: PolicyDocument) -> Iterator[FileProblem]:
    buyers: list[KeyPath] = [("buyers", i) for i in _indexes(document, ("buyers",))]
    destinations: list[KeyPath] = [
        (*buyer, "destinations", i)
        for buyer in buyers
        for i in _indexes(document, (*buyer, "destinations"))
    ]
    for entries in (buyers, destinations):
        paths = [(*entry, "id") for entry in entries]
        yield from find_repeats(document, [(path, document.value_at(path)) for path in paths])


def _indexes(document: PolicyDocument, path: KeyPath) -> range:
    entries = document.value_at(path)
    return range(len(entries) if isinstance(entries, list) else 0)
