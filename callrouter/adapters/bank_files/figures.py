"""Amounts and dates as one bank writes them: read exactly as its mapping says, or refused."""

import re
from datetime import date
from functools import cache

from callrouter.domain.billing.bank_mapping import BankMapping, DecimalMark
from callrouter.domain.money import DECIMALS, LARGEST_UNITS, MICROS

_MARKS = {DecimalMark.POINT: ".", DecimalMark.COMMA: ","}
_BLANKS = " \u00a0\u202f"
"""What banks group digits with: blanks that break, that don't, and narrow ones."""
_MOST_DIGITS = 30
_MINUS = "-\u2212"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_PARTS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "YY": r"(?P<short_year>[0-9]{2})",
    "MMM": r"(?P<name>[A-Za-z]{3})",
    "MM": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{1,2})",
}
_TIME = r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?)?"
_PART = re.compile("YYYY|YY|MMM|MM|DD")


def read_figure(text: str, currency: str, mapping: BankMapping) -> int | str:
    """The signed micro-units of an amount, or why it isn't one, as a whole message.

    A minus may stand before or behind it, or brackets around it. Digits are grouped by threes as
    the mapping says, or not at all.
    """
    sign, digits = _split_sign(text.strip())
    match = _figure_pattern(mapping.decimal, mapping.thousands).fullmatch(digits)
    if match is None:
        return f"{text!r} isn't an amount with {_say_marks(mapping)}"
    whole, cents = re.sub(r"[^0-9]", "", match["whole"]), match["cents"] or ""
    if int(whole[:_MOST_DIGITS]) >= LARGEST_UNITS:
        return f"{text!r} is absurdly large"
    decimals = DECIMALS[currency]
    if len(cents.rstrip("0")) > decimals:
        return f"{text!r} has more decimals than {currency}, which has {decimals}"
    return sign * (int(whole) * MICROS + int(cents[:6].ljust(6, "0")))


def read_day(text: str, dates: str) -> date | str:
    """The day of a date, behind which a time of day may stand, or why it isn't one."""
    match = _date_pattern(dates).fullmatch(text.strip())
    found = match.groupdict() if match else {}
    name = (found.get("name") or "").lower()
    if match is None or (name and name not in _MONTHS):
        return f"{text!r} isn't a date written like {dates}"
    year = int(found.get("year") or f"20{found['short_year']}")
    month = _MONTHS.index(name) + 1 if name else int(found["month"])
    try:
        return date(year, month, int(found["day"]))
    except ValueError:
        return f"{text!r} is no day of the calendar, read as {dates}"


def _split_sign(text: str) -> tuple[int, str]:
    if text.startswith("(") and text.endswith(")"):
        return -1, text[1:-1].strip()
    if text[:1] and text[0] in _MINUS:
        return -1, text[1:].strip()
    if text[-1:] and text[-1] in _MINUS:
        return -1, text[:-1].strip()
    return 1, text.removeprefix("+").strip()


@cache
def _figure_pattern(decimal: DecimalMark, thousands: str) -> "re.Pattern[str]":
    group = f"[{_BLANKS}]" if thousands == " " else re.escape(thousands)
    grouped = f"|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+" if thousands else ""
    mark = re.escape(_MARKS[decimal])
    return re.compile(f"(?P<whole>[0-9]+{grouped})(?:{mark}(?P<cents>[0-9]+))?")


def _say_marks(mapping: BankMapping) -> str:
    example = f"1{mapping.thousands}234{_MARKS[mapping.decimal]}50"
    return f"a decimal {mapping.decimal}, as the mapping says: such as {example}"


@cache
def _date_pattern(dates: str) -> "re.Pattern[str]":
    parts = _DATE_PARTS
    if not re.search(r"[^YMD]", dates):  # YYYYMMDD: nothing parts the figures
        parts = {name: part.replace("{1,2}", "{2}") for name, part in _DATE_PARTS.items()}
    spelt = "".join(
        parts.get(piece, re.escape(piece)) for piece in re.split(f"({_PART.pattern})", dates)
    )
    return re.compile(spelt + _TIME)
