"""One telephone number as some system wrote it: whole, masked, mangled, hidden, an extension.

For the few texts that `numbers` doesn't know at a glance; each different one is read once.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

from callrouter.adapters.buyer_files.values.cells import is_nothing_written
from callrouter.domain.numbers import is_e164, read_caller
from callrouter.domain.tie_out.frames import CallerKind


@dataclass(frozen=True, slots=True)
class NumberReading:
    """What a text says of a number: E.164 for NUMBER, a pattern with ? for PARTLY."""

    kind: CallerKind
    number: str = ""
    pattern: str = ""


_WITHHELD = NumberReading(CallerKind.WITHHELD)
_EXTENSION = NumberReading(CallerKind.EXTENSION)
_UNREADABLE = NumberReading(CallerKind.UNREADABLE)

_MORE_WITHHELD = re.compile(
    r"no (?:caller ?id|number)|no-?cid|hidden|suppressed|not provided|asserted|clir|secret|"
    r"out of area|payphone"
)
_WITHHELD_FIGURES = re.compile(r"\+?1?0+|\+?266696687|\+?86282452253")
"""Zeros for a number, and words spelt on a telephone's keypad that lost their plus."""
_IN_ANGLES = re.compile(r".*<([^<>]*)>.*")
_IN_BRACKETS = re.compile(r".*[^\d\s].*\((\+[\d ().-]{7,})\).*")
_SCHEME = re.compile(r"(?:tel|sips?|callto|phone):(?://)?", re.IGNORECASE)
_DIALLED_BEFORE = re.compile(r"(?:[\d*#]*#|\*\d\d)(\+?[\d ().-]{7,})")
_DECIMAL = re.compile(r"\d+\.\d+")
_FLOAT = re.compile(r"(\+?\d+)\.0+")
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?e\+?(\d{1,2})", re.IGNORECASE)
_SHORT = re.compile(r"(?:x|ext\.?|extension)? *\d{1,6}", re.IGNORECASE)
_MASK = re.compile("[xX*?#_\u2022\u00b7\u25cf\u2588]")
_CUT_OFF = re.compile("(?:\\.{2,}|\u2026)$")
_BETWEEN = re.compile("[\\s().\u2010-\u2015\u00a0/-]+")
_DIGITS = re.compile(r"\+?\d+")


def read_number_text(text: str, country: str) -> NumberReading:
    """What `text` says of a number; one without a country code is one of `country`."""
    bare = _unwrap(text)
    if _is_withheld(bare):
        return _WITHHELD
    if _SHORT.fullmatch(bare):
        return _EXTENSION
    scientific = _SCIENTIFIC.fullmatch(bare)
    if scientific is not None:
        return _read_scientific(scientific, country)
    if _MASK.search(bare) or _CUT_OFF.search(bare):
        masked = _read_masked(bare, country)
        if masked is not None:
            return masked
    return _read_whole(bare, country)


def _unwrap(text: str) -> str:
    """The number alone, without a name, a scheme, a host, a prefix or a spreadsheet's additions."""
    bare = text.strip(" \t\u00a0\u202f\ufeff'\"=")
    for pattern in (_IN_ANGLES, _IN_BRACKETS):
        inside = pattern.fullmatch(bare)
        if inside is not None:
            bare = inside[1].strip()
    scheme = _SCHEME.match(bare)
    if scheme is not None:
        bare = re.split("[@;]", bare[scheme.end() :], maxsplit=1)[0]
    for pattern in (_DIALLED_BEFORE, _FLOAT):
        inside = pattern.fullmatch(bare)
        if inside is not None:
            bare = inside[1]
    return bare


def _is_withheld(bare: str) -> bool:
    digits = _BETWEEN.sub("", bare)
    if is_nothing_written(bare) or not _MASK.sub("", digits):
        return True
    if _WITHHELD_FIGURES.fullmatch(digits) or _MORE_WITHHELD.search(bare.lower()):
        return True
    return read_caller(bare).withheld


