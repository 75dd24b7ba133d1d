"""Filters: which calls a route takes, by what the carrier and the DID say of the call.

A field that was not sent matches no filter at all, not even `!=`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

import phonenumbers
import re2
from phonenumbers import PhoneNumberType

from callrouter.domain.numbers import Caller

LONGEST_PATTERN = 200
TAG = "tag."
"""What a field's name begins with that is a tag of the DID."""

CallFacts: TypeAlias = Mapping[str, str]
"""What filters may look at, by field; a field that nobody sent is missing."""


class Field(StrEnum):
    """What the carrier says of a caller, or we know of the number dialled."""

    STATE = "state"
    AREA_CODE = "area_code"
    ZIP = "zip"
    COUNTRY = "country"
    NUMBER_TYPE = "number_type"
    PUBLISHER = "publisher"


class Operator(StrEnum):
    """How a filter compares."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    IN = "in"
    NOT_IN = "not_in"
    LESS = "<"
    GREATER = ">"
    MATCHES = "matches"


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: `field` (a `Field`, or `tag.` and a tag's name), operator, one or more values.

    Texts compare without regard to case: `folded` are the values so. `<` and `>` compare as numbers
    where both are, else as texts. `matches` finds a regular expression (RE2, which can't backtrack)
    anywhere in the text.
    """

    field: str
    operator: Operator
    values: tuple[str, ...]
    folded: tuple[str, ...] = dataclass_field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        folded = tuple(value.casefold() for value in self.values)
        object.__setattr__(self, "folded", folded)

    def __str__(self) -> str:
        shown = ", ".join(self.values)
        listed = self.operator in (Operator.IN, Operator.NOT_IN)
        return f"{self.field} {self.operator} {f'[{shown}]' if listed else shown}"


def check_pattern(pattern: str) -> str | None:
    """Why a regular expression can't be used, or None when it can."""
    try:
        _compile(pattern)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"isn't a regular expression of RE2's syntax: {text}"
    return None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A filter, as it is shown, and what it saw of a call that it doesn't let through."""

    wanted: str
    saw: str

    def __str__(self) -> str:
        return f"{self.wanted}: {self.saw}"


def find_mismatch(filters: tuple[Filter, ...], facts: CallFacts) -> Mismatch | None:
    """The first filter that this call doesn't match; None when all match."""
    for each in filters:
        saw = facts.get(each.field)
        if saw is None:
            return Mismatch(str(each), f"{each.field} was not sent")
        if not _matches(each, saw.casefold()):
            return Mismatch(str(each), f"{each.field} is {saw}")
    return None


def _matches(wanted: Filter, saw: str) -> bool:
    first = wanted.folded[0]
    match wanted.operator:
        case Operator.EQUAL:
            return saw == first
        case Operator.NOT_EQUAL:
            return saw != first
        case Operator.IN:
            return saw in wanted.folded
        case Operator.NOT_IN:
            return saw not in wanted.folded
        case Operator.LESS:
            return _is_less(saw, first)
        case Operator.GREATER:
            return _is_less(first, saw)
        case _:
            return _compile(wanted.values[0]).search(saw) is not None


def _is_less(a: str, b: str) -> bool:
    if a.isascii() and b.isascii() and a.isdigit() and b.isdigit():
        return int(a) < int(b)
    return a < b


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options)


_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.VOIP: "voip",
}
NUMBER_TYPES = (*_TYPES.values(), "other", "sip", "withheld")
"""What `number_type` may be; in North America numbers don't tell mobile from fixed line."""


def describe_caller(caller: Caller) -> CallFacts:
    """What the caller's number by itself tells: its kind, and its area code where it has one."""
    if caller.withheld:
        return {Field.NUMBER_TYPE: "withheld"}
    if caller.number is None:
        is_sip = caller.ani.lower().startswith(("sip:", "sips:"))
        return {Field.NUMBER_TYPE: "sip"} if is_sip else {}
    return _describe_number(caller.number)


@lru_cache(maxsize=8192)
def _describe_number(number: str) -> CallFacts:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return {}
    kind = _TYPES.get(phonenumbers.number_type(parsed), "other")
    length = phonenumbers.length_of_geographical_area_code(parsed)
    if not length and parsed.country_code == 1:
        length = 3  # toll-free and made-up numbers too: North America's plan has one length
    area_code = phonenumbers.national_significant_number(parsed)[:length]
    facts: dict[str, str] = {Field.NUMBER_TYPE: kind}
    if area_code:
        facts[Field.AREA_CODE] = area_code
    return facts
