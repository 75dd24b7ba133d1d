"""Buyers and their destinations as TOML: read, with every refusal named by line, and written back.

Whether an id is already another buyer's is not known here; `domain.table_check` sees to that.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from callrouter.adapters.policy_files.document import PolicyDocument, open_document
from callrouter.adapters.policy_files.explain import Section, find_repeats, read_sections
from callrouter.adapters.policy_files.rules import (
    DIAL_STRING,
    LONGEST_NAME,
    LONGEST_TEXT,
    TRUE_OR_FALSE,
    ZONE,
    quote,
    slug,
    written,
)
from callrouter.domain.directory import Buyer, Destination
from callrouter.domain.errors import FileProblem
from callrouter.domain.table_check import KeyPath


class DestinationSection(Section):
    """`[[buyers.destinations]]`: one answer point of the buyer above it."""

    id: Annotated[str, slug("acme-east")]
    dial: Annotated[str, DIAL_STRING]
    enabled: Annotated[bool, TRUE_OR_FALSE] = True
    note: Annotated[str, written("closed for stocktaking until Monday", 0, LONGEST_TEXT)] = ""


class BuyerSection(Section):
    """`[[buyers]]`: who pays for calls."""

    id: Annotated[str, slug("acme")]
    name: Annotated[str, written("Acme Restoration", 1, LONGEST_NAME)]
    zone: Annotated[str, ZONE]
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
    buyers = {each.id: Buyer(each.id, each.name, each.zone) for each in sections.buyers}
    destinations = {
        each.id: Destination(each.id, buyer.id, each.dial, each.enabled, each.note)
        for buyer in sections.buyers
        for each in buyer.destinations
    }
    return MappingProxyType(buyers), MappingProxyType(destinations)


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
    yield ""
    for destination in destinations.values():
        if destination.buyer_id == buyer.buyer_id:
            yield "[[buyers.destinations]]"
            yield f"id = {quote(destination.destination_id)}"
            yield f"dial = {quote(destination.dial)}"
            yield f"enabled = {'true' if destination.enabled else 'false'}"
            if destination.note:
                yield f"note = {quote(destination.note)}"
            yield ""


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
