"""Money as whole micro-units of a currency: what a person writes, read and written exactly."""

import re
from decimal import Decimal

MICROS = 1_000_000
DECIMALS = {"USD": 2, "CAD": 2, "EUR": 2, "GBP": 2, "AUD": 2, "MXN": 2, "NZD": 2}
"""The currencies that prices may be in, with how many decimals each has."""
LARGEST_UNITS = 10**9
"""The most that one amount may be: of such, thousands fit into an account."""
_PLAIN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,15})?")
_MICROS_OF_A_CENT = MICROS // 100


def read_amount(text: str, currency: str) -> int | str:
    """The micro-units of an amount such as "35.00", or why it isn't one, as a whole message."""
    return _read(text, currency, least=0)


def read_signed_amount(text: str, currency: str) -> int | str:
    """The same of an amount that may be below 0, as in "-35.00", in a currency of any name."""
    if currency not in DECIMALS:
        return f"{currency!r} isn't a currency: known are {', '.join(DECIMALS)}"
    return _read(text, currency, least=-LARGEST_UNITS)


def _read(text: str, currency: str, least: int) -> int | str:
    if not _PLAIN.fullmatch(text):
        return f'{text!r} isn\'t an amount: write it like "35.00", with a point'
    amount = Decimal(text)
    if amount < least or amount > LARGEST_UNITS:
        return f"{text!r} must be an amount from {least} to {LARGEST_UNITS}"
    decimals = DECIMALS[currency]
    if amount != round(amount, decimals):
        return f"{text!r} has more decimals than {currency}, which has {decimals}"
    return int(amount * MICROS)


def say_amount(micros: int, currency: str) -> str:
    """An amount for people, as in `35.00 USD`."""
    return f"{Decimal(micros) / MICROS:.{DECIMALS[currency]}f} {currency}"


def say_micros(micros: int) -> str:
    """An amount of money in whole units with cents, or all its decimals where cents don't do."""
    sign, micros = ("-" if micros < 0 else ""), abs(micros)
    units, rest = divmod(micros, MICROS)
    if rest % _MICROS_OF_A_CENT:
        return f"{sign}{units}.{rest:06}".rstrip("0")
    return f"{sign}{units}.{rest // _MICROS_OF_A_CENT:02}"