def _read_whole(bare: str, country: str) -> NumberReading:
    if _DECIMAL.fullmatch(bare):
        return _UNREADABLE
    digits = _BETWEEN.sub("", bare)
    tries = [(bare, country, False)]
    if _DIGITS.fullmatch(digits):
        if digits.startswith("00"):
            tries = [("+" + digits.lstrip("0"), country, False), *tries]
        elif not digits.startswith("+"):
            tries.append(("+" + digits, country, True))
    elif any(letter.isalpha() for letter in digits):
        tries = [(bare, country, True)]  # a name with figures in it isn't a number
    for attempt, region, must_be_valid in tries:
        reading = _parse(attempt, region, must_be_valid=must_be_valid)
        if reading is not None:
            return reading
    return _UNREADABLE


def _parse(text: str, country: str, *, must_be_valid: bool) -> NumberReading | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    verdict = phonenumbers.is_possible_number_with_reason(number)
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if verdict == ValidationResult.IS_POSSIBLE_LOCAL_ONLY and number.country_code == 1:
        return NumberReading(CallerKind.PARTLY, pattern=f"+1???{written.removeprefix('+1')}")
    if verdict != ValidationResult.IS_POSSIBLE or not is_e164(written):
        return None
    if must_be_valid and not phonenumbers.is_valid_number(number):
        return None
    return NumberReading(CallerKind.NUMBER, written)


def _read_scientific(found: re.Match[str], country: str) -> NumberReading:
    """7.27556E+09: the digits that every number has which is written so when it is rounded."""
    first, decimals, exponent = found[1], found[2] or "", int(found[3])
    if not 6 <= exponent <= 14:
        return _UNREADABLE
    unknown = exponent - len(decimals)
    written = int(first + decimals)
    if unknown <= 0:
        whole = Decimal(f"{first}.{decimals or 0}E{exponent}").to_integral_value()
        return _read_whole(str(whole), country)
    half = 5 * 10 ** (unknown - 1)
    low, high = written * 10**unknown - half, written * 10**unknown + half
    shared = 0
    lowest, highest = str(low), str(high)
    while shared < len(lowest) and lowest[shared : shared + 1] == highest[shared : shared + 1]:
        shared += 1
    return _make_pattern(lowest[:shared].ljust(exponent + 1, "?"), country)


def _read_masked(bare: str, country: str) -> NumberReading | None:
    """415-555-XXXX, +1415555****, 415555…; None when it is no masked number."""
    kept = _MASK.sub("?", _CUT_OFF.sub("\u2026", bare))
    is_cut = kept.endswith("\u2026")
    digits = _BETWEEN.sub("", kept.rstrip("\u2026"))
    if not re.fullmatch(r"\+?[\d?]{3,15}", digits):
        return None
    is_open = is_cut or digits.endswith("?")
    if is_open and not digits.startswith("+") and len(digits) < 10 and _code(country) == 1:
        digits = digits.ljust(10, "?")
    if is_open and digits.startswith("+1"):
        digits = digits.ljust(12, "?")
    reading = _make_pattern(digits, country)
    return None if reading is _UNREADABLE else reading


def _make_pattern(digits: str, country: str) -> NumberReading:
    """A pattern in E.164 of digits and ?, with or without a plus and a country code."""
    if digits.startswith("+"):
        pattern = digits
    elif _code(country) == 1:
        if len(digits) == 11 and digits[0] == "?":
            digits = "1" + digits[1:]
        pattern = "+1" + (digits[1:] if len(digits) == 11 and digits[0] == "1" else digits)
    else:
        pattern = f"+{_code(country)}{digits.removeprefix('0')}"
    has_length = len(pattern) == 12 if pattern.startswith("+1") else 8 <= len(pattern) <= 16
    if not has_length or "?" not in pattern:
        return _UNREADABLE
    return NumberReading(CallerKind.PARTLY, pattern=pattern)


@lru_cache(maxsize=64)
def _code(country: str) -> int:
    return int(phonenumbers.country_code_for_region(country))
