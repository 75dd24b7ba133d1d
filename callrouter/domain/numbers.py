"""Telephone numbers as carriers send them: E.164, SIP addresses, and callers who withhold theirs.

Knows nothing of who owns a number.
"""

import re
from dataclasses import dataclass

import phonenumbers

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SIP = re.compile(r"sips?:[^\s@<>\"]+@[^\s@<>\"]+", re.IGNORECASE)

# Since 2022 a withheld caller id arrives as a word (letter case as the carrier sent it, since
# 2024); before, it was spelt on a telephone's keypad, and old carrier paths still do so.
_WITHHELD_WORDS = frozenset(
    {"anonymous", "restricted", "blocked", "unknown", "unavailable", "private", "withheld"}
)
WITHHELD_DIGITS = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `ani` as received, `number` in E.164 when it can be dialled or shown."""

    ani: str
    number: str | None
    withheld: bool


def is_e164(text: str) -> bool:
    """Whether `text` has E.164's form: a plus, a country code, 7 to 15 digits in all."""
    return _E164.fullmatch(text) is not None


def is_sip_address(text: str) -> bool:
    """Whether `text` is a `sip:` or `sips:` address with a user and a host."""
    return _SIP.fullmatch(text) is not None


def check_number(text: str) -> str | None:
    """What is wrong with a number that a person wrote, or None when it can be dialled."""
    if not is_e164(text):
        return f"{text!r} isn't E.164: write it like +18005550100"
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return f"{text!r} has a country code that nobody has: write it like +18005550100"
    if not phonenumbers.is_possible_number(number):
        return f"{text!r} has the wrong length for its country code"
    return None


def check_dial_string(text: str) -> str | None:
    """What is wrong with a destination's address, or None when it can be dialled."""
    if text.lower().startswith(("sip:", "sips:")):
        return None if is_sip_address(text) else f"{text!r} isn't a SIP address: sip:user@host"
    return check_number(text)


def read_caller(sent: str) -> Caller:
    """The caller behind a webhook's `From`, in every spelling of "withheld" that carriers use."""
    ani = sent.strip()
    if ani in WITHHELD_DIGITS:
        return Caller(ani, None, withheld=True)
    if is_e164(ani):
        return Caller(ani, ani, withheld=False)
    if is_sip_address(ani) or ani.startswith("client:"):
        return Caller(ani, None, withheld=False)
    letters = ani.removeprefix("+").lower()
    withheld = not letters or any(word in letters for word in _WITHHELD_WORDS)
    return Caller(ani, None, withheld=withheld)
