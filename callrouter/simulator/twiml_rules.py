"""The allow-list of TwiML, read from `twiml_rules.toml` next to this module."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias
from urllib.parse import urlsplit

from callrouter.simulator.overrides import read_overrides

SCHEMA_VIOLATED = 12200

Check: TypeAlias = Callable[[str], str | None]
"""What is wrong with a value, as the end of a sentence ("should be …"); None if nothing is."""


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """What an attribute may hold, and the carrier's error code for anything else."""

    check: Check
    code: int = SCHEMA_VIOLATED


@dataclass(frozen=True, slots=True)
class ElementRule:
    """What an element may hold: attributes, children by name, text."""

    attributes: Mapping[str, AttributeRule]
    children: frozenset[str]
    text: bool


@dataclass(frozen=True, slots=True)
class TwimlRules:
    """The whole allow-list."""

    elements: Mapping[str, ElementRule]
    unplayed: frozenset[str]
    whisper_verbs: frozenset[str]
    max_bytes: int
    max_nouns: int


def check_url(value: str) -> str | None:
    """A relative or absolute http(s) URL whose fragment, if any, holds connection overrides."""
    try:
        parts = urlsplit(value)
        read_overrides(value)
    except ValueError as error:
        return f"should be a URL: {error}"
    if not value or value != value.strip() or re.search(r"\s", value):
        return "should be a URL without spaces"
    if parts.scheme not in {"", "http", "https"} or (parts.scheme and not parts.hostname):
        return "should be a relative or an absolute http or https URL"
    if "_" in (parts.hostname or ""):
        return "should have no underscore in its host name"
    return None


def _one_of(values: list[str]) -> Check:
    allowed = frozenset(values)
    return lambda value: None if value in allowed else f"should be one of {', '.join(values)}"


def _some_of(values: list[str]) -> Check:
    allowed = frozenset(values)

    def check(value: str) -> str | None:
        words = value.split(" ")
        if set(words) <= allowed and len(set(words)) == len(words):
            return None
        return f"should be a space separated list of {', '.join(values)}"

    return check


def _matching(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(value) else f"should match {pattern}"


def _integer(low: int, high: int) -> Check:
    def check(value: str) -> str | None:
        if re.fullmatch(r"\d{1,9}", value, re.ASCII) and low <= int(value) <= high:
            return None
        return f"should be a whole number {low}..{high}"

    return check


_KINDS: dict[str, Check] = {
    "url": check_url,
    "method": _one_of(["GET", "POST"]),
    "boolean": _one_of(["true", "false"]),
    "integer": _integer(0, 999_999_999),
    "text": lambda _: None,
}

_Limit: TypeAlias = int | str | list[int] | list[str]


def _attribute_rule(rule: str | dict[str, _Limit]) -> AttributeRule:
    if isinstance(rule, str):
        return AttributeRule(_KINDS[rule])
    code = rule.get("code", SCHEMA_VIOLATED)
    match rule:
        case {"integer": [int(low), int(high)]}:
            check = _integer(low, high)
        case {"one_of": [*values]}:
            check = _one_of([str(value) for value in values])
        case {"some_of": [*values]}:
            check = _some_of([str(value) for value in values])
        case {"matching": str(pattern)}:
            check = _matching(pattern)
        case _:
            raise ValueError(f"twiml_rules.toml: can't read the attribute rule {rule}")
    return AttributeRule(check, code if isinstance(code, int) else SCHEMA_VIOLATED)


def _load() -> TwimlRules:
    text = files("callrouter.simulator").joinpath("twiml_rules.toml").read_text("utf-8")
    rules = tomllib.loads(text)
    return TwimlRules(
        elements={
            name: ElementRule(
                attributes={
                    attribute: _attribute_rule(value)
                    for attribute, value in element.get("attributes", {}).items()
                },
                children=frozenset(element.get("children", ())),
                text=element.get("text", False),
            )
            for name, element in rules["elements"].items()
        },
        unplayed=frozenset(rules["unplayed"]),
        whisper_verbs=frozenset(rules["whisper_verbs"]),
        max_bytes=rules["max_bytes"],
        max_nouns=rules["max_nouns"],
    )


RULES = _load()
