"""What a value of a policy file must be, in words that go into a message to whoever edits it.

A `Rule` annotates a pydantic field; it checks the value and says what was expected.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TypeAlias
from zoneinfo import available_timezones

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from callrouter.domain.clocks.time_spans import read_span
from callrouter.domain.money import DECIMALS
from callrouter.domain.numbers import check_dial_string, check_number

LONGEST_TEXT = 500
LONGEST_NAME = 100
LONGEST_SLUG = 60
LONGEST_DIAL_STRING = 255

Refusal: TypeAlias = str | None
"""Why a value is refused, as a whole message, or None when it is accepted."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_DIGITS = re.compile(r"[0-9A-D#*wW]{1,32}")
_HEADER = re.compile(r"X-[A-Za-z0-9-]{1,60}")
_PRICE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")
# What XML 1.0 can't carry, and so no TwiML can say; tab and line feed it can.
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# What JSON leaves as it is, though TOML or a terminal would stumble over it.
_RAW_CONTROL = re.compile(r"[\x7f-\x9f\ud800-\udfff]")
# Words for North American zones that people write; most of the three-letter ones are also IANA
# names of zones without daylight saving time, which is never what is meant.
_SPOKEN_ZONES = {
    "America/New_York": ("est", "edt", "est5edt", "et", "eastern"),
    "America/Chicago": ("cst", "cdt", "cst6cdt", "ct", "central"),
    "America/Denver": ("mst", "mdt", "mst7mdt", "mt", "mountain"),
    "America/Los_Angeles": ("pst", "pdt", "pst8pdt", "pt", "pacific"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for one key: what is expected in words, an example as TOML, and the check itself.

    `refuses` sees only values of the field's own type; pydantic has checked that before.
    """

    expected: str
    example: str
    refuses: Callable[[object], Refusal] | None = None

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Run the check after pydantic's own for the type."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: object) -> object:
        refusal = self.refuses(value) if self.refuses else None
        if refusal is not None:
            raise ValueError(refusal)
        return value


def whole(low: int, high: int, example: int, unit: str = "") -> Rule:
    """A whole number from `low` to `high`, both included."""
    expected = f"a whole number{unit and f' of {unit}'} from {low} to {high}"

    def refuses(value: object) -> Refusal:
        within = isinstance(value, int) and low <= value <= high
        return None if within else must_be(expected, value)

    return Rule(expected, str(example), refuses)


def one_of(*words: str) -> Rule:
    """One of a few words."""
    expected = " or ".join(quote(word) for word in words)

    def refuses(value: object) -> Refusal:
        return None if value in words else must_be(expected, value)

    return Rule(expected, quote(words[0]), refuses)


def spoken(example: str) -> Rule:
    """A text that a caller or a buyer hears: not blank, at most `LONGEST_TEXT` characters."""
    return _text(f"a text of 1 to {LONGEST_TEXT} characters", example, 1, LONGEST_TEXT)


def written(example: str, shortest: int, longest: int) -> Rule:
    """A text that people read, of `shortest` to `longest` characters; of 1, it isn't blank."""
    return _text(f"a text of {shortest} to {longest} characters", example, shortest, longest)


def slug(example: str, *, or_empty: bool = False) -> Rule:
    """An id that can stand in a URL; with `or_empty`, also none."""
    expected = (
        f"an id of lower-case letters, digits and hyphens, at most {LONGEST_SLUG}, "
        "no dots or spaces"
    )

    def refuses(value: object) -> Refusal:
        text = str(value)
        if or_empty and not text:
            return None
        if len(text) <= LONGEST_SLUG and _SLUG.fullmatch(text):
            return None
        near = re.sub(r"[^a-z0-9]+", "-", text[: 2 * LONGEST_SLUG].lower())[:LONGEST_SLUG].strip(
            "-"
        )
        return must_be(expected, value) + (f"; try {quote(near)}" if near else "")

    return Rule(expected, quote(example), refuses)


def span(shortest: str, longest: str, example: str) -> Rule:
    """A span of time as `time_spans` reads it, from `shortest` to `longest`."""
    low, high = read_span(shortest) or 0, read_span(longest) or 0
    expected = f'a number with s, m, h, d or w, from "{shortest}" to "{longest}"'

    def refuses(value: object) -> Refusal:
        seconds = read_span(str(value))
        within = seconds is not None and low <= seconds <= high
        return None if within else must_be(expected, value)

    return Rule(expected, quote(example), refuses)


def fitting(pattern: "re.Pattern[str]", expected: str, example: str) -> Rule:
    """A text that fits a pattern as a whole."""

    def refuses(value: object) -> Refusal:
        return None if pattern.fullmatch(str(value)) else must_be(expected, value)

    return Rule(expected, quote(example), refuses)


def fits_price(text: str) -> bool:
    """Whether a text has the form of an amount."""
    return _PRICE.fullmatch(text) is not None


def refuse_tags(value: object) -> Refusal:
    """Why a table isn't one of tags: short names with texts."""
    tags = value if isinstance(value, dict) else {}
    for name, text in tags.items():
        if not _SLUG.fullmatch(name) or len(name) > LONGEST_SLUG:
            return f"has the tag {name[:LONGEST_SLUG]!r}: use lower-case letters, digits, hyphens"
        if not 1 <= len(text) <= LONGEST_NAME:
            return f"has the tag {name} with a text that isn't 1 to {LONGEST_NAME} characters long"
    return None


def _text(expected: str, example: str, shortest: int, longest: int) -> Rule:
    def refuses(value: object) -> Refusal:
        text = str(value)
        if len(text) > longest:
            return f"must be {expected}, found {len(text)} characters"
        if len(text.strip()) < shortest:
            return must_be(expected, value)
        return refuse_unspeakable(text)

    return Rule(expected, quote(example), refuses)


def refuse_unspeakable(text: str) -> Refusal:
    """Why a text can't be put into TwiML: it has a control character."""
    match = _UNSPEAKABLE.search(text)
    if match is None:
        return None
    return f"has the control character U+{ord(match[0]):04X}; leave it out"


def _refuse_number(value: object) -> Refusal:
    text = str(value)
    return must_be(NUMBER.expected, text) if len(text) > LONGEST_SLUG else check_number(text)


def _refuse_dial_string(value: object) -> Refusal:
    text = str(value)
    if len(text) > LONGEST_DIAL_STRING:
        return must_be(DIAL_STRING.expected, text)
    return check_dial_string(text) or refuse_unspeakable(text)


def _refuse_language(value: object) -> Refusal:
    return None if _LANGUAGE.fullmatch(str(value)) else must_be(LANGUAGE.expected, value)


def _refuse_digit(value: object) -> Refusal:
    text = str(value)
    return None if len(text) == 1 and text in "0123456789" else must_be(DIGIT.expected, value)


def _refuse_zone(value: object) -> Refusal:
    text = str(value)
    if text == "UTC" or ("/" in text and text in _zones()):
        return None
    near = _near_zones(text[:LONGEST_NAME])
    proposal = f"; did you mean {' or '.join(near)}?" if near else ""
    return must_be(ZONE.expected, value) + proposal


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _near_zones(text: str) -> list[str]:
    """Zones that were perhaps meant: by a common word, by the city, or by a slip of spelling."""
    wanted = text.strip().lower().replace(" ", "_")
    for zone, words in _SPOKEN_ZONES.items():
        if wanted in words:
            return [zone]
    by_name = {zone.lower(): zone for zone in sorted(_zones()) if "/" in zone}
    by_city = {name.rsplit("/", 1)[1]: zone for name, zone in by_name.items()}
    for names in (by_name, by_city):
        if wanted in names:
            return [names[wanted]]
    return [
        names[near]
        for names in (by_name, by_city)
        for near in get_close_matches(wanted, names, n=2, cutoff=0.85)
    ][:2]


NUMBER = Rule("a number in E.164", '"+18005550100"', _refuse_number)
DIAL_STRING = Rule(
    f"a number in E.164 or a sip: address, at most {LONGEST_DIAL_STRING} characters",
    '"+13125550171"',
    _refuse_dial_string,
)
LANGUAGE = Rule('a language tag as in "en-US" or "es-MX"', '"en-US"', _refuse_language)
DIGIT = Rule('one digit in quotes, "0" to "9"', '"1"', _refuse_digit)
ZONE = Rule("an IANA time zone, area and city", '"America/Chicago"', _refuse_zone)
TRUE_OR_FALSE = Rule("true or false, without quotes", "true")


def must_be(expected: str, value: object) -> str:
    """The message for a value that isn't what was expected."""
    return f"must be {expected}, found {describe(value)}"


def describe(value: object) -> str:
    """A value of a TOML file in a few words, safe to print however absurd it is."""
    match value:
        case str():
            return quote(value if len(value) <= 40 else f"{value[:40]}…")
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= 10**18:
            return "a number of absurd size"
        case int() | float():
            return str(value)
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return f"the date or time {value}"


def quote(text: str) -> str:
    """A text as TOML writes it in double quotes, every control character escaped."""
    return _RAW_CONTROL.sub(
        lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


PRICE = fitting(_PRICE, 'an amount in quotes, as in "35.00"', "35.00")
CURRENCY = one_of(*DECIMALS)
SEND_DIGITS = fitting(
    _DIGITS, "1 to 32 of 0-9 A-D # * w (half a second's pause) W (one second's)", "WW2"
)
SIP_HEADER = fitting(_HEADER, "a SIP header that begins with X-", "X-Call-Id")
