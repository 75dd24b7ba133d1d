"""What differs between two routing tables or two directories, in their files' words; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from callrouter.adapters.policy_files.buyers_file import spell_breaker
from callrouter.domain.circuit_breaker import BreakerKeys
from callrouter.domain.directory import Buyer, Destination, Directory
from callrouter.domain.routing_table import LastResort, NobodyLeft, Route, RoutingTable

_Section: TypeAlias = Mapping[str, str]
"""The keys of one section with their values; what isn't written there has no key."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One key, or a whole section that only one side has; None where it isn't there at all."""

    key: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.key}: {self.after}"
        if self.after is None:
            return f"- {self.key}: {self.before}"
        return f"~ {self.key}: {self.before} -> {self.after}"


def compare_tables(before: RoutingTable, after: RoutingTable) -> tuple[Difference, ...]:
    """What `after` changes but for the version; DIDs are told by number, routes by destination."""
    return tuple(_compare(_spell_table(before), _spell_table(after)))


def compare_directories(before: Directory, after: Directory) -> tuple[Difference, ...]:
    """What `after` changes but for the version; all entries are told by id."""
    return tuple(_compare(_spell_directory(before), _spell_directory(after)))


def _compare(before: Mapping[str, _Section], after: Mapping[str, _Section]) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield Difference(name, _join(old), _join(new))
            continue
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield Difference(f"{name}.{key}" if name else key, old.get(key), new.get(key))


def _join(section: _Section | None) -> str | None:
    if section is None:
        return None
    return ", ".join(f"{key} {value}" for key, value in section.items()) or "(nothing else)"


def _spell_table(table: RoutingTable) -> Mapping[str, _Section]:
    limits = table.limits
    return {
        "": {"withheld_callers": str(table.withheld_callers), "language": table.language},
        "limits": {
            "attempts": str(limits.attempts),
            "ring_s": str(limits.ring_s),
            "call_s": str(limits.call_s),
        },
        **{f"dids[{n.number}]": _written(publisher=n.publisher) for n in table.numbers},
        **{f"routes[{route.destination_id}]": _spell_route(route) for route in table.routes},
        "nobody_left": _spell_end(table.nobody_left),
    }


def _spell_route(route: Route) -> _Section:
    asked = route.screening
    return _written(
        priority=str(route.priority),
        weight=str(route.weight),
        ring_s=str(route.ring_s),
        whisper=_quote(route.whisper),
        screening=f"{_quote(asked.prompt)} digit {asked.digit} wait_s {asked.wait_s}"
        if asked
        else "",
    )


def _spell_end(end: NobodyLeft) -> _Section:
    say = _quote(end.say)
    if end.resort is LastResort.OVERFLOW:
        ring_s = str(end.overflow_ring_s)
        return _written(say=say, overflow=end.overflow_destination_id, overflow_ring_s=ring_s)
    if end.resort is LastResort.VOICEMAIL:
        return _written(say=say, voicemail="true", voicemail_max_s=str(end.voicemail_max_s))
    return _written(say=say)


def _spell_directory(directory: Directory) -> Mapping[str, _Section]:
    buyers = {f"buyers[{b.buyer_id}]": _spell_buyer(b) for b in directory.buyers.values()}
    destinations = {
        f"destinations[{d.destination_id}]": _spell_destination(d)
        for d in directory.destinations.values()
    }
    return {**buyers, **destinations}


def _spell_buyer(buyer: Buyer) -> _Section:
    return _written(
        name=_quote(buyer.name),
        zone=buyer.zone,
        health_url=buyer.health_url,
        breaker=_spell_breaker(buyer.breaker),
    )


def _spell_destination(destination: Destination) -> _Section:
    return _written(
        buyer=destination.buyer_id,
        dial=destination.dial,
        enabled="true" if destination.enabled else "false",
        note=_quote(destination.note),
        breaker=_spell_breaker(destination.breaker),
    )


def _spell_breaker(keys: BreakerKeys | None) -> str:
    return ", ".join(f"{k} {v}" for k, v in spell_breaker(keys).items()) if keys else ""


def _quote(text: str) -> str:
    return f'"{text}"' if text else ""


def _written(**values: str) -> _Section:
    return {key: value for key, value in values.items() if value}
