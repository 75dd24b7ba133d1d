"""What a routing table or a buyers file may not do to what is already there: rules across values.

Each problem is named by its place in the file's own words; knows nothing of files or lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from callrouter.domain.numbers import is_sip_address
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.routing_table import LastResort, RoutingTable

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where something stands in a TOML text, as in `("routes", 1, "weight")`; counted from 0."""


@dataclass(frozen=True, slots=True)
class TableProblem:
    """One thing wrong: the place in the file, what is wrong, and what would be right."""

    key_path: KeyPath
    message: str


@dataclass(frozen=True, slots=True)
class NumberClash:
    """A DID that several campaigns claim."""

    number: str
    campaign_ids: tuple[str, ...]

    def __str__(self) -> str:
        names = " and ".join(self.campaign_ids)
        return f"{self.number} belongs to {names}; a number has one campaign"


def check_table(table: RoutingTable, directory: Directory) -> tuple[TableProblem, ...]:
    """Why `table` may not be activated with `directory`: all reasons, or none.

    Refused are destinations that the directory doesn't have, what can't be done with a destination
    of that kind, and a table by which every call, or every call to one number, would be lost: all
    its destinations are switched off, and neither a voicemail nor an overflow takes over.
    """
    wrong = (*_unknown_destinations(table, directory), *_misplaced_keys(table, directory))
    if wrong:
        return wrong
    if _has_last_resort(table, directory):
        return ()
    if not _is_all_off(table, directory):
        return tuple(_lost_numbers(table, directory))
    message = (
        "every destination of this table is switched off, so that nobody could take a call: "
        "enable one in the buyers file, or write voicemail = true in [nobody_left]"
    )
    return (TableProblem(("routes",), message),)


def warn_about_table(table: RoutingTable, directory: Directory) -> tuple[TableProblem, ...]:
    """What an operator should know of `table` though it may be activated: passed-by destinations.

    A destination that is switched off stays in the table and gets no call until it is on again.
    """
    return tuple(
        TableProblem(path, f"{destination.destination_id} is switched off{_because(destination)}")
        for path, destination_id in list_named_destinations(table)
        if (destination := directory.destinations.get(destination_id)) and not destination.enabled
    )


def check_numbers(tables: Mapping[str, RoutingTable]) -> tuple[NumberClash, ...]:
    """Every DID that more than one of `tables` (by campaign) claims, with all who claim it."""
    owners: dict[str, list[str]] = {}
    for campaign_id, table in tables.items():
        for number in dict.fromkeys(advertised.number for advertised in table.numbers):
            owners.setdefault(number, []).append(campaign_id)
    return tuple(
        NumberClash(number, tuple(campaign_ids))
        for number, campaign_ids in owners.items()
        if len(campaign_ids) > 1
    )


def check_own_numbers(
    table: RoutingTable, active: Mapping[str, RoutingTable]
) -> tuple[TableProblem, ...]:
    """The DIDs of `table` that another campaign's active table has, at their place in the file."""
    clashes = {c.number: c for c in check_numbers({**active, table.campaign_id: table})}
    return tuple(
        TableProblem(("dids", index, "number"), str(clashes[advertised.number]))
        for index, advertised in enumerate(table.numbers)
        if advertised.number in clashes
    )


def check_buyers(
    buyers: Mapping[str, Buyer], destinations: Mapping[str, Destination], directory: Directory
) -> tuple[TableProblem, ...]:
    """Why these buyers may not be applied to `directory`: a destination is another buyer's.

    Applying them would take it away from a buyer that the file doesn't mention.
    """
    problems: list[TableProblem] = []
    for buyer_index, buyer_id in enumerate(buyers):
        own = [d for d in destinations.values() if d.buyer_id == buyer_id]
        for index, destination in enumerate(own):
            holder = directory.destinations.get(destination.destination_id)
            if holder is None or holder.buyer_id in buyers:
                continue
            message = (
                f'"{holder.destination_id}" is already a destination of {holder.buyer_id}; '
                "destination ids are unique over all buyers"
            )
            path = ("buyers", buyer_index, "destinations", index, "id")
            problems.append(TableProblem(path, message))
    return tuple(problems)


def describe_unknown(destination_id: str, directory: Directory) -> str:
    """What is said of a destination that nobody has, with the names that are near."""
    said = f'no buyer has a destination "{destination_id}"'
    if not directory.destinations:
        return f"{said}; there are no destinations at all yet: apply a buyers file first"
    near = get_close_matches(destination_id, list(directory.destinations), n=3)
    if near:
        return f"{said}; did you mean {' or '.join(near)}?"
    return f"{said}; add it to a buyers file and apply that first"


def list_named_destinations(table: RoutingTable) -> Iterator[tuple[KeyPath, str]]:
    """Each place of a table that names a destination, with that destination."""
    for index, route in enumerate(table.routes):
        yield ("routes", index, "destination"), route.destination_id
    for index, number in enumerate(table.numbers):
        if number.to:
            yield ("dids", index, "to"), number.to
    if table.nobody_left.resort is LastResort.OVERFLOW:
        yield ("nobody_left", "overflow"), table.nobody_left.overflow_destination_id


def _unknown_destinations(table: RoutingTable, directory: Directory) -> Iterator[TableProblem]:
    for path, destination_id in list_named_destinations(table):
        if destination_id not in directory.destinations:
            yield TableProblem(path, describe_unknown(destination_id, directory))


def _misplaced_keys(table: RoutingTable, directory: Directory) -> Iterator[TableProblem]:
    """Digits for a SIP address, which Twilio sends to numbers only; a SIP header for a number."""
    for index, route in enumerate(table.routes):
        destination = directory.destinations.get(route.destination_id)
        if destination is None:
            continue
        is_sip = is_sip_address(destination.dial)
        dials = f"but {destination.destination_id} is dialled at {destination.dial}: leave it out"
        if route.send_digits and is_sip:
            message = f"can only be sent to a number, {dials}"
            yield TableProblem(("routes", index, "send_digits"), message)
        if route.sip_header and not is_sip:
            message = f"can only be sent to a SIP address, {dials}"
            yield TableProblem(("routes", index, "sip_header"), message)


def _has_last_resort(table: RoutingTable, directory: Directory) -> bool:
    end = table.nobody_left
    if end.resort is LastResort.OVERFLOW:
        return directory.destinations[end.overflow_destination_id].enabled
    return end.resort is LastResort.VOICEMAIL


def _lost_numbers(table: RoutingTable, directory: Directory) -> Iterator[TableProblem]:
    for index, number in enumerate(table.numbers):
        if number.to and not directory.destinations[number.to].enabled:
            because = _because(directory.destinations[number.to])
            message = (
                f"{number.to} is switched off{because}, and calls to {number.number} go nowhere "
                "else: enable it in the buyers file, or name another"
            )
            yield TableProblem(("dids", index, "to"), message)


def _is_all_off(table: RoutingTable, directory: Directory) -> bool:
    return not any(
        directory.destinations[destination_id].enabled
        for _, destination_id in list_named_destinations(table)
    )


def _because(destination: Destination) -> str:
    return f" ({destination.note})" if destination.note else ""
