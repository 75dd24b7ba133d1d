"""What differs between two routing tables or two directories, in their files' words; pure.

Walks whatever fields a value has, so that a key that is added to a table is never forgotten.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from json import dumps
from re import compile as compile_pattern
from typing import Any, TypeAlias

from callrouter.domain.clocks.hours import Span, Window
from callrouter.domain.clocks.periods import Period
from callrouter.domain.limits.caps import Cap, Measure
from callrouter.domain.money import say_micros
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.routing_table import AdvertisedNumber, Group, Route, RoutingTable

Sections: TypeAlias = dict[str, dict[str, str]]
"""Each section's keys with their values; what isn't written there has no key."""

_IDS: Mapping[type, str] = {
    AdvertisedNumber: "number",
    Route: "destination_id",
    Group: "group_id",
    Buyer: "buyer_id",
    Destination: "destination_id",
}
"""By what an entry of a list is told."""
_WORDS = {
    "numbers": "dids",
    "buyer_rules": "buyers",
    "buyer_quotas": "buyers",
    "publisher_quotas": "publishers",
    "quota": "rules",
    "group_id": "group",
    "buyer_id": "buyer",
    "overflow_destination_id": "overflow",
    "price_micros": "price",
}
"""What the files call a field, where that isn't the field's own name."""
_UNTOLD = frozenset({"campaign_id", "version"})
"""What two versions have in common, or always differ in."""
_SPREAD = frozenset({"rules", "quota"})
"""The fields whose keys stand among those of the section that they are in."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PLAIN = compile_pattern(r"[\w.+:/@-]+")


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
    return tuple(compare_sections(_spell(before), _spell(after)))


def compare_directories(before: Directory, after: Directory) -> tuple[Difference, ...]:
    """What `after` changes but for the version; all entries are told by id."""
    return tuple(compare_sections(_spell(before), _spell(after)))


def compare_sections(before: Sections, after: Sections) -> Iterator[Difference]:
    """What differs between sections that are spelt out, in the order in which they stand."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield Difference(name, _join(old), _join(new))
            continue
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield Difference(f"{name}.{key}" if name else key, old.get(key), new.get(key))


def _join(section: Mapping[str, str] | None) -> str | None:
    if section is None:
        return None
    return ", ".join(f"{key} {value}" for key, value in section.items()) or "(nothing else)"


def _spell(whole: RoutingTable | Directory) -> Sections:
    sections: Sections = {"": {}}
    for field, value in _told_fields(whole):
        name = _WORDS.get(field.name, field.name)
        entries = _list_entries(value)
        if entries is not None:
            for entry_id, entry in entries.items():
                section = sections.setdefault(f"{name}[{entry_id}]", {})
                section.update(spell_fields(entry, ""))
        elif _is_composed(value):
            sections.setdefault(name, {}).update(spell_fields(value, ""))
        else:
            sections[""].update(_spell_field(field, value, name))
    return sections


def _list_entries(value: object) -> Mapping[str, object] | None:
    """The entries of a list of sections by their id; None for anything else."""
    if isinstance(value, Mapping) and all(map(is_dataclass, value.values())):
        return {str(key): entry for key, entry in value.items()}
    if isinstance(value, tuple) and value and all(type(entry) in _IDS for entry in value):
        return {str(getattr(entry, _IDS[type(entry)])): entry for entry in value}
    return None


def spell_fields(composed: object, prefix: str) -> Iterator[tuple[str, str]]:
    """The keys of a section by their paths, with their values as texts."""
    for field, value in _told_fields(composed):
        if field.name == _IDS.get(type(composed)):
            continue
        name = prefix + _WORDS.get(field.name, field.name)
        yield from _spell_field(field, value, name)


def _spell_field(field: "Field[Any]", value: object, name: str) -> Iterator[tuple[str, str]]:
    """The keys that a field comes to; nothing where the file says nothing."""
    if value is None or (_is_empty(value) and _is_empty(_default_of(field))):
        return
    if _is_composed(value):
        yield from spell_fields(value, "" if field.name in _SPREAD else f"{name}.")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield f"{name}.{key}", _spell_value(each)
    elif field.name.endswith("_micros") and isinstance(value, int):
        yield name.removesuffix("_micros"), say_micros(value)
    else:
        yield name, _spell_value(value)


def _spell_value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return f"[{', '.join(map(_spell_value, value))}]"
        case Cap():
            return _spell_cap(value)
        case Window():
            day, times = _WEEKDAYS[value.weekday], (value.start_min, value.end_min)
            return f"{day} {'-'.join(f'{each // 60:02}:{each % 60:02}' for each in times)}"
        case Span():
            note = f" ({value.note})" if value.note else ""
            return f"{value.begins:%Y-%m-%d %H:%M%z} to {value.ends:%Y-%m-%d %H:%M%z}{note}"
    if _is_composed(value):
        return " ".join(f"{key} {each}" for key, each in spell_fields(value, ""))
    text = str(value)
    return (
        text if _PLAIN.fullmatch(text) or is_dataclass(value) else dumps(text, ensure_ascii=False)
    )


def _spell_cap(cap: Cap) -> str:
    limit = say_micros(cap.limit) if cap.measure is Measure.REVENUE else str(cap.limit)
    period = "ever" if cap.period is Period.EVER else f"per {cap.period}"
    across = " across campaigns" if cap.across_campaigns else ""
    return f"{limit} {cap.measure} {period}{across}"


def _told_fields(composed: object) -> list[tuple["Field[Any]", object]]:
    assert is_dataclass(composed)  # noqa: S101 - nothing else is walked
    whole = isinstance(composed, RoutingTable | Directory)
    return [
        (field, getattr(composed, field.name))
        for field in fields(composed)
        if not (whole and field.name in _UNTOLD)
    ]


def _is_composed(value: object) -> bool:
    """Whether it is told field by field: it has fields, and no spelling of its own."""
    return is_dataclass(value) and type(value).__str__ is object.__str__


def _is_empty(value: object) -> bool:
    return value is MISSING or (isinstance(value, str | tuple | Mapping) and not value)


def _default_of(field: "Field[Any]") -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
